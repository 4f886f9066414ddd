//! Support tickets: one row when a ticket is opened, another when it is closed.

use crate::commerce::give_email;
use crate::draw::{Draw, IdKind, Topic};
use crate::noise;
use crate::scene::{Kind, Scene};
use crate::time::Time;

/// Tickets follow purchases, and the unhappier a person is, the more often.
pub(crate) fn write(scene: &mut Scene<'_>) {
    let mut draw = scene.draw(Topic::Support);
    let mut sequence = 0;
    let life = scene.life;
    for purchase in &life.purchases {
        if draw.chance(0.03 + 0.3 * scene.person.traits.unhappiness) {
            let opened_at = purchase.at.after_days(0.5 + draw.exponential(5.0));
            let opened_at = opened_at.in_waking_hours();
            if scene.is_in_world(opened_at) {
                write_ticket(&mut draw, scene, sequence, opened_at);
                sequence += 1;
            }
        }
    }
}

fn write_ticket(draw: &mut Draw, scene: &mut Scene<'_>, sequence: u32, opened_at: Time) {
    let category = draw.pick_weighted(&[
        ("delivery", 0.4),
        ("quality", 0.28),
        ("billing", 0.14),
        ("account", 0.08),
        ("other", 0.1),
    ]);
    let user_id = scene
        .person
        .identity
        .account_at(opened_at)
        .filter(|_| draw.chance(0.7))
        .map(|account| account.user_id.as_str());
    if let Some(user_id) = user_id {
        scene.seen.text(Kind::UserId, user_id);
    }
    let email = (user_id.is_none() || draw.chance(0.5)).then(|| give_email(draw, scene));
    let closed_at = opened_at.after_days(0.05 + draw.exponential(2.5));
    let closed_at = scene.is_in_world(closed_at).then_some(closed_at);
    let satisfaction = draw_satisfaction(draw, scene.person.traits.unhappiness);
    let ticket = scene.id(IdKind::Ticket, sequence);
    let mut write = |satisfaction: Option<i64>, closed_at: Option<Time>, ingested_at: Time| {
        scene
            .sheets
            .support_tickets
            .row()
            .put(ticket)
            .put(user_id)
            .put(email.as_deref())
            .put(category)
            .put(satisfaction)
            .put(opened_at)
            .put(closed_at)
            .put(ingested_at)
            .end();
    };
    let first_arrival = noise::arrival(draw, opened_at, 0.01);
    write(None, None, first_arrival);
    if let Some(closed_at) = closed_at {
        let arrival = noise::arrival(draw, closed_at.max(first_arrival), 0.01);
        write(satisfaction, Some(closed_at), arrival);
    }
}

/// 1 to 5; one person in three gives none.
fn draw_satisfaction(draw: &mut Draw, unhappiness: f64) -> Option<i64> {
    let felt = 4.7 - 3.4 * unhappiness + 0.7 * draw.normal();
    let steps = [1.5, 2.5, 3.5, 4.5];
    let rating = (1..).zip(steps).take_while(|(_, step)| felt > *step);
    let rating = rating.last().map_or(1, |(rating, _)| rating + 1);
    draw.chance(0.67).then_some(rating)
}
