//! CDNOW, the public purchase log of 2,357 customers of 1997: figures to hold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cdp_churn::metrics::{Metrics, roc_auc};
use cdp_churn::{
    ChurnLogitParams, FeatureSpec, FeatureTable, RecencyFrequency, TrainingSet, train,
};
use linfa::DatasetBase;
use linfa::prelude::Fit;
use ndarray::Array1;

use crate::support::{COLUMNS, config};

/// Purchases by customer: day since 1970-01-01 to amount; purchases of one day are one.
type Purchases = BTreeMap<String, BTreeMap<i32, f64>>;

/// The sample, from `CDP_SHARED_DATA` or from `shared/data` beside the project.
fn sample() -> Option<Purchases> {
    let shared = std::env::var_os("CDP_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(shared.join("cdnow/CDNOW_sample.txt")).ok()?;
    let mut purchases = Purchases::new();
    for line in text.lines() {
        let [_, customer, date, _, amount] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            continue;
        };
        let date: i32 = date.parse().expect("a date as YYYYMMDD");
        let day = day_of(date / 10_000, date / 100 % 100, date % 100);
        let amount: f64 = amount.parse().expect("an amount");
        *purchases
            .entry(customer.to_owned())
            .or_default()
            .entry(day)
            .or_default() += amount;
    }
    Some(purchases)
}

/// Days since 1970-01-01 of a date of the years 1997 and 1998.
fn day_of(year: i32, month: i32, day: i32) -> i32 {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let months = before[usize::try_from(month - 1).expect("a month")];
    9862 + (year - 1997) * 365 + months + day - 1
}

/// Customers who had bought before the cut-off, their recency, frequency, monetary value and age,
/// and whether they bought nothing in the `horizon` days from the cut-off.
fn at(purchases: &Purchases, cutoff: i32, horizon: i32) -> (Vec<String>, [Vec<f64>; 4], Vec<bool>) {
    let (mut ids, mut columns, mut churned) = (Vec::new(), [const { Vec::new() }; 4], Vec::new());
    for (id, days) in purchases {
        let known: Vec<(i32, f64)> = days.range(..cutoff).map(|(d, a)| (*d, *a)).collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            continue;
        };
        let count = known.len() as f64;
        let amount: f64 = known.iter().map(|(_, amount)| amount).sum();
        let values = [
            f64::from(cutoff - last.0),
            count - 1.0,
            amount / count,
            f64::from(cutoff - first.0),
        ];
        columns
            .iter_mut()
            .zip(values)
            .for_each(|(column, value)| column.push(value));
        churned.push(days.range(cutoff..cutoff + horizon).next().is_none());
        ids.push(id.clone());
    }
    (ids, columns, churned)
}

fn table(columns: &[Vec<f64>; 4], keep: impl Fn(usize) -> bool) -> FeatureTable {
    let names = ["recency_days", "frequency", "amount_mean", "tenure_days"];
    let mut table = FeatureTable::new();
    for (name, column) in names.into_iter().zip(columns) {
        let kept = column
            .iter()
            .enumerate()
            .filter(|(row, _)| keep(*row))
            .map(|(_, v)| *v);
        let column = cdp_churn::FeatureColumn::Numeric(kept.collect());
        table.insert(name, column).expect("a sound column");
    }
    table
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn sample_or_say_why_not() -> Option<Purchases> {
    let sample = sample();
    if sample.is_none() {
        eprintln!("skipped: no CDNOW_sample.txt; set CDP_SHARED_DATA to the folder above `cdnow`");
    }
    sample
}

#[test]
fn thirty_nine_weeks_from_thirty_nine_weeks() {
    let Some(purchases) = sample_or_say_why_not() else {
        return;
    };
    let (ids, columns, churned) = at(&purchases, day_of(1997, 10, 1), 273);
    assert_eq!(ids.len(), 2357);
    let mut probabilities = vec![0.0; ids.len()];
    for fold in 0..5 {
        let is_test = |row: usize| row % 5 == fold;
        let training = table(&columns, |row| !is_test(row));
        let spec = FeatureSpec::fit(&training).expect("fits");
        let labels = (0..ids.len())
            .filter(|row| !is_test(*row))
            .map(|row| churned[row]);
        let matrix = spec.transform(&training).expect("same columns");
        let dataset = DatasetBase::new(matrix, labels.collect::<Array1<bool>>());
        let logit = ChurnLogitParams::default().fit(&dataset).expect("fits");
        let matrix = spec
            .transform(&table(&columns, is_test))
            .expect("same columns");
        let predicted = logit.predict_proba(&matrix).expect("same columns");
        for (row, p) in (0..ids.len()).filter(|row| is_test(*row)).zip(predicted) {
            probabilities[row] = p;
        }
    }
    let metrics = Metrics::of(&churned, &probabilities).expect("sound rows");
    assert!(metrics.log_loss <= 0.490, "{metrics:?}");
    assert!(
        metrics
            .roc_auc
            .is_some_and(|auc| (0.77..0.80).contains(&auc)),
        "{metrics:?}"
    );
    assert!(metrics.ece.is_some_and(|error| error < 0.03), "{metrics:?}");
}

#[test]
fn thirteen_weeks_ahead_honest_in_time() {
    let Some(purchases) = sample_or_say_why_not() else {
        return;
    };
    // The test cut-off is 1997-10-01; the training windows of 13 weeks close by then.
    let config = config(|raw| {
        raw.horizon_days = 91.into();
        raw.step_days = 45;
        raw.training_cutoffs = 3;
        raw.models = vec!["logistic".to_owned()];
    });
    let as_of = day_of(1997, 10, 1) + 91;
    let (mut ids, mut columns, mut churned, mut days) = (
        Vec::new(),
        [const { Vec::new() }; 4],
        Vec::new(),
        Vec::new(),
    );
    for cutoff in config.all_cutoffs(as_of) {
        let (of_ids, of_columns, of_churned) = at(&purchases, cutoff, 91);
        days.extend(vec![cutoff; of_ids.len()]);
        ids.extend(of_ids);
        churned.extend(of_churned);
        columns
            .iter_mut()
            .zip(of_columns)
            .for_each(|(all, part)| all.extend(part));
    }
    let set = TrainingSet::new(&table(&columns, |_| true), &churned, &ids, &days).expect("sound");
    let model = train(&config, &set, as_of, &COLUMNS).expect("trains");
    let evaluation = model.evaluation().measured().expect("enough history");
    assert!(evaluation.model.log_loss <= 0.372, "{evaluation:?}");
    let loss = evaluation.model.log_loss;
    assert!(loss < evaluation.base_rate.log_loss, "{evaluation:?}");
    assert!(loss < evaluation.hiatus.metrics.log_loss, "{evaluation:?}");
    // Of four features and 2,357 customers a logit learns hardly more than is in their orders.
    let (_, orders) = evaluation.best_order_model().expect("orders fit");
    assert!((orders.log_loss - 0.367).abs() < 0.001, "{orders:?}");
    assert!(loss < orders.log_loss + 0.002, "{evaluation:?}");
    assert!(
        evaluation.model.roc_auc > evaluation.hiatus.recency_roc_auc,
        "{evaluation:?}"
    );
}

#[test]
fn recency_and_frequency_order_customers_better_than_recency() {
    let Some(purchases) = sample_or_say_why_not() else {
        return;
    };
    for (year, month, day) in [(1997, 10, 1), (1997, 12, 31), (1998, 4, 1)] {
        let (_, [recency, frequency, ..], churned) = at(&purchases, day_of(year, month, day), 91);
        let told = recency.iter().zip(&frequency);
        let risks: Vec<f64> = told
            .map(|(recency, frequency)| RecencyFrequency::of(*recency, *frequency, 91).risk)
            .collect();
        let both = roc_auc(&churned, &risks).expect("both classes");
        let recency = roc_auc(&churned, &recency).expect("both classes");
        assert!(both > recency, "{both} {recency}");
    }
}
