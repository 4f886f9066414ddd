//! What a run did: the rows of `ops.runs`.

use std::collections::BTreeMap;

use cdp_lake::{Breach, ErrorKind};
use cdp_plan::{AsOfDate, Layer, NotDue, Severity};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::log::BuildsOn;
use crate::registry::AliasRow;

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Its rows are published.
    Succeeded,
    /// Nothing that it depends on has changed since its rows were published.
    UpToDate,
    /// A current table holds a later date already.
    Superseded,
    /// A `fail` check broke, so its rows were not published.
    HeldBack,
    /// It met an error.
    Failed,
    /// Something that it needs failed.
    Skipped,
}

impl TaskStatus {
    /// The name as it stands in `ops.runs`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::UpToDate => "up_to_date",
            Self::Superseded => "superseded",
            Self::HeldBack => "held_back",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether what comes after it can run.
    pub fn lets_pass(self) -> bool {
        matches!(self, Self::Succeeded | Self::UpToDate | Self::Superseded)
    }
}

/// What one task did.
#[derive(Debug, Clone, Serialize)]
pub struct TaskRecord {
    /// The run.
    pub run_id: String,
    /// The model or source.
    pub task: String,
    /// Its layer.
    pub layer: Layer,
    /// The date its rows speak for.
    pub as_of_date: AsOfDate,
    /// How it ended.
    pub status: TaskStatus,
    /// Rows that it published, or looked through.
    pub rows: u64,
    /// Rows that it set aside.
    pub rows_set_aside: u64,
    /// Checks that its rows break.
    pub breaches: Vec<Breach>,
    /// The versions of the tables that it read.
    pub input_versions: BTreeMap<String, u64>,
    /// Of a log: the partition that its rows come on top of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builds_on: Option<BuildsOn>,
    /// The version of its table with its rows.
    pub output_version: Option<u64>,
    /// What makes equal work recognisable.
    pub fingerprint: String,
    /// SHA-256 of its bound query; of a log that of all that defines it.
    pub sql_sha256: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: u64,
    /// The most memory that the process had held by its end.
    pub peak_memory_bytes: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// What can be done about it.
    pub hint: Option<String>,
    /// What a person may want to know.
    pub note: Option<String>,
    /// Why the run was made, when somebody said so.
    pub reason: Option<String>,
    /// The program's version.
    pub program_version: String,
    /// What kind of error, for the exit code.
    #[serde(skip)]
    pub error_kind: Option<ErrorKind>,
    /// The names that it gave to models.
    #[serde(skip)]
    pub named: Vec<AliasRow>,
}

impl TaskRecord {
    /// Whether a check of a severity broke.
    pub fn breaks(&self, severity: Severity) -> bool {
        self.breaches
            .iter()
            .any(|breach| breach.severity == severity)
    }
}

/// How a run is to be done.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// The run's name in the ledger and in commits.
    pub run_id: String,
    /// Whether tasks run that are up to date.
    pub force: bool,
    /// Whether logs read all that sources hold, and not only what is new.
    pub full_refresh: bool,
    /// Why the run is made.
    pub reason: Option<String>,
    /// The program's version.
    pub program_version: String,
}

/// What a whole run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: String,
    /// The date it speaks for.
    pub as_of_date: AsOfDate,
    /// Each task, in order.
    pub records: Vec<TaskRecord>,
    /// Why a model of churn was trained, and which earlier dates were made for it.
    pub training: Option<String>,
    /// What was selected and not due.
    pub not_due: Vec<NotDue>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something was done, and all went well.
    Done,
    /// Everything was up to date.
    NothingToDo,
    /// A `fail` check broke.
    CheckFailed,
    /// A task met an error.
    Failed(ErrorKind),
}

impl RunSummary {
    /// How the run ended; an error counts more than a check.
    pub fn outcome(&self) -> Outcome {
        if let Some(kind) = self.records.iter().find_map(|record| record.error_kind) {
            return Outcome::Failed(kind);
        }
        let any = |status| self.records.iter().any(|record| record.status == status);
        if any(TaskStatus::HeldBack) {
            Outcome::CheckFailed
        } else if any(TaskStatus::Succeeded) {
            Outcome::Done
        } else {
            Outcome::NothingToDo
        }
    }
}
