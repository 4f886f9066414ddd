//! What one run opens and keeps, whatever the date that a query speaks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_plan::{AsOfDate, Manifest, Source, TableName};
use deltalake::DeltaTable;
use tokio::sync::Mutex;

use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::schema_book::SchemaBook;
use crate::scratch::{Scratch, Staged};

/// What all catalogs of a run share.
#[derive(Debug)]
pub struct RunTables {
    lake: Lake,
    pub(crate) manifest: Arc<Manifest>,
    schemas: SchemaBook,
    scratch: Scratch,
    /// Sources are opened once per run, so that every task reads the same version.
    sources: Mutex<BTreeMap<TableName, Option<DeltaTable>>>,
    pub(crate) staged: Mutex<BTreeMap<Shown, Staged>>,
}

/// A scratch model, the date whose knowledge it is made from, and the one since which.
pub(crate) type Shown = (TableName, Option<AsOfDate>, Option<AsOfDate>);

impl RunTables {
    /// The tables of a lake, for one run.
    pub fn new(lake: Lake, manifest: Arc<Manifest>, schemas: SchemaBook) -> Result<Self> {
        Ok(Self {
            scratch: Scratch::new(lake.engine())?,
            lake,
            manifest,
            schemas,
            sources: Mutex::default(),
            staged: Mutex::default(),
        })
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The sources and models.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The columns of every table.
    pub fn schemas(&self) -> &SchemaBook {
        &self.schemas
    }

    /// The folder for rows that wait.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Takes a table for a source, for the rest of the run.
    pub(crate) async fn pinned(&self, source: &Source, table: Option<DeltaTable>) {
        let mut sources = self.sources.lock().await;
        sources.insert(source.name.clone(), table);
    }

    /// A source at this run's version; `None` when it is optional and absent.
    pub async fn source(&self, source: &Source) -> Result<Option<DeltaTable>> {
        if let Some(table) = self.sources.lock().await.get(&source.name) {
            return Ok(table.clone());
        }
        let url = self.lake.source_url(source)?;
        let table = self.lake.open(&url).await?;
        if table.is_none() && self.lake.holds(&url, "").await? {
            return Err(LakeError::new(
                ErrorKind::Storage,
                format!(
                    "the folder of the source `{}` is not a Delta table",
                    source.name
                ),
            )
            .with("location", &url)
            .hint(
                "it holds files but no log: a table that was half written, or other files; move \
                 them away, and `cdp-jobs load` them when they are rows",
            ));
        }
        if table.is_none() && !source.optional {
            return Err(LakeError::new(
                ErrorKind::NotFound,
                format!("there is no Delta table for the source `{}`", source.name),
            )
            .with("location", &url)
            .hint(format!(
                "`cdp-jobs load {} FILES…` makes it; or set `location` or `optional = true` in \
                 sql/sources.toml",
                source.name.name()
            )));
        }
        // Who came first has settled the version.
        let mut sources = self.sources.lock().await;
        Ok(sources.entry(source.name.clone()).or_insert(table).clone())
    }
}
