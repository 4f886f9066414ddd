//! The settings that shape a model, kept in its artefact, so that it can be told when it no longer
//! is the model that they ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calibration::CalibrationMethod;
use crate::config::{AUTO, ChurnConfig};
use crate::feature_spec::FeatureSpec;
use crate::feature_table::FeatureKind;
use crate::framing::Framing;
use crate::horizon::Horizon;
use crate::model_kind::ModelKind;
use crate::solver::Solver;

/// The keys of `[churn]` that another model comes of. Those that say when to train, who is scored
/// how gravely and how much is told are not among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// What churn is, and of what.
    pub framing: Framing,
    /// Length in days of the window without an order that counts as churn.
    pub horizon_days: i32,
    /// Whether the training chose it.
    pub horizon_is_chosen: bool,
    /// Days between the cut-off and the start of that window.
    pub gap_days: i32,
    /// Days between two training cut-offs.
    pub step_days: i32,
    /// How many cut-offs are stacked.
    pub training_cutoffs: usize,
    /// An eligible profile has an order in this many days; 0 sets no limit.
    pub eligible_within_days: i32,
    /// Fewest orders of an eligible profile.
    pub orders_min: u32,
    /// Weight of the squared coefficients beside the summed loss; nothing when it was chosen.
    pub l2: Option<f64>,
    /// What was fitted and tried.
    pub models: Vec<ModelKind>,
    /// What fits the logistic regression.
    pub solver: Solver,
    /// How scores are calibrated; nothing when it was chosen.
    pub calibration: Option<CalibrationMethod>,
}

impl ModelSettings {
    /// Those of a configuration.
    pub fn of(config: &ChurnConfig) -> Self {
        Self {
            framing: config.framing().clone(),
            horizon_days: config.horizon_days(),
            horizon_is_chosen: config.horizon() == Horizon::Auto,
            gap_days: config.gap_days(),
            step_days: config.step_days(),
            training_cutoffs: config.training_cutoffs,
            eligible_within_days: config.eligible_within_days().unwrap_or(0),
            orders_min: config.orders_min(),
            l2: config.l2(),
            models: config.models().to_vec(),
            solver: config.solver(),
            calibration: config.calibration(),
        }
    }

    /// What differs now, one sentence for each key.
    pub(crate) fn changes(&self, now: &Self) -> Vec<String> {
        let pairs = self.values().into_iter().zip(now.values());
        let changed = pairs.filter(|((_, before), (_, now))| before != now);
        changed
            .map(|((key, before), (_, now))| format!("`churn.{key}` is {now} and was {before}"))
            .collect()
    }

    /// Why probabilities of such a model can't be held against what a project asks now, if so: they
    /// speak of something else, or of another stretch of time.
    pub(crate) fn other_question(&self, config: &ChurnConfig) -> Option<String> {
        if self.framing != *config.framing() {
            let (then, now) = (self.framing.churn_words(), config.framing().churn_words());
            return Some(format!("it foretells {then}, and {now} is asked for now"));
        }
        let now = (config.horizon_days(), config.gap_days());
        ((self.horizon_days, self.gap_days) != now).then(|| {
            let of = |(horizon, gap): (i32, i32)| match gap {
                0 => format!("{horizon} days"),
                gap => format!("{horizon} days after {gap}"),
            };
            format!(
                "it foretells {}, and {} are asked for now",
                of((self.horizon_days, self.gap_days)),
                of(now)
            )
        })
    }

    fn horizon_text(&self) -> String {
        if self.horizon_is_chosen {
            AUTO.to_owned()
        } else {
            self.horizon_days.to_string()
        }
    }

    fn values(&self) -> [(&'static str, String); 13] {
        [
            ("kind", self.framing.kind.as_str().to_owned()),
            ("target", self.framing.target.join(", ")),
            ("lapse_days", self.framing.lapse_days.to_string()),
            ("horizon_days", self.horizon_text()),
            ("gap_days", self.gap_days.to_string()),
            ("step_days", self.step_days.to_string()),
            ("training_cutoffs", self.training_cutoffs.to_string()),
            (
                "eligible_within_days",
                self.eligible_within_days.to_string(),
            ),
            ("orders_min", self.orders_min.to_string()),
            (
                "l2",
                self.l2.map_or_else(|| AUTO.to_owned(), |l2| l2.to_string()),
            ),
            (
                "models",
                self.models
                    .iter()
                    .map(ModelKind::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("solver", self.solver.to_string()),
            (
                "calibration",
                self.calibration
                    .map_or(AUTO, CalibrationMethod::as_str)
                    .to_owned(),
            ),
        ]
    }
}

/// How the features of today differ from those of a specification, one sentence for each way.
pub(crate) fn feature_changes(
    spec: &FeatureSpec,
    now: &BTreeMap<String, FeatureKind>,
) -> Vec<String> {
    let before: BTreeMap<&str, FeatureKind> = spec
        .columns()
        .iter()
        .map(|column| (column.name.as_str(), column.kind()))
        .collect();
    let added = now
        .keys()
        .filter(|name| !before.contains_key(name.as_str()));
    let gone = before.keys().filter(|name| !now.contains_key(**name));
    let other = before
        .iter()
        .filter(|(name, kind)| now.get(**name).is_some_and(|now| now != *kind));
    let named = |what: &str, names: Vec<String>| {
        let plural = if names.len() == 1 {
            "feature"
        } else {
            "features"
        };
        (!names.is_empty()).then(|| format!("{what} {plural} {}", names.join(", ")))
    };
    let quoted = |name: &str| format!("`{name}`");
    [
        named("new", added.map(|name| quoted(name)).collect()),
        named("gone", gone.map(|name| quoted(name)).collect()),
        named(
            "differently typed",
            other.map(|(name, _)| quoted(name)).collect(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
