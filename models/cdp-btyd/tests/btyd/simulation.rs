//! What the models tell, against what happens to customers of their own story.

use cdp_btyd::{
    BetaGeometricNbd, GammaGamma, Horizon, Leaving, Nbd, OrderModel, OrderModelKind, ParetoNbd,
    Population, Spend,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::story::{Actor, Story, act, gamma, seen};

const COUNT: usize = 200_000;
const AFTER: f64 = 39.0;

/// Stories near those of CDNOW, with the models that tell them.
fn stories() -> [(Story, f64, f64, Box<dyn OrderModel>); 4] {
    let at_orders = |leaving| Story::AtOrders {
        leaving,
        a: 0.8,
        b: 2.4,
    };
    let geometric =
        |leaving, r, alpha| BetaGeometricNbd::new(leaving, r, alpha, 0.8, 2.4).expect("a model");
    let (repeats, any) = (Leaving::AtRepeats, Leaving::AtAnyOrder);
    let pareto = ParetoNbd::new(0.55, 10.6, 0.6, 11.7).expect("a model");
    [
        (
            at_orders(repeats),
            0.5,
            4.4,
            Box::new(geometric(repeats, 0.5, 4.4)),
        ),
        (at_orders(any), 0.5, 6.2, Box::new(geometric(any, 0.5, 6.2))),
        (
            Story::AtAnyTime { s: 0.6, beta: 11.7 },
            0.55,
            10.6,
            Box::new(pareto),
        ),
        (
            Story::Never,
            0.4,
            12.0,
            Box::new(Nbd::new(0.4, 12.0).expect("a model")),
        ),
    ]
}

/// The mean of what was told less what happened, with its standard error.
fn bias(gaps: &[f64]) -> (f64, f64) {
    let count = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let square = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
    (mean, (square / count).sqrt())
}

#[test]
fn what_is_told_happens() {
    for (number, (story, r, alpha, model)) in stories().into_iter().enumerate() {
        let actors = act(story, r, alpha, AFTER, COUNT, number as u64);
        let few: Vec<&Actor> = actors.iter().filter(|a| a.history.repeats() == 0).collect();
        let some = actors
            .iter()
            .filter(|a| (1..4).contains(&a.history.repeats()));
        let many: Vec<&Actor> = actors.iter().filter(|a| a.history.repeats() >= 4).collect();
        for group in [few, some.collect(), many] {
            assert!(group.len() > 5_000, "{}: {}", model.name(), group.len());
            for length in [6.5, AFTER] {
                holds(&*model, &group, length);
            }
        }
    }
}

/// Checks one group of customers over one horizon, each mean within four standard errors.
fn holds(model: &dyn OrderModel, group: &[&Actor], length: f64) {
    let horizon = Horizon::new(length).expect("a horizon");
    let orders = |actor: &Actor| actor.later.partition_point(|time| *time <= length) as f64;
    let none = |actor: &&Actor| {
        let happened = f64::from(u8::from(orders(actor) == 0.0));
        model.p_no_order(&actor.history, horizon) - happened
    };
    let count = |actor: &&Actor| model.expected_orders(&actor.history, horizon) - orders(actor);
    let none: Vec<f64> = group.iter().map(none).collect();
    let count: Vec<f64> = group.iter().map(count).collect();
    for (what, gaps) in [("no order", none), ("orders", count)] {
        let (mean, error) = bias(&gaps);
        assert!(
            mean.abs() <= 4.0 * error,
            "{} in {length}, {what}: {mean} with an error of {error}",
            model.name()
        );
    }
}

#[test]
fn a_fit_finds_the_story_again() {
    for (number, (story, r, alpha, model)) in stories().into_iter().enumerate() {
        let actors = act(story, r, alpha, AFTER, 50_000, 100 + number as u64);
        let population = Population::new(seen(&actors)).expect("enough customers");
        let kind = OrderModelKind::ALL[number];
        assert_eq!(kind.name(), model.name());
        let found = kind.fit(&population).expect("a fit").model;
        // Parameters trade against each other; what they tell does not.
        let horizon = Horizon::new(AFTER).expect("a horizon");
        let gap = |actor: &Actor| {
            let told = found.p_no_order(&actor.history, horizon);
            (told - model.p_no_order(&actor.history, horizon)).abs()
        };
        let worst = actors.iter().map(gap).fold(0.0, f64::max);
        assert!(worst < 0.03, "{}: {worst}", found.name());
    }
}

#[test]
fn amounts_are_found_again() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (p, q, v) = (6.25, 3.74, 15.44);
    // The standard error of p is 1 % with as many customers; with 50,000 it is 3 %.
    let spends = (0..400_000).map(|_| {
        let scale = gamma(q, &mut rng) / v;
        let orders = rng.random_range(1..6);
        let sum: f64 = (0..orders).map(|_| gamma(p, &mut rng) / scale).sum();
        Spend::new(orders, sum / f64::from(orders)).expect("a spend")
    });
    let found = GammaGamma::fit(spends.collect::<Vec<_>>()).expect("a fit");
    let known = [p, q, v];
    for (found, known) in found.fit.model.parameters().into_iter().zip(known) {
        assert!((found / known - 1.0).abs() < 0.04, "{found} {known}");
    }
    let correlation = found.correlation.expect("it varies");
    assert!(correlation.abs() < 0.02, "{correlation}");
}
