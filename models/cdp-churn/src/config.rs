//! The `[churn]` table of `cdp.toml`: as written ([`RawChurnConfig`]) and as checked
//! ([`ChurnConfig`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `[churn]` table as written. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawChurnConfig {
    /// Length in days of the window without an order that counts as churn. Defaults to 90.
    pub horizon_days: i64,
    /// Days between the cut-off and the start of that window. Defaults to 0.
    pub gap_days: i64,
    /// Days between two training cut-offs. Defaults to 30.
    pub step_days: i64,
    /// How many cut-offs are stacked for one fit. Defaults to 4.
    pub training_cutoffs: i64,
    /// Days that a model serves before a run fits a new one. Defaults to 7.
    pub retrain_days: i64,
    /// Only profiles with an order in this many days before the cut-off are eligible; 0 sets no
    /// limit. Defaults to 0.
    pub eligible_within_days: i64,
    /// Fewest orders before the cut-off that make a profile eligible. Defaults to 1.
    pub orders_min: i64,
    /// Weight of the squared coefficients beside the summed loss (1/C of scikit-learn).
    /// Defaults to 1.0.
    pub l2: f64,
    /// Fewest training rows of each class. Defaults to 100.
    pub rows_min: i64,
    /// How many reasons are kept for each profile. Defaults to 3.
    pub reasons: i64,
    /// Where the risk bands begin.
    pub risk_bands: RawRiskBands,
}

/// The `[churn.risk_bands]` table as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRiskBands {
    /// Lowest churn probability of the medium band. Defaults to 0.33.
    pub medium: f64,
    /// Lowest churn probability of the high band. Defaults to 0.66.
    pub high: f64,
}

impl Default for RawChurnConfig {
    fn default() -> Self {
        Self {
            horizon_days: 90,
            gap_days: 0,
            step_days: 30,
            training_cutoffs: 4,
            retrain_days: 7,
            eligible_within_days: 0,
            orders_min: 1,
            l2: 1.0,
            rows_min: 100,
            reasons: 3,
            risk_bands: RawRiskBands::default(),
        }
    }
}

impl Default for RawRiskBands {
    fn default() -> Self {
        Self {
            medium: 0.33,
            high: 0.66,
        }
    }
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {found}, expected {expected}")]
pub struct ChurnFault {
    /// Path of the key, such as `churn.horizon_days`.
    pub key: &'static str,
    /// The value that was written.
    pub found: String,
    /// What the value must be.
    pub expected: String,
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

/// The checked `[churn]` table: every number is within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnConfig {
    pub(crate) horizon_days: i32,
    pub(crate) gap_days: i32,
    pub(crate) step_days: i32,
    pub(crate) training_cutoffs: usize,
    retrain_days: u32,
    eligible_within_days: Option<i32>,
    orders_min: u32,
    l2: f64,
    rows_min: usize,
    reasons: usize,
    band_medium: f64,
    band_high: f64,
}

impl ChurnConfig {
    /// Checks every key and gives either the configuration or all of its faults.
    pub fn from_raw(raw: &RawChurnConfig) -> Result<Self, Vec<ChurnFault>> {
        let mut check = Check { faults: Vec::new() };
        let within = check.whole(
            "churn.eligible_within_days",
            raw.eligible_within_days,
            0,
            36_500,
            "of days",
        );
        let config = Self {
            horizon_days: check.whole("churn.horizon_days", raw.horizon_days, 1, 3650, "of days"),
            gap_days: check.whole("churn.gap_days", raw.gap_days, 0, 3650, "of days"),
            step_days: check.whole("churn.step_days", raw.step_days, 1, 3650, "of days"),
            training_cutoffs: check.whole(
                "churn.training_cutoffs",
                raw.training_cutoffs,
                1,
                100,
                "of cut-offs",
            ),
            retrain_days: check.whole("churn.retrain_days", raw.retrain_days, 1, 3650, "of days"),
            eligible_within_days: (within > 0).then_some(within),
            orders_min: check.whole(
                "churn.orders_min",
                raw.orders_min,
                1,
                1_000_000,
                "of orders",
            ),
            l2: check.l2(raw.l2),
            rows_min: check.whole("churn.rows_min", raw.rows_min, 1, 1_000_000_000, "of rows"),
            reasons: check.whole("churn.reasons", raw.reasons, 0, 100, "of reasons"),
            band_medium: raw.risk_bands.medium,
            band_high: raw.risk_bands.high,
        };
        check.risk_bands(&raw.risk_bands);
        if check.faults.is_empty() {
            Ok(config)
        } else {
            Err(check.faults)
        }
    }

    /// Length in days of the window without an order that counts as churn.
    pub fn horizon_days(&self) -> i32 {
        self.horizon_days
    }

    /// Days between the cut-off and the start of that window.
    pub fn gap_days(&self) -> i32 {
        self.gap_days
    }

    /// Days between two training cut-offs.
    pub fn step_days(&self) -> i32 {
        self.step_days
    }

    /// Days that a model serves before a run fits a new one.
    pub fn retrain_days(&self) -> u32 {
        self.retrain_days
    }

    /// An eligible profile has an order in this many days before the cut-off; `None` sets no
    /// limit.
    pub fn eligible_within_days(&self) -> Option<i32> {
        self.eligible_within_days
    }

    /// Fewest orders before the cut-off that make a profile eligible.
    pub fn orders_min(&self) -> u32 {
        self.orders_min
    }

    /// Weight of the squared coefficients beside the summed loss.
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// Fewest training rows of each class.
    pub fn rows_min(&self) -> usize {
        self.rows_min
    }

    /// How many reasons are kept for each profile.
    pub fn reasons(&self) -> usize {
        self.reasons
    }

    /// The band of a churn probability; a probability on a threshold belongs to the graver band.
    pub fn risk_band(&self, churn_probability: f64) -> RiskBand {
        if churn_probability >= self.band_high {
            RiskBand::High
        } else if churn_probability >= self.band_medium {
            RiskBand::Medium
        } else {
            RiskBand::Low
        }
    }
}

/// Gathers faults while values are read.
struct Check {
    faults: Vec<ChurnFault>,
}

impl Check {
    /// A whole number within bounds. A value out of bounds is a fault and becomes the lower bound.
    fn whole<T: TryFrom<i64> + Default>(
        &mut self,
        key: &'static str,
        value: i64,
        low: i64,
        high: i64,
        unit: &str,
    ) -> T {
        if !(low..=high).contains(&value) {
            let expected = format!("a whole number {unit} from {low} to {high}");
            self.fault(key, value.to_string(), expected);
        }
        T::try_from(value.clamp(low, high)).unwrap_or_default()
    }

    fn l2(&mut self, value: f64) -> f64 {
        if !(value > 0.0 && value <= 1e9) {
            let expected = "a number above 0 and up to 1e9, such as 1.0".to_owned();
            self.fault("churn.l2", value.to_string(), expected);
        }
        value
    }

    fn risk_bands(&mut self, bands: &RawRiskBands) {
        let RawRiskBands { medium, high } = *bands;
        let medium_is_sound = medium > 0.0 && medium < 1.0;
        if !medium_is_sound {
            let expected = "a probability above 0 and below 1".to_owned();
            self.fault("churn.risk_bands.medium", medium.to_string(), expected);
        }
        let floor = if medium_is_sound { medium } else { 0.0 };
        if !(high > floor && high < 1.0) {
            let expected = if medium_is_sound {
                format!("a probability above `churn.risk_bands.medium` ({medium}) and below 1")
            } else {
                "a probability above `churn.risk_bands.medium` and below 1".to_owned()
            };
            self.fault("churn.risk_bands.high", high.to_string(), expected);
        }
    }

    fn fault(&mut self, key: &'static str, found: String, expected: String) {
        self.faults.push(ChurnFault {
            key,
            found,
            expected,
        });
    }
}
