//! What became visible since an earlier date was made: rows of files that came since, and rows of
//! older files whose time has come.
//!
//! A raw table only grows, so the rows that a date sees are those that an earlier one saw and
//! these, each once.

use std::collections::{BTreeMap, BTreeSet};

use cdp_plan::{AsOfDate, Source, TableName};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use deltalake::DeltaTable;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::run_tables::RunTables;
use crate::types::exact;

/// What an earlier date has read already.
#[derive(Debug, Clone)]
pub struct Since {
    date: AsOfDate,
    sources: BTreeMap<TableName, Files>,
}

/// The files of a raw table, by whether the earlier date has read them.
#[derive(Debug, Clone, Default)]
struct Files {
    read: Vec<String>,
    new: Vec<String>,
}

impl Since {
    /// The earlier date.
    pub fn date(&self) -> AsOfDate {
        self.date
    }
}

impl RunTables {
    /// Reads a source at a version of the past; without one, as absent.
    pub async fn pin(&self, source: &Source, version: Option<u64>) -> Result<()> {
        let Some(version) = version else {
            self.pinned(source, None).await;
            return Ok(());
        };
        let url = self.lake().source_url(source)?;
        let table = self.lake().open_at(&url, version).await.map_err(|error| {
            error.hint("the table's log no longer holds that version: it was cleaned up since")
        })?;
        self.pinned(source, Some(table)).await;
        Ok(())
    }

    /// What is new in sources since an earlier date read them at some versions. `None` when one did
    /// more than grow: rows that were taken back or rewritten can't be told from new ones.
    pub async fn since(
        &self,
        date: AsOfDate,
        sources: &[&Source],
        versions: &BTreeMap<TableName, u64>,
    ) -> Result<Option<Since>> {
        let mut since = Since {
            date,
            sources: BTreeMap::new(),
        };
        for source in sources {
            let before = versions.get(&source.name).copied();
            let Some(files) = self.files_since(source, before).await? else {
                return Ok(None);
            };
            since.sources.insert(source.name.clone(), files);
        }
        Ok(Some(since))
    }

    async fn files_since(&self, source: &Source, before: Option<u64>) -> Result<Option<Files>> {
        let Some(table) = self.source(source).await? else {
            return Ok(before.is_none().then(Files::default));
        };
        let now = files(&table).await?;
        let Some(before) = before else {
            let new = now.into_iter().map(|file| file.path).collect();
            return Ok(Some(Files {
                read: Vec::new(),
                new,
            }));
        };
        if table.version().is_some_and(|version| version < before) {
            return Ok(None);
        }
        // A version that is no longer kept tells nothing.
        let url = self.lake().source_url(source)?;
        let Ok(earlier) = self.lake().open_at(&url, before).await else {
            return Ok(None);
        };
        let earlier = files(&earlier).await?;
        if !earlier.is_subset(&now) {
            return Ok(None);
        }
        let paths = |files: Vec<&File>| files.into_iter().map(|file| file.path.clone()).collect();
        Ok(Some(Files {
            new: paths(now.difference(&earlier).collect()),
            read: paths(earlier.iter().collect()),
        }))
    }
}

/// A file with the rows that are deleted from it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    path: String,
    deleted: Option<String>,
}

async fn files(table: &DeltaTable) -> Result<BTreeSet<File>> {
    let files = table
        .get_active_add_actions_by_partitions(&[])
        .map_ok(|file| File {
            // In the form in which a scan takes it: once more encoded.
            path: Path::from(file.path().as_ref()).to_string(),
            deleted: file
                .deletion_vector_descriptor()
                .map(|deleted| format!("{deleted:?}")),
        });
    Ok(files.try_collect().await?)
}

/// Some files of a source.
pub(crate) struct Part {
    pub(crate) scan: LogicalPlan,
    /// Of their rows only those that this date has not seen.
    pub(crate) unknown_at: Option<AsOfDate>,
}

impl Part {
    /// All files, all rows.
    pub(crate) fn whole(scan: LogicalPlan) -> Self {
        Self {
            scan,
            unknown_at: None,
        }
    }
}

impl Catalog {
    /// The files of a source with rows that an earlier date has not seen.
    pub(crate) async fn new_parts(
        &self,
        source: &Source,
        table: &DeltaTable,
        since: &Since,
    ) -> Result<Vec<Part>> {
        let name = &source.name;
        let Some(files) = since.sources.get(name) else {
            return Ok(vec![Part::whole(self.scan(name, table).await?)]);
        };
        let mut parts = Vec::new();
        for (paths, unknown_at) in [(&files.new, None), (&files.read, Some(since.date))] {
            if !paths.is_empty() {
                let scan = self.scan_files(name, table, Some(paths)).await?;
                parts.push(Part { scan, unknown_at });
            }
        }
        Ok(parts)
    }
}

/// Rows that were of the future on that date.
pub(crate) fn came_since(source: &Source, date: AsOfDate) -> Expr {
    let from = lit(midnight(date));
    let event = exact(&source.event_time).gt_eq(from.clone());
    match &source.ingest_time {
        Some(column) => event.or(exact(column).gt_eq(from)),
        None => event,
    }
}

/// The beginning of a date, UTC.
pub(crate) fn midnight(date: AsOfDate) -> ScalarValue {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    let micros = i64::from(date.epoch_day()) * MICROS_PER_DAY;
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}
