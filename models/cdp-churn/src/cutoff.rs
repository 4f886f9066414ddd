//! Which days are cut-offs.
//!
//! A cut-off C divides what a model may know (before C) from what it is asked (the window
//! `[C + gap, C + gap + horizon)`). All days are days since 1970-01-01.

use crate::config::ChurnConfig;

/// Cut-offs at which it is looked by how much models are off.
const LEVELS: usize = 5;

/// The cut-offs of an evaluation that is honest in time: nothing a training row knows, its label
/// included, happened on or after the test cut-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationCutoffs {
    /// The newest closed cut-off, on which the model is measured.
    pub test: i32,
    /// The cut-offs whose label windows had closed by the test cut-off, newest first.
    pub training: Vec<i32>,
}

impl ChurnConfig {
    /// The day on which the label window of a cut-off has passed.
    pub fn window_closes(&self, cutoff_day: i32) -> i32 {
        cutoff_day.saturating_add(self.reach_days())
    }

    /// The `count` newest cut-offs whose label windows have closed by `as_of_day`, newest first:
    /// `as_of_day - gap - horizon - k * step` for k = 0, 1, 2 and so on.
    pub fn closed_cutoffs(&self, as_of_day: i32, count: usize) -> Vec<i32> {
        self.closed_grid(as_of_day).take(count).collect()
    }

    fn closed_grid(&self, as_of_day: i32) -> impl Iterator<Item = i32> {
        let newest = as_of_day.saturating_sub(self.reach_days());
        let step_days = self.step_days;
        std::iter::successors(Some(newest), move |day| day.checked_sub(step_days))
    }

    /// The cut-offs stacked for the final fit, newest first.
    pub fn training_cutoffs(&self, as_of_day: i32) -> Vec<i32> {
        self.closed_cutoffs(as_of_day, self.training_cutoffs)
    }

    /// The cut-offs of the evaluation: the training ones are those of a model trained on the day of
    /// the test cut-off. Where `step_days` divides gap and horizon together they lie on the grid of
    /// the final fit, and most of them are shared with it.
    pub fn evaluation_cutoffs(&self, as_of_day: i32) -> EvaluationCutoffs {
        let test = as_of_day.saturating_sub(self.reach_days());
        EvaluationCutoffs {
            test,
            training: self.training_cutoffs(test),
        }
    }

    /// The cut-offs of calibration, which is learned at the `test` one and must win at that of the
    /// evaluation: half as many as are stacked for the final fit, since the model is only needed to
    /// see where such models err.
    pub fn calibration_cutoffs(&self, as_of_day: i32) -> EvaluationCutoffs {
        let later = self.evaluation_cutoffs(as_of_day).test;
        let test = later.saturating_sub(self.reach_days());
        EvaluationCutoffs {
            test,
            training: self.closed_cutoffs(test, self.training_cutoffs.div_ceil(2)),
        }
    }

    /// The cut-offs at which it is looked by how much models are off, newest first: the closed ones,
    /// each with half as many to learn from as are stacked for the final fit.
    pub fn level_cutoffs(&self, as_of_day: i32) -> Vec<EvaluationCutoffs> {
        let stacked = self.training_cutoffs.div_ceil(2);
        let tests = self.closed_cutoffs(as_of_day, LEVELS);
        let cutoffs = tests.into_iter().map(|test| {
            // On the grid of the final fit, so that few cut-offs are needed that it does not need.
            let grid = self.closed_grid(as_of_day);
            let closed = grid.filter(|day| self.window_closes(*day) <= test);
            EvaluationCutoffs {
                test,
                training: closed.take(stacked).collect(),
            }
        });
        cutoffs.collect()
    }

    /// Every cut-off that a training run needs rows for, oldest first.
    pub fn all_cutoffs(&self, as_of_day: i32) -> Vec<i32> {
        let evaluation = self.evaluation_cutoffs(as_of_day);
        let calibration = self.calibration_cutoffs(as_of_day);
        let mut days = self.training_cutoffs(as_of_day);
        days.extend(evaluation.training);
        days.push(evaluation.test);
        days.extend(calibration.training);
        days.push(calibration.test);
        for level in self.level_cutoffs(as_of_day) {
            days.extend(level.training);
            days.push(level.test);
        }
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Days from a cut-off to the end of its label window.
    fn reach_days(&self) -> i32 {
        self.gap_days + self.horizon_days
    }
}
