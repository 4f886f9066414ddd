//! Values that follow from a fit: the next order, the time between orders, lifetime value.

use cdp_btyd::{
    GammaGamma, History, Horizon, LifetimePlan, Nbd, OrderModel, ParetoNbd, Spend,
    gap_while_active, lifetime_value, median_wait, value_at_past_rate, wait_by_mean_gap,
};

use crate::story::{Story, act};

fn pareto() -> ParetoNbd {
    ParetoNbd::new(0.55, 10.6, 0.6, 11.7).expect("a model")
}

fn history(repeats: u32, last: f64, age: f64) -> History {
    History::new(repeats, last, age).expect("a history")
}

fn horizon(length: f64) -> Horizon {
    Horizon::new(length).expect("a horizon")
}

#[test]
fn the_next_order_is_where_it_is_as_likely_to_have_come_as_not() {
    let model = pareto();
    let regular = history(12, 38.0, 39.0);
    let wait = median_wait(&model, &regular, horizon(52.0)).expect("within a year");
    assert!(
        (model.p_no_order(&regular, horizon(wait)) - 0.5).abs() < 1e-9,
        "{wait}"
    );
    // Silent for long, or asked for too soon: more likely not than so.
    assert_eq!(
        median_wait(&model, &history(12, 8.0, 39.0), horizon(520.0)),
        None
    );
    assert_eq!(median_wait(&model, &regular, horizon(wait * 0.9)), None);
    assert_eq!(median_wait(&model, &regular, horizon(0.0)), None);
}

#[test]
fn half_of_those_who_are_told_a_wait_order_by_then() {
    let model = pareto();
    let limit = 39.0;
    let actors = act(
        Story::AtAnyTime { s: 0.6, beta: 11.7 },
        0.55,
        10.6,
        limit,
        100_000,
        21,
    );
    let (mut told, mut came) = (0.0, 0.0);
    for actor in &actors {
        if let Some(wait) = median_wait(&model, &actor.history, horizon(limit)) {
            told += 1.0;
            came += f64::from(u8::from(
                actor.later.first().is_some_and(|first| *first <= wait),
            ));
        }
    }
    let share: f64 = came / told;
    assert!(
        told > 10_000.0 && (share - 0.5).abs() < 4.0 * 0.5 / f64::sqrt(told),
        "{share} {told}"
    );
}

#[test]
fn time_between_orders_needs_two_orders_only_in_the_baseline() {
    let model = Nbd::new(0.5, 10.0).expect("a model");
    let once = history(0, 0.0, 30.0);
    assert!((gap_while_active(&model, &once) - 80.0).abs() < 1e-12);
    assert_eq!((once.mean_gap(), wait_by_mean_gap(&once)), (None, None));
    let often = history(4, 28.0, 30.0);
    assert!((gap_while_active(&model, &often) - 40.0 / 4.5).abs() < 1e-12);
    assert_eq!(
        (often.mean_gap(), wait_by_mean_gap(&often)),
        (Some(7.0), Some(5.0))
    );
    // Overdue: expected at once, not in the past.
    assert_eq!(wait_by_mean_gap(&history(4, 8.0, 30.0)), Some(0.0));
}

#[test]
fn lifetime_value_is_orders_times_amount_less_the_discount() {
    let model = pareto();
    let amounts = GammaGamma::new(6.25, 3.74, 15.44).expect("a model");
    let customer = history(2, 30.43, 38.86);
    let spend = Spend::new(2, 22.35).expect("a spend");
    let amount = amounts.expected_amount(Some(&spend));
    // Between the customer's own mean and that of all, by hand: 6.25 (15.44 + 44.7) / 15.24.
    assert!((amount - 24.663_5).abs() < 1e-3, "{amount}");
    assert!((amounts.population_mean() - 35.219).abs() < 1e-3);
    let value = |periods, length, rate| {
        let plan = LifetimePlan::new(periods, length, rate).expect("a plan");
        lifetime_value(&model, &amounts, &customer, Some(&spend), &plan)
    };
    let undiscounted = model.expected_orders(&customer, horizon(52.0)) * amount;
    assert!((value(13, 4.0, 0.0) - undiscounted).abs() < 1e-9);
    assert!((value(1, 52.0, 0.25) - undiscounted / 1.25).abs() < 1e-9);
    let by_hand = (1..=13).map(|period| {
        let until = |period: f64| model.expected_orders(&customer, horizon(4.0 * period));
        let period = f64::from(period);
        (until(period) - until(period - 1.0)) * amount / 1.01_f64.powf(period)
    });
    assert!((value(13, 4.0, 0.01) - by_hand.sum::<f64>()).abs() < 1e-9);
    // Who is not known is worth what all are worth.
    let plan = LifetimePlan::new(1, 52.0, 0.0).expect("a plan");
    let once = history(0, 0.0, 38.86);
    let unknown = lifetime_value(&model, &amounts, &once, None, &plan);
    let expected = model.expected_orders(&once, horizon(52.0)) * amounts.population_mean();
    assert!((unknown - expected).abs() < 1e-9);
    assert_eq!(value_at_past_rate(&once, None, &plan), None);
    let past = value_at_past_rate(&customer, Some(&spend), &plan).expect("two repeats");
    assert!((past - 2.0 / 38.86 * 52.0 * 22.35).abs() < 1e-9);
}
