//! Rows on local disk: results that wait for their checks, and `scratch` models of a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::config::TableParquetOptions;
use datafusion::dataframe::{DataFrame, DataFrameWriteOptions};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::ParquetReadOptions;

use crate::engine::Engine;
use crate::error::{ErrorKind, LakeError, Result};
use crate::types::{stored_schema, to_stored};

/// How many batches are made before they are asked for.
const PARTS_AHEAD: usize = 2;

/// A folder of a run; it goes when the run ends.
#[derive(Debug)]
pub struct Scratch {
    dir: tempfile::TempDir,
    next: AtomicU64,
}

/// Rows that were computed once.
#[derive(Clone)]
pub struct Staged {
    provider: Arc<dyn TableProvider>,
    /// How many.
    pub rows: u64,
    /// What they are a piece of, in an incremental table.
    pub piece: Option<Piece>,
}

/// What rows make together with those that they build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// How many rows the date shows.
    pub shown: u64,
    /// Whether they come on top of those of another date; otherwise they are all.
    pub is_part: bool,
}

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows", self.rows)
    }
}

impl Staged {
    /// The rows as a table of a session.
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        self.provider.clone()
    }

    /// Rows that a step made, in memory.
    pub fn from_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        Ok(Self {
            provider: Arc::new(MemTable::try_new(schema, vec![batches])?),
            rows,
            piece: None,
        })
    }

    /// Rows that a step makes as they are read, batch by batch, each time anew.
    pub fn from_parts(
        schema: SchemaRef,
        rows: u64,
        parts: usize,
        part: impl Fn(usize) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> Result<Self> {
        let made = Arc::new(MadeRows {
            schema: schema.clone(),
            parts,
            part: Arc::new(part),
        });
        Ok(Self {
            provider: Arc::new(StreamingTable::try_new(schema, vec![made])?),
            rows,
            piece: None,
        })
    }

    /// The rows as a piece of what a date shows.
    #[must_use]
    pub fn as_piece(self, piece: Piece) -> Self {
        Self {
            piece: Some(piece),
            ..self
        }
    }
}

type MakePart = dyn Fn(usize) -> Result<RecordBatch> + Send + Sync;

/// Batches that are made beside whoever reads them.
struct MadeRows {
    schema: SchemaRef,
    parts: usize,
    part: Arc<MakePart>,
}

impl std::fmt::Debug for MadeRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} batches", self.parts)
    }
}

impl PartitionStream for MadeRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (part, parts) = (self.part.clone(), self.parts);
        let mut stream = RecordBatchReceiverStreamBuilder::new(self.schema.clone(), PARTS_AHEAD);
        let batches = stream.tx();
        stream.spawn_blocking(move || {
            for index in 0..parts {
                let batch = part(index).map_err(|error| DataFusionError::External(error.into()));
                // Whoever reads may have had enough.
                if batches.blocking_send(batch).is_err() {
                    break;
                }
            }
            Ok(())
        });
        stream.build()
    }
}

impl Scratch {
    /// A new folder where the engine spills. Folders of runs that were killed are swept first.
    pub fn new(engine: &Engine) -> Result<Self> {
        sweep(engine.spill_dir());
        let dir = tempfile::Builder::new()
            .prefix(&format!("cdp-scratch-{}-", std::process::id()))
            .tempdir_in(engine.spill_dir())
            .map_err(|error| {
                LakeError::new(ErrorKind::Storage, format!("cannot write scratch: {error}"))
                    .with("path", engine.spill_dir().display())
            })?;
        Ok(Self {
            dir,
            next: AtomicU64::new(0),
        })
    }

    /// Runs a plan and keeps its rows, in the types that are stored.
    pub async fn stage(&self, session: &SessionContext, plan: LogicalPlan) -> Result<Staged> {
        let schema = stored_schema(plan.schema().as_arrow())?;
        let plan = to_stored(plan)?;
        let path = self.next_path();
        std::fs::create_dir_all(&path).map_err(|error| {
            LakeError::new(ErrorKind::Storage, error.to_string()).with("path", path.display())
        })?;
        let folder = format!("{}/", path.display());
        let mut options = TableParquetOptions::default();
        options.global.compression = Some("lz4_raw".to_owned());
        options.global.statistics_enabled = Some("none".to_owned());
        let counts = DataFrame::new(session.state(), plan)
            .write_parquet(&folder, DataFrameWriteOptions::new(), Some(options))
            .await?;
        let rows = counts.iter().map(count).sum();
        let read = ParquetReadOptions::default().schema(&schema);
        let frame = session.read_parquet(folder, read).await?;
        Ok(Staged {
            provider: frame.into_view(),
            rows,
            piece: None,
        })
    }

    fn next_path(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.dir.path().join(number.to_string())
    }
}

fn count(batch: &RecordBatch) -> u64 {
    use arrow::array::AsArray;
    use arrow::datatypes::UInt64Type;
    batch
        .column(0)
        .as_primitive_opt::<UInt64Type>()
        .map_or(0, |counts| counts.values().iter().sum())
}

/// Removes scratch folders of processes that are gone.
fn sweep(dir: &std::path::Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix("cdp-scratch-"))
            .and_then(|rest| rest.split('-').next())
            .and_then(|process| process.parse::<u32>().ok());
        let proc = std::path::Path::new("/proc");
        if let Some(process) = process
            && proc.join("self").exists()
            && !proc.join(process.to_string()).exists()
        {
            // Another run may sweep at the same time; whoever comes second finds nothing.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
