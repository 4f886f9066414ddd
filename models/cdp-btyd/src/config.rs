//! The `[value]` table of `cdp.toml`: as written ([`RawValueConfig`]) and as checked
//! ([`ValueConfig`]).

use serde::{Deserialize, Serialize};

use crate::value::LifetimePlan;

/// Days of a period of lifetime value: orders are paid at its end.
const PERIOD_DAYS: i64 = 30;
const YEAR_DAYS: f64 = 365.25;

/// The `[value]` table as written. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawValueConfig {
    /// How many days ahead lifetime value looks. Defaults to 360.
    pub lifetime_days: i64,
    /// By what share money of a year ahead is worth less. Defaults to 0.1.
    pub discount_rate: f64,
}

impl Default for RawValueConfig {
    fn default() -> Self {
        Self {
            lifetime_days: 360,
            discount_rate: 0.1,
        }
    }
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {found}, expected {expected}")]
pub struct ValueFault {
    /// Path of the key, such as `value.lifetime_days`.
    pub key: &'static str,
    /// The value that was written.
    pub found: String,
    /// What the value must be.
    pub expected: &'static str,
}

/// The checked `[value]` table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueConfig {
    plan: LifetimePlan,
    lifetime_days: u32,
}

impl ValueConfig {
    /// Checks every key and gives either the configuration or all of its faults.
    pub fn from_raw(raw: &RawValueConfig) -> Result<Self, Vec<ValueFault>> {
        let mut faults = Vec::new();
        let days = raw.lifetime_days;
        if !(PERIOD_DAYS..=36_000).contains(&days) || days % PERIOD_DAYS != 0 {
            faults.push(ValueFault {
                key: "value.lifetime_days",
                found: days.to_string(),
                expected: "a whole number of days from 30 to 36000 that 30 divides, such as 360",
            });
        }
        let rate = raw.discount_rate;
        if !(0.0..=10.0).contains(&rate) {
            faults.push(ValueFault {
                key: "value.discount_rate",
                found: rate.to_string(),
                expected: "a share of a year from 0.0 to 10.0, such as 0.1",
            });
        }
        let periods = u32::try_from(days / PERIOD_DAYS).unwrap_or(1);
        let of_period = (1.0 + rate).powf(PERIOD_DAYS as f64 / YEAR_DAYS) - 1.0;
        match LifetimePlan::new(periods, PERIOD_DAYS as f64, of_period) {
            Ok(plan) if faults.is_empty() => Ok(Self {
                plan,
                lifetime_days: u32::try_from(days).unwrap_or(0),
            }),
            _ => Err(faults),
        }
    }

    /// How many days ahead lifetime value looks.
    pub fn lifetime_days(&self) -> u32 {
        self.lifetime_days
    }

    /// The same in periods, with times in days.
    pub fn plan(&self) -> &LifetimePlan {
        &self.plan
    }
}
