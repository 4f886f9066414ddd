//! What no table says: who is who, and how likely each person was to stop buying.

use chrono::Days;

use crate::scene::Scene;
use crate::sheet::Cell;
use crate::spec::TruthSpec;
use crate::time::Time;

/// The probability of no purchase within `horizon_days`, for a person who has not dropped out.
///
/// Purchases are a Poisson process with rate `l`, and the drop-out comes with hazard `m` a day.
/// Both forget the past. No purchase in a horizon `H` means: the drop-out comes at some `t < H`
/// with no purchase before it, or neither comes before `H`:
///
/// ```text
/// ∫₀ᴴ m·exp(-m·t)·exp(-l·t) dt + exp(-(l+m)·H)
///     = m/(l+m)·(1 - exp(-(l+m)·H)) + exp(-(l+m)·H)
///     = m/(l+m) + l/(l+m)·exp(-(l+m)·H)
/// ```
///
/// After the drop-out the probability is 1.
pub fn true_churn_probability(
    purchases_per_day: f64,
    dropouts_per_day: f64,
    horizon_days: f64,
) -> f64 {
    let total = purchases_per_day + dropouts_per_day;
    if total <= 0.0 {
        return 1.0;
    }
    (dropouts_per_day + purchases_per_day * (-total * horizon_days).exp()) / total
}

pub(crate) fn write(scene: &mut Scene<'_>, spec: &TruthSpec) {
    write_person(scene, spec);
    write_identifiers(scene);
}

/// For people who come to the shop later, alive is false and the probability is empty.
fn write_person(scene: &mut Scene<'_>, spec: &TruthSpec) {
    let as_of = Time::of(spec.as_of_date);
    let horizon_end = Time::of(spec.as_of_date + Days::new(u64::from(spec.horizon_days)));
    let person = scene.person;
    let purchases = &scene.life.purchases;
    let orders_before = purchases.partition_point(|purchase| purchase.at < as_of);
    let orders_by_end = purchases.partition_point(|purchase| purchase.at < horizon_end);
    let is_alive = person.is_alive(as_of);
    let probability = if is_alive {
        true_churn_probability(
            person.traits.purchases_per_day,
            person.traits.dropouts_per_day,
            f64::from(spec.horizon_days),
        )
    } else {
        1.0
    };
    scene
        .sheets
        .true_people
        .row()
        .put(i64::from(person.number))
        .put(person.has_joined(as_of).then_some(Cell::Ratio(probability)))
        .put(is_alive)
        .put(orders_by_end == orders_before)
        .put(orders_before > 0)
        .put(i64::try_from(orders_before).unwrap_or(i64::MAX))
        .end();
}

fn write_identifiers(scene: &mut Scene<'_>) {
    let number = i64::from(scene.person.number);
    let sheet = &mut scene.sheets.true_identifiers;
    let texts = scene.seen.texts.iter();
    let texts = texts.map(|(kind, value)| (*kind, Cell::from(value)));
    let ids = scene.seen.ids.iter();
    let ids = ids.map(|(kind, id)| (*kind, Cell::from(*id)));
    for (kind, value) in texts.chain(ids) {
        sheet.row().put(number).put(kind.name()).put(value).end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, Topic};

    #[test]
    fn the_formula_agrees_with_simulation() {
        let mut draw = Draw::new(5, 1, Topic::Traits);
        let runs = 200_000;
        for (purchases, dropouts) in [(0.03, 0.002), (0.005, 0.01), (0.1, 0.0005)] {
            let churned = (0..runs)
                .filter(|_| {
                    let purchase = draw.exponential(1.0 / purchases);
                    let dropout = draw.exponential(1.0 / dropouts);
                    purchase >= dropout.min(90.0)
                })
                .count();
            let share = churned as f64 / f64::from(runs);
            let expected = true_churn_probability(purchases, dropouts, 90.0);
            assert!((share - expected).abs() < 0.004, "{share} {expected}");
        }
    }

    #[test]
    fn somebody_who_never_buys_has_churned_for_certain() {
        for dropouts in [0.0, 0.01] {
            let probability = true_churn_probability(0.0, dropouts, 90.0);
            assert!((probability - 1.0).abs() < 1e-12);
        }
    }
}
