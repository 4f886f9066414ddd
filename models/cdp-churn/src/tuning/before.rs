//! What a recipe tells one window earlier: at the newest cut-off that had closed by the one on which is
//! chosen. Levels and relations come and go with the seasons, so what holds at one cut-off is put to the
//! test at another one.

use crate::calibration::Told;
use crate::lesson::{Fitted, Problem, Recipe};
use crate::train::{TrainError, lacking};
use crate::training_set::TrainingSet;

/// The rows of that cut-off, and what they are told.
pub(super) struct Before {
    pub(super) cutoff_day: i32,
    rows: TrainingSet,
    log_odds: Vec<f64>,
}

impl Before {
    pub(super) fn told(&self) -> Told<'_> {
        Told {
            churned: self.rows.churned(),
            log_odds: &self.log_odds,
        }
    }
}

/// What a model of the cut-offs before tells there; where the history is too short for it, why, as a
/// clause.
pub(super) fn before(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    recipe: Recipe,
) -> Result<Result<Before, String>, TrainError> {
    let cutoffs = problem.config.calibration_cutoffs(as_of_day);
    let rows = set.at(&[cutoffs.test]);
    let earlier = recipe.rows(set, &cutoffs.training);
    if let Some(reason) = lacking(
        problem.config,
        "the cut-off one window earlier",
        &rows,
        &earlier,
    ) {
        return Ok(Err(reason));
    }
    let have = set.at(&cutoffs.training).distinct_cutoffs().len();
    let need = cutoffs.training.len();
    if have < need {
        return Ok(Err(format!(
            "of {need} cut-offs to learn from before the one of a window earlier {have} have rows"
        )));
    }
    let log_odds = match Fitted::new(problem, &earlier, recipe) {
        Err(error) if error.is_no_features() => {
            let reason = "no feature varies over the rows before the cut-off one window earlier";
            return Ok(Err(reason.to_owned()));
        }
        fitted => fitted?.log_odds(&rows)?,
    };
    Ok(Ok(Before {
        cutoff_day: cutoffs.test,
        rows,
        log_odds,
    }))
}
