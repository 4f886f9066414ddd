//! What is told of customers as long as there is no model: an order among them and a band, by how long
//! ago they ordered and how often. It is no probability and does not look like one.

use crate::config::ChurnFault;
use crate::risk_band::RiskBand;

/// What scores people as long as no model was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// Nothing.
    #[default]
    None,
    /// Recency and frequency of orders.
    RecencyFrequency,
}

impl Fallback {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::None, Self::RecencyFrequency];

    /// The name as it stands in `cdp.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RecencyFrequency => "recency_frequency",
        }
    }

    pub(crate) fn check(word: &str, faults: &mut Vec<ChurnFault>) -> Self {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == word);
        if found.is_none() {
            faults.push(ChurnFault::new(
                "churn.fallback",
                format!("\"{word}\""),
                format!("one of {}", Self::ALL.map(Self::as_str).join(", ")),
            ));
        }
        found.unwrap_or_default()
    }
}

/// A customer by recency and frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecencyFrequency {
    /// By which customers are ordered; higher is worse. It means nothing else.
    pub risk: f64,
    /// High after a silence as long as the horizon, medium after half of it.
    pub band: RiskBand,
}

impl RecencyFrequency {
    /// Of a customer whose last order was so many days ago, after so many days with an order, the
    /// first of which is not counted. Without an order (NaN) nobody is worse.
    pub fn of(recency_days: f64, frequency: f64, horizon_days: i32) -> Self {
        let horizon = f64::from(horizon_days);
        let recency = if recency_days.is_nan() {
            f64::MAX
        } else {
            recency_days.max(0.0)
        };
        let order_days = if frequency.is_nan() {
            1.0
        } else {
            frequency.max(0.0) + 1.0
        };
        Self {
            risk: (recency + horizon) / order_days,
            band: if recency >= horizon {
                RiskBand::High
            } else if recency >= 0.5 * horizon {
                RiskBand::Medium
            } else {
                RiskBand::Low
            },
        }
    }
}
