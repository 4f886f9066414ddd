//! From orders to histories: what was known before a day.

use std::collections::BTreeMap;

use crate::gamma_gamma::Spend;
use crate::history::{History, HistoryError};

/// The unit in which models count time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// A day.
    Days,
    /// Seven days; times are sevenths, not whole weeks.
    Weeks,
}

impl TimeUnit {
    /// Days in one unit.
    pub fn days(self) -> f64 {
        match self {
            Self::Days => 1.0,
            Self::Weeks => 7.0,
        }
    }
}

/// One order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order<K> {
    /// Who ordered.
    pub customer: K,
    /// When, as days since 1970-01-01.
    pub day: i32,
    /// For how much, in any one currency; finite, not below 0.
    pub amount: f64,
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Frequency, recency and age.
    pub history: History,
    /// Order days after the first and their mean amount; `None` without any, or if they were all
    /// for nothing. The first is left out, as in the papers: it often differs from those after it.
    pub spend: Option<Spend>,
    /// Day of the first order, as days since 1970-01-01.
    pub first_day: i32,
    /// Day of the last order.
    pub last_day: i32,
}

/// Why orders could not be summed up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// An amount is NaN, infinite or below zero. Returns are no orders: leave them out, or take
    /// them off the order that they return.
    #[error("the amount of order {row} is {amount}, expected a finite amount of at least 0")]
    Amount {
        /// Index of the order.
        row: usize,
        /// Its amount.
        amount: f64,
    },
    /// There is no order before the day.
    #[error("there is no order before the day {as_of_day}")]
    NoOrders {
        /// The day, as days since 1970-01-01.
        as_of_day: i32,
    },
    /// A history came out wrong.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// One summary per customer with an order before `as_of_day`; orders on that day and later are not
/// known yet and are passed over. Orders of one customer on one day are one. The last day that was
/// looked at is the one before `as_of_day`: a customer's age is counted to it, and a horizon of h
/// days means the days from `as_of_day` to before `as_of_day + h`. The order of rows changes no bit.
pub fn summarise<K: Ord>(
    orders: impl IntoIterator<Item = Order<K>>,
    as_of_day: i32,
    unit: TimeUnit,
) -> Result<BTreeMap<K, Summary>, OrderError> {
    let mut amounts: BTreeMap<K, Vec<(i32, f64)>> = BTreeMap::new();
    for (row, order) in orders.into_iter().enumerate() {
        let amount = order.amount;
        if !(amount.is_finite() && amount >= 0.0) {
            return Err(OrderError::Amount { row, amount });
        }
        if order.day < as_of_day {
            let known = amounts.entry(order.customer).or_default();
            known.push((order.day, amount));
        }
    }
    if amounts.is_empty() {
        return Err(OrderError::NoOrders { as_of_day });
    }
    let summary = |(customer, mut known): (K, Vec<(i32, f64)>)| {
        known.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Ok((customer, summary_of(&known, as_of_day, unit)?))
    };
    amounts.into_iter().map(summary).collect()
}

/// Sums up the orders of one customer, sorted by day and amount; there is at least one.
fn summary_of(
    known: &[(i32, f64)],
    as_of_day: i32,
    unit: TimeUnit,
) -> Result<Summary, HistoryError> {
    let first_day = known.first().map_or(as_of_day, |order| order.0);
    let last_day = known.last().map_or(as_of_day, |order| order.0);
    let between = |from: i32, to: i64| (to - i64::from(from)) as f64 / unit.days();
    let repeated = known.iter().filter(|order| order.0 > first_day);
    let amount: f64 = repeated.map(|order| order.1).sum();
    let days = known.chunk_by(|a, b| a.0 == b.0).count();
    let repeats = u32::try_from(days.saturating_sub(1)).unwrap_or(u32::MAX);
    Ok(Summary {
        history: History::new(
            repeats,
            between(first_day, i64::from(last_day)),
            between(first_day, i64::from(as_of_day) - 1),
        )?,
        spend: Spend::new(repeats, amount / f64::from(repeats)).ok(),
        first_day,
        last_day,
    })
}
