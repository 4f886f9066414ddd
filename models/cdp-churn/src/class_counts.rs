//! How many rows churned, and how many did not.

use serde::{Deserialize, Serialize};

/// How many rows of each class there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassCounts {
    /// Rows that churned.
    pub churned: usize,
    /// Rows that did not.
    pub retained: usize,
}

impl ClassCounts {
    /// Counts both classes.
    pub fn of(churned: impl IntoIterator<Item = bool>) -> Self {
        let mut counts = Self {
            churned: 0,
            retained: 0,
        };
        for churned in churned {
            if churned {
                counts.churned += 1;
            } else {
                counts.retained += 1;
            }
        }
        counts
    }

    /// Rows of both classes.
    pub fn rows(self) -> usize {
        self.churned + self.retained
    }

    /// Rows of the rarer class.
    pub fn rarer(self) -> usize {
        self.churned.min(self.retained)
    }

    /// Share of rows that churned; `None` without rows.
    pub fn churn_rate(self) -> Option<f64> {
        (self.rows() > 0).then(|| self.churned as f64 / self.rows() as f64)
    }
}
