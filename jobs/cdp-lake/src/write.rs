//! The only writes to tables of ours: replace a partition, replace a table, append to one.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use cdp_plan::AsOfDate;
use datafusion::common::ScalarValue;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use deltalake::DeltaTable;
use deltalake::delta_datafusion::SessionFallbackPolicy;
use deltalake::kernel::Transaction;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::operations::write::{SchemaMode, WriteBuilder};
use deltalake::protocol::SaveMode;
use futures::TryStreamExt;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::scratch::Staged;
use crate::types::{own, type_name};

const TARGET_FILE_SIZE: NonZeroU64 = NonZeroU64::new(128 << 20).expect("not zero");
/// How far back we look for a commit of ours after an error.
const COMMITS_SEARCHED: usize = 20;
const COMMIT_KEY: &str = "cdp.commit";
const DATE_KEY: &str = "cdp.as_of_date";

/// What a write replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole table.
    Whole,
    /// The partition of a date, in the column `as_of_date`.
    Date(AsOfDate),
    /// The partition of a text, in the named column.
    Text(&'static str, String),
}

/// The story of a write, kept in the commit.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The run.
    pub run_id: String,
    /// The date that the rows speak for.
    pub as_of_date: Option<AsOfDate>,
    /// What makes equal work recognisable: query, parameters, input versions, program.
    pub fingerprint: String,
    /// SHA-256 of the bound query.
    pub sql_sha256: String,
    /// The versions that were read.
    pub inputs: BTreeMap<String, u64>,
    /// The program's version.
    pub program_version: String,
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The table's version with it.
    pub version: u64,
}

impl Scope {
    fn column(&self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Date(_) => Some("as_of_date"),
            Self::Text(column, _) => Some(column),
        }
    }

    /// A full overwrite has a predicate too (`true`): without one, delta-rs lets a concurrent
    /// writer's files survive it.
    fn predicate(&self) -> Expr {
        match self {
            Self::Whole => lit(true),
            Self::Date(date) => {
                own("as_of_date").eq(lit(ScalarValue::Date32(Some(date.epoch_day()))))
            }
            Self::Text(column, value) => own(column).eq(lit(value.as_str())),
        }
    }
}

/// Replaces what the scope names by the rows of a plan, in one commit.
pub(crate) async fn replace(
    lake: &Lake,
    url: &Url,
    scope: &Scope,
    plan: LogicalPlan,
    session: &SessionContext,
    provenance: &Provenance,
) -> Result<Committed> {
    make_folder(url)?;
    let table = lake.handle(url).await?;
    let schema: SchemaRef = plan.schema().inner().clone();
    let commit = Uuid::new_v4().to_string();
    let commit_properties = || properties(provenance, &commit, Vec::new());
    let mut builder = prepare(&table, plan, session).with_commit_properties(commit_properties());
    if let Some(column) = scope.column() {
        builder = builder.with_partition_columns([column]);
    }
    builder =
        match Change::between(&table, &schema)? {
            Change::New => create(builder, commit_properties()),
            Change::Same => overwrite(builder, scope),
            Change::Added => overwrite(builder, scope).with_schema_mode(SchemaMode::Merge),
            Change::Other(_) if *scope == Scope::Whole => {
                // A predicate and a new schema exclude each other, so the commit must be the very next.
                builder
                    .with_save_mode(SaveMode::Overwrite)
                    .with_schema_mode(SchemaMode::Overwrite)
                    .with_commit_properties(commit_properties().with_max_retries(0))
            }
            Change::Other(what) => {
                return Err(LakeError::new(ErrorKind::Schema, what).with("table", url).hint(
                "earlier partitions have the old columns; give the changed model a new name \
                 (`_v2`), or delete the table's folder and backfill",
            ));
            }
        };
    finish(lake, url, &commit, builder).await
}

/// Replaces what the scope names by rows that were staged.
pub async fn publish(
    lake: &Lake,
    url: &Url,
    scope: &Scope,
    staged: &Staged,
    provenance: &Provenance,
) -> Result<Committed> {
    let (session, plan) = read(lake, staged)?;
    replace(lake, url, scope, plan, &session, provenance).await
}

/// Staged rows as the input of a write.
pub(crate) fn read(lake: &Lake, staged: &Staged) -> Result<(SessionContext, LogicalPlan)> {
    let session = lake.engine().session()?;
    let plan = session
        .read_table(staged.provider())?
        .into_unoptimized_plan();
    Ok((session, plan))
}

/// Appends rows to a table of ours.
pub async fn append_rows(
    lake: &Lake,
    url: &Url,
    staged: &Staged,
    provenance: &Provenance,
) -> Result<Committed> {
    let (session, plan) = read(lake, staged)?;
    append(lake, url, plan, &session, provenance, &[]).await
}

/// Appends rows and notes the transactions. delta-rs would commit a transaction twice without a word,
/// so they are looked for in the very snapshot that the commit starts from; one that comes between is
/// a conflict.
pub(crate) async fn append(
    lake: &Lake,
    url: &Url,
    plan: LogicalPlan,
    session: &SessionContext,
    provenance: &Provenance,
    transactions: &[String],
) -> Result<Committed> {
    make_folder(url)?;
    let table = lake.handle(url).await?;
    let schema: SchemaRef = plan.schema().inner().clone();
    let commit = Uuid::new_v4().to_string();
    for app_id in transactions {
        if has_transaction(&table, app_id).await? {
            let message = "another writer has added the same rows";
            return Err(LakeError::new(ErrorKind::Conflict, message).with("table", url));
        }
    }
    let transactions = transactions
        .iter()
        .map(|app_id| Transaction::new(app_id, 1));
    let commit_properties = properties(provenance, &commit, transactions.collect());
    let mut builder =
        prepare(&table, plan, session).with_commit_properties(commit_properties.clone());
    builder = match Change::between(&table, &schema)? {
        Change::New => create(builder, commit_properties),
        Change::Same => builder.with_save_mode(SaveMode::Append),
        Change::Added => builder
            .with_save_mode(SaveMode::Append)
            .with_schema_mode(SchemaMode::Merge),
        Change::Other(what) => {
            return Err(LakeError::new(ErrorKind::Schema, what).with("table", url));
        }
    };
    finish(lake, url, &commit, builder).await
}

/// The folder of a table on this machine is made first: where it can't be, the writer of delta-rs would
/// panic.
fn make_folder(url: &Url) -> Result<()> {
    let Some(path) = url.to_file_path().ok().filter(|_| url.scheme() == "file") else {
        return Ok(());
    };
    std::fs::create_dir_all(&path).map_err(|error| {
        LakeError::new(ErrorKind::Storage, format!("cannot write a table: {error}"))
            .with("path", path.display())
            .hint("is `lake.url` right, and may this user write there?")
    })
}

/// Whether a table's log knows a transaction.
pub(crate) async fn has_transaction(table: &DeltaTable, app_id: &str) -> Result<bool> {
    let Ok(state) = table.snapshot() else {
        return Ok(false);
    };
    let log = table.log_store();
    Ok(state
        .transaction_version(log.as_ref(), app_id)
        .await?
        .is_some())
}

/// Two writers that create a table at once would both commit, the second as an append: so the commit
/// must be the table's very first.
fn create(builder: WriteBuilder, commit_properties: CommitProperties) -> WriteBuilder {
    builder
        .with_save_mode(SaveMode::ErrorIfExists)
        .with_commit_properties(commit_properties.with_max_retries(0))
}

fn overwrite(builder: WriteBuilder, scope: &Scope) -> WriteBuilder {
    builder
        .with_save_mode(SaveMode::Overwrite)
        .with_replace_where(scope.predicate())
}

fn prepare(table: &DeltaTable, plan: LogicalPlan, session: &SessionContext) -> WriteBuilder {
    let snapshot = table.snapshot().ok().map(|state| state.snapshot().clone());
    let builder = WriteBuilder::new(table.log_store(), snapshot)
        .with_input_plan(plan)
        .with_session_state(Arc::new(session.state()))
        .with_session_fallback_policy(SessionFallbackPolicy::RequireSessionState)
        .with_target_file_size(Some(TARGET_FILE_SIZE));
    if table.version().is_some() {
        return builder;
    }
    builder.with_configuration([("delta.checkpointInterval", Some("20"))])
}

fn properties(
    provenance: &Provenance,
    commit: &str,
    transactions: Vec<Transaction>,
) -> CommitProperties {
    let text = |value: &str| Value::String(value.to_owned());
    let inputs = provenance
        .inputs
        .iter()
        .map(|(name, version)| (name.clone(), Value::from(*version)))
        .collect();
    let date = provenance.as_of_date;
    let date = date.map(|date| (DATE_KEY.to_owned(), text(&date.to_string())));
    CommitProperties::default()
        .with_metadata(date.into_iter().chain([
            (COMMIT_KEY.to_owned(), text(commit)),
            ("cdp.run_id".to_owned(), text(&provenance.run_id)),
            ("cdp.fingerprint".to_owned(), text(&provenance.fingerprint)),
            ("cdp.sql_sha256".to_owned(), text(&provenance.sql_sha256)),
            ("cdp.version".to_owned(), text(&provenance.program_version)),
            ("cdp.inputs".to_owned(), Value::Object(inputs)),
        ]))
        .with_application_transactions(transactions)
        // Old log entries are removed by maintenance, not listed for at every commit.
        .with_cleanup_expired_logs(Some(false))
}

/// Commits. After an error the table is opened again: the commit may be there all the same.
async fn finish(lake: &Lake, url: &Url, commit: &str, builder: WriteBuilder) -> Result<Committed> {
    match builder.await {
        Ok(table) => Ok(Committed {
            version: table.version().unwrap_or_default(),
        }),
        Err(error) => match find_commit(lake, url, commit).await {
            Ok(Some(version)) => Ok(Committed { version }),
            _ => Err(LakeError::from(error).with("table", url)),
        },
    }
}

async fn find_commit(lake: &Lake, url: &Url, commit: &str) -> Result<Option<u64>> {
    let Some(table) = lake.open(url).await? else {
        return Ok(None);
    };
    let newest = table.version().unwrap_or_default();
    let history: Vec<_> = table.history(Some(COMMITS_SEARCHED)).try_collect().await?;
    let age = history
        .iter()
        .position(|info| info.info.get(COMMIT_KEY).and_then(Value::as_str) == Some(commit));
    Ok(age.map(|age| newest.saturating_sub(age as u64)))
}

/// What the commits of a table say of the date that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// There is no table.
    Nothing,
    /// The newest commit with a date has this one.
    Date(AsOfDate),
    /// None of the newest commits has a date.
    Unknown,
}

impl Lake {
    /// The date that a table was last written for, by its commits.
    pub async fn held_date(&self, url: &Url) -> Result<Held> {
        let Some(table) = self.open(url).await? else {
            return Ok(Held::Nothing);
        };
        let history: Vec<_> = table.history(Some(COMMITS_SEARCHED)).try_collect().await?;
        let mut texts = history
            .iter()
            .filter_map(|info| info.info.get(DATE_KEY).and_then(Value::as_str));
        let date = texts.find_map(|text| text.parse().ok());
        Ok(date.map_or(Held::Unknown, Held::Date))
    }
}

/// How the columns of new rows differ from those of a table.
enum Change {
    New,
    Same,
    Added,
    Other(String),
}

impl Change {
    fn between(table: &DeltaTable, new: &Schema) -> Result<Self> {
        let Ok(state) = table.snapshot() else {
            return Ok(Self::New);
        };
        let old = state.snapshot().arrow_schema();
        let old = crate::types::stored_schema(&old)?;
        let mut added = false;
        for field in new.fields() {
            match old.field_with_name(field.name()) {
                Err(_) => added = true,
                Ok(before) if before.data_type() != field.data_type() => {
                    return Ok(Self::Other(format!(
                        "the column `{}` was {} and is now {}",
                        field.name(),
                        type_name(before.data_type()),
                        type_name(field.data_type())
                    )));
                }
                Ok(_) => {}
            }
        }
        let gone = old
            .fields()
            .iter()
            .find(|field| new.field_with_name(field.name()).is_err());
        Ok(match gone {
            Some(field) => Self::Other(format!("the column `{}` is gone", field.name())),
            None if added => Self::Added,
            None => Self::Same,
        })
    }
}
