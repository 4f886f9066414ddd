//! What a run tells whoever listens, and what it borrows from whoever calls.

use cdp_plan::{AsOfDate, TaskId};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::record::{RunSummary, TaskRecord};

/// What the program lends to a run: only the binary reads the clock and the process.
pub trait Host: Send + Sync {
    /// The time.
    fn now(&self) -> DateTime<Utc>;
    /// The most memory that the process has held so far, in bytes; 0 when it can't be known.
    fn peak_memory_bytes(&self) -> u64;
}

/// Listens to a run.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn on(&self, event: &Event<'_>);
}

/// What can happen in a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A run begins.
    RunStarted {
        /// The run.
        run_id: &'a str,
        /// The date it speaks for.
        as_of_date: AsOfDate,
        /// How many tasks it has.
        tasks: usize,
        /// Why a model of churn is trained, and which earlier dates are made for it.
        training: Option<&'a str>,
    },
    /// A task begins.
    TaskStarted {
        /// Which.
        task: TaskId,
    },
    /// Another writer came first, so a task begins again.
    TaskRetried {
        /// Which.
        task: TaskId,
        /// How often it was tried, from one.
        attempt: u32,
        /// What stopped it.
        error: String,
    },
    /// A task has ended, well or not.
    TaskFinished {
        /// What it did.
        record: &'a TaskRecord,
    },
    /// A run has ended.
    RunFinished {
        /// All that it did.
        summary: &'a RunSummary,
    },
}
