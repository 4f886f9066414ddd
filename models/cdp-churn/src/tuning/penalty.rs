//! How strongly coefficients are held back.

use serde::{Deserialize, Serialize};

use crate::calibration::loss;
use crate::lesson::Lesson;
use crate::logistic::LogisticModel;
use crate::scorer::Scorer;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// Where the walk begins, and by what factor it steps.
const L2_FIRST: f64 = 0.01;
const L2_FACTOR: f64 = 3.0;
/// At most so many steps away from where it began.
const STEPS_MAX: i32 = 5;

/// How strongly coefficients are held back, in the same measure whatever the number of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Penalty {
    /// Weight of half the squared coefficients beside the loss summed over rows.
    Summed(f64),
    /// The same beside the mean loss.
    PerRow(f64),
}

impl Penalty {
    pub(crate) fn summed(self, rows: usize) -> f64 {
        match self {
            Self::Summed(l2) => l2,
            Self::PerRow(l2) => l2 * rows as f64,
        }
    }
}

/// One weight of the squared coefficients, tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L2Trial {
    /// Beside the mean loss of the rows.
    pub l2_per_row: f64,
    /// The log loss at the cut-off, not calibrated.
    pub log_loss: f64,
}

/// A penalty, and the log-odds that its fit gives the later rows.
pub(super) struct Penalised {
    pub(super) penalty: Penalty,
    pub(super) log_odds: Vec<f64>,
    /// All that were tried, smallest first.
    pub(super) trials: Vec<L2Trial>,
}

/// The fit of a given penalty, or of the one that foretells the later rows best: from the first weight
/// upward for as long as that helps, and otherwise downward.
pub(super) fn penalise(
    lesson: &Lesson<'_>,
    later: &TrainingSet,
    given: Option<Penalty>,
) -> Result<Penalised, TrainError> {
    let told = |logistic: LogisticModel| lesson.log_odds(&Scorer::Logistic(logistic), later);
    if let Some(penalty) = given {
        return Ok(Penalised {
            penalty,
            log_odds: told(lesson.logistic(penalty)?)?,
            trials: Vec::new(),
        });
    }
    let mut trials = Vec::new();
    let mut at = |step: i32| -> Result<(f64, Vec<f64>), TrainError> {
        let l2_per_row = L2_FIRST * L2_FACTOR.powi(step);
        let log_odds = told(lesson.logistic(Penalty::PerRow(l2_per_row))?)?;
        let log_loss = loss(later.churned(), &log_odds);
        trials.push(L2Trial {
            l2_per_row,
            log_loss,
        });
        Ok((log_loss, log_odds))
    };
    let mut best = (0_i32, at(0)?);
    for direction in [1, -1] {
        let begin = best.0;
        while (best.0 + direction).abs() <= STEPS_MAX {
            let next = at(best.0 + direction)?;
            if next.0 >= best.1.0 {
                break;
            }
            best = (best.0 + direction, next);
        }
        if best.0 != begin {
            break;
        }
    }
    trials.sort_by(|a, b| a.l2_per_row.total_cmp(&b.l2_per_row));
    Ok(Penalised {
        penalty: Penalty::PerRow(L2_FIRST * L2_FACTOR.powi(best.0)),
        log_odds: best.1.1,
        trials,
    })
}
