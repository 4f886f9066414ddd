//! Bad input ends in an error that says what is wrong, and never in a panic.

use cdp_btyd::{
    BetaGeometricNbd, FitError, GammaGamma, History, HistoryError, Horizon, Leaving, LifetimePlan,
    LifetimePlanError, Nbd, Order, OrderError, ParetoNbd, Population, Spend, TimeUnit, summarise,
};

fn order(customer: &str, day: i32, amount: f64) -> Order<String> {
    Order {
        customer: customer.to_owned(),
        day,
        amount,
    }
}

#[test]
fn amounts_that_are_none_are_refused_by_row() {
    for amount in [f64::NAN, f64::INFINITY, -0.01] {
        let rows = [order("a", 1, 5.0), order("b", 2, amount)];
        let error = summarise(rows, 10, TimeUnit::Days).expect_err("no amount");
        assert!(
            matches!(error, OrderError::Amount { row: 1, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("order 1"), "{error}");
    }
}

#[test]
fn nothing_known_before_the_day_is_an_error() {
    let none = Vec::<Order<String>>::new();
    let known = OrderError::NoOrders { as_of_day: 10 };
    assert_eq!(summarise(none, 10, TimeUnit::Days), Err(known.clone()));
    assert_eq!(
        summarise([order("a", 10, 1.0)], 10, TimeUnit::Days),
        Err(known)
    );
}

#[test]
fn days_at_the_ends_of_the_calendar_are_summed_up() {
    let rows = [order("a", i32::MIN, 1.0), order("a", i32::MAX - 1, 1.0)];
    let summaries = summarise(rows, i32::MAX, TimeUnit::Days).expect("sound orders");
    assert!((summaries["a"].history.age() - 4_294_967_294.0).abs() < 1e-3);
}

#[test]
fn orders_of_a_day_are_one_and_those_to_come_are_not_known() {
    let rows = [
        order("a", 0, 10.0),
        order("a", 7, 1.0),
        order("a", 7, 2.0),
        order("a", 21, 5.0),
        order("a", 28, 99.0),
        order("b", 20, 0.0),
    ];
    let summaries = summarise(rows, 28, TimeUnit::Weeks).expect("sound orders");
    let a = summaries["a"];
    assert_eq!((a.history.repeats(), a.first_day, a.last_day), (2, 0, 21));
    assert!((a.history.last() - 3.0).abs() < 1e-15);
    assert!((a.history.age() - 27.0 / 7.0).abs() < 1e-15);
    assert_eq!(a.spend, Some(Spend::new(2, 4.0).expect("a spend")));
    assert_eq!(summaries["b"].spend, None);
    assert_eq!(summaries["b"].history.mean_gap(), None);
}

#[test]
fn figures_that_are_no_history_are_refused() {
    for (last, age) in [(f64::NAN, 1.0), (-1.0, 1.0), (0.5, f64::INFINITY)] {
        let error = History::new(1, last, age).expect_err("no time");
        assert!(matches!(error, HistoryError::Time { .. }), "{error}");
    }
    let late = History::new(1, 2.0, 1.0).expect_err("too late");
    assert!(matches!(late, HistoryError::LastAfterAge { .. }), "{late}");
    for (repeats, last) in [(0, 1.0), (1, 0.0)] {
        let error = History::new(repeats, last, 5.0).expect_err("they do not go together");
        assert!(
            matches!(error, HistoryError::LastAndRepeats { .. }),
            "{error}"
        );
    }
    for length in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(Horizon::new(length).is_err());
    }
    assert!(Spend::new(0, 1.0).is_err());
    assert!(Spend::new(1, 0.0).is_err() && Spend::new(1, f64::NAN).is_err());
}

#[test]
fn parameters_are_checked_also_when_read_back() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = ParetoNbd::new(1.0, 1.0, 1.0, bad).expect_err("no parameter");
        assert_eq!(error.name, "beta");
        assert!(BetaGeometricNbd::new(Leaving::AtRepeats, bad, 1.0, 1.0, 1.0).is_err());
        assert!(Nbd::new(1.0, bad).is_err());
        assert!(GammaGamma::new(bad, 2.0, 1.0).is_err());
    }
    let error = GammaGamma::new(6.0, 1.0, 15.0).expect_err("no mean");
    assert_eq!(error.name, "q - 1");
    let model = BetaGeometricNbd::new(Leaving::AtAnyOrder, 0.5, 6.2, 0.9, 1.6).expect("a model");
    let text = serde_json::to_string(&model).expect("json");
    assert_eq!(
        serde_json::from_str::<BetaGeometricNbd>(&text).expect("json"),
        model
    );
    let spoiled = text.replace("0.5", "-0.5");
    assert!(
        serde_json::from_str::<BetaGeometricNbd>(&spoiled).is_err(),
        "{spoiled}"
    );
}

#[test]
fn plans_of_lifetime_value_are_checked() {
    assert_eq!(
        LifetimePlan::new(0, 1.0, 0.1),
        Err(LifetimePlanError::Periods(0))
    );
    assert_eq!(
        LifetimePlan::new(9_999, 1.0, 0.1),
        Err(LifetimePlanError::Periods(9_999))
    );
    assert_eq!(
        LifetimePlan::new(12, 0.0, 0.1),
        Err(LifetimePlanError::Period(0.0))
    );
    assert_eq!(
        LifetimePlan::new(12, 1e308, 0.1),
        Err(LifetimePlanError::Period(1e308))
    );
    assert_eq!(
        LifetimePlan::new(12, 1.0, -0.1),
        Err(LifetimePlanError::DiscountRate(-0.1))
    );
    assert!(LifetimePlan::new(12, f64::NAN, 0.1).is_err());
    assert!(LifetimePlan::new(12, 1.0, f64::NAN).is_err());
}

#[test]
fn too_little_to_fit_on_is_told_with_a_hint() {
    let once = History::new(0, 0.0, 9.0).expect("a history");
    let twice = History::new(1, 3.0, 9.0).expect("a history");
    let error = Population::new([once; 99]).expect_err("too few");
    assert_eq!(error, FitError::TooFewCustomers { customers: 99 });
    let error = Population::new([once; 100]).expect_err("no repeats");
    assert_eq!(error, FitError::NoRepeatOrders { customers: 100 });
    assert!(error.hint().contains("identifier"), "{}", error.hint());
    let few = [once; 100].into_iter().chain([twice; 29]);
    let error = Population::new(few).expect_err("too few repeats");
    assert_eq!(error, FitError::TooFewRepeaters { repeaters: 29 });
    let spend = Spend::new(1, 5.0).expect("a spend");
    let error = GammaGamma::fit([spend; 29]).expect_err("too few");
    assert_eq!(error, FitError::TooFewRepeaters { repeaters: 29 });
}

#[test]
fn times_of_any_size_end_in_a_fit_or_an_error() {
    for size in [1e-300, 1e-9, 1e9, 1e300, 1e307] {
        let history = |i: u32| {
            let age = size * f64::from(i % 7 + 1);
            let last = if i.is_multiple_of(3) { 0.0 } else { age * 0.4 };
            History::new(i % 3, last, age).expect("a history")
        };
        let population = Population::new((0..300).map(history)).expect("enough customers");
        for leaving in [Leaving::AtRepeats, Leaving::AtAnyOrder] {
            let _ = BetaGeometricNbd::fit(leaving, &population).map_err(|error| error.to_string());
        }
        let _ = ParetoNbd::fit(&population).map_err(|error| error.to_string());
    }
}
