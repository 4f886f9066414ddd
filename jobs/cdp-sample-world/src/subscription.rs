//! Monthly subscriptions: started, renewed, cancelled.

use crate::draw::{Draw, IdKind, Topic};
use crate::noise;
use crate::scene::{Kind, Scene};
use crate::sheet::Cell;
use crate::time::Time;

const MONTH_DAYS: f64 = 30.0;

/// Subscriptions start while the habit lasts. They are cancelled some days after the drop-out, or
/// for reasons of their own.
pub(crate) fn write(scene: &mut Scene<'_>) {
    let Some(account) = &scene.person.identity.account else {
        return;
    };
    if !scene.person.traits.is_subscriber {
        return;
    }
    let mut draw = scene.draw(Topic::Subscriptions);
    let plan = draw.pick_weighted(&[(("basic", 499), 0.6), (("plus", 999), 0.4)]);
    let known_at = account.opened_at.max(scene.world.start);
    let started_at = known_at.after_days(draw.exponential(35.0));
    if started_at >= scene.person.dropped_out_at {
        return;
    }
    let cancelled_at = draw_cancellation(&mut draw, scene, started_at);
    let mut sequence = 0;
    write_event(&mut draw, scene, &mut sequence, "started", plan, started_at);
    let mut renewed_at = started_at.after_days(MONTH_DAYS);
    while renewed_at < cancelled_at && scene.is_in_world(renewed_at) {
        write_event(&mut draw, scene, &mut sequence, "renewed", plan, renewed_at);
        renewed_at = renewed_at.after_days(MONTH_DAYS);
    }
    write_event(
        &mut draw,
        scene,
        &mut sequence,
        "cancelled",
        plan,
        cancelled_at,
    );
}

fn draw_cancellation(draw: &mut Draw, scene: &Scene<'_>, started_at: Time) -> Time {
    let after_dropout = scene
        .person
        .dropped_out_at
        .after_days(1.0 + draw.exponential(14.0));
    let by_itself = started_at.after_days(draw.exponential(900.0));
    after_dropout.min(by_itself)
}

fn write_event(
    draw: &mut Draw,
    scene: &mut Scene<'_>,
    sequence: &mut u32,
    event_type: &str,
    plan: (&str, i64),
    at: Time,
) {
    let at = at.in_waking_hours();
    let ingested_at = noise::arrival(draw, at, 0.01);
    if !scene.is_in_world(at) {
        return;
    }
    let (name, cents) = plan;
    let id = scene.id(IdKind::SubscriptionEvent, *sequence);
    *sequence += 1;
    let subscription = scene.id(IdKind::Subscription, 0);
    let account = scene.person.identity.account.as_ref();
    let user_id = account.map(|account| account.user_id.as_str());
    if let Some(user_id) = user_id {
        scene.seen.text(Kind::UserId, user_id);
    }
    scene
        .sheets
        .subscription_events
        .row()
        .put(id)
        .put(subscription)
        .put(user_id)
        .put(event_type)
        .put(name)
        .put(Cell::Cents(cents))
        .put(at)
        .put(ingested_at)
        .end();
}
