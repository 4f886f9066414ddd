//! Fits the models to CDNOW and prints parameters beside the published ones, orders of the
//! hold-out, value and the next order, and log loss, calibration error and AUC of P(no order),
//! honest in time.
//!
//! `cargo bench -p cdp-btyd`

#[path = "../tests/btyd/public_data.rs"]
mod public_data;

use std::collections::BTreeMap;
use std::time::Instant;

use cdp_btyd::{
    Fit, FitError, FitReport, GammaGamma, History, Horizon, LifetimePlan, Order, OrderModel,
    OrderModelKind, ParetoNbd, Population, Summary, lifetime_value, median_wait,
    value_at_past_rate, wait_by_mean_gap,
};
use public_data::{COHORT, SAMPLE, day_of, histories, known, later, measure, orders};

/// Dates of the test that is honest in time.
const DATES: [i32; 3] = [19_971_001, 19_971_231, 19_980_401];

fn main() {
    match orders(SAMPLE) {
        Ok(orders) => {
            published(&orders);
            hold_out(&orders);
            values(&orders);
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
    let published = [
        "(.243 4.414 .793 2.426, -9582.43)",
        "(not published)",
        "(.553 10.578 .606 11.669, -9594.98)",
        "",
    ];
    for (kind, published) in OrderModelKind::ALL.into_iter().zip(published) {
        row(kind.name(), published, || {
            let Fit { model, report } = kind.fit(&population)?;
            let parameters = model.parameters().into_iter().map(|(_, value)| value);
            Ok((parameters.collect(), report))
        });
    }
    row("Gamma-Gamma", "(6.25 3.74 15.44)", || {
        let spends = summaries.values().filter_map(|summary| summary.spend);
        let Fit { model, report } = GammaGamma::fit(spends)?.fit;
        Ok((model.parameters().to_vec(), report))
    });
}

/// Parameters with the report of their fit.
type Found = Result<(Vec<f64>, FitReport), FitError>;

fn row(name: &str, known: &str, fit: impl Fn() -> Found) {
    let began = Instant::now();
    let found = fit();
    let seconds = began.elapsed().as_secs_f64();
    match found {
        Ok((parameters, report)) => {
            let parameters: Vec<String> = parameters.iter().map(|p| format!("{p:.3}")).collect();
            let parameters = parameters.join(" ");
            tell(&format!(
                "{name:12} {parameters:26} {known:38} {report}; {seconds:.3} s"
            ));
        }
        Err(error) => tell(&format!("{name:12} {error}")),
    }
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
    for kind in OrderModelKind::ALL {
        let Ok(Fit { model, .. }) = kind.fit(&population) else {
            continue;
        };
        let expected = histories
            .iter()
            .map(|history| model.expected_orders(history, weeks));
        let metrics = measure(&model, &histories, &later, 39.0);
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

/// Value and next order in the 39 weeks after the papers' 39 weeks.
fn values(orders: &[Order<u32>]) {
    let summaries = known(orders, 19_971_001);
    let population = Population::new(histories(&summaries)).expect("enough customers");
    let model = ParetoNbd::fit(&population).expect("a fit").model;
    let spends = summaries.values().filter_map(|summary| summary.spend);
    let amounts = GammaGamma::fit(spends).expect("a fit").fit.model;
    let plan = LifetimePlan::new(39, 1.0, 0.0).expect("a plan");
    let weeks = Horizon::new(39.0).expect("a horizon");
    let mut spent: BTreeMap<u32, f64> = summaries.keys().map(|who| (*who, 0.0)).collect();
    let mut first: BTreeMap<u32, f64> = BTreeMap::new();
    let from = day_of(19_971_001);
    for order in orders
        .iter()
        .filter(|order| (from..from + 273).contains(&order.day))
    {
        *spent.entry(order.customer).or_default() += order.amount;
        let wait = f64::from(order.day + 1 - from) / 7.0;
        let known = first.entry(order.customer).or_insert(wait);
        *known = known.min(wait);
    }
    let spent: Vec<f64> = spent.into_values().collect();
    tell(&format!(
        "\n39 weeks after, spent {:.0}",
        spent.iter().sum::<f64>()
    ));
    let worth = |s: &Summary| lifetime_value(&model, &amounts, &s.history, s.spend.as_ref(), &plan);
    let at_past_rate =
        |s: &Summary| value_at_past_rate(&s.history, s.spend.as_ref(), &plan).unwrap_or(0.0);
    errors(
        "Pareto, GG",
        &summaries.values().map(worth).collect::<Vec<_>>(),
        &spent,
        "",
    );
    errors(
        "past rate",
        &summaries.values().map(at_past_rate).collect::<Vec<_>>(),
        &spent,
        "",
    );
    let by_model = |history: &History| median_wait(&model, history, weeks);
    for (name, wait) in [
        ("median wait", &by_model as &dyn Fn(&History) -> _),
        ("mean gap", &wait_by_mean_gap),
    ] {
        let told = summaries
            .iter()
            .filter_map(|(who, s)| Some((who, wait(&s.history)?)));
        let told: Vec<_> = told.collect();
        let came = told
            .iter()
            .filter(|(who, wait)| first.get(who).is_some_and(|at| at <= wait));
        let share = came.count() as f64 / told.len() as f64;
        tell(&format!(
            "{name:12} told to {} customers, {share:.3} of them ordered by then",
            told.len()
        ));
    }
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
    tell("date       model        log loss    ECE    AUC  s to fit  s to tell");
    for date in DATES {
        let summaries = known(orders, date);
        let histories = histories(&summaries);
        let later = later(orders, &summaries, date, 91);
        let population = Population::new(histories.clone()).expect("enough customers");
        for kind in OrderModelKind::ALL {
            let began = Instant::now();
            let fit = kind.fit(&population);
            let seconds = began.elapsed().as_secs_f64();
            match fit {
                Ok(Fit { model, .. }) => {
                    let began = Instant::now();
                    let metrics = measure(&model, &histories, &later, 13.0);
                    let told = began.elapsed().as_secs_f64();
                    tell(&format!(
                        "{date:<10} {:12} {:8.4} {:6.4} {:6.4} {seconds:9.2} {told:10.2}",
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
