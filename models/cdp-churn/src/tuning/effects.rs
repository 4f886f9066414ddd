//! Whether cut-offs have effects of their own: asked of the very rows that the model is to learn from, and
//! kept to in all that is tried for it.

use crate::lesson::{Lesson, Problem};
use crate::solver::Solver;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// Never with linfa-logistic, which knows no offset.
pub(super) fn wanted(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
) -> Result<bool, TrainError> {
    if problem.config.solver() == Solver::Linfa {
        return Ok(false);
    }
    let rows = set.at(&problem.config.training_cutoffs(as_of_day));
    Lesson::new(problem, &rows, false)?.wants_effects()
}
