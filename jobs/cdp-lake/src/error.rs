//! One error for the lake: what kind, in which context, from which cause, worth another try or not.

use std::fmt;

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;
use deltalake::kernel::transaction::TransactionError;
use object_store::Error as StoreError;

use crate::words;

/// What went wrong, for callers to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no such table or file.
    NotFound,
    /// The store cannot be reached, or refuses us.
    Storage,
    /// Another writer came first.
    Conflict,
    /// A table or a file has other columns or types than expected.
    Schema,
    /// A table uses something that we cannot read or write.
    Unsupported,
    /// A query is faulty, or failed.
    Query,
    /// The memory limit does not suffice.
    Memory,
    /// A file to load is faulty.
    Input,
}

/// Something went wrong with the lake.
#[derive(Debug)]
pub struct LakeError {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A result of the lake.
pub type Result<T> = std::result::Result<T, LakeError>;

impl LakeError {
    /// An error of our own finding.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            context: Vec::new(),
            hint: None,
            source: None,
        }
    }

    /// Adds where it happened.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((key, value.to_string()));
        self
    }

    /// Adds what can be done about it, unless something was said already.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same cause, told in other words.
    pub(crate) fn instead(mut self, kind: ErrorKind, message: &str) -> Self {
        self.kind = kind;
        message.clone_into(&mut self.message);
        self.context.clear();
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What can be done about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the same work may succeed when it is done again from the start.
    pub fn retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Conflict)
    }

    fn from_cause(
        kind: ErrorKind,
        message: String,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            source: Some(Box::new(cause)),
            ..Self::new(kind, message)
        }
    }
}

impl fmt::Display for LakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (key, value) in &self.context {
            write!(f, ", {key}: {value}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|cause| cause.as_ref() as &(dyn std::error::Error + 'static))
    }
}

impl From<DeltaTableError> for LakeError {
    fn from(error: DeltaTableError) -> Self {
        let kind = match &error {
            DeltaTableError::NotATable(_) => ErrorKind::NotFound,
            DeltaTableError::ObjectStore { source } => store_kind(source),
            DeltaTableError::Transaction { source } => match source {
                TransactionError::CommitConflict(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::MaxCommitAttempts(_) => ErrorKind::Conflict,
                TransactionError::ObjectStore { source } => store_kind(source),
                TransactionError::UnsupportedTableFeatures(_)
                | TransactionError::TableFeaturesRequired(_) => ErrorKind::Unsupported,
                _ => ErrorKind::Storage,
            },
            DeltaTableError::VersionAlreadyExists(_) => ErrorKind::Conflict,
            DeltaTableError::SchemaMismatch { .. } => ErrorKind::Schema,
            _ => kind_of_text(&error.to_string()),
        };
        Self::from_cause(kind, error.to_string(), error)
    }
}

impl From<DataFusionError> for LakeError {
    fn from(error: DataFusionError) -> Self {
        let kind = match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => {
                let message = "a query needs more memory than it may have".to_owned();
                return Self::from_cause(ErrorKind::Memory, message, error).hint(
                    "raise `engine.memory_limit`, or lower `engine.partitions`, in cdp.toml",
                );
            }
            DataFusionError::ParquetError(_) if error.to_string().contains("not found") => {
                let message = "a file that the table's log names is gone".to_owned();
                return Self::from_cause(ErrorKind::Storage, message, error)
                    .hint("restore it; files go when a table is vacuumed too early, or by hand");
            }
            DataFusionError::ObjectStore(source) => store_kind(source),
            DataFusionError::SQL(_, _) => {
                let text = error.strip_backtrace();
                let message = text.split('"').nth(1).unwrap_or(&text).to_owned();
                return Self::new(ErrorKind::Query, format!("syntax error in SQL: {message}"));
            }
            DataFusionError::External(source) => source
                .downcast_ref::<DeltaTableError>()
                .map_or_else(|| kind_of_text(&error.to_string()), |_| ErrorKind::Storage),
            _ => {
                if let Some(words) = words::of(&error) {
                    let told = Self::new(ErrorKind::Query, words.message);
                    return words.hint.into_iter().fold(told, Self::hint);
                }
                let text = words::without_kinds(&error.strip_backtrace());
                return Self::from_cause(ErrorKind::Query, text, error);
            }
        };
        Self::from_cause(kind, error.strip_backtrace(), error)
    }
}

impl From<StoreError> for LakeError {
    fn from(error: StoreError) -> Self {
        Self::from_cause(store_kind(&error), error.to_string(), error)
    }
}

impl From<arrow::error::ArrowError> for LakeError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::from_cause(ErrorKind::Query, error.to_string(), error)
    }
}

fn store_kind(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } => ErrorKind::Conflict,
        _ => ErrorKind::Storage,
    }
}

/// The kernel's errors reach us as text only.
fn kind_of_text(text: &str) -> ErrorKind {
    if text.contains("Unsupported table features") || text.contains("Unsupported: ") {
        ErrorKind::Unsupported
    } else if text.contains("Transaction failed") && text.contains("oncurrent") {
        ErrorKind::Conflict
    } else {
        ErrorKind::Storage
    }
}
