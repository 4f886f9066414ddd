//! Whether one model may take the place of another: both are asked about the same labelled rows,
//! which neither has learned from, each row another customer.

use serde::{Deserialize, Serialize};

use crate::class_counts::ClassCounts;
use crate::leak::MODEL_MAX;
use crate::metrics::{Interval, MetricError, Metrics, bootstrap, ece_by_chance};

/// A calibration error up to here is sound.
const ECE_MAX: f64 = 0.03;
/// Bins of the calibration error within [`Metrics`].
const BINS: usize = 10;
/// Of a sound model, so many times the error that chance alone gives it.
const CHANCE: f64 = 2.0;
/// A calibration slope so far from 1 is sound.
const SLOPE_OFF_MAX: f64 = 0.25;
/// Chance excuses no more than this.
const SLOPE_CHANCE_MAX: f64 = 0.75;
/// Fewest rows of the rarer class that tell anything.
const RARER_MIN: usize = 50;

/// What the rows say of the candidate next to the champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its log loss is smaller, with 95 % confidence.
    Better,
    /// Its log loss is larger, with 95 % confidence.
    Worse,
    /// The rows do not tell.
    NotSure,
}

/// What a candidate must keep, whatever its log loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "guard", rename_all = "snake_case", deny_unknown_fields)]
pub enum Guard {
    /// Enough rows of the rarer class.
    Rows {
        /// How many there are.
        found: usize,
        /// Fewest.
        limit: usize,
    },
    /// The calibration error over ten bins.
    CalibrationError {
        /// What it is.
        found: f64,
        /// Most: 0.03, what the champion has and chance gives so few rows, or twice the latter.
        limit: f64,
    },
    /// Cox's slope.
    CalibrationSlope {
        /// What it is; nothing when the rows do not tell.
        found: Option<f64>,
        /// Farthest from 1: 0.25, or as far as the champion's, and what chance gives so few rows.
        limit: f64,
    },
    /// An area under the ROC curve that is not too good to be true.
    RocAuc {
        /// What it is; nothing with one class.
        found: Option<f64>,
        /// Most.
        limit: f64,
    },
    /// The gain over the best simple rule at the later cut-off where its kind was tried.
    SimpleRule {
        /// The rule.
        rule: String,
        /// The upper end of the interval of the gain.
        found: f64,
        /// Least: with a smaller one it is surely worse.
        limit: f64,
    },
    /// The gain over the base rate at the same cut-off: with less than none, it tells nothing.
    BaseRate {
        /// What it is.
        found: f64,
        /// Least.
        limit: f64,
    },
    /// What its kind tells at the newest closed cut-off, next to what the champion told where it was
    /// tried when it was trained. A feed that broke makes both tell nothing at the newest one.
    Decline {
        /// The upper end of the interval of its area under the ROC curve.
        found: f64,
        /// Least: the lower end of the champion's.
        limit: f64,
    },
    /// How far its scores at the newest closed cut-off lie from those over its training, as a
    /// population stability index beyond what chance gives.
    ScoreShift {
        /// What it is.
        found: f64,
        /// Most.
        limit: f64,
    },
}

impl Guard {
    /// Whether it holds. What cannot be told holds where it takes both classes, since [`Guard::Rows`]
    /// fails then.
    pub fn holds(&self) -> bool {
        match *self {
            Self::SimpleRule { found, limit, .. }
            | Self::BaseRate { found, limit }
            | Self::Decline { found, limit } => found >= limit,
            Self::Rows { found, limit } => found >= limit,
            Self::CalibrationError { found, limit } | Self::ScoreShift { found, limit } => {
                found <= limit
            }
            Self::CalibrationSlope { found, limit } => {
                found.is_some_and(|slope| (slope - 1.0).abs() <= limit)
            }
            Self::RocAuc { found, limit } => found.is_none_or(|auc| auc <= limit),
        }
    }
}

impl std::fmt::Display for Guard {
    /// What was found and what is expected.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = |value: Option<f64>| value.map_or("unknown".to_owned(), |v| format!("{v:.4}"));
        match *self {
            Self::SimpleRule {
                ref rule,
                found,
                limit,
            } => write!(
                f,
                "gain over {rule} at most {found:.4}, expected at least {limit}"
            ),
            Self::BaseRate { found, limit } => write!(
                f,
                "gain over the base rate {found:.4}, expected at least {limit}"
            ),
            Self::Decline { found, limit } => write!(
                f,
                "AUC at most {found:.4}, expected at least the champion's of {limit:.4}"
            ),
            Self::ScoreShift { found, limit } => {
                write!(f, "shift of scores {found:.4}, expected at most {limit}")
            }
            Self::Rows { found, limit } => {
                write!(
                    f,
                    "{found} rows of the rarer class, expected at least {limit}"
                )
            }
            Self::CalibrationError { found, limit } => {
                write!(
                    f,
                    "calibration error {found:.4}, expected at most {limit:.4}"
                )
            }
            Self::CalibrationSlope { found, limit } => write!(
                f,
                "calibration slope {}, expected from {:.2} to {:.2}",
                number(found),
                1.0 - limit,
                1.0 + limit
            ),
            Self::RocAuc { found, limit } => write!(
                f,
                "AUC {}, expected at most {limit} of a model that has not seen the answer",
                number(found)
            ),
        }
    }
}

/// A champion and a candidate on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The rows.
    pub rows: ClassCounts,
    /// The model in place.
    pub champion: Metrics,
    /// The model that wants its place.
    pub candidate: Metrics,
    /// Log loss of the champion less that of the candidate: above 0 the candidate is better.
    pub gain: f64,
    /// Where the gain lies with 95 % confidence, by the paired bootstrap over customers.
    pub interval: Interval,
    /// What the candidate must keep.
    pub guards: Vec<Guard>,
}

impl Comparison {
    /// What the rows say of the candidate.
    pub fn verdict(&self) -> Verdict {
        if self.interval.low > 0.0 {
            Verdict::Better
        } else if self.interval.high < 0.0 {
            Verdict::Worse
        } else {
            Verdict::NotSure
        }
    }

    /// The guards that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().filter(|guard| !guard.holds())
    }

    /// Whether the candidate is surely better and every guard holds.
    pub fn is_won(&self) -> bool {
        self.verdict() == Verdict::Better && self.broken().next().is_none()
    }
}

/// Compares the probabilities that two models give the same rows, each row another customer: a
/// paired bootstrap of the difference of log losses, and the guards of the candidate.
pub fn compare(
    churned: &[bool],
    champion: &[f64],
    candidate: &[f64],
) -> Result<Comparison, MetricError> {
    let intervals = bootstrap(churned, candidate, champion)?;
    let of_champion = Metrics::of(churned, champion)?;
    let of_candidate = Metrics::of(churned, candidate)?;
    Ok(Comparison {
        rows: ClassCounts::of(churned.iter().copied()),
        gain: of_champion.log_loss - of_candidate.log_loss,
        guards: guards(churned, candidate, Some(&of_champion))?,
        champion: of_champion,
        candidate: of_candidate,
        interval: intervals.gain,
    })
}

/// What a candidate must keep, next to a champion or without one.
pub(crate) fn guards(
    churned: &[bool],
    told: &[f64],
    champion: Option<&Metrics>,
) -> Result<Vec<Guard>, MetricError> {
    let metrics = Metrics::of(churned, told)?;
    let rows = ClassCounts::of(churned.iter().copied());
    let of_champion = champion.and_then(|metrics| metrics.ece).unwrap_or(0.0);
    let slope_off = champion.and_then(|metrics| metrics.cox);
    let slope_off = slope_off.map_or(0.0, |cox| (cox.slope - 1.0).abs());
    let by_chance = ece_by_chance(told, BINS);
    Ok(vec![
        Guard::Rows {
            found: rows.rarer(),
            limit: RARER_MIN,
        },
        Guard::CalibrationError {
            found: metrics.ece.unwrap_or(0.0),
            limit: ECE_MAX.max(of_champion + by_chance).max(CHANCE * by_chance),
        },
        Guard::CalibrationSlope {
            found: metrics.cox.map(|cox| cox.slope),
            limit: SLOPE_OFF_MAX.max(slope_off)
                + (CHANCE * slope_error(told)).min(SLOPE_CHANCE_MAX),
        },
        Guard::RocAuc {
            found: metrics.roc_auc,
            limit: MODEL_MAX,
        },
    ])
}

/// The standard error of Cox's slope when every probability is right.
fn slope_error(told: &[f64]) -> f64 {
    let given = told.iter().map(|p| p.clamp(1e-15, 1.0 - 1e-15));
    let given: Vec<(f64, f64)> = given
        .map(|p| (p * (1.0 - p), (p / (1.0 - p)).ln()))
        .collect();
    let weight: f64 = given.iter().map(|(weight, _)| weight).sum();
    let mean = given.iter().map(|(weight, z)| weight * z).sum::<f64>() / weight;
    let spread = given
        .iter()
        .map(|(weight, z)| weight * (z - mean).powi(2))
        .sum::<f64>();
    if spread > 0.0 {
        spread.sqrt().recip()
    } else {
        0.0
    }
}
