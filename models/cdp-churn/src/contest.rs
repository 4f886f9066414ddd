//! Two models on the same customers, at a cut-off of whose outcome neither knows anything.
//!
//! A model that was trained for a day knows how the windows ended that had closed by then, and those
//! overlap with the window of a cut-off that lies before that day. So a model is tried as it stands
//! only at a cut-off on or after the day it was trained for. At an earlier one stands in for it what
//! its recipe (settings and features) makes of what was known at the cut-off.

use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, Guard, compare, guards};
use crate::config::ChurnConfig;
use crate::feature_table::FeatureTable;
use crate::lesson::{Fitted, Problem, Recipe};
use crate::model::ChurnModel;
use crate::order_baseline::BaselineColumns;
use crate::train::{TrainError, lacking};
use crate::training_set::TrainingSet;
use crate::tuning::tune;

/// What stood for a model at the cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The model itself, which had been trained by then.
    AsTrained,
    /// Another one of its recipe, learned from what was known at the cut-off.
    LearnedAgain,
}

/// A model in a contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contestant {
    /// The model.
    pub model_id: String,
    /// What stood for it.
    pub basis: Basis,
}

/// Two models on the same customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contest {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// The model in place.
    pub champion: Contestant,
    /// The one that wants its place.
    pub candidate: Contestant,
    /// Whether both are of one recipe and were learned again, and so are one and the same.
    pub is_same: bool,
    /// How good they are, and by how much.
    pub comparison: Comparison,
}

/// A contest, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContestResult {
    /// It was held.
    Held(Box<Contest>),
    /// It was not.
    NotHeld {
        /// The model that can't be tried on these customers; nothing when no model can.
        model_id: Option<String>,
        /// Why not, as a clause: "it foretells 30 days, and 90 days are asked for now".
        reason: String,
    },
}

impl ContestResult {
    /// The contest, if it was held.
    pub fn held(&self) -> Option<&Contest> {
        match self {
            Self::Held(contest) => Some(contest),
            Self::NotHeld { .. } => None,
        }
    }
}

/// Holds two models against each other at the newest cut-off that is closed by a day. The set should
/// hold the rows of [`ChurnConfig::all_cutoffs`].
pub fn contest(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
    champion: &ChurnModel,
    candidate: &ChurnModel,
) -> Result<ContestResult, TrainError> {
    let cutoff = Cutoff::newest(config, set, as_of_day, columns);
    let of_champion = match cutoff.told_by(champion)? {
        Ok(told) => told,
        Err(reason) => return Ok(reason.into()),
    };
    let is_same = of_champion.0 == Basis::LearnedAgain && champion.is_recipe_of(candidate);
    let of_candidate = if is_same {
        of_champion.clone()
    } else {
        match cutoff.told_by(candidate)? {
            Ok(told) => told,
            Err(reason) => return Ok(reason.into()),
        }
    };
    let contestant = |model: &ChurnModel, told: &Told| Contestant {
        model_id: model.model_id(),
        basis: told.0,
    };
    Ok(ContestResult::Held(Box::new(Contest {
        cutoff_day: cutoff.day,
        champion: contestant(champion, &of_champion),
        candidate: contestant(candidate, &of_candidate),
        is_same,
        comparison: compare(cutoff.test.churned(), &of_champion.1, &of_candidate.1)?,
    })))
}

/// What a model told customers without a look ahead, and what they did.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// What stood for the model there.
    pub basis: Basis,
    /// Who churned.
    pub churned: Vec<bool>,
    /// What each was told.
    pub probabilities: Vec<f64>,
}

/// What a model told the customers of the newest cut-off that is closed by a day; or why it can't be
/// tried, as a clause. The set should hold the rows of [`ChurnConfig::all_cutoffs`].
pub fn foretell(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
    model: &ChurnModel,
) -> Result<Result<Foretold, String>, TrainError> {
    let cutoff = Cutoff::newest(config, set, as_of_day, columns);
    let told = cutoff.told_by(model)?.map_err(|untried| untried.reason);
    Ok(told.map(|(basis, probabilities)| Foretold {
        cutoff_day: cutoff.day,
        basis,
        churned: cutoff.test.churned().to_vec(),
        probabilities,
    }))
}

/// The guards of a model that has nobody to contend with; none when it can't be tried.
pub(crate) fn guards_alone(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
    model: &ChurnModel,
) -> Result<Vec<Guard>, TrainError> {
    let cutoff = Cutoff::newest(config, set, as_of_day, columns);
    Ok(match cutoff.told_by(model)? {
        Ok((_, told)) => guards(cutoff.test.churned(), &told, None)?,
        Err(_) => Vec::new(),
    })
}

/// What a model, or what stood for it, told every customer.
type Told = (Basis, Vec<f64>);

/// Why a model can't be tried.
struct Untried {
    model_id: Option<String>,
    reason: String,
}

impl Untried {
    fn all(reason: String) -> Self {
        Self {
            model_id: None,
            reason,
        }
    }

    fn one(model: &ChurnModel, reason: String) -> Self {
        Self {
            model_id: Some(model.model_id()),
            reason,
        }
    }
}

impl From<Untried> for ContestResult {
    fn from(untried: Untried) -> Self {
        Self::NotHeld {
            model_id: untried.model_id,
            reason: untried.reason,
        }
    }
}

/// The customers that models are tried on.
struct Cutoff<'a> {
    config: &'a ChurnConfig,
    set: &'a TrainingSet,
    columns: &'a BaselineColumns<'a>,
    day: i32,
    test: TrainingSet,
}

impl<'a> Cutoff<'a> {
    fn newest(
        config: &'a ChurnConfig,
        set: &'a TrainingSet,
        as_of_day: i32,
        columns: &'a BaselineColumns<'a>,
    ) -> Self {
        let day = config.evaluation_cutoffs(as_of_day).test;
        Self {
            config,
            set,
            columns,
            day,
            test: set.at(&[day]),
        }
    }

    /// What a model tells the customers without a look ahead, or why it can't.
    fn told_by(&self, model: &ChurnModel) -> Result<Result<Told, Untried>, TrainError> {
        let counts = self.test.class_counts();
        if counts.rarer() == 0 {
            return Ok(Err(Untried::all(format!(
                "the newest closed cut-off has {} churned and {} retained customers, and some of \
                 each are needed",
                counts.churned, counts.retained
            ))));
        }
        if let Some(reason) = model.settings().other_question(self.config) {
            return Ok(Err(Untried::one(model, reason)));
        }
        if model.as_of_day() > self.day {
            return self.told_by_recipe(model);
        }
        let mut features = self.test.features().clone();
        model.take_unknown(&mut features);
        let told = model.predict(&features);
        let told = told.map_err(|error| Untried::one(model, error.to_string()));
        Ok(told.map(|told| (Basis::AsTrained, told)))
    }

    fn told_by_recipe(&self, model: &ChurnModel) -> Result<Result<Told, Untried>, TrainError> {
        let config = self.config.with(model.settings());
        let set = self.set.with_features(|features: &mut FeatureTable| {
            model.take_unknown(features);
        });
        if let Err(error) = model.spec().fits(set.features()) {
            return Ok(Err(Untried::one(model, error.to_string())));
        }
        let test = set.at(&[self.day]);
        let cutoffs = config.training_cutoffs(self.day);
        let training = set.at(&cutoffs);
        if let Some(reason) = lacking(&config, "the newest closed cut-off", &test, &training) {
            return Ok(Err(Untried::all(reason)));
        }
        let problem = Problem {
            config: &config,
            columns: self.columns,
        };
        let chosen = tune(problem, &set, self.day)?;
        let training = chosen.recipe.rows(&set, &cutoffs);
        let log_odds = match learn(problem, &training, &test, chosen.recipe) {
            Err(error) if error.is_no_features() => {
                let reason = "no feature varies before the newest closed cut-off".to_owned();
                return Ok(Err(Untried::one(model, reason)));
            }
            log_odds => log_odds?.into_iter(),
        };
        let told = log_odds.map(|z| chosen.calibration.probability(z));
        Ok(Ok((Basis::LearnedAgain, told.collect())))
    }
}

/// What a recipe makes of earlier rows, told to later ones.
fn learn(
    problem: Problem<'_>,
    earlier: &TrainingSet,
    later: &TrainingSet,
    recipe: Recipe,
) -> Result<Vec<f64>, TrainError> {
    Fitted::new(problem, earlier, recipe)?.log_odds(later)
}
