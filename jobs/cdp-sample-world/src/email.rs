//! Newsletters and what people do with them.

use crate::consent::Choices;
use crate::draw::{Draw, IdKind, Topic};
use crate::noise;
use crate::scene::{Kind, Scene};
use crate::time::{DAY, HOUR, MINUTE, Time};

const DAYS_BETWEEN_CAMPAIGNS: i64 = 10;

/// Writes deliveries and reactions; returns when the person unsubscribed.
///
/// Opening depends on the past alone: the traits, and how long ago the drop-out was.
pub(crate) fn write(scene: &mut Scene<'_>, choices: &Choices) -> Option<Time> {
    let known_at = scene.life.known_at?;
    let mut draw = scene.draw(Topic::Emails);
    let address = scene.person.identity.emails[0].clone();
    let shown = if draw.chance(0.95) {
        address.clone()
    } else {
        address.to_uppercase()
    };
    let bounces_from = known_at.after_days(draw.exponential(8_000.0));
    let mut sequence = 0;
    let mut campaign_at = scene.world.start + 9 * HOUR;
    while scene.is_in_world(campaign_at) {
        let sent_at = campaign_at + draw.between(0, 30 * MINUTE);
        if sent_at > known_at && choices.allow_email(sent_at) {
            scene.seen.text(Kind::Email, &address);
            let mut events = Events {
                scene: &mut *scene,
                sequence: &mut sequence,
                address: &shown,
                campaign_at,
            };
            if sent_at >= bounces_from {
                events.write(&mut draw, "bounced", sent_at);
                return None;
            }
            match events.write_one(&mut draw, sent_at) {
                Ending::Goes => {}
                Ending::Unsubscribed(at) => return Some(at),
                Ending::Complained => return None,
            }
        }
        campaign_at = campaign_at + DAYS_BETWEEN_CAMPAIGNS * DAY;
    }
    None
}

/// Whether more e-mails follow.
enum Ending {
    Goes,
    Unsubscribed(Time),
    Complained,
}

/// The events of one e-mail.
struct Events<'e, 'w> {
    scene: &'e mut Scene<'w>,
    sequence: &'e mut u32,
    address: &'e str,
    campaign_at: Time,
}

impl Events<'_, '_> {
    fn write_one(&mut self, draw: &mut Draw, sent_at: Time) -> Ending {
        self.write(draw, "delivered", sent_at);
        let person = self.scene.person;
        let warmth = person.warmth(sent_at);
        let hours = draw.exponential(7.0);
        let read_at = sent_at.after_days(hours / 24.0) + MINUTE;
        if draw.chance(0.000_6 + 0.001 * person.traits.unhappiness) {
            self.write(draw, "complained", read_at);
            return Ending::Complained;
        }
        if draw.chance(0.003 + 0.025 * (1.0 - warmth)) {
            self.write(draw, "unsubscribed", read_at);
            return Ending::Unsubscribed(read_at);
        }
        if draw.chance(person.traits.openness * warmth.max(0.02)) {
            self.write(draw, "opened", read_at);
            if draw.chance(0.22) {
                let clicked_at = read_at + draw.between(5, 5 * MINUTE);
                self.write(draw, "clicked", clicked_at);
            }
        }
        Ending::Goes
    }

    fn write(&mut self, draw: &mut Draw, event_type: &str, at: Time) {
        let ingested_at = noise::arrival(draw, at, 0.01);
        if !self.scene.is_in_world(at) {
            return;
        }
        let id = self.scene.id(IdKind::EmailEvent, *self.sequence);
        *self.sequence += 1;
        let mut campaign = b"news-".to_vec();
        self.campaign_at.write_date(&mut campaign);
        let campaign = String::from_utf8_lossy(&campaign);
        self.scene
            .sheets
            .email_events
            .row()
            .put(id)
            .put(self.address)
            .put(&*campaign)
            .put(event_type)
            .put(at)
            .put(ingested_at)
            .end();
    }
}
