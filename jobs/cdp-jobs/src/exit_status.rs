//! The exit codes. They are an interface: schedulers act on them, so a code never changes meaning.

use std::process::ExitCode;

use cdp_lake::ErrorKind;
use cdp_runner::Outcome;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Done; also when whoever read the output went away before its end.
    Done = 0,
    /// A bug in the program.
    Bug = 1,
    /// The command line asks for something that is not there (clap uses this code too).
    Usage = 2,
    /// The configuration, a query, a table's columns or a file to load is at fault.
    Faulty = 3,
    /// A check of severity `fail` does not hold, or a test case failed.
    CheckFailed = 4,
    /// The lake or a local folder can't be reached, or another writer kept coming first.
    Unreachable = 5,
    /// There was nothing to do (a scheduler may skip on it).
    NothingToDo = 99,
    /// Stopped by Ctrl-C or a request to terminate.
    Interrupted = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl From<ErrorKind> for ExitStatus {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Query
            | ErrorKind::Schema
            | ErrorKind::Input
            | ErrorKind::Unsupported
            | ErrorKind::Memory => Self::Faulty,
            ErrorKind::NotFound | ErrorKind::Storage | ErrorKind::Conflict => Self::Unreachable,
        }
    }
}

impl From<Outcome> for ExitStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NothingToDo => Self::NothingToDo,
            Outcome::CheckFailed => Self::CheckFailed,
            Outcome::Failed(kind) => kind.into(),
        }
    }
}
