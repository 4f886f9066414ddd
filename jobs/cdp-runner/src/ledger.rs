//! `ops.runs`: one row per task of every run, appended as tasks end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cdp_lake::{Catalog, LakeError, Provenance, QueryResult, Result, Staged, append_rows};
use cdp_plan::{AsOfDate, Layer, TableName};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::matrix::{days, micros, one_batch, strings};
use crate::project::Project;
use crate::record::{TaskRecord, TaskStatus};

/// The ledger's name.
pub(crate) const RUNS: &str = "ops.runs";

/// A row of the ledger, as an operator reads it.
#[derive(Debug, Clone, Serialize)]
pub struct RunRow {
    /// The run.
    pub run_id: String,
    /// The model or source.
    pub task: String,
    /// The date its rows speak for.
    pub as_of_date: String,
    /// How it ended.
    pub status: String,
    /// Rows that it published, or looked through.
    pub rows: i64,
    /// Rows that it set aside.
    pub rows_set_aside: i64,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: i64,
    /// The most memory that the process had held by its end.
    pub peak_memory_bytes: i64,
    /// Checks that its rows break, as JSON.
    pub breaches: String,
    /// What went wrong.
    pub error: Option<String>,
    /// Why the run was made.
    pub reason: Option<String>,
    /// Of a task that failed or was held back: the later run in which it ended well.
    pub cured_by: Option<String>,
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let time = |name: &str| {
        Field::new(
            name,
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            true,
        )
    };
    Arc::new(Schema::new(vec![
        text("run_id"),
        text("task"),
        text("layer"),
        Field::new("as_of_date", DataType::Date32, true),
        text("status"),
        int("rows"),
        int("rows_set_aside"),
        int("output_version"),
        time("started_at"),
        time("finished_at"),
        int("duration_ms"),
        int("peak_memory_bytes"),
        text("fingerprint"),
        text("sql_sha256"),
        text("input_versions"),
        text("breaches"),
        text("error"),
        text("note"),
        text("reason"),
        text("program_version"),
        Field::new("builds_on_date", DataType::Date32, true),
        text("builds_on_fingerprint"),
    ]))
}

fn batch(record: &TaskRecord) -> Result<RecordBatch> {
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let maybe = |value: Option<&str>| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let int = |value: u64| Arc::new(Int64Array::from(vec![i64::try_from(value).ok()])) as ArrayRef;
    let time = |value: chrono::DateTime<chrono::Utc>| {
        let micros = TimestampMicrosecondArray::from(vec![value.timestamp_micros()]);
        Arc::new(micros.with_timezone("UTC")) as ArrayRef
    };
    let below = record.builds_on.as_ref();
    let version = record
        .output_version
        .and_then(|version| i64::try_from(version).ok());
    let columns = vec![
        text(&record.run_id),
        text(&record.task),
        text(record.layer.name()),
        Arc::new(Date32Array::from(vec![record.as_of_date.epoch_day()])) as ArrayRef,
        text(record.status.name()),
        int(record.rows),
        int(record.rows_set_aside),
        Arc::new(Int64Array::from(vec![version])) as ArrayRef,
        time(record.started_at),
        time(record.finished_at),
        int(record.duration_ms),
        int(record.peak_memory_bytes),
        text(&record.fingerprint),
        text(&record.sql_sha256),
        text(&json(&record.input_versions)),
        text(&json(&record.breaches)),
        maybe(record.error.as_deref()),
        maybe(record.note.as_deref()),
        maybe(record.reason.as_deref()),
        text(&record.program_version),
        Arc::new(Date32Array::from(vec![
            below.map(|below| below.as_of_date.epoch_day()),
        ])) as ArrayRef,
        maybe(below.map(|below| below.fingerprint.as_str())),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn name() -> Result<TableName> {
    TableName::new(Layer::Ops, "runs")
        .map_err(|error| LakeError::new(cdp_lake::ErrorKind::NotFound, error.to_string()))
}

/// More rows than this are read whenever they are asked for.
const ROWS_KEPT: usize = 50_000;

/// The rows of the ledger as they were read last, and the version that holds them: planning and running
/// ask for them several times.
#[derive(Debug, Clone, Default)]
pub(crate) struct LedgerRows(Arc<Mutex<Option<Version>>>);

/// A version of the ledger, and its rows.
type Version = (u64, QueryResult);

impl LedgerRows {
    /// Makes a catalog show the rows of the newest version; whether any run has told of itself.
    pub(crate) async fn show(&self, project: &Project, catalog: &Catalog) -> Result<bool> {
        let name = name()?;
        let lake = project.lake();
        let Some(version) = lake.version(&name).await? else {
            return Ok(false);
        };
        let mut last = self.0.lock().await;
        if last.as_ref().is_none_or(|(known, _)| *known != version) {
            let query = format!("select * from {RUNS}");
            let rows = project.all_time()?.query(&query, Some(ROWS_KEPT)).await?;
            *last = Some((version, rows));
        }
        if let Some((_, rows)) = &*last
            && !rows.more
        {
            catalog.keep_rows(&name, rows.schema.clone(), rows.batches.clone())?;
        }
        Ok(true)
    }
}

/// Adds what tasks of one run did.
pub(crate) async fn append(project: &Project, records: &[TaskRecord]) -> Result<()> {
    let Some(record) = records.first() else {
        return Ok(());
    };
    let lake = project.lake();
    let batches: Result<Vec<RecordBatch>> = records.iter().map(batch).collect();
    let staged = Staged::from_batches(schema(), batches?)?;
    let provenance = Provenance {
        run_id: record.run_id.clone(),
        program_version: record.program_version.clone(),
        ..Provenance::default()
    };
    append_rows(lake, &lake.url(&name()?)?, &staged, &provenance).await?;
    Ok(())
}

/// What the ledger says before a run.
#[derive(Debug, Default)]
pub(crate) struct Stands {
    /// What was published.
    pub(crate) published: Published,
    /// The tasks whose last attempt did not end well, by name and date.
    pub(crate) broken: BTreeSet<(String, AsOfDate)>,
}

/// The fingerprint and the number of the latest published rows, by task and date.
pub(crate) type Published = BTreeMap<(String, AsOfDate), (String, u64)>;

/// Reads how things stand, from the ledger.
pub(crate) async fn stands(project: &Project) -> Result<Stands> {
    let mut stands = Stands::default();
    let good = TaskStatus::Succeeded.name();
    let skipped = TaskStatus::Skipped.name();
    let last = "order by finished_at, run_id";
    let query = format!(
        "select task, as_of_date, \
         last_value(fingerprint {last}) filter (where status = '{good}') as fingerprint, \
         last_value(rows {last}) filter (where status = '{good}') as rows, \
         last_value(status {last}) as status \
         from {RUNS} where status <> '{skipped}' group by task, as_of_date"
    );
    let answer = project.ledger_query(&query).await?;
    for batch in answer.iter().flat_map(|answer| &answer.batches) {
        let tasks = batch.column(0).as_string::<i32>();
        let dates = batch
            .column(1)
            .as_primitive::<arrow::datatypes::Date32Type>();
        let prints = batch.column(2).as_string::<i32>();
        let counts = batch
            .column(3)
            .as_primitive::<arrow::datatypes::Int64Type>();
        let last = batch.column(4).as_string::<i32>();
        for row in 0..batch.num_rows() {
            let Some(date) = AsOfDate::from_epoch_day(dates.value(row)) else {
                continue;
            };
            let key = (tasks.value(row).to_owned(), date);
            if is_broken(last.value(row)) {
                stands.broken.insert(key.clone());
            }
            if prints.is_valid(row) {
                let rows = u64::try_from(counts.value(row)).unwrap_or(0);
                let print = prints.value(row).to_owned();
                stands.published.insert(key, (print, rows));
            }
        }
    }
    Ok(stands)
}

fn is_broken(status: &str) -> bool {
    let broken = [TaskStatus::Failed, TaskStatus::HeldBack];
    broken.iter().any(|broken| broken.name() == status)
}

/// Tells of each row that broke in which later run the same task ended well; newest rows first.
fn tell_cures(rows: &mut [RunRow]) {
    let mut cures: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in rows {
        let key = (row.task.clone(), row.as_of_date.clone());
        if is_broken(&row.status) {
            row.cured_by = cures.get(&key).cloned();
        } else if row.status != TaskStatus::Skipped.name() {
            // The earliest cure is the one that came right after.
            cures.insert(key, row.run_id.clone());
        }
    }
}

/// What made the latest published rows of a task and date, and when.
pub(crate) struct Made {
    pub(crate) sql_sha256: String,
    /// In microseconds.
    pub(crate) finished_at: i64,
    /// The tables that it read, at their versions.
    pub(crate) input_versions: BTreeMap<String, u64>,
}

/// What made the published rows of some dates, from the ledger.
pub(crate) async fn made(
    project: &Project,
    dates: &[AsOfDate],
) -> Result<BTreeMap<(String, AsOfDate), Made>> {
    let mut made = BTreeMap::new();
    if dates.is_empty() {
        return Ok(made);
    }
    let status = TaskStatus::Succeeded.name();
    let listed: Vec<String> = dates.iter().map(|date| format!("date '{date}'")).collect();
    let query = format!(
        "select task, as_of_date, last_value(sql_sha256 order by finished_at, run_id) as sql_sha256, \
         last_value(input_versions order by finished_at, run_id) as input_versions, \
         max(finished_at) as finished_at from {RUNS} \
         where status = '{status}' and as_of_date in ({}) group by task, as_of_date",
        listed.join(", ")
    );
    let Some(answer) = project.ledger_query(&query).await? else {
        return Ok(made);
    };
    let batch = one_batch(&answer)?;
    let times = micros(&batch, "finished_at")?;
    let rows = strings(&batch, "task")?.into_iter();
    let rows = rows.zip(days(&batch, "as_of_date")?);
    let rows = rows.zip(strings(&batch, "sql_sha256")?).zip(times);
    let rows = rows.zip(strings(&batch, "input_versions")?);
    for ((((task, day), sql_sha256), finished_at), versions) in rows {
        if let Some(date) = AsOfDate::from_epoch_day(day) {
            made.insert(
                (task, date),
                Made {
                    sql_sha256,
                    finished_at,
                    input_versions: serde_json::from_str(&versions).unwrap_or_default(),
                },
            );
        }
    }
    Ok(made)
}

/// The newest rows, newest first.
pub(crate) async fn newest(project: &Project, limit: usize) -> Result<Vec<RunRow>> {
    let query = format!(
        "select run_id, task, cast(as_of_date as varchar) as as_of_date, status, rows, \
         rows_set_aside, cast(started_at as varchar) as started_at, duration_ms, \
         peak_memory_bytes, breaches, error, reason from {RUNS} \
         order by finished_at desc, task desc limit {limit}"
    );
    let answer = project.ledger_query(&query).await?;
    let batches = answer.iter().flat_map(|answer| &answer.batches);
    let mut rows: Vec<RunRow> = batches.flat_map(rows).collect();
    tell_cures(&mut rows);
    Ok(rows)
}

fn rows(batch: &RecordBatch) -> Vec<RunRow> {
    let text = |column: usize, row: usize| {
        let values = batch.column(column).as_string::<i32>();
        values.is_valid(row).then(|| values.value(row).to_owned())
    };
    let int = |column: usize, row: usize| {
        batch
            .column(column)
            .as_primitive::<arrow::datatypes::Int64Type>()
            .value(row)
    };
    (0..batch.num_rows())
        .map(|row| RunRow {
            run_id: text(0, row).unwrap_or_default(),
            task: text(1, row).unwrap_or_default(),
            as_of_date: text(2, row).unwrap_or_default(),
            status: text(3, row).unwrap_or_default(),
            rows: int(4, row),
            rows_set_aside: int(5, row),
            started_at: text(6, row).unwrap_or_default(),
            duration_ms: int(7, row),
            peak_memory_bytes: int(8, row),
            breaches: text(9, row).unwrap_or_default(),
            error: text(10, row),
            reason: text(11, row),
            cured_by: None,
        })
        .collect()
}
