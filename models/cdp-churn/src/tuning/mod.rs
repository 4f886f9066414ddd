//! What a training chooses for itself: the kind of model, how strongly coefficients are held back, how
//! many and how deep trees are, how many cut-offs are stacked, and how scores are calibrated. It is
//! chosen on the newest closed cut-off, by models of the cut-offs whose windows had closed by then, so
//! that nothing of what is chosen looks ahead. Ways to calibrate are learned at a cut-off before that
//! one; the winner is then learned again from the newest. A level is the mean of what was lacking at the
//! newest closed cut-offs. Whether cut-offs have effects of their own is asked of the rows to learn from.

mod before;
mod boosting;
mod effects;
mod kind;
mod level;
mod penalty;
mod stacking;

use serde::{Deserialize, Serialize};

use crate::boosted::Boosting;
use crate::calibration::{Calibration, CalibrationMethod, CalibrationTrial, Told, choose};
use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::lesson::{Lesson, Problem, Recipe};
use crate::logit::L2_UNTRIED;
use crate::model_kind::ModelKind;
use crate::train::{TrainError, lacking};
use crate::training_set::TrainingSet;
use before::before;
pub use boosting::BoostingTrial;
pub use kind::KindTrial;
pub(crate) use kind::{ByKind, with_blend};
pub use level::LevelTrial;
pub use penalty::L2Trial;
pub(crate) use penalty::Penalty;
pub use stacking::StackTrial;

/// What was tried, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// The cut-off at which it was tried, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// Rows there.
    pub rows: ClassCounts,
    /// Rows of the earlier cut-offs that were learned from.
    pub training: ClassCounts,
    /// The weights of squared coefficients, smallest first; none when the project sets one, or tries no
    /// logistic regression.
    pub l2: Vec<L2Trial>,
    /// Trees of each depth; none when none are tried.
    pub boosting: Vec<BoostingTrial>,
    /// The kinds of models, each with the best of the above.
    pub kinds: Vec<KindTrial>,
    /// Numbers of cut-offs to learn from, the fewest first; none of older versions.
    #[serde(default)]
    pub stacking: Vec<StackTrial>,
    /// By how much such models were off at cut-offs so far, newest first.
    pub levels: Vec<LevelTrial>,
    /// The ways to calibrate.
    pub calibrations: CalibrationTrials,
}

/// The ways to calibrate that were tried, or why none was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationTrials {
    /// The project sets one.
    Set,
    /// Each was learned from one cut-off and tried on the later one.
    Tried {
        /// The cut-off learned from, in days since 1970-01-01.
        cutoff_day: i32,
        /// The simplest first.
        tried: Vec<CalibrationTrial>,
    },
    /// None was, and scores are as fitted.
    NotTried {
        /// Why not, as a clause.
        reason: String,
    },
}

/// What was tried, or why nothing was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TuningResult {
    /// What was tried.
    Tried(Tuning),
    /// Nothing was; coefficients are held back by a default, and scores are as fitted.
    NotTried {
        /// Why not, as a clause.
        reason: String,
    },
}

/// What was chosen, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) recipe: Recipe,
    pub(crate) calibration: Calibration,
    pub(crate) tuning: TuningResult,
}

impl Chosen {
    fn without_trials(recipe: Recipe, reason: String) -> Self {
        Self {
            recipe,
            calibration: Calibration::None,
            tuning: TuningResult::NotTried { reason },
        }
    }
}

/// Chooses as of a day, on the newest cut-off that is closed by then.
pub(crate) fn tune(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
) -> Result<Chosen, TrainError> {
    let config = problem.config;
    let untried = untried(config, effects::wanted(problem, set, as_of_day)?);
    let cutoffs = config.evaluation_cutoffs(as_of_day);
    let later = set.at(&[cutoffs.test]);
    let earlier = set.at(&cutoffs.training);
    if let Some(reason) = lacking(config, "the cut-off to choose on", &later, &earlier) {
        return Ok(Chosen::without_trials(untried, reason));
    }
    let found = match find(problem, set, as_of_day, untried, &earlier, &later) {
        Err(error) if error.is_no_features() => {
            let reason = "no feature varies over the rows before the cut-off to choose on";
            return Ok(Chosen::without_trials(untried, reason.to_owned()));
        }
        found => found?,
    };
    let stacked = stacking::stack(
        problem,
        set,
        &cutoffs.training,
        &later,
        found.recipe,
        found.log_odds,
    )?;
    let recipe = Recipe {
        stacked: stacked.cutoffs,
        ..found.recipe
    };
    let told = Told {
        churned: later.churned(),
        log_odds: &stacked.log_odds,
    };
    let (method, calibrations) = match config.calibration() {
        Some(method) => (method, CalibrationTrials::Set),
        None => calibrate(problem, set, as_of_day, recipe, told)?,
    };
    let (lasting, levels) = match method {
        CalibrationMethod::None if config.calibration().is_some() => (None, Vec::new()),
        CalibrationMethod::None | CalibrationMethod::Intercept => {
            level::lasting(problem, set, as_of_day, recipe)?
        }
        CalibrationMethod::Platt | CalibrationMethod::Isotonic => (None, Vec::new()),
    };
    let calibration = match lasting {
        Some(intercept) => Some(Calibration::Intercept { intercept }),
        None => Calibration::fit(method, told.churned, told.log_odds),
    };
    Ok(Chosen {
        recipe,
        calibration: calibration.unwrap_or(Calibration::None),
        tuning: TuningResult::Tried(Tuning {
            cutoff_day: cutoffs.test,
            rows: later.class_counts(),
            training: earlier.class_counts(),
            l2: found.l2,
            boosting: found.boosting,
            kinds: found.kinds,
            stacking: stacked.trials,
            levels,
            calibrations,
        }),
    })
}

/// The simplest kind that is asked for, with defaults.
fn untried(config: &ChurnConfig, effects: bool) -> Recipe {
    let kind = config.models().first().copied();
    let penalty = config.l2().unwrap_or(L2_UNTRIED);
    Recipe {
        kind: kind.unwrap_or(ModelKind::Logistic),
        penalty: Penalty::Summed(penalty),
        boosting: Boosting::default(),
        stacked: config.stacked_cutoffs(),
        effects,
    }
}

/// The best recipe, what it tells the later rows, and all that was tried.
struct Found {
    recipe: Recipe,
    log_odds: Vec<f64>,
    l2: Vec<L2Trial>,
    boosting: Vec<BoostingTrial>,
    kinds: Vec<KindTrial>,
}

fn find(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    untried: Recipe,
    earlier: &TrainingSet,
    later: &TrainingSet,
) -> Result<Found, TrainError> {
    let config = problem.config;
    let lesson = Lesson::new(problem, earlier, untried.effects)?;
    let given = config.l2().map(Penalty::Summed);
    let (mut penalty, mut size) = (untried.penalty, untried.boosting);
    let (mut l2, mut boosting) = (Vec::new(), Vec::new());
    let mut told = ByKind::new();
    for kind in config.models() {
        let log_odds = if *kind == ModelKind::Boosted {
            let best = boosting::boost(&lesson, later)?;
            (size, boosting) = (best.size, best.trials);
            best.log_odds
        } else {
            let best = penalty::penalise(&lesson, later, given)?;
            (penalty, l2) = (best.penalty, best.trials);
            best.log_odds
        };
        told.push((*kind, log_odds));
    }
    let mut told = with_blend(told);
    let (mut place, kinds) = kind::choose(&told, later.churned());
    let mean = told.len().saturating_sub(1);
    let of = |place: usize| Recipe {
        kind: told[place].0,
        penalty,
        boosting: size,
        ..untried
    };
    if place != mean && !kind::wins_before(problem, set, as_of_day, of(place), of(mean))? {
        place = mean;
    }
    let recipe = of(place);
    let (_, log_odds) = told.swap_remove(place);
    Ok(Found {
        recipe,
        log_odds,
        l2,
        boosting,
        kinds,
    })
}

/// Which way to calibrate, learned at the cut-off before, wins at the one of `later`. A history that is
/// too short for that calibrates nothing.
fn calibrate(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    recipe: Recipe,
    later: Told<'_>,
) -> Result<(CalibrationMethod, CalibrationTrials), TrainError> {
    let before = match before(problem, set, as_of_day, recipe)? {
        Err(reason) => {
            let trials = CalibrationTrials::NotTried { reason };
            return Ok((CalibrationMethod::None, trials));
        }
        Ok(before) => before,
    };
    let (method, tried) = choose(before.told(), later);
    let cutoff_day = before.cutoff_day;
    Ok((method, CalibrationTrials::Tried { cutoff_day, tried }))
}
