//! Whether a newly trained model takes the place of the one in service.

use serde::{Deserialize, Serialize};

use crate::comparison::{Guard, Verdict};
use crate::config::ChurnConfig;
use crate::contest::{Basis, Contest, ContestResult, contest, guards_alone};
use crate::drift::{ACT, Drift, DriftBaseline};
use crate::model::ChurnModel;
use crate::order_baseline::BaselineColumns;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// When a newly trained model is promoted by itself. Never with a guard that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promote {
    /// Unless it is surely worse: the model in service is always a fresh one.
    #[default]
    Retrain,
    /// Only when it is surely better, or the model in service can't serve any more.
    Better,
    /// Never; a person promotes.
    Manual,
}

impl Promote {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Retrain, Self::Better, Self::Manual];

    /// The name as it stands in `cdp.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::Better => "better",
            Self::Manual => "manual",
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

/// What is in the place that a candidate wants.
#[derive(Debug, Clone, Copy)]
pub enum Champion<'a> {
    /// Nothing yet.
    Nobody,
    /// A model that can't be read any more.
    Unreadable {
        /// Which.
        model_id: &'a str,
        /// Why not.
        reason: &'a str,
    },
    /// A model.
    Model {
        /// The model.
        model: &'a ChurnModel,
        /// The person who put it there; nothing when a run did.
        person: Option<&'a str>,
    },
}

/// What was decided of a candidate, and on what evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Whether it takes the place.
    pub is_promoted: bool,
    /// Why, or why not, as a clause.
    pub because: String,
    /// The rule of the project.
    pub rule: Promote,
    /// The model that was in the place.
    pub champion_id: Option<String>,
    /// How both did on the same customers; nothing without a champion that can be read.
    pub contest: Option<ContestResult>,
    /// What it must keep.
    pub guards: Vec<Guard>,
}

impl Promotion {
    /// The guards that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().filter(|guard| !guard.holds())
    }
}

/// Decides by the rule of the project. The set should hold the rows of
/// [`ChurnConfig::all_cutoffs`].
pub fn judge(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
    champion: Champion<'_>,
    candidate: &ChurnModel,
) -> Result<Promotion, TrainError> {
    let held = match champion {
        Champion::Model { model, .. } => {
            Some(contest(config, set, as_of_day, columns, model, candidate)?)
        }
        Champion::Nobody | Champion::Unreadable { .. } => None,
    };
    let mut guards = match held.as_ref().and_then(ContestResult::held) {
        Some(contest) => contest.comparison.guards.clone(),
        None => guards_alone(config, set, as_of_day, columns, candidate)?,
    };
    guards.extend(simple_rules(candidate));
    let contest = held.as_ref().and_then(ContestResult::held);
    guards.extend(decline(champion, contest, candidate));
    guards.extend(score_shift(config, set, as_of_day, candidate));
    let rule = config.promote();
    let (is_promoted, because) = decide(rule, champion, held.as_ref(), &guards);
    Ok(Promotion {
        is_promoted,
        because,
        rule,
        champion_id: match champion {
            Champion::Nobody => None,
            Champion::Unreadable { model_id, .. } => Some(model_id.to_owned()),
            Champion::Model { model, .. } => Some(model.model_id()),
        },
        contest: held,
        guards,
    })
}

fn simple_rules(candidate: &ChurnModel) -> Vec<Guard> {
    let Some(measured) = candidate.evaluation().measured() else {
        return Vec::new();
    };
    let base_rate = Guard::BaseRate {
        found: measured.base_rate.log_loss - measured.model.log_loss,
        limit: 0.0,
    };
    let best = Guard::SimpleRule {
        rule: measured.best_baseline.clone(),
        found: measured.intervals.gain.high,
        limit: 0.0,
    };
    vec![base_rate, best]
}

/// A champion that stands for itself in the contest is known to be no better; any other is asked how
/// much it told when it was trained.
fn decline(
    champion: Champion<'_>,
    held: Option<&Contest>,
    candidate: &ChurnModel,
) -> Option<Guard> {
    let Champion::Model { model, .. } = champion else {
        return None;
    };
    if held?.champion.basis == Basis::AsTrained {
        return None;
    }
    let auc = |model: &ChurnModel| model.evaluation().measured()?.intervals.roc_auc;
    Some(Guard::Decline {
        found: auc(candidate)?.high,
        limit: auc(model)?.low,
    })
}

fn score_shift(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    candidate: &ChurnModel,
) -> Option<Guard> {
    let baseline = DriftBaseline::of(candidate, set).ok()?;
    let newest = set.at(&[config.evaluation_cutoffs(as_of_day).test]);
    let told = candidate.predict(newest.features()).ok()?;
    let mut count = baseline.count();
    count.add(newest.features(), &told);
    let drift = count.drift().into_iter().find(Drift::is_score)?;
    Some(Guard::ScoreShift {
        found: drift.beyond_chance(),
        limit: ACT,
    })
}

fn decide(
    rule: Promote,
    champion: Champion<'_>,
    held: Option<&ContestResult>,
    guards: &[Guard],
) -> (bool, String) {
    let (is_wanted, because) = match (champion, held) {
        (Champion::Nobody, _) => return alone("there was no champion".to_owned(), guards),
        (Champion::Unreadable { reason, .. }, _) => {
            alone(format!("the champion can't be used: {reason}"), guards)
        }
        (
            _,
            Some(ContestResult::NotHeld {
                model_id: Some(_),
                reason,
            }),
        ) => alone(
            format!("the champion can't be held against it: {reason}"),
            guards,
        ),
        (Champion::Model { person, .. }, held) => {
            let (is_wanted, because) = match held {
                Some(ContestResult::Held(contest)) => wanted(rule, person, contest),
                Some(ContestResult::NotHeld { reason, .. }) => (
                    rule == Promote::Retrain && person.is_none(),
                    format!("neither can be tried: {reason}"),
                ),
                None => (false, "nothing was compared".to_owned()),
            };
            match broken(guards.iter()) {
                Some(broken) => (false, broken),
                None => (is_wanted, because),
            }
        }
    };
    if is_wanted && rule == Promote::Manual {
        return (false, format!("{because}, but `churn.promote` is manual"));
    }
    (is_wanted, because)
}

/// Somebody has to serve: where nobody else can, only what tells nothing is refused. Where a simple rule
/// told more at an earlier cut-off, that is said; there is more to learn from since.
fn alone(because: String, guards: &[Guard]) -> (bool, String) {
    let tells = |guard: &&Guard| matches!(guard, Guard::BaseRate { .. });
    let simple = |guard: &&Guard| matches!(guard, Guard::SimpleRule { .. });
    match broken(guards.iter().filter(tells)) {
        Some(broken) => (false, broken),
        None => match broken(guards.iter().filter(simple)) {
            Some(broken) => (true, format!("{because}; beware: {broken}")),
            None => (true, because),
        },
    }
}

/// What a contest says under a rule.
fn wanted(rule: Promote, person: Option<&str>, contest: &Contest) -> (bool, String) {
    let found = &contest.comparison;
    let gain = format!(
        "log loss less by {:.4} ({:.4} to {:.4})",
        found.gain, found.interval.low, found.interval.high
    );
    match found.verdict() {
        Verdict::Better => (true, format!("it is better than the champion: {gain}")),
        Verdict::Worse => (false, format!("it is worse than the champion: {gain}")),
        Verdict::NotSure => {
            let told = if contest.is_same {
                "it is of the champion's recipe, only fresher".to_owned()
            } else if contest.champion.basis == Basis::AsTrained {
                format!("it is fresher and not surely worse than the champion: {gain}")
            } else {
                format!("it is not surely worse than the champion: {gain}")
            };
            match (rule, person) {
                (_, Some(person)) => (false, format!("{told}; and {person} chose the champion")),
                (Promote::Better, None) => (false, format!("{told}; not surely better")),
                (Promote::Retrain | Promote::Manual, None) => (true, told),
            }
        }
    }
}

fn broken<'a>(guards: impl Iterator<Item = &'a Guard>) -> Option<String> {
    let broken: Vec<String> = guards
        .filter(|guard| !guard.holds())
        .map(Guard::to_string)
        .collect();
    (!broken.is_empty()).then(|| broken.join("; "))
}
