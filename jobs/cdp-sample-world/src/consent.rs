//! What people allow the shop to send them, and how often the sources disagree.

use crate::commerce::give_email;
use crate::draw::{Draw, IdKind, Topic};
use crate::noise;
use crate::scene::{Kind, Scene};
use crate::time::{DAY, HOUR, Time};

/// A decision about one channel, and perhaps the opposite one later.
pub(crate) struct Choice {
    channel: &'static str,
    source: &'static str,
    first: bool,
    said_at: Time,
    changed_at: Option<Time>,
    /// Another system that has the opposite of the first decision, and when it was told.
    conflict: Option<(&'static str, Time)>,
}

impl Choice {
    /// The person's own last word.
    fn is_granted(&self, at: Time) -> bool {
        let has_changed = self.changed_at.is_some_and(|changed_at| changed_at <= at);
        self.first != has_changed
    }
}

/// The decisions of one person; none before the shop knows the person.
pub(crate) struct Choices(Vec<Choice>);

impl Choices {
    pub(crate) fn draw(scene: &Scene<'_>) -> Self {
        let mut draw = scene.draw(Topic::Consents);
        let Some(known_at) = scene.life.known_at else {
            return Self(Vec::new());
        };
        let traits = &scene.person.traits;
        let identity = &scene.person.identity;
        let channels = [
            ("email", 0.96, 0.74),
            (
                "sms",
                if identity.phone.is_some() { 0.5 } else { 0.0 },
                0.35,
            ),
            ("push", if traits.has_app { 0.9 } else { 0.0 }, 0.6),
            ("ads", 0.6, 0.5),
        ];
        let mut choices = Vec::new();
        for (channel, asked_share, granted_share) in channels {
            if draw.chance(asked_share) {
                choices.push(draw_choice(&mut draw, channel, granted_share, known_at));
            }
        }
        Self(choices)
    }

    /// Whether e-mails may be sent at `at`.
    pub(crate) fn allow_email(&self, at: Time) -> bool {
        self.0
            .iter()
            .any(|choice| choice.channel == "email" && choice.is_granted(at))
    }
}

fn draw_choice(
    draw: &mut Draw,
    channel: &'static str,
    granted_share: f64,
    known_at: Time,
) -> Choice {
    let said_at = known_at + draw.between(0, 2 * HOUR);
    let source = match channel {
        "push" => "app",
        _ => draw.pick_weighted(&[("web", 0.7), ("crm", 0.2), ("app", 0.1)]),
    };
    let changed_at = said_at.after_days(draw.exponential(1_500.0));
    let other = if source == "crm" { "web" } else { "crm" };
    let conflict_at = said_at + draw.between(0, 20 * DAY);
    Choice {
        channel,
        source,
        first: draw.chance(granted_share),
        said_at,
        changed_at: Some(changed_at),
        conflict: draw.chance(0.06).then_some((other, conflict_at)),
    }
}

/// Writes the decisions, and the refusal that follows when somebody unsubscribed from e-mails.
pub(crate) fn write(scene: &mut Scene<'_>, choices: &Choices, unsubscribed_at: Option<Time>) {
    // The choices were drawn from the topic `Consents`.
    let mut draw = scene.draw(Topic::ConsentNoise);
    let mut statements = Vec::new();
    for choice in &choices.0 {
        let Choice { channel, first, .. } = *choice;
        statements.push((choice.said_at, channel, first, choice.source));
        if let Some((source, at)) = choice.conflict {
            statements.push((at, channel, !first, source));
        }
        if let Some(at) = choice.changed_at {
            statements.push((at, channel, !first, "web"));
        }
    }
    if let Some(at) = unsubscribed_at {
        statements.push((at + 5, "email", false, "web"));
    }
    statements.retain(|(at, ..)| scene.is_in_world(*at));
    statements.sort_by_key(|(at, ..)| *at);
    for ((at, channel, is_granted, source), sequence) in statements.into_iter().zip(0..) {
        let (user_id, email) = speaker(&mut draw, scene, at);
        let id = scene.id(IdKind::Consent, sequence);
        let ingested_at = match source {
            "crm" => noise::nightly_arrival(&mut draw, at),
            _ => noise::arrival(&mut draw, at, 0.01),
        };
        scene
            .sheets
            .consents
            .row()
            .put(id)
            .put(user_id.as_deref())
            .put(email.as_deref())
            .put(channel)
            .put("marketing")
            .put(if is_granted { "granted" } else { "refused" })
            .put(source)
            .put(at)
            .put(ingested_at)
            .end();
    }
}

/// By what the person is known: the account, the address or both.
fn speaker(draw: &mut Draw, scene: &mut Scene<'_>, at: Time) -> (Option<String>, Option<String>) {
    let account = scene.person.identity.account_at(at);
    let user_id = account.map(|account| account.user_id.clone());
    if let Some(user_id) = &user_id {
        scene.seen.text(Kind::UserId, user_id);
    }
    let gives_email = user_id.is_none() || draw.chance(0.4);
    (user_id, gives_email.then(|| give_email(draw, scene)))
}
