//! How long a silence is churn: as many days as the project says, or as its orders do.

use cdp_btyd::{Gaps, Repurchase};
use serde::{Deserialize, Serialize};

use crate::config::{AUTO, ChurnFault};
use crate::framing::ChurnKind;

/// The days of a horizon as long as nothing is known of how customers come back.
pub(crate) const UNTOLD_DAYS: i32 = 90;
/// Of those who come back, so many do within a chosen horizon.
const SHARE: f64 = 0.9;
/// A horizon is chosen in whole weeks, so that every one holds each weekday equally often.
const WEEK: i32 = 7;
/// Fewer gaps that ended tell nothing of how long they are.
const GAPS_MIN: u64 = 100;
/// The longest horizon that may be set or chosen.
pub(crate) const DAYS_MAX: i32 = 3650;

/// `churn.horizon_days` as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a whole number of days, or \"auto\"")]
pub enum RawHorizon {
    /// So many days.
    Days(i64),
    /// `auto`.
    Word(String),
}

/// Who says how long a horizon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// The project.
    Days(i32),
    /// The gaps between orders, when a model is trained.
    Auto,
}

impl RawHorizon {
    pub(crate) fn check(&self, kind: ChurnKind, faults: &mut Vec<ChurnFault>) -> Horizon {
        let days = match self {
            Self::Word(word) if word == AUTO && kind == ChurnKind::NonContractual => {
                return Horizon::Auto;
            }
            Self::Word(_) => None,
            Self::Days(days) => i32::try_from(*days).ok(),
        };
        let days = days.filter(|days| (1..=DAYS_MAX).contains(days));
        if days.is_none() {
            let or_auto = match kind {
                ChurnKind::NonContractual => format!(", or \"{AUTO}\""),
                ChurnKind::Contractual => {
                    " (only where no contract ends do gaps tell a horizon)".to_owned()
                }
            };
            let expected = format!("a whole number of days from 1 to {DAYS_MAX}{or_auto}");
            faults.push(ChurnFault::new(
                "churn.horizon_days",
                self.to_string(),
                expected,
            ));
        }
        Horizon::Days(days.unwrap_or(UNTOLD_DAYS))
    }
}

impl From<i64> for RawHorizon {
    fn from(days: i64) -> Self {
        Self::Days(days)
    }
}

impl std::fmt::Display for RawHorizon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Days(days) => days.fmt(f),
            Self::Word(word) => write!(f, "\"{word}\""),
        }
    }
}

/// The horizon that gaps ask for: the whole weeks in which nine of ten have come back of those who do
/// (Kaplan and Meier; open gaps are censored). `None` when too few gaps have ended to tell.
pub fn advised_horizon(gaps: &Gaps) -> Option<i32> {
    if gaps.closed_count() < GAPS_MIN {
        return None;
    }
    let days = i32::try_from(Repurchase::of(gaps)?.quantile(SHARE)).ok()?;
    let weeks = (days.clamp(1, DAYS_MAX - WEEK) + WEEK - 1) / WEEK;
    Some(weeks * WEEK)
}

/// The horizon of a training. One that was chosen before stays for as long as the gaps ask for
/// neighbouring weeks: what churn means should not move with every week's orders.
pub fn chosen_horizon(gaps: &Gaps, before: Option<i32>) -> i32 {
    match (advised_horizon(gaps), before) {
        (Some(advised), Some(before)) if (advised - before).abs() <= WEEK => before,
        (Some(advised), _) => advised,
        (None, before) => before.unwrap_or(UNTOLD_DAYS),
    }
}
