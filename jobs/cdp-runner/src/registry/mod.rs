//! The registry of churn models: which of them was champion on which date, and how it came to be.
//!
//! Models are rows of `scores.churn_model` and never change. What moves are two names: `candidate` is
//! the model that was trained last, `champion` the one that scores. Each move is a row of
//! `ops.model_aliases` that holds from a date on, and no row is ever changed.

mod compare;
mod decide;
mod profit;
mod table;

use cdp_lake::LakeError;
use cdp_plan::{AsOfDate, Definition, Task};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::project::Project;
use crate::record::TaskRecord;
use crate::run_context::RunContext;
use crate::steps::NamedModel;

pub use compare::JudgedModel;
pub use decide::Aliases;
pub use profit::ModelProfit;

/// A name for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alias {
    /// The one that was trained last.
    Candidate,
    /// The one that scores.
    Champion,
}

/// What moved a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A training.
    Train,
    /// A person, to a model.
    Promote,
    /// A person, back to the champion before.
    Rollback,
}

/// One move of a name: a row of `ops.model_aliases`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AliasRow {
    /// The name.
    pub alias: Alias,
    /// The definition of churn whose model it is.
    #[serde(skip_serializing_if = "Definition::is_main")]
    pub definition: Definition,
    /// The model that has it since.
    pub model_id: String,
    /// The first date for which it has it.
    pub as_of_date: AsOfDate,
    /// When that was decided.
    pub set_at: DateTime<Utc>,
    /// What moved it.
    pub action: Action,
    /// Who did; nothing when a run did.
    pub author: Option<String>,
    /// Why.
    pub reason: String,
    /// The run.
    pub run_id: String,
    /// The tables that the training read, at their versions.
    pub input_versions: serde_json::Value,
    /// What it was decided on.
    pub evidence: serde_json::Value,
    /// The program's version.
    pub program_version: String,
}

/// All moves, in the order of the dates from which they hold, and then of time; asked for those of one
/// definition of churn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    rows: Vec<AliasRow>,
    definition: Definition,
}

impl Alias {
    const ALL: [Self; 2] = [Self::Candidate, Self::Champion];

    /// The name as it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Champion => "champion",
        }
    }
}

impl Action {
    const ALL: [Self; 3] = [Self::Train, Self::Promote, Self::Rollback];

    /// The name as it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
        }
    }
}

impl Registry {
    pub(crate) async fn read(project: &Project) -> Result<Self, LakeError> {
        let rows = table::read(project).await?;
        let definition = project.definition().clone();
        Ok(Self { rows, definition })
    }

    /// The same, asked for another definition of churn.
    pub(crate) fn of(&self, definition: &Definition) -> Self {
        Self {
            definition: definition.clone(),
            ..self.clone()
        }
    }

    /// The moves of the definition.
    fn rows(&self) -> impl DoubleEndedIterator<Item = &AliasRow> {
        let rows = self.rows.iter();
        rows.filter(|row| row.definition == self.definition)
    }

    /// Takes moves in that were made since it was read.
    pub(crate) fn take_in(&mut self, rows: &[AliasRow]) {
        self.rows.extend_from_slice(rows);
        self.rows.sort_by_key(|row| (row.as_of_date, row.set_at));
    }

    /// The moves that hold on a date, in order.
    fn until(&self, date: AsOfDate, alias: Alias) -> impl DoubleEndedIterator<Item = &AliasRow> {
        let rows = self.rows();
        rows.filter(move |row| row.as_of_date <= date && row.alias == alias)
    }

    /// The last move of a name that holds on a date.
    pub(crate) fn holder(&self, date: AsOfDate, alias: Alias) -> Option<&AliasRow> {
        self.until(date, alias).next_back()
    }

    /// The champion of a date.
    pub(crate) fn champion(&self, date: AsOfDate) -> Option<&AliasRow> {
        self.holder(date, Alias::Champion)
    }

    /// The champion that a rollback would bring back: the one before, and before that the one before
    /// it, however often one has gone back already.
    pub(crate) fn previous_champion(&self, date: AsOfDate) -> Option<&AliasRow> {
        let mut stack: Vec<&AliasRow> = Vec::new();
        for row in self.until(date, Alias::Champion) {
            if row.action == Action::Rollback {
                while stack.last().is_some_and(|top| top.model_id != row.model_id) {
                    stack.pop();
                }
            } else if stack.last().is_none_or(|top| top.model_id != row.model_id) {
                stack.push(row);
            }
        }
        stack.pop();
        stack.pop()
    }
}

/// Writes down the names that a training gave to models, those that are new.
pub(crate) async fn name_models(
    context: &RunContext<'_>,
    task: &Task,
    record: &TaskRecord,
    named: Vec<NamedModel>,
) -> Result<Vec<AliasRow>, LakeError> {
    let now = context.host.now();
    let as_of_date = record.as_of_date;
    let registry = context.registry.of(&task.definition);
    let is_new = |named: &NamedModel| {
        let holder = registry.holder(as_of_date, named.alias);
        holder.is_none_or(|row| row.model_id != named.model_id || row.as_of_date != as_of_date)
    };
    let named = named.into_iter().filter(is_new);
    let rows: Vec<AliasRow> = named
        .map(|named| AliasRow {
            alias: named.alias,
            definition: task.definition.clone(),
            model_id: named.model_id,
            as_of_date,
            set_at: now,
            action: Action::Train,
            author: None,
            reason: named.reason,
            run_id: record.run_id.clone(),
            input_versions: serde_json::json!(record.input_versions),
            evidence: named.evidence,
            program_version: record.program_version.clone(),
        })
        .collect();
    table::append(context.project, &rows).await?;
    Ok(rows)
}
