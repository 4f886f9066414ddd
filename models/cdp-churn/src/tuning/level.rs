//! By how much models have been off, as a level of log-odds, at several cut-offs.
//!
//! One cut-off tells a lasting error from a season as little as one winter tells a climate. The mean over
//! cut-offs whose windows span more than two horizons is taken for lasting; one that is half a horizon
//! older counts half, since errors also fade as a history grows. The mean is not held back: these models
//! learn from fewer cut-offs than the one that serves, so from newer ones, and lack less.

use serde::{Deserialize, Serialize};

use crate::calibration::level;
use crate::lesson::{Fitted, Problem, Recipe};
use crate::train::{TrainError, lacking};
use crate::training_set::TrainingSet;

/// Fewest horizons that the windows must span.
const HORIZONS_MIN: f64 = 2.0;
/// Horizons after which a level counts half.
const HALF_LIFE: f64 = 0.5;

/// What was missing from the log-odds at one cut-off, by a model of those before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelTrial {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// What was to be added, so that as many were expected to churn as did.
    pub level: f64,
}

/// The level that lasts, if the history is long enough to tell, and what was seen.
pub(super) fn lasting(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    recipe: Recipe,
) -> Result<(Option<f64>, Vec<LevelTrial>), TrainError> {
    let config = problem.config;
    let mut trials = Vec::new();
    for cutoffs in config.level_cutoffs(as_of_day) {
        let (later, earlier) = (set.at(&[cutoffs.test]), set.at(&cutoffs.training));
        let have = earlier.distinct_cutoffs().len();
        let is_short = have < cutoffs.training.len();
        let earlier = recipe.rows(set, &cutoffs.training);
        if is_short || lacking(config, "a cut-off", &later, &earlier).is_some() {
            continue;
        }
        let log_odds = match Fitted::new(problem, &earlier, recipe) {
            Err(error) if error.is_no_features() => continue,
            fitted => fitted?.log_odds(&later)?,
        };
        if let Some(level) = level(later.churned(), &log_odds) {
            let cutoff_day = cutoffs.test;
            trials.push(LevelTrial { cutoff_day, level });
        }
    }
    let lasting = mean(&trials, f64::from(config.horizon_days()));
    Ok((lasting, trials))
}

/// The mean level; nothing where the windows span too little.
fn mean(trials: &[LevelTrial], horizon_days: f64) -> Option<f64> {
    let days = || trials.iter().map(|trial| trial.cutoff_day);
    let (newest, oldest) = (days().max()?, days().min()?);
    let age = |day: i32| f64::from(newest - day) / horizon_days;
    let weight = |trial: &LevelTrial| (-age(trial.cutoff_day) / HALF_LIFE).exp2();
    let weights: f64 = trials.iter().map(weight).sum();
    let levels = trials.iter().map(|trial| weight(trial) * trial.level);
    let horizons = 1.0 + age(oldest);
    (horizons > HORIZONS_MIN).then_some(levels.sum::<f64>() / weights)
}

#[cfg(test)]
mod tests {
    use super::{LevelTrial, mean};

    fn of(levels: &[(i32, f64)]) -> Option<f64> {
        let trial = |&(cutoff_day, level)| LevelTrial { cutoff_day, level };
        let trials: Vec<LevelTrial> = levels.iter().map(trial).collect();
        mean(&trials, 90.0)
    }

    #[test]
    fn what_is_half_a_horizon_older_counts_half() {
        let (newest, older) = ((1000, 0.3), (910, 0.0));
        // Windows of two cut-offs that are one horizon apart span two, and more are needed.
        assert_eq!(of(&[newest, older]), None);
        let level = of(&[newest, (955, 0.0), older, (820, 0.0)]).expect("three horizons");
        assert!((level - 0.3 / 1.8125).abs() < 1e-12, "{level}");
        let level = of(&[(1000, 0.2), (940, 0.2), (880, 0.2)]).expect("more than two");
        assert!((level - 0.2).abs() < 1e-12, "{level}");
        assert_eq!(of(&[]), None);
    }
}
