//! Customers whom a model does not suit: the fit says which part of its story is not there.

use cdp_btyd::{
    BetaGeometricNbd, Degeneracy, FitError, GammaGamma, History, Leaving, Nbd, ParetoNbd,
    Population, Spend,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::story::{Story, act, exponential, gamma, seen};

fn degeneracy<T: std::fmt::Debug>(result: Result<T, FitError>) -> Degeneracy {
    match result {
        Err(error @ FitError::Degenerate { degeneracy, .. }) => {
            assert!(!error.hint().is_empty() && error.to_string().contains("degenerate"));
            degeneracy
        }
        other => panic!("expected a degenerate fit: {other:?}"),
    }
}

#[test]
fn where_nobody_leaves_the_fit_says_so() {
    let actors = act(Story::Never, 0.8, 6.0, 1.0, 20_000, 11);
    let population = Population::new(seen(&actors)).expect("enough customers");
    for leaving in [Leaving::AtRepeats, Leaving::AtAnyOrder] {
        let fit = BetaGeometricNbd::fit(leaving, &population);
        assert_eq!(degeneracy(fit), Degeneracy::NobodyLeaves);
    }
    assert_eq!(
        degeneracy(ParetoNbd::fit(&population)),
        Degeneracy::NobodyLeaves
    );
    let left = Nbd::fit(&population).expect("a fit").model.parameters();
    assert!(
        (left[0] - 0.8).abs() < 0.05 && (left[1] - 6.0).abs() < 0.5,
        "{left:?}"
    );
}

#[test]
fn where_all_order_at_one_rate_the_fit_says_so() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let histories = (0..5_000).map(|_| {
        let age = rng.random_range(20.0..40.0);
        let mut times = vec![0.0];
        while times[times.len() - 1] <= age {
            times.push(times[times.len() - 1] + exponential(0.2, &mut rng));
        }
        let last = times[times.len() - 2];
        let repeats = u32::try_from(times.len() - 2).expect("few");
        History::new(repeats, last, age).expect("a history")
    });
    let population = Population::new(histories.collect::<Vec<_>>()).expect("enough customers");
    assert_eq!(degeneracy(Nbd::fit(&population)), Degeneracy::RatesAreAlike);
    for leaving in [Leaving::AtRepeats, Leaving::AtAnyOrder] {
        degeneracy(BetaGeometricNbd::fit(leaving, &population));
    }
    degeneracy(ParetoNbd::fit(&population));
}

#[test]
fn where_all_leave_alike_the_fit_says_so() {
    // Shapes so large that all leave at one rate, or with one chance.
    let alike = Story::AtAnyTime { s: 1e6, beta: 2e7 };
    let actors = act(alike, 1.0, 2.0, 1.0, 20_000, 12);
    let population = Population::new(seen(&actors)).expect("enough customers");
    assert_eq!(
        degeneracy(ParetoNbd::fit(&population)),
        Degeneracy::LeavingIsAlike
    );
    for leaving in [Leaving::AtRepeats, Leaving::AtAnyOrder] {
        let alike = Story::AtOrders {
            leaving,
            a: 1e6,
            b: 3e6,
        };
        let actors = act(alike, 1.0, 2.0, 1.0, 20_000, 13);
        let population = Population::new(seen(&actors)).expect("enough customers");
        let fit = BetaGeometricNbd::fit(leaving, &population);
        assert_eq!(degeneracy(fit), Degeneracy::LeavingIsAlike);
    }
}

#[test]
fn amounts_that_do_not_suit_are_named() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let steady = (1..500_u32).map(|i| Spend::new(i % 5 + 1, f64::from(i % 17 + 3)));
    let steady: Vec<Spend> = steady.map(|spend| spend.expect("a spend")).collect();
    // Everybody pays 10 each time.
    let same = GammaGamma::fit((1..500).map(|i| Spend::new(i % 5 + 1, 10.0).expect("a spend")));
    assert_eq!(degeneracy(same), Degeneracy::AmountsNeverVary);
    // All are one kind of spender: means of the same gamma distribution.
    let alike = (0..5_000).map(|_| {
        let orders = rng.random_range(1..6);
        let sum: f64 = (0..orders).map(|_| gamma(4.0, &mut rng)).sum();
        Spend::new(orders, sum / f64::from(orders)).expect("a spend")
    });
    let alike = GammaGamma::fit(alike.collect::<Vec<_>>());
    assert_eq!(degeneracy(alike), Degeneracy::SpendersAreAlike);
    assert!(GammaGamma::fit(steady).is_ok_and(|found| found.correlation.is_some()));
}
