//! Feeds the rows of files to a write, a batch at a time, and sets bad rows aside before it ends.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cdp_plan::Source;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::convert::{Chunk, convert, raw_schema};
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::parquet_rows::ParquetRows;
use super::{Format, LoadLimits, NewFile};
use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::quarantine::{self, BadRow};
use crate::write::Provenance;

/// How many batches wait for the writer.
const BATCHES_WAITING: usize = 4;

/// What came of reading the files.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) rows: u64,
    pub(super) set_aside: u64,
    pub(super) notes: Vec<String>,
    pub(super) error: Option<LakeError>,
}

/// Files on their way into a raw table.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    lake: Lake,
    source: Source,
    files: Vec<NewFile>,
    limits: LoadLimits,
    provenance: Provenance,
    schema: SchemaRef,
    outcome: Arc<Mutex<Outcome>>,
}

type Batches = Sender<datafusion::error::Result<RecordBatch>>;

impl Feed {
    pub(super) fn new(
        lake: &Lake,
        source: &Source,
        files: Vec<NewFile>,
        limits: LoadLimits,
        provenance: &Provenance,
    ) -> Self {
        Self {
            lake: lake.clone(),
            source: source.clone(),
            files,
            limits,
            provenance: provenance.clone(),
            schema: raw_schema(source),
            outcome: Arc::default(),
        }
    }

    /// The feed as a table that can be read once.
    pub(super) fn table(&self) -> Result<StreamingTable> {
        let partition: Arc<dyn PartitionStream> = Arc::new(self.clone());
        Ok(StreamingTable::try_new(
            self.schema.clone(),
            vec![partition],
        )?)
    }

    /// What came of it, once the write has ended.
    pub(super) fn outcome(&self) -> Outcome {
        std::mem::take(&mut *self.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads every file; the last thing before the stream ends is that bad rows are stored, so that
    /// the commit of the good ones comes after them.
    fn read_all(&self, runtime: &Handle, batches: &Batches) -> Result<()> {
        let mut outcome = Outcome::default();
        for file in &self.files {
            let bad = self.read_file(file, batches, &mut outcome)?;
            let kept = usize::try_from(self.limits.quarantine_rows_max).unwrap_or(usize::MAX);
            let kept = &bad[..bad.len().min(kept)];
            self.within_limit(&outcome, kept)?;
            let batch = format!("load={}", file.sha256);
            runtime.block_on(quarantine::write(
                &self.lake,
                &batch,
                &self.source.name,
                kept,
                &self.provenance,
            ))?;
        }
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        Ok(())
    }

    fn within_limit(&self, outcome: &Outcome, bad: &[BadRow]) -> Result<()> {
        let all = outcome.rows + outcome.set_aside;
        let share = outcome.set_aside as f64 / (all.max(1)) as f64;
        if share <= self.limits.bad_rows_max_share {
            return Ok(());
        }
        let first: Vec<String> = bad
            .iter()
            .take(3)
            .map(|row| format!("{}: {}", row.key, row.reason))
            .collect();
        Err(LakeError::new(
            ErrorKind::Input,
            format!(
                "{} of {all} rows for `{}` can't be read, nothing was loaded",
                outcome.set_aside, self.source.name
            ),
        )
        .with("first", first.join(" | "))
        .hint(format!(
            "fix the file, correct sql/sources.toml, or raise `load.bad_rows_max_share` (now {})",
            self.limits.bad_rows_max_share
        )))
    }

    fn read_file(
        &self,
        file: &NewFile,
        batches: &Batches,
        outcome: &mut Outcome,
    ) -> Result<Vec<BadRow>> {
        let mut bad = Vec::new();
        let unknown: Vec<String> = match file.format {
            Format::Csv => {
                let mut rows = CsvRows::open(&self.source, file)?;
                while let Some(chunk) = rows.next(&mut bad)? {
                    self.send(file, &chunk, batches, &mut bad, outcome)?;
                }
                rows.unknown
            }
            Format::JsonLines => {
                let mut rows = JsonRows::open(&self.source, file)?;
                while let Some(chunk) = rows.next(&mut bad)? {
                    self.send(file, &chunk, batches, &mut bad, outcome)?;
                }
                rows.unknown.into_iter().collect()
            }
            Format::Parquet => {
                let mut rows = ParquetRows::open(&self.source, file)?;
                while let Some(chunk) = rows.next()? {
                    self.send(file, &chunk, batches, &mut bad, outcome)?;
                }
                rows.unknown
            }
        };
        outcome.set_aside += bad.len() as u64;
        if !unknown.is_empty() {
            outcome.notes.push(format!(
                "`{}`: left out `{}`, which the source does not declare",
                file.shown(),
                unknown.join("`, `")
            ));
        }
        Ok(bad)
    }

    fn send(
        &self,
        file: &NewFile,
        chunk: &Chunk,
        batches: &Batches,
        bad: &mut Vec<BadRow>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let batch = convert(&self.source, &file.shown(), chunk, bad)?;
        outcome.rows += batch.num_rows() as u64;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        batches.blocking_send(Ok(batch)).map_err(|_| {
            LakeError::new(
                ErrorKind::Storage,
                "the writer stopped before all rows were read",
            )
        })
    }
}

impl PartitionStream for Feed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder =
            RecordBatchReceiverStreamBuilder::new(self.schema.clone(), BATCHES_WAITING);
        let batches = builder.tx();
        let feed = self.clone();
        let runtime = Handle::current();
        builder.spawn_blocking(move || {
            feed.read_all(&runtime, &batches).map_err(|error| {
                let stopped = DataFusionError::Execution(error.to_string());
                let mut outcome = feed.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                outcome.error = Some(error);
                stopped
            })
        });
        builder.build()
    }
}
