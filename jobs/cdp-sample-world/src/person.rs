//! What nobody sees: the traits that a person's behaviour follows from.

use crate::draw::{Draw, Id, IdKind, Topic};
use crate::identity::Identity;
use crate::names::CATEGORIES;
use crate::time::Time;
use crate::world::World;

/// How many buyers there are among the people.
const BUYER_SHARE: f64 = 0.66;
/// How many of the people were around before the first day.
const EARLIER_SHARE: f64 = 0.5;
/// Purchases a day of a middling buyer.
const PURCHASES_PER_DAY: f64 = 1.0 / 48.0;
/// Drop-outs a day of a middling person.
const DROPOUTS_PER_DAY: f64 = 1.0 / 1000.0;
/// Visits a day, other than for a purchase, of a middling person.
const VISITS_PER_DAY: f64 = 16.0 / 365.0;
const MOST_VISITS_PER_DAY: f64 = 4.0;

/// Where people shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Web,
    App,
    Store,
}

impl Channel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
            Self::Store => "store",
        }
    }
}

/// What does not change about a person.
pub(crate) struct Traits {
    /// The rate of the purchase process; 0 for people who never buy.
    pub(crate) purchases_per_day: f64,
    /// The hazard of the drop-out that ends it.
    pub(crate) dropouts_per_day: f64,
    pub(crate) visits_per_day: f64,
    /// How long browsing and reading linger on after the drop-out.
    pub(crate) fade_days: f64,
    /// From 0 to 1. Unhappy people complain, send things back and drop out sooner.
    pub(crate) unhappiness: f64,
    /// From 0 to 1.
    pub(crate) price_sensitivity: f64,
    /// The probability of opening an e-mail.
    pub(crate) openness: f64,
    pub(crate) channel: Channel,
    pub(crate) has_app: bool,
    pub(crate) is_subscriber: bool,
    /// Two places in [`CATEGORIES`].
    pub(crate) favourites: [usize; 2],
}

impl Traits {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let engagement = draw.normal();
        let unhappiness = draw.unit().powf(2.5);
        let is_buyer = draw.chance(BUYER_SHARE);
        let is_subscriber = is_buyer && draw.chance(0.15);
        let eagerness = draw.gamma(1.8, 1.0 / 1.8) * if is_subscriber { 1.3 } else { 1.0 };
        let restlessness = 0.45 * draw.normal() + 1.3 * (unhappiness - 0.28)
            - 0.3 * engagement
            - if is_subscriber { 0.5 } else { 0.0 };
        let curiosity = (0.8 * draw.normal() + 0.45 * engagement).exp()
            * if is_buyer { eagerness.powf(0.4) } else { 0.6 };
        let channel = draw.pick_weighted(&[
            (Channel::Web, 0.6),
            (Channel::App, 0.22),
            (Channel::Store, 0.18),
        ]);
        Self {
            purchases_per_day: if is_buyer {
                eagerness * PURCHASES_PER_DAY
            } else {
                0.0
            },
            dropouts_per_day: DROPOUTS_PER_DAY * restlessness.exp(),
            visits_per_day: (VISITS_PER_DAY * curiosity).min(MOST_VISITS_PER_DAY),
            fade_days: 3.0 + draw.exponential(8.0),
            unhappiness,
            price_sensitivity: draw.unit(),
            openness: 1.0 / (1.0 + (0.7 - 0.7 * engagement - 0.6 * draw.normal()).exp()),
            channel,
            has_app: channel == Channel::App || draw.chance(0.25),
            is_subscriber,
            favourites: [draw.index(CATEGORIES.len()), draw.index(CATEGORIES.len())],
        }
    }
}

/// One person.
pub(crate) struct Person {
    pub(crate) number: u32,
    pub(crate) traits: Traits,
    /// When the person first comes to the shop; the first day for those who came before.
    pub(crate) joined_at: Time,
    pub(crate) dropped_out_at: Time,
    pub(crate) identity: Identity,
}

impl Person {
    pub(crate) fn draw(world: &World, number: u32) -> Self {
        let mut draw = Draw::new(world.spec.seed, number, Topic::Traits);
        let mut traits = Traits::draw(&mut draw);
        let joined_at = if draw.chance(EARLIER_SHARE) {
            world.start
        } else {
            world
                .start
                .after_days(draw.unit() * f64::from(world.spec.days))
        };
        let lifetime_days = draw.exponential(1.0 / traits.dropouts_per_day);
        let dropped_out_at = joined_at.after_days(lifetime_days);
        let identity = Identity::draw(world, number, &traits, joined_at, dropped_out_at);
        traits.has_app |= identity.has_family_device();
        Self {
            number,
            traits,
            joined_at,
            dropped_out_at,
            identity,
        }
    }

    /// 1 up to the drop-out, then ever less: what is left of browsing and reading.
    pub(crate) fn warmth(&self, at: Time) -> f64 {
        if at < self.dropped_out_at {
            1.0
        } else {
            (-at.days_since(self.dropped_out_at) / self.traits.fade_days).exp()
        }
    }

    pub(crate) fn has_joined(&self, at: Time) -> bool {
        self.joined_at < at
    }

    pub(crate) fn is_alive(&self, at: Time) -> bool {
        self.has_joined(at) && self.dropped_out_at >= at
    }

    pub(crate) fn id(&self, seed: u64, kind: IdKind, sequence: u32) -> Id {
        Id::new(seed, kind, self.number, sequence)
    }
}
