//! Figures to hold on CDNOW: those that are published, and those of P(no order) without labels.

use cdp_btyd::{
    BetaGeometricNbd, GammaGamma, Horizon, Leaving, Nbd, OrderModel, OrderModelKind, ParetoNbd,
    Population,
};

use crate::or_say_why_not;
use crate::public_data::{COHORT, SAMPLE, day_of, histories, known, later, measure, orders};

fn assert_near(found: &[f64], published: &[f64], within: f64) {
    assert_eq!(found.len(), published.len());
    for (found_one, published_one) in found.iter().zip(published) {
        let gap = (found_one - published_one).abs();
        assert!(gap <= within, "{found:?}, published {published:?}");
    }
}

#[test]
fn the_sample_is_that_of_the_papers() {
    let Some(orders) = or_say_why_not(orders(SAMPLE)) else {
        return;
    };
    let summaries = known(&orders, 19_971_001);
    let histories = histories(&summaries);
    let repeaters = histories.iter().filter(|history| history.repeats() > 0);
    assert_eq!((histories.len(), repeaters.count()), (2357, 946));
    // The first of the papers' table: x = 2, t_x = 30.43, T = 38.86.
    let first = histories[0];
    assert_eq!(first.repeats(), 2);
    assert_near(&[first.last(), first.age()], &[30.43, 38.86], 0.005);
    assert_eq!(
        summaries.values().next().map(|s| s.first_day),
        Some(day_of(19_970_101))
    );
}

#[test]
fn the_parameters_are_those_of_the_papers() {
    let Some(orders) = or_say_why_not(orders(SAMPLE)) else {
        return;
    };
    let summaries = known(&orders, 19_971_001);
    let population = Population::new(histories(&summaries)).expect("enough customers");
    // Fader, Hardie and Lee 2005.
    let bg = BetaGeometricNbd::fit(Leaving::AtRepeats, &population).expect("a fit");
    assert_near(&bg.model.parameters(), &[0.243, 4.414, 0.793, 2.426], 6e-4);
    assert_near(&[bg.report.log_likelihood], &[-9582.429], 1e-3);
    // The same paper.
    let pareto = ParetoNbd::fit(&population).expect("a fit");
    assert_near(
        &pareto.model.parameters(),
        &[0.553, 10.578, 0.606, 11.669],
        1e-3,
    );
    assert_near(&[pareto.report.log_likelihood], &[-9594.976], 1e-3);
    // Measured once with other software, not published.
    let mbg = BetaGeometricNbd::fit(Leaving::AtAnyOrder, &population).expect("a fit");
    assert_near(&mbg.model.parameters(), &[0.525, 6.183, 0.891, 1.614], 1e-3);
    assert_near(&[mbg.report.log_likelihood], &[-9582.136], 1e-3);
    // Fader and Hardie 2013.
    let amounts = GammaGamma::fit(summaries.values().filter_map(|s| s.spend)).expect("a fit");
    assert_eq!(amounts.fit.report.customers, 946);
    assert_near(&amounts.fit.model.parameters(), &[6.25, 3.74, 15.44], 0.01);
    for report in [bg.report, pareto.report, mbg.report, amounts.fit.report] {
        assert!(
            report.gradient <= 1e-8 && report.iterations < 60,
            "{report}"
        );
    }
}

#[test]
fn orders_of_the_hold_out_are_as_known() {
    let Some(orders) = or_say_why_not(orders(SAMPLE)) else {
        return;
    };
    let summaries = known(&orders, 19_971_001);
    let histories = histories(&summaries);
    let population = Population::new(histories.clone()).expect("enough customers");
    let weeks = Horizon::new(39.0).expect("a horizon");
    let later = later(&orders, &summaries, 19_971_001, 273);
    assert_near(&[later.iter().sum()], &[1882.0], 0.0);
    let sums = [
        (OrderModelKind::BgNbd, 1653.0, 0.785),
        (OrderModelKind::ParetoNbd, 1666.0, 0.755),
    ];
    for (kind, sum, error) in sums {
        let model = kind.fit(&population).expect("a fit").model;
        let expected = histories
            .iter()
            .map(|history| model.expected_orders(history, weeks));
        let gaps = expected
            .clone()
            .zip(&later)
            .map(|(expected, later)| (expected - later).abs());
        assert_near(&[expected.sum()], &[sum], 0.5);
        assert_near(&[gaps.sum::<f64>() / 2357.0], &[error], 5e-4);
    }
}

/// Highest log loss of P(no order) in 91 days, by date and model: what the models reach alone,
/// fitted on what was known on the date.
#[test]
fn probabilities_of_no_order_are_honest_in_time() {
    let Some(orders) = or_say_why_not(orders(COHORT)) else {
        return;
    };
    let known_losses = [
        (19_971_001, [0.3886, 0.3899, 0.3909]),
        (19_971_231, [0.3536, 0.3531, 0.3521]),
        (19_980_401, [0.3044, 0.3023, 0.3027]),
    ];
    for (date, losses) in known_losses {
        let summaries = known(&orders, date);
        let histories = histories(&summaries);
        assert_eq!(histories.len(), 23_570);
        let later = later(&orders, &summaries, date, 91);
        let population = Population::new(histories.clone()).expect("enough customers");
        let plain = Nbd::fit(&population).expect("a fit").model;
        let without_leaving = measure(&plain, &histories, &later, 13.0).log_loss;
        for (kind, most) in OrderModelKind::ALL.into_iter().zip(losses) {
            let model = kind.fit(&population).expect("a fit").model;
            let metrics = measure(&model, &histories, &later, 13.0);
            assert!(
                metrics.log_loss <= most,
                "{date} {}: {metrics:?}",
                model.name()
            );
            assert!(
                metrics.log_loss < without_leaving,
                "{date} {}",
                model.name()
            );
            assert!(
                metrics.ece.is_some_and(|error| error < 0.033),
                "{metrics:?}"
            );
        }
    }
}
