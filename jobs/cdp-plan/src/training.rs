//! When a model of churn or of linkage is trained, and which earlier dates are made for it.

use std::collections::BTreeSet;

use cdp_churn::ChurnConfig;

use crate::date::AsOfDate;
use crate::definition::Definition;
use crate::manifest::Manifest;
use crate::model::{Model, Step};
use crate::name::TableName;
use crate::plan::{Framed, LakeState, Purpose, Task, Wanted};

/// Whether a model is to be trained, with the reason.
pub(crate) enum Due {
    Yes(String),
    /// The date has a model already, which is up to date as a rule.
    Again(String),
    No(String),
}

/// What is known of a thing that is trained now and then.
struct Trained<'a> {
    model: &'a Model,
    retrain_days: u32,
    /// The section of the configuration that says so.
    section: &'a str,
    /// What differs between the newest of an earlier date and one that was trained now.
    changes: &'a [String],
}

impl Due {
    pub(crate) fn is_due(&self) -> bool {
        !matches!(self, Self::No(_))
    }

    /// Whether a model of churn is to be trained, by a definition of it.
    pub(crate) fn churn(asked: &Wanted<'_>, definition: &Definition) -> Self {
        let Some(model) = asked.manifest.trainer(definition) else {
            return Self::Yes("a model reads cut-offs".to_owned());
        };
        let changes = asked.state.model_changes.get(definition);
        let trained = Trained {
            model,
            retrain_days: asked.config.churn.of(definition).retrain_days(),
            section: "churn",
            changes: changes.map_or(&[], Vec::as_slice),
        };
        trained.due(asked)
    }

    /// Whether the weights of a linkage, which this model holds, are to be trained.
    pub(crate) fn linkage(asked: &Wanted<'_>, model: &Model) -> Self {
        let linkage = &asked.config.linkage;
        if !linkage.is_enabled() {
            return Self::No("`linkage.enabled` is false".to_owned());
        }
        let trained = Trained {
            model,
            retrain_days: linkage.retrain_days(),
            section: "linkage",
            changes: &asked.state.linkage_changes,
        };
        trained.due(asked)
    }
}

impl Trained<'_> {
    /// A date is served by the newest model that was trained at or before it. So a date with a model
    /// of its own trains that one again, which is up to date as a rule; any other date trains one
    /// when the newest earlier model is too old, or is not what a training of today would make.
    fn due(&self, asked: &Wanted<'_>) -> Due {
        let &Wanted {
            as_of_date, state, ..
        } = asked;
        let none = BTreeSet::new();
        let dates = state.partitions.get(&self.model.name).unwrap_or(&none);
        if dates.contains(&as_of_date) {
            return Due::Again(format!("{as_of_date} has a model of its own"));
        }
        let Some(latest) = dates.range(..as_of_date).next_back() else {
            return Due::Yes(format!("there is no model from before {as_of_date}"));
        };
        let age = i64::from(as_of_date.epoch_day()) - i64::from(latest.epoch_day());
        let days = self.retrain_days;
        if age >= i64::from(days) {
            let section = self.section;
            return Due::Yes(format!(
                "the model of {latest} has served for `{section}.retrain_days` ({days})"
            ));
        }
        if !self.changes.is_empty() {
            let changes = self.changes.join("; ");
            return Due::Yes(format!("since the model of {latest}: {changes}"));
        }
        if asked.force && asked.selection.names(&self.model.name) {
            return Due::Yes("by force".to_owned());
        }
        Due::No(format!(
            "the model of {latest} serves; `retrain_days` is {days}"
        ))
    }
}

/// What is trained by a definition of churn.
pub(crate) struct Training<'a> {
    churn: ChurnConfig,
    pub(crate) due: Due,
    /// The models that read cut-offs, if they are due.
    pub(crate) trained: Vec<&'a Model>,
    cutoffs: Vec<AsOfDate>,
}

impl<'a> Training<'a> {
    pub(crate) fn of(asked: &Wanted<'a>, definition: &Definition) -> Self {
        let chosen = asked.state.horizon_days.get(definition).copied();
        Self {
            churn: asked
                .config
                .churn
                .of(definition)
                .with_chosen_horizon(chosen),
            due: Due::churn(asked, definition),
            trained: Vec::new(),
            cutoffs: Vec::new(),
        }
    }

    /// Adds what the lake lacks of the earlier cut-offs that are read.
    pub(crate) fn add_cutoffs(
        &mut self,
        asked: &Wanted<'a>,
        wanted: &mut Vec<(AsOfDate, &'a Model, Purpose)>,
    ) {
        if self.trained.is_empty() {
            return;
        }
        let (manifest, state) = (asked.manifest, asked.state);
        self.cutoffs = cutoffs(&self.churn, asked.as_of_date, state);
        for date in &self.cutoffs {
            let missing = missing(manifest, &self.trained, *date, state);
            let of_date = Wanted {
                as_of_date: *date,
                force: false,
                ..*asked
            };
            let is_due = |model: &Model| {
                model.step() != Some(Step::TrainLinkage) || Due::linkage(&of_date, model).is_due()
            };
            let chosen = missing
                .into_iter()
                .filter(|model| asked.holds(model) && is_due(model));
            wanted.extend(chosen.map(|model| (*date, model, Purpose::CutOff)));
        }
    }

    pub(crate) fn framed(self, tasks: &[Task]) -> Framed {
        Framed {
            horizon_days: self.churn.horizon_days(),
            training: told(&self.due, &self.trained, &self.cutoffs, tasks),
            cutoff_dates: self.cutoffs,
        }
    }
}

/// The cut-offs that a training reads, oldest first.
fn cutoffs(churn: &ChurnConfig, as_of_date: AsOfDate, state: &LakeState) -> Vec<AsOfDate> {
    let first = state.first_date;
    churn
        .all_cutoffs(as_of_date.epoch_day())
        .into_iter()
        .filter_map(AsOfDate::from_epoch_day)
        .filter(|date| first.is_some_and(|first| *date >= first))
        .collect()
}

/// The stored models that training needs at a cut-off and that have no partition for it, or one
/// that is not made as they are defined now.
fn missing<'a>(
    manifest: &'a Manifest,
    trained: &[&Model],
    date: AsOfDate,
    state: &LakeState,
) -> Vec<&'a Model> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<TableName> = trained
        .iter()
        .flat_map(|model| model.reads_past.clone())
        .collect();
    while let Some(name) = open.pop() {
        let dates = state.partitions.get(&name);
        let outdated = state.outdated.contains(&(name.clone(), date));
        let held = !outdated && dates.is_some_and(|dates| dates.contains(&date));
        if !held && needed.insert(name.clone()) {
            open.extend(manifest.inputs(&name));
        }
    }
    // An id that is given at a cut-off is told as one that is given on any other date.
    if makers_of_ids(manifest).any(|map| needed.contains(&map.name)) {
        let telling = with_step(manifest, Step::ListChanges);
        needed.extend(telling.map(|model| model.name.clone()));
    }
    manifest
        .models()
        .filter(|model| needed.contains(&model.name))
        .filter(|model| model.materialization.is_dated())
        .collect()
}

/// The models that give profile ids.
pub(crate) fn makers_of_ids(manifest: &Manifest) -> impl Iterator<Item = &Model> {
    with_step(manifest, Step::ResolveIdentities)
}

fn with_step(manifest: &Manifest, step: Step) -> impl Iterator<Item = &Model> {
    let models = manifest.models();
    models.filter(move |model| model.step() == Some(step))
}

/// One line for people: why a model is trained, and which earlier dates are made for it.
fn told(due: &Due, trained: &[&Model], cutoffs: &[AsOfDate], tasks: &[Task]) -> Option<String> {
    let (Due::Yes(reason) | Due::Again(reason)) = due else {
        return None;
    };
    let is_planned = |task: &Task| trained.iter().any(|model| model.name == task.name);
    let made: BTreeSet<AsOfDate> = tasks
        .iter()
        .filter(|task| task.purpose == Purpose::CutOff && cutoffs.contains(&task.as_of_date))
        .map(|task| task.as_of_date)
        .collect();
    if made.is_empty() {
        let planned = tasks.iter().any(is_planned);
        return (planned && matches!(due, Due::Yes(_))).then(|| reason.clone());
    }
    let dates: Vec<String> = made.iter().map(ToString::to_string).collect();
    Some(format!(
        "{reason}; it reads earlier dates, which are made too: {}",
        dates.join(", ")
    ))
}
