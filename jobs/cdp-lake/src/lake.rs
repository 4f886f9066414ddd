//! A lake: a root URL, and Delta tables below it by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int64Type};
use cdp_plan::{AsOfDate, Layer, Source, TableName};
use deltalake::logstore::LogStore;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use url::Url;
use uuid::Uuid;

use crate::at_once::at_once;
use crate::engine::Engine;
use crate::error::{ErrorKind, LakeError, Result};

/// So many tables are opened side by side.
const TABLES_AT_ONCE: usize = 16;

/// An opened lake. Opening reads and writes nothing.
#[derive(Debug, Clone)]
pub struct Lake {
    root: Url,
    options: HashMap<String, String>,
    engine: Engine,
}

impl Lake {
    /// A lake at a root URL (its last segment is a folder, slash or not).
    pub fn new(
        mut root: Url,
        options: impl IntoIterator<Item = (String, String)>,
        engine: Engine,
    ) -> Self {
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        Self {
            root,
            options: options.into_iter().collect(),
            engine,
        }
    }

    /// The root, ending with a slash.
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// The engine that reads and writes it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where a table of ours lies.
    pub fn url(&self, name: &TableName) -> Result<Url> {
        self.join(&name.path())
    }

    /// Where a source lies: its own location, or `raw/<name>` of this lake.
    pub fn source_url(&self, source: &Source) -> Result<Url> {
        match &source.location {
            None => self.url(&source.name),
            Some(location) if location.contains("://") => {
                Url::parse(location).map_err(|error| bad_url(location, error))
            }
            Some(location) => self.join(location),
        }
    }

    fn join(&self, path: &str) -> Result<Url> {
        self.root.join(path).map_err(|error| bad_url(path, error))
    }

    /// The table at a URL at its newest version; `None` when there is none.
    pub async fn open(&self, url: &Url) -> Result<Option<DeltaTable>> {
        let table = self.handle(url).await?;
        Ok(table.version().is_some().then_some(table))
    }

    /// The table at a URL as it was at a version.
    pub async fn open_at(&self, url: &Url, version: u64) -> Result<DeltaTable> {
        let mut table = self.build(url)?;
        table.load_version(version).await.map_err(|error| {
            LakeError::from(error)
                .with("table", url)
                .with("version", version)
        })?;
        Ok(table)
    }

    /// The table at a URL, which may not exist yet: then it has no version.
    pub(crate) async fn handle(&self, url: &Url) -> Result<DeltaTable> {
        let mut table = self.build(url)?;
        let path = url.to_file_path().ok().filter(|_| url.scheme() == "file");
        if path.is_some_and(|path| !path.join("_delta_log").exists()) {
            // The kernel takes a folder that is not there for a fault.
            return Ok(table);
        }
        let error = match table.load().await {
            Ok(()) => return Ok(table),
            Err(DeltaTableError::NotATable(_)) => LakeError::new(ErrorKind::NotFound, "no table"),
            Err(error) => LakeError::from(error),
        };
        let readable = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Storage);
        if readable && self.holds(url, "_delta_log").await.unwrap_or(false) {
            let damaged =
                "the log of the table is damaged: it has files, but no version can be read";
            return Err(error
                .instead(ErrorKind::Storage, damaged)
                .with("table", url)
                .hint("restore the missing files of `_delta_log`, or move the folder away"));
        }
        match error.kind() {
            ErrorKind::NotFound => Ok(self.build(url)?),
            ErrorKind::Storage => Err(error
                .with("table", url)
                .hint("is the lake's URL right, is it reachable, and may this user read it?")),
            _ => Err(error.with("table", url)),
        }
    }

    /// Whether there is any file below a folder of a table (`""` for the table itself).
    pub(crate) async fn holds(&self, url: &Url, folder: &str) -> Result<bool> {
        let path = url.to_file_path().ok().filter(|_| url.scheme() == "file");
        if path.is_some_and(|path| !path.exists()) {
            return Ok(false);
        }
        let store = self.build(url)?.log_store().object_store(None);
        let prefix = Path::from(folder);
        let mut listed = store.list(Some(&prefix));
        Ok(listed.try_next().await?.is_some())
    }

    fn build(&self, url: &Url) -> Result<DeltaTable> {
        DeltaTableBuilder::from_url(url.clone())
            .map(|builder| builder.with_storage_options(self.options.clone()))
            .and_then(DeltaTableBuilder::build)
            .map_err(|error| {
                LakeError::from(error)
                    .with("table", url)
                    .hint("check `lake.url` and `lake.options` in cdp.toml")
            })
    }

    /// The dates for which a table partitioned by `as_of_date` has rows.
    pub async fn partition_dates(&self, name: &TableName) -> Result<BTreeSet<AsOfDate>> {
        let Some(table) = self.open(&self.url(name)?).await? else {
            return Ok(BTreeSet::new());
        };
        let values: BTreeSet<String> = table
            .get_active_add_actions_by_partitions(&[])
            .try_filter_map(|file| {
                let value = file.partition_values_map().remove("as_of_date").flatten();
                futures::future::ready(Ok(value))
            })
            .try_collect()
            .await?;
        Ok(values.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// The newest version of a table; `None` when there is none.
    pub async fn version(&self, name: &TableName) -> Result<Option<u64>> {
        let table = self.open(&self.url(name)?).await?;
        Ok(table.and_then(|table| table.version()))
    }

    /// The same of several tables.
    pub async fn partitions(
        &self,
        names: Vec<TableName>,
    ) -> Result<BTreeMap<TableName, BTreeSet<AsOfDate>>> {
        let dates = async |name: TableName| {
            let dates = self.partition_dates(&name).await?;
            Ok((name, dates))
        };
        let dates = names.into_iter().map(dates).collect();
        let dates = at_once(TABLES_AT_ONCE, dates).await?;
        Ok(dates.into_iter().collect())
    }

    /// How many rows each partition of such a table holds.
    pub async fn partition_rows(&self, name: &TableName) -> Result<BTreeMap<AsOfDate, u64>> {
        let mut rows = BTreeMap::new();
        let Some(table) = self.open(&self.url(name)?).await? else {
            return Ok(rows);
        };
        let mut files = table.get_active_add_actions_by_partitions(&[]);
        while let Some(file) = files.try_next().await? {
            let date = file.partition_values_map().remove("as_of_date").flatten();
            if let Some(date) = date.and_then(|text| text.parse().ok()) {
                *rows.entry(date).or_default() += file.num_records().unwrap_or(0) as u64;
            }
        }
        Ok(rows)
    }

    /// The greatest whole number of a column in each partition of such a table, as its log tells it;
    /// `None` where that does not.
    pub async fn partition_maxima(
        &self,
        name: &TableName,
        column: &str,
    ) -> Result<BTreeMap<AsOfDate, Option<i64>>> {
        let mut maxima = BTreeMap::new();
        let Some(table) = self.open(&self.url(name)?).await? else {
            return Ok(maxima);
        };
        for files in table.snapshot()?.add_actions_batches(true)? {
            let dates = files.column_by_name("partition.as_of_date");
            let dates = dates.and_then(|dates| dates.as_primitive_opt::<Date32Type>());
            let told = files.column_by_name(&format!("max.{column}"));
            let told = told.and_then(|told| told.as_primitive_opt::<Int64Type>());
            for (row, day) in dates.into_iter().flatten().enumerate() {
                if let Some(date) = day.and_then(AsOfDate::from_epoch_day) {
                    let told = told.filter(|told| told.is_valid(row));
                    let known: &mut Option<i64> = maxima.entry(date).or_default();
                    *known = (*known).max(told.map(|told| told.value(row)));
                }
            }
        }
        Ok(maxima)
    }

    /// Checks that the store keeps two writers apart, which Delta's commits rest on.
    ///
    /// A store that ignores `If-None-Match` loses commits without a word, so writing there is refused.
    pub async fn probe(&self) -> Result<()> {
        if self.root.scheme() == "file" || self.root.scheme() == "memory" {
            return Ok(());
        }
        let probe = TableName::new(Layer::Ops, "probe")
            .map_err(|error| LakeError::new(ErrorKind::Unsupported, error.to_string()))?;
        let store = self
            .build(&self.url(&probe)?)?
            .log_store()
            .object_store(None);
        keeps_writers_apart(store.as_ref())
            .await
            .map_err(|error| error.with("lake", &self.root))
    }
}

/// Creates one object twice; the second time must fail.
pub(crate) async fn keeps_writers_apart(store: &dyn ObjectStore) -> Result<()> {
    let path = Path::from(format!("{}.txt", Uuid::new_v4()));
    let put = |text: &'static str| {
        let create = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        store.put_opts(&path, PutPayload::from_static(text.as_bytes()), create)
    };
    let unreachable = |error: object_store::Error| {
        LakeError::from(error)
            .hint("check `lake.url`, `lake.options` and the credentials in the environment")
    };
    put("first").await.map_err(unreachable)?;
    let second = put("second").await;
    store.delete(&path).await.map_err(unreachable)?;
    match second {
        Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(unreachable(error)),
        Ok(_) => Err(LakeError::new(
            ErrorKind::Unsupported,
            "the object store ignores conditional writes (`If-None-Match`), so two writers could \
             overwrite each other's commits",
        )
        .hint("use a store that supports them, such as S3 itself, SeaweedFS, MinIO or Azure")),
    }
}

fn bad_url(text: &str, error: url::ParseError) -> LakeError {
    LakeError::new(
        ErrorKind::NotFound,
        format!("`{text}` is not a location: {error}"),
    )
}
