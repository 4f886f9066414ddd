//! The best that can be known from outside.
//!
//! The truth in `truth/people.csv` knows what nobody can see: how often a person buys, and whether the
//! drop-out has come already. Here is what is left for somebody who knows the law by which people are
//! made, but of each person only the purchases and visits before a day: the same probability, averaged
//! over everything that the person could be (Bayes). No model that learns from these can be better in
//! the long run; what else a shop sees of people (complaints, openings of e-mails) tells little more.
//!
//! The average is over people drawn from the same law, and over days on which the drop-out may have
//! come, each weighted by how likely it makes what was seen.

use std::collections::BTreeMap;

use crate::draw::{Draw, Topic};
use crate::life::Life;
use crate::person::{Person, Traits};
use crate::spec::{TruthSpec, WorldSpec};
use crate::time::Time;
use crate::truth::true_churn_probability;
use crate::world::World;

/// People that the person could be.
const LIKENESSES: u32 = 1500;
/// Days on which the drop-out may have come.
const DROPOUTS: usize = 60;

/// What was seen of a person, in days since it came.
struct Seen {
    purchases: f64,
    last_purchase: f64,
    visits: Vec<f64>,
    /// How long it was looked.
    age: f64,
}

/// The probability of no purchase within the horizon, as far as it can be known from outside, of each
/// person by number who has bought before the day.
pub fn knowable_churn_probabilities(spec: &WorldSpec, truth: &TruthSpec) -> BTreeMap<u32, f64> {
    let world = World::new(spec);
    let likenesses: Vec<Traits> = (0..LIKENESSES)
        .map(|number| Traits::draw(&mut Draw::new(spec.seed, number, Topic::Likenesses)))
        .filter(|traits| traits.purchases_per_day > 0.0)
        .collect();
    let as_of = Time::of(truth.as_of_date);
    let people = (1..=spec.people).filter_map(|number| {
        let person = Person::draw(&world, number);
        let seen = Seen::of(&world, &person, as_of)?;
        let horizon = f64::from(truth.horizon_days);
        Some((
            number,
            seen.churn_probability(&likenesses, spec.activity, horizon),
        ))
    });
    people.collect()
}

impl Seen {
    /// Nothing of who has not bought.
    fn of(world: &World, person: &Person, as_of: Time) -> Option<Self> {
        let life = Life::draw(world, person);
        let days = |at: Time| at.days_since(person.joined_at);
        let purchases = life.purchases.iter().map(|purchase| purchase.at);
        let purchases: Vec<f64> = purchases.filter(|at| *at < as_of).map(days).collect();
        let visits = life.visits.iter().filter(|visit| visit.purchase.is_none());
        let visits = visits.map(|visit| visit.at).filter(|at| *at < as_of);
        // Who comes later comes with a visit, which says nothing about how often.
        let skipped = usize::from(person.joined_at > world.start);
        Some(Self {
            last_purchase: *purchases.last()?,
            purchases: purchases.len() as f64,
            visits: visits.map(days).skip(skipped).collect(),
            age: days(as_of),
        })
    }

    fn churn_probability(&self, likenesses: &[Traits], activity: f64, horizon: f64) -> f64 {
        let dropouts = self.dropouts();
        let step = (self.age - self.last_purchase).max(0.0) / DROPOUTS as f64;
        // Logarithms of likelihoods, and what would be told then.
        let mut cases = Vec::with_capacity(likenesses.len() * (DROPOUTS + 1));
        for traits in likenesses {
            let (rate, hazard) = (traits.purchases_per_day, traits.dropouts_per_day);
            let visits = traits.visits_per_day * activity;
            let often = self.purchases * rate.ln() + self.visits.len() as f64 * visits.ln();
            let alive = often - (rate + hazard + visits) * self.age;
            cases.push((alive, true_churn_probability(rate, hazard, horizon)));
            for dropout in &dropouts {
                let fade = traits.fade_days;
                let lingering = fade * (1.0 - (-(self.age - dropout.at) / fade).exp());
                let gone = often + (hazard * step).ln()
                    - (rate + hazard) * dropout.at
                    - visits * (dropout.at + lingering)
                    - dropout.visit_days_after / fade;
                cases.push((gone, 1.0));
            }
        }
        let likeliest = cases
            .iter()
            .map(|case| case.0)
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut told, mut weight) = (0.0, 0.0);
        for (likelihood, probability) in cases {
            let share = (likelihood - likeliest).exp();
            told += share * probability;
            weight += share;
        }
        told / weight
    }

    /// Days from the last purchase on, evenly spread.
    fn dropouts(&self) -> Vec<Dropout> {
        let step = (self.age - self.last_purchase).max(0.0) / DROPOUTS as f64;
        let at = |place: usize| self.last_purchase + (place as f64 + 0.5) * step;
        let dropout = |at: f64| Dropout {
            at,
            visit_days_after: self.visits.iter().map(|visit| (visit - at).max(0.0)).sum(),
        };
        (0..DROPOUTS).map(|place| dropout(at(place))).collect()
    }
}

struct Dropout {
    at: f64,
    /// How long after it visits came, summed.
    visit_days_after: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_known_is_right_on_average_and_below_the_truth() {
        let spec = WorldSpec {
            people: 3_000,
            ..WorldSpec::default()
        };
        let truth = TruthSpec::default();
        let told = knowable_churn_probabilities(&spec, &truth);
        let world = World::new(&spec);
        let as_of = Time::of(truth.as_of_date);
        let end = as_of.after_days(f64::from(truth.horizon_days));
        let (mut sum, mut churned, mut loss, mut blind) = (0.0, 0.0, 0.0, 0.0);
        for (number, p) in &told {
            let life = Life::draw(&world, &Person::draw(&world, *number));
            let mut later = life.purchases.iter().map(|purchase| purchase.at);
            let stays = later.any(|at| at >= as_of && at < end);
            sum += p;
            churned += f64::from(u8::from(!stays));
            loss -= if stays { (1.0 - p).ln() } else { p.ln() };
            blind += std::f64::consts::LN_2;
        }
        let count = told.len() as f64;
        assert!(count > 1_000.0, "{count}");
        assert!(
            (sum - churned).abs() < 3.0 * (0.25 * count).sqrt(),
            "{sum} {churned}"
        );
        assert!(loss < 0.8 * blind, "{loss} {blind}");
    }

    #[test]
    fn silence_makes_a_drop_out_likely() {
        let draws = |number| Traits::draw(&mut Draw::new(7, number, Topic::Likenesses));
        let likenesses: Vec<Traits> = (0..400)
            .map(draws)
            .filter(|t| t.purchases_per_day > 0.0)
            .collect();
        let seen = |last_purchase: f64, last_visit: f64| Seen {
            purchases: 9.0,
            last_purchase,
            visits: (1..=20)
                .map(|visit| last_visit * f64::from(visit) / 20.0)
                .collect(),
            age: 365.0,
        };
        let told = |seen: Seen| seen.churn_probability(&likenesses, 1.0, 90.0);
        let (busy, silent) = (told(seen(360.0, 362.0)), told(seen(100.0, 110.0)));
        let browsing = told(seen(100.0, 362.0));
        assert!(busy < 0.3, "{busy}");
        assert!(silent > 0.95, "{silent}");
        assert!(busy < browsing && browsing < silent, "{browsing}");
    }
}
