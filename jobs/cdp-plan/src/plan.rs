//! What a run does: which tasks, for which dates, in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::config::Config;
use crate::date::AsOfDate;
use crate::definition::Definition;
use crate::layer::Layer;
use crate::manifest::Manifest;
use crate::materialization::Materialization;
use crate::model::{Model, Step};
use crate::name::TableName;
use crate::selector::Selection;
use crate::training::{self, Due, Training};

/// What the lake holds already, as far as planning needs it.
#[derive(Debug, Clone, Default)]
pub struct LakeState {
    /// The dates of each partitioned table.
    pub partitions: BTreeMap<TableName, BTreeSet<AsOfDate>>,
    /// The day after the first event of any source: the first date a run can speak for.
    pub first_date: Option<AsOfDate>,
    /// What differs between the newest model of an earlier date and one that was trained now;
    /// none when nothing does, or there is none. By definition of churn.
    pub model_changes: BTreeMap<Definition, Vec<String>>,
    /// The same of the newest weights of a linkage.
    pub linkage_changes: Vec<String>,
    /// The horizon that was chosen for the model that serves, or for the one to be trained, when
    /// `churn.horizon_days` is `auto`. By definition of churn.
    pub horizon_days: BTreeMap<Definition, i32>,
    /// Partitions of cut-offs that were made by another query than that of today.
    pub outdated: BTreeSet<(TableName, AsOfDate)>,
}

/// Why a task is in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The date that was asked for.
    AsOf,
    /// Features of an earlier cut-off, which training reads and the lake does not hold as they are
    /// defined now.
    CutOff,
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Look through a raw table and set bad rows aside.
    Inspect,
    /// Check the rows of a view or scratch model, before anybody reads them.
    Check,
    /// Run a model's query and replace what it stores.
    Query,
    /// Run a step in Rust and replace what it stores.
    Step,
}

/// One model for one date.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// The model or source.
    pub name: TableName,
    /// The definition of churn that it is of.
    #[serde(skip_serializing_if = "Definition::is_main")]
    pub definition: Definition,
    /// Its layer; that of a source is `staging`.
    pub layer: Layer,
    /// The date that its rows speak for.
    pub as_of_date: AsOfDate,
    /// Why it is in the plan.
    pub purpose: Purpose,
    /// What it does.
    pub work: Work,
    /// The stored tables and sources that it reads, through views.
    pub reads: Vec<TableName>,
    /// The path below the lake root that it replaces.
    pub writes: String,
    /// The tasks of this plan that come first.
    pub depends_on: Vec<TaskId>,
}

/// `features.order_features@2026-01-01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Task {
    /// The task's name with its date.
    pub fn id(&self) -> TaskId {
        task_id(&self.name, self.as_of_date)
    }
}

fn task_id(name: &TableName, date: AsOfDate) -> TaskId {
    TaskId(format!("{name}@{date}"))
}

/// A model that was selected and is not due, with the reason.
#[derive(Debug, Clone, Serialize)]
pub struct NotDue {
    /// The model.
    pub name: TableName,
    /// Why it is not due.
    pub reason: String,
}

/// What a run takes a definition of churn for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Framed {
    /// The days without an order that are churn to this run, set or chosen.
    pub horizon_days: i32,
    /// The earlier cut-offs that training stacks, oldest first; empty when nothing trains.
    pub cutoff_dates: Vec<AsOfDate>,
    /// Why a model of churn is trained, and for which earlier dates features are made for it;
    /// `None` when nothing of it is in the plan.
    pub training: Option<String>,
}

/// The ordered work of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The date that the run speaks for.
    pub as_of_date: AsOfDate,
    /// The main definition of churn.
    #[serde(flatten)]
    pub main: Framed,
    /// The others, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<Definition, Framed>,
    /// The layers that have tasks, in the order of the data.
    pub layers: Vec<Layer>,
    /// Every task, each after those it depends on.
    pub tasks: Vec<Task>,
    /// What was selected and is not due.
    pub not_due: Vec<NotDue>,
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The sources and models.
    pub manifest: &'a Manifest,
    /// How models are trained.
    pub config: &'a Config,
    /// What is to be made.
    pub selection: &'a Selection,
    /// The date that the run speaks for.
    pub as_of_date: AsOfDate,
    /// What the lake holds already.
    pub state: &'a LakeState,
    /// Whether what is named is due in any case.
    pub force: bool,
}

impl Wanted<'_> {
    /// Whether a model of churn is to be trained for the date, as it has none of its own.
    pub fn trains_churn(&self, definition: &Definition) -> bool {
        matches!(Due::churn(self, definition), Due::Yes(_))
    }

    /// Whether a model is to be made. The changes of profiles go with the map of profiles, so that no
    /// id is given or taken without a word.
    pub(crate) fn holds(&self, model: &Model) -> bool {
        self.selection.holds(&model.name)
            || model.step() == Some(Step::ListChanges)
                && training::makers_of_ids(self.manifest).any(|map| self.selection.holds(&map.name))
    }
}

impl Plan {
    /// The plan of a run for one date.
    pub fn make(asked: &Wanted<'_>) -> Self {
        let &Wanted {
            manifest,
            config,
            selection,
            as_of_date,
            ..
        } = asked;
        let mut not_due = Vec::new();
        let mut wanted: Vec<(AsOfDate, &Model, Purpose)> = Vec::new();
        let mut trainings: BTreeMap<&Definition, Training<'_>> = config
            .churn
            .iter()
            .map(|(definition, _)| (definition, Training::of(asked, definition)))
            .collect();
        for model in manifest
            .models()
            .filter(|model| model.materialization.is_stored())
        {
            let selected = asked.holds(model);
            if model.reads_cutoffs()
                && let Some(training) = trainings.get_mut(&model.definition)
            {
                if let Due::No(reason) = &training.due {
                    let (name, reason) = (model.name.clone(), reason.clone());
                    not_due.extend(selected.then_some(NotDue { name, reason }));
                    continue;
                }
                // Selected or not: a run of one layer makes its part of the cut-offs.
                training.trained.push(model);
            }
            if model.step() == Some(Step::TrainLinkage)
                && let Due::No(reason) = Due::linkage(asked, model)
            {
                let name = model.name.clone();
                not_due.extend(selected.then_some(NotDue { name, reason }));
                continue;
            }
            if selected {
                wanted.push((as_of_date, model, Purpose::AsOf));
            }
        }
        for training in trainings.values_mut() {
            training.add_cutoffs(asked, &mut wanted);
        }
        let mut tasks = inspections(manifest, selection, as_of_date);
        for (date, model, purpose) in with_checks(manifest, selection, as_of_date, &wanted) {
            let task = model_task(manifest, model, date, purpose, &tasks);
            tasks.push(task);
        }
        let mut layers: Vec<Layer> = tasks.iter().map(|task| task.layer).collect();
        layers.sort_unstable();
        layers.dedup();
        let framed = trainings.into_iter();
        let mut definitions: BTreeMap<Definition, Framed> = framed
            .map(|(definition, training)| (definition.clone(), training.framed(&tasks)))
            .collect();
        Self {
            as_of_date,
            main: definitions.remove(&Definition::MAIN).unwrap_or_default(),
            definitions,
            layers,
            tasks,
            not_due,
        }
    }

    /// What the run takes a definition of churn for.
    pub fn framed(&self, definition: &Definition) -> &Framed {
        self.definitions.get(definition).unwrap_or(&self.main)
    }

    /// Why models of churn are trained, of every definition; `None` when none is.
    pub fn training(&self) -> Option<String> {
        let others = self.definitions.iter().filter_map(|(name, framed)| {
            let training = framed.training.as_ref()?;
            Some(format!("of `{name}`: {training}"))
        });
        let all: Vec<String> = self.main.training.iter().cloned().chain(others).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// The stored models that are to be made, and with them the views and scratch models that are to be
/// checked: those through which they read, and those that were selected themselves. Date by date, each
/// model after all that it reads.
fn with_checks<'a>(
    manifest: &'a Manifest,
    selection: &Selection,
    as_of_date: AsOfDate,
    stored: &[(AsOfDate, &'a Model, Purpose)],
) -> Vec<(AsOfDate, &'a Model, Purpose)> {
    let mut wanted: BTreeMap<AsOfDate, BTreeMap<TableName, Purpose>> = BTreeMap::new();
    for (date, model, purpose) in stored {
        let names = manifest.inlined(&model.name).into_iter();
        let names = names.chain([model.name.clone()]);
        let of_date = wanted.entry(*date).or_default();
        of_date.extend(names.map(|name| (name, *purpose)));
    }
    let selected = manifest
        .models()
        .filter(|model| !model.materialization.is_stored() && selection.holds(&model.name))
        .map(|model| (model.name.clone(), Purpose::AsOf));
    wanted.entry(as_of_date).or_default().extend(selected);
    let dates = wanted.into_iter();
    dates
        .flat_map(|(date, of_date)| {
            manifest.models().filter_map(move |model| {
                let purpose = of_date.get(&model.name)?;
                Some((date, model, *purpose))
            })
        })
        .collect()
}

fn inspections(manifest: &Manifest, selection: &Selection, as_of_date: AsOfDate) -> Vec<Task> {
    manifest
        .sources()
        .filter(|source| selection.holds(&source.name))
        .map(|source| Task {
            name: source.name.clone(),
            definition: Definition::MAIN,
            layer: Layer::Staging,
            as_of_date,
            purpose: Purpose::AsOf,
            work: Work::Inspect,
            reads: vec![source.name.clone()],
            writes: "ops/quarantine".to_owned(),
            depends_on: Vec::new(),
        })
        .collect()
}

fn model_task(
    manifest: &Manifest,
    model: &Model,
    as_of_date: AsOfDate,
    purpose: Purpose,
    before: &[Task],
) -> Task {
    let reads = manifest.inputs(&model.name);
    let inlined = manifest.inlined(&model.name);
    let past = &model.reads_past;
    let depends_on = before
        .iter()
        .filter(|task| {
            let read = reads.contains(&task.name) || inlined.contains(&task.name);
            let same_date = task.as_of_date == as_of_date && read;
            let earlier = task.as_of_date < as_of_date && past.contains(&task.name);
            same_date || earlier
        })
        .map(Task::id)
        .collect();
    let path = model.name.path();
    Task {
        name: model.name.clone(),
        definition: model.definition.clone(),
        layer: model.name.layer(),
        as_of_date,
        purpose,
        work: match model.step() {
            _ if !model.materialization.is_stored() => Work::Check,
            Some(_) => Work::Step,
            None => Work::Query,
        },
        reads,
        writes: match model.materialization {
            kept if kept.is_dated() => format!("{path}/as_of_date={as_of_date}"),
            Materialization::Current => path,
            _ => "ops/runs".to_owned(),
        },
        depends_on,
    }
}
