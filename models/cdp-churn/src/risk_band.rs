//! How grave a churn probability is, and from where on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::ChurnFault;

/// The `[churn.risk_bands]` table as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRiskBands {
    /// Lowest churn probability of the medium band. Defaults to 0.33.
    pub medium: f64,
    /// Lowest churn probability of the high band. Defaults to 0.66.
    pub high: f64,
}

impl Default for RawRiskBands {
    fn default() -> Self {
        Self {
            medium: 0.33,
            high: 0.66,
        }
    }
}

impl RawRiskBands {
    pub(crate) fn check(&self, faults: &mut Vec<ChurnFault>) {
        let Self { medium, high } = *self;
        let mut fault = |key, found: f64, expected: String| {
            let found = found.to_string();
            faults.push(ChurnFault::new(key, found, expected));
        };
        let medium_is_sound = medium > 0.0 && medium < 1.0;
        if !medium_is_sound {
            let expected = "a probability above 0 and below 1".to_owned();
            fault("churn.risk_bands.medium", medium, expected);
        }
        let floor = if medium_is_sound { medium } else { 0.0 };
        if !(high > floor && high < 1.0) {
            let expected = if medium_is_sound {
                format!("a probability above `churn.risk_bands.medium` ({medium}) and below 1")
            } else {
                "a probability above `churn.risk_bands.medium` and below 1".to_owned()
            };
            fault("churn.risk_bands.high", high, expected);
        }
    }
}

/// How grave a churn probability is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskBand {
    /// Below the medium threshold.
    Low,
    /// From the medium threshold up to the high one.
    Medium,
    /// From the high threshold up.
    High,
}

impl RiskBand {
    /// The name as it stands in tables: `low`, `medium` or `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for RiskBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
