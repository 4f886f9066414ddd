//! How many cut-offs are stacked: all that the settings allow, unless the newest few of them foretell a
//! later cut-off better beyond chance. More rows are less noise, and what is long ago may hold no more.

use serde::{Deserialize, Serialize};

use crate::calibration::{gains, loss};
use crate::lesson::{Fitted, Problem, Recipe};
use crate::train::TrainError;
use crate::training_set::TrainingSet;
use crate::tuning::kind::levelled;

/// So many of the newest cut-offs, tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackTrial {
    /// How many were learned from.
    pub cutoffs: usize,
    /// The log loss at the later cut-off, not calibrated.
    pub log_loss: f64,
}

/// A number of cut-offs, and what a model of them tells the later rows in log-odds.
pub(super) struct Stacked {
    pub(super) cutoffs: usize,
    pub(super) log_odds: Vec<f64>,
    /// All that were tried, the fewest first.
    pub(super) trials: Vec<StackTrial>,
}

/// The number that is taken of some cut-offs, newest first; `all` is what a model of all of them tells.
pub(super) fn stack(
    problem: Problem<'_>,
    set: &TrainingSet,
    days: &[i32],
    later: &TrainingSet,
    recipe: Recipe,
    all: Vec<f64>,
) -> Result<Stacked, TrainError> {
    let churned = later.churned();
    let trial = |cutoffs, log_odds: &[f64]| StackTrial {
        cutoffs,
        log_loss: loss(churned, log_odds),
    };
    // Of the oldest there may be no rows.
    let have = set.at(days).distinct_cutoffs();
    let with_rows = days.iter().filter(|day| have.contains(day)).count();
    let mut trials = vec![trial(with_rows, &all)];
    let mut best = (days.len(), levelled(churned, &all), all);
    let mut fewer = with_rows / 2;
    while fewer > 0 {
        let rows = set.at(&days[..fewer]);
        if rows.class_counts().rarer() < problem.config.rows_min() {
            break;
        }
        let log_odds = match Fitted::new(problem, &rows, recipe) {
            Err(error) if error.is_no_features() => break,
            fitted => fitted?.log_odds(later)?,
        };
        trials.insert(0, trial(fewer, &log_odds));
        let losses = levelled(churned, &log_odds);
        if gains(&best.1, &losses) {
            best = (fewer, losses, log_odds);
        }
        fewer /= 2;
    }
    let (cutoffs, _, log_odds) = best;
    Ok(Stacked {
        cutoffs,
        log_odds,
        trials,
    })
}
