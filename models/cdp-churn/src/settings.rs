//! The settings that shape a model, kept in its artefact, so that it can be told when it no longer
//! is the model that they ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::ChurnConfig;
use crate::feature_spec::FeatureSpec;
use crate::feature_table::FeatureKind;

/// The keys of `[churn]` that another model comes of. Those that say when to train, who is scored
/// how gravely and how much is told are not among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Length in days of the window without an order that counts as churn.
    pub horizon_days: i32,
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
    /// Weight of the squared coefficients beside the summed loss.
    pub l2: f64,
}

impl ModelSettings {
    /// Those of a configuration.
    pub fn of(config: &ChurnConfig) -> Self {
        Self {
            horizon_days: config.horizon_days(),
            gap_days: config.gap_days(),
            step_days: config.step_days(),
            training_cutoffs: config.training_cutoffs,
            eligible_within_days: config.eligible_within_days().unwrap_or(0),
            orders_min: config.orders_min(),
            l2: config.l2(),
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

    fn values(&self) -> [(&'static str, String); 7] {
        [
            ("horizon_days", self.horizon_days.to_string()),
            ("gap_days", self.gap_days.to_string()),
            ("step_days", self.step_days.to_string()),
            ("training_cutoffs", self.training_cutoffs.to_string()),
            (
                "eligible_within_days",
                self.eligible_within_days.to_string(),
            ),
            ("orders_min", self.orders_min.to_string()),
            ("l2", self.l2.to_string()),
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
