//! Fits the models to CDNOW and prints parameters beside the published ones, orders of the
//! hold-out, and log loss, calibration error and AUC of P(no order), honest in time.
//!
//! `cargo bench -p cdp-btyd`

#[path = "../tests/btyd/public_data.rs"]
mod public_data;

use std::time::Instant;

use cdp_btyd::{
    BetaGeometricNbd, Fit, FitError, FitReport, GammaGamma, History, Horizon, Leaving, Nbd, Order,
    OrderModel, ParetoNbd, Population,
};
use public_data::{COHORT, SAMPLE, boxed, histories, known, later, measure, orders};

/// The models, as `models` gives them.
type Models = Vec<(Result<Fit<Box<dyn OrderModel>>, FitError>, f64)>;

/// Dates of the test that is honest in time.
const DATES: [i32; 3] = [19_971_001, 19_971_231, 19_980_401];

fn main() {
    match orders(SAMPLE) {
        Ok(orders) => {
            published(&orders);
            hold_out(&orders);
        }
        Err(reason) => tell(&reason),
    }
    match orders(COHORT) {
        Ok(orders) => honest_in_time(&orders),
        Err(reason) => tell(&reason),
    }
}

/// Parameters beside those of the papers.
fn published(orders: &[Order<u32>]) {
    tell("CDNOW, 2,357 customers, as of 1997-10-01, weeks; in brackets what is published");
    let summaries = known(orders, 19_971_001);
    let population = Population::new(histories(&summaries)).expect("enough customers");
    let seconds = Instant::now();
    row(
        "BG/NBD",
        BetaGeometricNbd::fit(Leaving::AtRepeats, &population)
            .map(|fit| with(fit.model.parameters(), fit.report)),
        "(.243 4.414 .793 2.426, -9582.43)",
        seconds,
    );
    let seconds = Instant::now();
    row(
        "MBG/NBD",
        BetaGeometricNbd::fit(Leaving::AtAnyOrder, &population)
            .map(|fit| with(fit.model.parameters(), fit.report)),
        "(.525 6.183 .891 1.614)",
        seconds,
    );
    let seconds = Instant::now();
    row(
        "Pareto/NBD",
        ParetoNbd::fit(&population).map(|fit| with(fit.model.parameters(), fit.report)),
        "(.553 10.578 .606 11.669, -9594.98)",
        seconds,
    );
    let seconds = Instant::now();
    row(
        "NBD",
        Nbd::fit(&population).map(|fit| with(fit.model.parameters(), fit.report)),
        "(.385 12.072, -9763.66)",
        seconds,
    );
    let seconds = Instant::now();
    let spends: Vec<_> = summaries
        .values()
        .filter_map(|summary| summary.spend)
        .collect();
    let amounts = GammaGamma::fit(spends);
    row(
        "Gamma-Gamma",
        amounts.map(|found| with(found.fit.model.parameters(), found.fit.report)),
        "(6.25 3.74 15.44)",
        seconds,
    );
}

fn with<const N: usize>(parameters: [f64; N], report: FitReport) -> (Vec<f64>, FitReport) {
    (parameters.to_vec(), report)
}

fn row(name: &str, found: Result<(Vec<f64>, FitReport), FitError>, known: &str, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    match found {
        Ok((parameters, report)) => {
            let parameters: Vec<String> = parameters.iter().map(|p| format!("{p:.3}")).collect();
            let parameters = parameters.join(" ");
            tell(&format!(
                "{name:12} {parameters:28} {report}; {seconds:.2} s {known}"
            ));
        }
        Err(error) => tell(&format!("{name:12} {error}")),
    }
}

fn models(population: &Population) -> Models {
    let timed = |fit: &dyn Fn() -> Result<Fit<Box<dyn OrderModel>>, FitError>| {
        let began = Instant::now();
        (fit(), began.elapsed().as_secs_f64())
    };
    vec![
        timed(&|| boxed(BetaGeometricNbd::fit(Leaving::AtRepeats, population))),
        timed(&|| boxed(BetaGeometricNbd::fit(Leaving::AtAnyOrder, population))),
        timed(&|| boxed(ParetoNbd::fit(population))),
        timed(&|| boxed(Nbd::fit(population))),
    ]
}

/// Orders of the 39 weeks after the papers' 39 weeks.
fn hold_out(orders: &[Order<u32>]) {
    let summaries = known(orders, 19_971_001);
    let histories = histories(&summaries);
    let population = Population::new(histories.clone()).expect("enough customers");
    let later = later(orders, &summaries, 19_971_001, 273);
    let weeks = Horizon::new(39.0).expect("a horizon");
    tell(&format!(
        "\n39 weeks after, {} orders",
        later.iter().sum::<f64>()
    ));
    tell(&format!(
        "{:12} {:>6} {:>6} {:>6} {:>8} {:>6}",
        "model", "orders", "MAE", "RMSE", "log loss", "AUC"
    ));
    for (fit, _) in models(&population) {
        let Ok(Fit { model, .. }) = fit else { continue };
        let expected = histories
            .iter()
            .map(|history| model.expected_orders(history, weeks));
        let metrics = measure(&*model, &histories, &later, 39.0);
        let auc = metrics.roc_auc.unwrap_or(f64::NAN);
        let rest = format!("{:8.4} {auc:6.4}", metrics.log_loss);
        errors(model.name(), &expected.collect::<Vec<_>>(), &later, &rest);
    }
    let at_past_rate = |history: &History| history.orders_at_past_rate(weeks).unwrap_or(0.0);
    errors(
        "past rate",
        &histories.iter().map(at_past_rate).collect::<Vec<_>>(),
        &later,
        "",
    );
}

fn errors(name: &str, expected: &[f64], later: &[f64], rest: &str) {
    let count = later.len() as f64;
    let gaps = expected
        .iter()
        .zip(later)
        .map(|(expected, later)| expected - later);
    let absolute: f64 = gaps.clone().map(f64::abs).sum::<f64>() / count;
    let square: f64 = gaps.map(|gap| gap * gap).sum::<f64>() / count;
    let sum: f64 = expected.iter().sum();
    tell(&format!(
        "{name:12} {sum:6.0} {absolute:6.3} {:6.3} {rest}",
        square.sqrt()
    ));
}

/// Ninety-one days from three dates, each by models fitted on what was known then.
fn honest_in_time(orders: &[Order<u32>]) {
    tell("\nall 23,570 customers, no order in the 91 days from a date, fitted before it");
    tell(&format!(
        "{:10} {:12} {:>8} {:>6} {:>6} {:>7}",
        "date", "model", "log loss", "ECE", "AUC", "seconds"
    ));
    for date in DATES {
        let summaries = known(orders, date);
        let histories = histories(&summaries);
        let later = later(orders, &summaries, date, 91);
        let population = Population::new(histories.clone()).expect("enough customers");
        for (fit, seconds) in models(&population) {
            match fit {
                Ok(Fit { model, .. }) => {
                    let metrics = measure(&*model, &histories, &later, 13.0);
                    tell(&format!(
                        "{date:<10} {:12} {:8.4} {:6.4} {:6.4} {seconds:7.2}",
                        model.name(),
                        metrics.log_loss,
                        metrics.ece.unwrap_or(f64::NAN),
                        metrics.roc_auc.unwrap_or(f64::NAN),
                    ));
                }
                Err(error) => tell(&format!("{date:<10} {error}")),
            }
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is for"
)]
fn tell(line: &str) {
    println!("{line}");
}
