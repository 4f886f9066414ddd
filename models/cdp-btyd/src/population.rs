//! The customers that a model is fitted on: equal histories counted once, in one order.

use crate::fit::FitError;
use crate::history::History;

/// Fewest customers of a fit: with four parameters and fewer than this, any answer is chance.
pub const CUSTOMERS_MIN: usize = 100;
/// Fewest customers with a repeat order: only they say how fast and for how long people order.
pub const REPEATERS_MIN: usize = 30;

/// Histories to fit a model on.
#[derive(Debug, Clone)]
pub struct Population {
    rows: Vec<Row>,
    customers: usize,
    unit: f64,
}

/// Customers with one history, in units of the population's mean age.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) repeats: u32,
    pub(crate) last: f64,
    pub(crate) age: f64,
    pub(crate) count: f64,
}

impl Population {
    /// Counts histories, all in one unit of time, in whatever order they come. An error where
    /// there are fewer than [`CUSTOMERS_MIN`] customers or [`REPEATERS_MIN`] with a repeat order.
    pub fn new(histories: impl IntoIterator<Item = History>) -> Result<Self, FitError> {
        let mut histories: Vec<History> = histories.into_iter().collect();
        histories.sort_unstable_by(|a, b| {
            let by_last = || a.last().total_cmp(&b.last());
            let by_age = || a.age().total_cmp(&b.age());
            a.repeats()
                .cmp(&b.repeats())
                .then_with(by_last)
                .then_with(by_age)
        });
        let customers = histories.len();
        if customers < CUSTOMERS_MIN {
            return Err(FitError::TooFewCustomers { customers });
        }
        let repeaters = histories.iter().filter(|h| h.repeats() > 0).count();
        if repeaters == 0 {
            return Err(FitError::NoRepeatOrders { customers });
        }
        if repeaters < REPEATERS_MIN {
            return Err(FitError::TooFewRepeaters { repeaters });
        }
        let unit = histories.iter().map(History::age).sum::<f64>() / customers as f64;
        let rows = histories.chunk_by(|a, b| a == b).map(|same| {
            let scaled = same[0].in_units_of(unit);
            Row {
                repeats: scaled.repeats(),
                last: scaled.last(),
                age: scaled.age(),
                count: same.len() as f64,
            }
        });
        Ok(Self {
            rows: rows.collect(),
            customers,
            unit,
        })
    }

    /// Number of customers.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// Number of different histories.
    pub fn histories(&self) -> usize {
        self.rows.len()
    }

    /// The mean age, which is the unit of the rows.
    pub(crate) fn unit(&self) -> f64 {
        self.unit
    }

    /// Rows with the same number of repeats, fewest first.
    pub(crate) fn by_repeats(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| a.repeats == b.repeats)
    }

    /// Customers, and what the unit takes from a log-likelihood: each repeat is a density over
    /// times.
    pub(crate) fn scale(&self) -> (usize, f64) {
        let repeats = |row: &Row| row.count * f64::from(row.repeats);
        let repeats: f64 = self.rows.iter().map(repeats).sum();
        (self.customers, -repeats * self.unit.ln())
    }
}
