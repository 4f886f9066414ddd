//! Models of other definitions of churn than the main one.
//!
//! A model depends on the definition when its query uses a parameter that the definition gives
//! another value, or when it is a step that trains or scores; and so does what lies between two such
//! models. Each of them has an instance per definition, `scores.churn_scores_monthly`, that reads
//! the instances of what it reads. All others are shared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::date::AsOfDate;
use crate::definition::{Definition, Definitions};
use crate::fault::{Fault, SourceFile};
use crate::model::{Body, Model, Step};
use crate::name::TableName;
use crate::param::{CLOSING_DATES, TaskDates, supplied};

/// What each definition may give another value although the settings are equal: chosen or computed
/// by a run.
const OWN: [&str; 3] = [CLOSING_DATES, "cutoff_dates", "horizon_days"];

/// The tables of each definition that stand for those of the main one.
pub(crate) type Instances = BTreeMap<Definition, BTreeMap<TableName, TableName>>;

/// Adds the models of the other definitions; faults are added to the list.
pub(crate) fn add(
    models: &mut BTreeMap<TableName, Model>,
    definitions: &Definitions,
    config: &SourceFile,
    faults: &mut Vec<Fault>,
) -> Instances {
    let dates = TaskDates::from(AsOfDate::from(NaiveDate::default()));
    let main = supplied(&dates, definitions.main());
    let mut instances = Instances::new();
    let mut added = Vec::new();
    for (definition, churn) in definitions.iter().filter(|(name, _)| !name.is_main()) {
        let own = supplied(&dates, churn);
        let differs = |param: &str| OWN.contains(&param) || own.get(param) != main.get(param);
        let mut names = BTreeMap::new();
        for model in dependent(models, differs) {
            match definition.table(model) {
                Ok(name) if !models.contains_key(&name) => {
                    names.insert(model.clone(), name);
                }
                Ok(name) => faults.push(taken(definition, model, &name, config)),
                Err(error) => faults.push(Fault::new(error.to_string()).in_file(config)),
            }
        }
        for (of, name) in &names {
            added.push(instance(&models[of], name, definition, &names));
        }
        instances.insert(definition.clone(), names);
    }
    models.extend(added.into_iter().map(|model| (model.name.clone(), model)));
    instances
}

fn taken(
    definition: &Definition,
    model: &TableName,
    name: &TableName,
    config: &SourceFile,
) -> Fault {
    let fault = Fault::new(format!(
        "`{name}` is a model already, and would be `{model}` by the definition `{definition}` of churn"
    ));
    fault
        .hint("give the definition another name")
        .at_key(config, &["churn", "definitions", &definition.to_string()])
}

/// The models that a definition has of its own.
fn dependent(
    models: &BTreeMap<TableName, Model>,
    differs: impl Fn(&str) -> bool,
) -> BTreeSet<&TableName> {
    let is_own = |model: &Model| match &model.body {
        Body::Sql(statement) => statement.params().iter().any(|(name, _)| differs(name)),
        Body::Step { step, .. } => Step::is_of_churn(*step),
        Body::Unread => false,
    };
    let own: BTreeSet<&TableName> = models
        .values()
        .filter(|model| is_own(model))
        .map(|model| &model.name)
        .collect();
    let reads: BTreeMap<&TableName, Vec<TableName>> = models
        .values()
        .map(|model| (&model.name, reads(model)))
        .collect();
    let above = closure(models, &own, |one, other| reads[one].contains(other));
    let below = closure(models, &own, |one, other| reads[other].contains(one));
    let between = above.intersection(&below).copied();
    own.iter().copied().chain(between).collect()
}

/// Some models with all that hang on them by a relation, step by step.
fn closure<'m>(
    models: &'m BTreeMap<TableName, Model>,
    from: &BTreeSet<&'m TableName>,
    leads: impl Fn(&TableName, &TableName) -> bool,
) -> BTreeSet<&'m TableName> {
    let mut found = from.clone();
    let mut open: Vec<&TableName> = from.iter().copied().collect();
    while let Some(one) = open.pop() {
        for other in models.keys().filter(|other| leads(one, other)) {
            if found.insert(other) {
                open.push(other);
            }
        }
    }
    found
}

/// The tables that a model reads for its own date.
fn reads(model: &Model) -> Vec<TableName> {
    let mut reads = mentioned(model);
    reads.retain(|table| !model.reads_past.contains(table));
    reads
}

fn mentioned(model: &Model) -> Vec<TableName> {
    match &model.body {
        Body::Sql(statement) => {
            let tables = statement.tables().iter();
            tables.map(|(table, _)| table.clone()).collect()
        }
        Body::Step { reads, .. } => reads.iter().filter_map(|text| text.parse().ok()).collect(),
        Body::Unread => Vec::new(),
    }
}

fn instance(
    of: &Model,
    name: &TableName,
    definition: &Definition,
    names: &BTreeMap<TableName, TableName>,
) -> Model {
    let renamed = |table: &TableName| names.get(table).unwrap_or(table).clone();
    let body = match &of.body {
        Body::Sql(statement) => Body::Sql(statement.renamed(names)),
        Body::Step { step, reads } => Body::Step {
            step: *step,
            reads: reads
                .iter()
                .map(|text| match text.parse() {
                    Ok(table) => renamed(&table).to_string(),
                    Err(_) => text.clone(),
                })
                .collect(),
        },
        Body::Unread => Body::Unread,
    };
    Model {
        name: name.clone(),
        description: format!(
            "By the definition `{definition}` of churn: {}",
            of.description
        ),
        body,
        reads_past: of.reads_past.iter().map(renamed).collect(),
        definition: definition.clone(),
        stands_for: Some(of.name.clone()),
        ..of.clone()
    }
}
