//! What holds for any parameters and any customer.

use cdp_btyd::{
    BetaGeometricNbd, GammaGamma, History, Horizon, Leaving, Nbd, Order, OrderModel, ParetoNbd,
    Population, Spend, TimeUnit, summarise,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;

use crate::story::{Story, act, seen};

/// Parameters from a hundredth to a hundred.
fn parameter() -> impl Strategy<Value = f64> {
    (-4.6..4.6).prop_map(f64::exp)
}

fn history() -> impl Strategy<Value = History> {
    (0_u32..200, 0.0..=1.0, 0.001..1000.0).prop_map(|(repeats, share, age): (u32, f64, f64)| {
        let last = if repeats == 0 {
            0.0
        } else {
            age * share.max(1e-6)
        };
        History::new(repeats, last, age).expect("a history")
    })
}

/// All models with these parameters, times of theirs in a unit.
fn models([r, alpha, s, beta]: [f64; 4], unit: f64) -> Vec<Box<dyn OrderModel>> {
    let geometric = |leaving| BetaGeometricNbd::new(leaving, r, alpha * unit, s, beta);
    vec![
        Box::new(geometric(Leaving::AtRepeats).expect("a model")),
        Box::new(geometric(Leaving::AtAnyOrder).expect("a model")),
        Box::new(ParetoNbd::new(r, alpha * unit, s, beta * unit).expect("a model")),
        Box::new(Nbd::new(r, alpha * unit).expect("a model")),
    ]
}

fn parameters() -> impl Strategy<Value = [f64; 4]> {
    [parameter(), parameter(), parameter(), parameter()]
}

fn horizon(length: f64) -> Horizon {
    Horizon::new(length).expect("a horizon")
}

proptest! {
    #![proptest_config(Config::with_cases(500))]

    #[test]
    fn probabilities_are_probabilities_and_fall_with_the_horizon(
        parameters in parameters(),
        history in history(),
        length in 0.0..500.0,
        more in 0.0..500.0,
    ) {
        for model in models(parameters, 1.0) {
            let alive = model.p_alive(&history);
            prop_assert!((0.0..=1.0).contains(&alive), "{} {alive}", model.name());
            let soon = model.p_no_order(&history, horizon(length));
            let late = model.p_no_order(&history, horizon(length + more));
            prop_assert!((0.0..=1.0).contains(&soon), "{} {soon}", model.name());
            prop_assert!(late <= soon + 1e-12, "{} {soon} {late}", model.name());
            prop_assert!(late >= 1.0 - alive - 1e-12, "{} {late} {alive}", model.name());
            let now = model.p_no_order(&history, horizon(0.0));
            prop_assert!((now - 1.0).abs() < 1e-12, "{} {now}", model.name());
        }
    }

    #[test]
    fn expected_orders_grow_and_are_at_least_the_chance_of_one(
        parameters in parameters(),
        history in history(),
        length in 0.0..500.0,
        more in 0.0..500.0,
    ) {
        for model in models(parameters, 1.0) {
            let soon = model.expected_orders(&history, horizon(length));
            let late = model.expected_orders(&history, horizon(length + more));
            prop_assert!(soon.is_finite() && soon >= 0.0);
            prop_assert!(late >= soon * (1.0 - 1e-12), "{} {soon} {late}", model.name());
            let some = 1.0 - model.p_no_order(&history, horizon(length));
            prop_assert!(soon >= some - 1e-11 * (1.0 + soon), "{} {soon} {some}", model.name());
            let at_rate = model.rate_while_active(&history) * length;
            prop_assert!(soon <= at_rate * (1.0 + 1e-9), "{} {soon} {at_rate}", model.name());
        }
    }

    #[test]
    fn another_unit_of_time_changes_no_probability(
        parameters in parameters(),
        history in history(),
        length in 0.0..500.0,
        unit in parameter(),
    ) {
        let (last, age) = (history.last() * unit, history.age() * unit);
        let other = History::new(history.repeats(), last.min(age), age).expect("a history");
        let (here, there) = (horizon(length), horizon(length * unit));
        for (model, in_unit) in models(parameters, 1.0).iter().zip(models(parameters, unit)) {
            let pairs = [
                (model.p_alive(&history), in_unit.p_alive(&other)),
                (model.p_no_order(&history, here), in_unit.p_no_order(&other, there)),
                (model.expected_orders(&history, here), in_unit.expected_orders(&other, there)),
            ];
            for (one, two) in pairs {
                prop_assert!((one - two).abs() <= 1e-9 * one.abs().max(1.0), "{one} {two}");
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_no_bit_of_a_summary(
        rows in prop::collection::vec((0_u8..4, 0..60, 0.0..100.0), 1..60)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        weeks in any::<bool>(),
    ) {
        let unit = if weeks { TimeUnit::Weeks } else { TimeUnit::Days };
        let summed = |rows: Vec<(u8, i32, f64)>| {
            let order = |(customer, day, amount)| Order { customer, day, amount };
            summarise(rows.into_iter().map(order), 60, unit).expect("sound orders")
        };
        let (rows, shuffled) = rows;
        prop_assert_eq!(summed(rows), summed(shuffled));
    }
}

#[test]
fn the_order_of_customers_changes_no_bit_of_a_fit() {
    let story = Story::AtAnyTime { s: 0.6, beta: 11.7 };
    let actors = act(story, 0.55, 10.6, 1.0, 3_000, 5);
    let forward = Population::new(seen(&actors)).expect("enough customers");
    let back = Population::new(seen(&actors).collect::<Vec<_>>().into_iter().rev());
    let back = back.expect("enough customers");
    assert_eq!(ParetoNbd::fit(&forward), ParetoNbd::fit(&back));
    let geometric = |population| BetaGeometricNbd::fit(Leaving::AtRepeats, population);
    assert_eq!(geometric(&forward), geometric(&back));
    // Customers of five kinds, whose means spread about those.
    let spend = |i: u32| {
        let mean = f64::from(1 << (i % 5)) * (1.0 + f64::from(i * 37 % 101) / 101.0);
        Spend::new(i % 3 + 1, mean).expect("a spend")
    };
    let amounts = GammaGamma::fit((0..500).map(spend));
    assert_eq!(amounts, GammaGamma::fit((0..500).rev().map(spend)));
    assert!(amounts.is_ok(), "{amounts:?}");
}

#[test]
fn a_fit_in_days_tells_what_a_fit_in_weeks_tells() {
    let actors = act(
        Story::AtAnyTime { s: 0.6, beta: 11.7 },
        0.55,
        10.6,
        1.0,
        3_000,
        6,
    );
    let daily = |week: History| {
        let (last, age) = (week.last() * 7.0, week.age() * 7.0);
        History::new(week.repeats(), last, age).expect("a history")
    };
    let weeks = ParetoNbd::fit(&Population::new(seen(&actors)).expect("customers"));
    let days = ParetoNbd::fit(&Population::new(seen(&actors).map(daily)).expect("customers"));
    let (weeks, days) = (weeks.expect("a fit"), days.expect("a fit"));
    for history in seen(&actors).take(200) {
        let one = weeks.model.p_no_order(&history, horizon(13.0));
        let two = days.model.p_no_order(&daily(history), horizon(91.0));
        assert!((one - two).abs() < 1e-6, "{one} {two}");
    }
    let repeats: u32 = seen(&actors).map(|history| history.repeats()).sum();
    let shift = f64::from(repeats) * 7.0_f64.ln();
    let gap = weeks.report.log_likelihood - shift - days.report.log_likelihood;
    assert!(gap.abs() < 1e-5, "{gap}");
}
