//! Which kind of model.
//!
//! Two models that are about as good err in different ways, so that their mean is seldom worse than
//! the better of them and often better than both (Bates and Granger 1969): it is taken, unless one
//! alone is better beyond chance at two cut-offs. One does not do: chance between customers is not all
//! of it, and what one season favours another may not. A level that all rows lack is left out of the
//! comparison, since it is learned apart. Without a cut-off to choose on it is the logistic regression.

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use super::before::before;
use crate::calibration::{Told, gains, level, loss, losses};
use crate::lesson::{Problem, Recipe};
use crate::model_kind::ModelKind;
use crate::scorer::blend;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// One kind of model, tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindTrial {
    /// Which.
    pub kind: ModelKind,
    /// The log loss at the cut-off, not calibrated.
    pub log_loss: f64,
}

/// What each kind that is tried tells the later rows, in log-odds.
pub(crate) type ByKind = Vec<(ModelKind, Vec<f64>)>;

/// With the mean of the two that are fitted, when both are.
pub(crate) fn with_blend(mut fitted: ByKind) -> ByKind {
    if let [(_, one), (_, other)] = fitted.as_slice() {
        let mean = blend(ArrayView1::from(one), ArrayView1::from(other));
        fitted.push((ModelKind::Blend, mean.to_vec()));
    }
    fitted
}

/// The kind that wins there, by its place, and how good each was.
pub(super) fn choose(told: &ByKind, churned: &[bool]) -> (usize, Vec<KindTrial>) {
    let trials = told.iter().map(|(kind, log_odds)| KindTrial {
        kind: *kind,
        log_loss: loss(churned, log_odds),
    });
    let trials = trials.collect();
    let mut chosen = told.len().saturating_sub(1);
    let mut best = told.last().map(|(_, log_odds)| levelled(churned, log_odds));
    for (place, (_, log_odds)) in told.iter().enumerate() {
        let alone = levelled(churned, log_odds);
        if best.as_ref().is_some_and(|best| gains(best, &alone)) {
            (chosen, best) = (place, Some(alone));
        }
    }
    (chosen, trials)
}

/// Whether a kind that was chosen wins over the mean at the cut-off before as well.
pub(super) fn wins_before(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    alone: Recipe,
    mean: Recipe,
) -> Result<bool, TrainError> {
    let told = |recipe| before(problem, set, as_of_day, recipe);
    let (Ok(alone), Ok(mean)) = (told(alone)?, told(mean)?) else {
        return Ok(false);
    };
    let losses = |told: Told<'_>| levelled(told.churned, told.log_odds);
    Ok(gains(&losses(mean.told()), &losses(alone.told())))
}

/// The loss of each row, after as many are expected to churn as did.
pub(super) fn levelled(churned: &[bool], log_odds: &[f64]) -> Vec<f64> {
    let level = level(churned, log_odds).unwrap_or(0.0);
    let told: Vec<f64> = log_odds.iter().map(|z| z + level).collect();
    losses(churned, &told)
}
