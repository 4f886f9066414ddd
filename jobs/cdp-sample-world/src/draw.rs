//! Random numbers of one person and topic, and identifiers that need no memory to be unique.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for. Each topic of each person has its own, so that a change
/// in one leaves the others as they were.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    Traits,
    Identity,
    Household,
    Purchases,
    Baskets,
    Visits,
    Behaviour,
    Orders,
    Contacts,
    Consents,
    ConsentNoise,
    Emails,
    Support,
    Subscriptions,
    Demographics,
    Catalogue,
    Likenesses,
}

/// A stream of random numbers.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of person, household or product `number` for `topic`.
    pub(crate) fn new(seed: u64, number: u32, topic: Topic) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ mix(u64::from(number)));
        rng.set_stream(topic as u64);
        Self(rng)
    }

    /// Evenly from 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly from `low` up to but not including `high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..high)
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        let place = self.unit() * length as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction of a length, rounded down"
        )]
        (place as usize).min(length - 1)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// One of `choices`, each as likely as its weight.
    pub(crate) fn pick_weighted<T: Copy>(&mut self, choices: &[(T, f64)]) -> T {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut place = self.unit() * total;
        for (choice, weight) in choices {
            if place < *weight {
                return *choice;
            }
            place -= weight;
        }
        choices[choices.len() - 1].0
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// From 0 up, with the given mean: how often something goes on when each time it may end.
    pub(crate) fn geometric(&mut self, mean: f64) -> usize {
        let turns = (1.0 - self.unit()).ln() / (mean / (1.0 + mean)).ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "neither negative nor large, rounded down"
        )]
        (turns as usize)
    }

    /// Mean 0, standard deviation 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Mean `shape * scale`, for a shape from 1 up (Marsaglia and Tsang).
    pub(crate) fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        debug_assert!(shape >= 1.0);
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return scale * d * v;
            }
        }
    }
}

/// An identifier as a system would coin it: a prefix and 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) prefix: &'static str,
    pub(crate) key: u64,
}

/// What an [`Id`] names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IdKind {
    WebEvent,
    AppEvent,
    EmailEvent,
    SubscriptionEvent,
    Cookie,
    SharedCookie,
    Device,
    SharedDevice,
    BrowsingCart,
    Order,
    OrderCart,
    Return,
    Contact,
    Ticket,
    Subscription,
    Demographics,
    Consent,
}

impl Id {
    /// The `sequence`-th identifier of its kind that person or household `number` has. Different
    /// arguments give different keys, since [`mix`] is one-to-one.
    pub(crate) fn new(seed: u64, kind: IdKind, number: u32, sequence: u32) -> Self {
        debug_assert!(sequence < 1 << 26);
        let place = u64::from(number) << 32 | (kind as u64) << 26 | u64::from(sequence);
        let prefix = match kind {
            IdKind::WebEvent => "w",
            IdKind::AppEvent => "m",
            IdKind::EmailEvent => "e",
            IdKind::SubscriptionEvent => "se",
            IdKind::Cookie | IdKind::SharedCookie => "ck-",
            IdKind::Device | IdKind::SharedDevice => "dev-",
            IdKind::BrowsingCart | IdKind::OrderCart => "cart-",
            IdKind::Order | IdKind::Return => "o-",
            IdKind::Contact => "crm-",
            IdKind::Ticket => "t-",
            IdKind::Subscription => "sub-",
            IdKind::Demographics => "tp-",
            IdKind::Consent => "cn-",
        };
        let key = mix(place ^ mix(seed));
        Self { prefix, key }
    }

    pub(crate) fn write(self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.prefix.as_bytes());
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(self.key >> (60 - 4 * place) & 15) as usize];
        }
        buffer.extend_from_slice(&digits);
    }
}

/// A number of 32 bits that no other person has in the same `series`.
pub(crate) fn personal_number(seed: u64, series: u64, number: u32) -> u32 {
    let key = mix(seed ^ mix(series)) >> 32;
    let mut x = number ^ key as u32;
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Scatters numbers so that neighbours look unrelated; one-to-one (the finish of SplitMix64).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_the_means_they_are_asked_for() {
        let mut draw = Draw::new(1, 1, Topic::Traits);
        let mut mean = |what: &mut dyn FnMut(&mut Draw) -> f64| {
            (0..40_000).map(|_| what(&mut draw)).sum::<f64>() / 40_000.0
        };
        assert!((mean(&mut |d| d.exponential(5.0)) - 5.0).abs() < 0.15);
        assert!((mean(&mut |d| d.gamma(1.5, 2.0)) - 3.0).abs() < 0.1);
        assert!((mean(&mut |d| d.geometric(5.0) as f64) - 5.0).abs() < 0.15);
        assert!(mean(&mut Draw::normal).abs() < 0.03);
    }
}
