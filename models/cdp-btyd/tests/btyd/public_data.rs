//! CDNOW, the public order log of 23,570 customers who first bought early in 1997, and what is
//! known of it. The tests and the benchmark both read it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use cdp_btyd::{History, Horizon, Order, OrderModel, Summary, TimeUnit, summarise};
use cdp_churn::metrics::Metrics;

/// The sample of every tenth customer, on which the papers fit.
pub(crate) const SAMPLE: &str = "cdnow/CDNOW_sample.txt";
/// All customers.
pub(crate) const COHORT: &str = "cdnow/CDNOW_master.txt";

/// The folder of the shared data: `CDP_SHARED_DATA`, or `shared/data` next to the workspace.
pub(crate) fn shared() -> PathBuf {
    let named = env::var_os("CDP_SHARED_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    named.unwrap_or_else(beside)
}

/// The orders of a file, or why there are none.
pub(crate) fn orders(file: &str) -> Result<Vec<Order<u32>>, String> {
    let path = shared().join(file);
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("skipped, {}: {error}", path.display()))?;
    let order = |line: &str| {
        // The sample has the number within the cohort before that within the sample.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [.., customer, date, _, amount] = words[..] else {
            return None;
        };
        Some(Order {
            customer: customer.parse().ok()?,
            day: day_of(date.parse().ok()?),
            amount: amount.parse().ok()?,
        })
    };
    Ok(text.lines().filter_map(order).collect())
}

/// Days since 1970-01-01 of a date as YYYYMMDD, of the years 1997 and 1998.
pub(crate) fn day_of(date: i32) -> i32 {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let month = usize::try_from(date / 100 % 100).unwrap_or(1);
    9862 + (date / 10_000 - 1997) * 365 + before[month - 1] + date % 100 - 1
}

/// What was known before a date, by customer, in weeks.
pub(crate) fn known(orders: &[Order<u32>], date: i32) -> BTreeMap<u32, Summary> {
    summarise(orders.iter().cloned(), day_of(date), TimeUnit::Weeks).expect("sound orders")
}

/// Histories of customers, in one order.
pub(crate) fn histories(summaries: &BTreeMap<u32, Summary>) -> Vec<History> {
    summaries.values().map(|summary| summary.history).collect()
}

/// Order days of each of those customers in the days from a date on.
pub(crate) fn later(
    orders: &[Order<u32>],
    summaries: &BTreeMap<u32, Summary>,
    date: i32,
    days: i32,
) -> Vec<f64> {
    let window = day_of(date)..day_of(date) + days;
    let mut found: Vec<(u32, i32)> = orders
        .iter()
        .filter(|order| window.contains(&order.day))
        .map(|order| (order.customer, order.day))
        .collect();
    found.sort_unstable();
    found.dedup();
    let mut counts: BTreeMap<u32, f64> = summaries.keys().map(|who| (*who, 0.0)).collect();
    for (customer, _) in found {
        if let Some(count) = counts.get_mut(&customer) {
            *count += 1.0;
        }
    }
    counts.into_values().collect()
}

/// How good the probabilities of no order in some weeks are.
pub(crate) fn measure(
    model: &dyn OrderModel,
    histories: &[History],
    later: &[f64],
    weeks: f64,
) -> Metrics {
    let horizon = Horizon::new(weeks).expect("a horizon");
    let probability = |history: &History| model.p_no_order(history, horizon);
    let probabilities: Vec<f64> = histories.iter().map(probability).collect();
    let churned: Vec<bool> = later.iter().map(|orders| *orders == 0.0).collect();
    Metrics::of(&churned, &probabilities).expect("probabilities")
}
