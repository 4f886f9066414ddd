//! How deep and how many trees.

use serde::{Deserialize, Serialize};

use crate::boosted::Boosting;
use crate::calibration::loss;
use crate::lesson::Lesson;
use crate::scorer::Scorer;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// Questions on the longest way through a tree, the simplest first.
const DEPTHS: [usize; 3] = [2, 3, 4];

/// Trees of one depth, tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostingTrial {
    /// The depth, and the number of trees that was best with it.
    pub size: Boosting,
    /// The log loss at the cut-off, not calibrated.
    pub log_loss: f64,
}

/// A size, and the log-odds that its fit gives the later rows.
pub(super) struct Boosted {
    pub(super) size: Boosting,
    pub(super) log_odds: Vec<f64>,
    /// All that were tried.
    pub(super) trials: Vec<BoostingTrial>,
}

/// The size that foretells the later rows best, the shallowest of equals.
pub(super) fn boost(lesson: &Lesson<'_>, later: &TrainingSet) -> Result<Boosted, TrainError> {
    let mut best: Option<(f64, Boosting, Vec<f64>)> = None;
    let mut trials = Vec::new();
    for trees in lesson.boosted_watching(later, &DEPTHS)? {
        let size = trees.size();
        let log_odds = lesson.log_odds(&Scorer::Boosted(trees), later)?;
        let log_loss = loss(later.churned(), &log_odds);
        trials.push(BoostingTrial { size, log_loss });
        if best.as_ref().is_none_or(|(least, ..)| log_loss < *least) {
            best = Some((log_loss, size, log_odds));
        }
    }
    let (_, size, log_odds) = best.unwrap_or_default();
    Ok(Boosted {
        size,
        log_odds,
        trials,
    })
}
