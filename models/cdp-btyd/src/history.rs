//! What a model of this family needs to know of a customer, checked at the door.

use serde::{Deserialize, Serialize};

/// A customer's order days in three figures, all times in one unit and counted from the first
/// order: how many more order days there were, when the last was, and how long was looked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawHistory", into = "RawHistory")]
pub struct History {
    repeats: u32,
    last: f64,
    age: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHistory {
    repeats: u32,
    last: f64,
    age: f64,
}

/// Why three figures are no history.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum HistoryError {
    /// A time is NaN, infinite or below zero.
    #[error("`{name}` is {value}, expected a finite time of at least 0")]
    Time {
        /// `last` or `age`.
        name: &'static str,
        /// What it was.
        value: f64,
    },
    /// A number of order days that is none.
    #[error("the frequency is {value}, expected a whole number of at least 0")]
    Frequency {
        /// What it was.
        value: f64,
    },
    /// The last order comes after the time that was looked at.
    #[error("the last order is at {last}, after the {age} that were looked at")]
    LastAfterAge {
        /// Time of the last order.
        last: f64,
        /// Time that was looked at.
        age: f64,
    },
    /// Orders on later days, and yet the last at time 0, or none and yet a later last.
    #[error("{repeats} repeat orders do not go with a last order at {last}")]
    LastAndRepeats {
        /// Number of repeat orders.
        repeats: u32,
        /// Time of the last order.
        last: f64,
    },
}

impl History {
    /// Checks three figures: `repeats` (x in the papers), order days after the first; `last`
    /// (t_x), time from the first to the last of them, 0 without any; `age` (T), time from the
    /// first to the end of what was looked at.
    pub fn new(repeats: u32, last: f64, age: f64) -> Result<Self, HistoryError> {
        for (name, value) in [("last", last), ("age", age)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(HistoryError::Time { name, value });
            }
        }
        if last > age {
            return Err(HistoryError::LastAfterAge { last, age });
        }
        if (repeats == 0) != (last == 0.0) {
            return Err(HistoryError::LastAndRepeats { repeats, last });
        }
        // Adding 0 turns −0 into 0, so that equal histories are equal bit by bit.
        Ok(Self {
            repeats,
            last: last + 0.0,
            age: age + 0.0,
        })
    }

    /// The history of a customer of whom, before a day, features tell `frequency`, days with an
    /// order after the first such day, and the days from the first (`tenure`) and the last
    /// (`recency`) to that day. In days; the day before that day is the last that was looked at.
    pub fn of_days(frequency: f64, tenure: f64, recency: f64) -> Result<Self, HistoryError> {
        let is_count = frequency >= 0.0 && frequency <= f64::from(u32::MAX);
        if !(is_count && frequency.fract() <= 0.0) {
            return Err(HistoryError::Frequency { value: frequency });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number in bounds"
        )]
        let repeats = frequency as u32;
        Self::new(repeats, tenure - recency, tenure - 1.0)
    }

    /// Order days after the first (x).
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Time from the first order to the last (t_x); 0 without a repeat.
    pub fn last(&self) -> f64 {
        self.last
    }

    /// Time from the first order to the end of what was looked at (T).
    pub fn age(&self) -> f64 {
        self.age
    }

    /// Mean time between orders. `None` with fewer than two order days.
    pub fn mean_gap(&self) -> Option<f64> {
        (self.repeats > 0).then(|| self.last / f64::from(self.repeats))
    }

    /// The baseline for expected orders: as many per time as so far, x/T · h. `None` for a
    /// customer whose first order was on the last day that was looked at.
    pub fn orders_at_past_rate(&self, horizon: Horizon) -> Option<f64> {
        (self.age > 0.0).then(|| f64::from(self.repeats) / self.age * horizon.get())
    }

    /// The same history with another unit of time.
    pub(crate) fn in_units_of(&self, unit: f64) -> Self {
        Self {
            repeats: self.repeats,
            last: self.last / unit,
            age: self.age / unit,
        }
    }
}

impl TryFrom<RawHistory> for History {
    type Error = HistoryError;

    fn try_from(raw: RawHistory) -> Result<Self, HistoryError> {
        Self::new(raw.repeats, raw.last, raw.age)
    }
}

impl From<History> for RawHistory {
    fn from(history: History) -> Self {
        let History { repeats, last, age } = history;
        Self { repeats, last, age }
    }
}

/// A length of time ahead, in the unit of the histories: finite and not below 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Horizon(f64);

/// A horizon that is none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the horizon is {0}, expected a finite time of at least 0")]
pub struct HorizonError(pub f64);

impl Horizon {
    /// Checks a length of time.
    pub fn new(length: f64) -> Result<Self, HorizonError> {
        if length.is_finite() && length >= 0.0 {
            Ok(Self(length))
        } else {
            Err(HorizonError(length))
        }
    }

    /// A number of such horizons, one after another; the caller knows that it is finite.
    pub(crate) fn times(self, count: f64) -> Self {
        Self(self.0 * count)
    }

    /// The length.
    pub fn get(self) -> f64 {
        self.0
    }
}
