use std::path::Path;
use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_identity::{IdentityRules, RawIdentityConfig};
use cdp_plan::{
    AsOfDate, Config, DEFAULT_TOML, EngineLimits, Manifest, ModelSettings, SourceFile, Supplied,
    TableName, TreeFile, Vars,
};
use url::Url;

use crate::{Catalog, Engine, Lake, Provenance, RunTables, SchemaBook, Scope, Staged, publish};

pub(super) fn limits(memory_limit: u64) -> EngineLimits {
    EngineLimits {
        memory_limit,
        partitions: 2,
        spill_dir: None,
        spill_limit: 10 << 30,
    }
}

pub(super) fn engine(memory_limit: u64) -> Engine {
    let rules = IdentityRules::from_config(&RawIdentityConfig::default()).unwrap();
    Engine::new(&limits(memory_limit), Arc::new(rules)).unwrap()
}

pub(super) fn lake(dir: &Path) -> Lake {
    let root = Url::from_directory_path(dir).unwrap();
    Lake::new(root, [], engine(1 << 30))
}

pub(super) fn date(text: &str) -> AsOfDate {
    text.parse().unwrap()
}

pub(super) fn table() -> TableName {
    "features.order_features".parse().unwrap()
}

pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("profile_id", DataType::Utf8, true),
        Field::new("order_count", DataType::Int64, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

/// Rows `p0 … pn` of a date, each with the same count.
pub(super) fn rows(date: AsOfDate, n: usize, count: i64) -> Staged {
    let ids: StringArray = (0..n).map(|row| Some(format!("p{row}"))).collect();
    let batch = RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(ids),
            Arc::new(Int64Array::from(vec![count; n])),
            Arc::new(Date32Array::from(vec![date.epoch_day(); n])),
        ],
    )
    .unwrap();
    Staged::from_batches(schema(), vec![batch]).unwrap()
}

pub(super) async fn put(lake: &Lake, scope: &Scope, staged: &Staged) -> crate::Result<u64> {
    let url = lake.url(&table())?;
    let committed = publish(lake, &url, scope, staged, &Provenance::default()).await?;
    Ok(committed.version)
}

/// The sum of counts and the number of rows of the table, read anew.
pub(super) async fn sums(lake: &Lake) -> (i64, i64) {
    let url = lake.url(&table()).unwrap();
    let table = lake.open(&url).await.unwrap().unwrap();
    let session = lake.engine().session().unwrap();
    table.update_datafusion_session(&session.state()).unwrap();
    let provider = table.table_provider().build().await.unwrap();
    let frame = session.read_table(Arc::new(provider)).unwrap();
    let batches = frame.collect().await.unwrap();
    let mut sums = (0, 0);
    for batch in &batches {
        let counts = batch.column_by_name("order_count").unwrap();
        let counts = counts.as_any().downcast_ref::<Int64Array>().unwrap();
        sums.0 += counts.iter().flatten().sum::<i64>();
        sums.1 += i64::try_from(batch.num_rows()).unwrap();
    }
    sums
}

const SOURCES: &str = r#"
[sources.orders]
description = "orders"
key         = ["order_id"]
event_time  = "ordered_at"
ingest_time = "ingested_at"
required    = ["order_id"]
optional    = true
[sources.orders.columns]
order_id    = "string"
amount      = "decimal(18,2)"
ordered_at  = "timestamp"
ingested_at = "timestamp"
[sources.orders.rules]
not_negative = "amount >= 0"
"#;

const MODELS: [(&str, &str); 4] = [
    (
        "staging/orders.sql",
        "select order_id, amount, identifier('user_id', order_id) as identifier from raw.orders",
    ),
    (
        "staging/orders.toml",
        "description = \"x\"\nowner = \"x\"\nmaterialization = \"view\"\ngrain = [\"order_id\"]\n",
    ),
    (
        "features/order_features.sql",
        "select order_id as profile_id, count(*) as order_count, $as_of_date as as_of_date \
         from staging.orders group by order_id",
    ),
    (
        "features/order_features.toml",
        "description = \"x\"\nowner = \"x\"\nmaterialization = \"partition\"\n\
         grain = [\"profile_id\", \"as_of_date\"]\n",
    ),
];

pub(super) fn manifest() -> Manifest {
    let mut tree: Vec<TreeFile> = MODELS
        .iter()
        .map(|(path, text)| TreeFile {
            path: (*path).to_owned(),
            file: SourceFile::new(format!("sql/{path}"), *text),
        })
        .collect();
    tree.push(TreeFile {
        path: "sources.toml".to_owned(),
        file: SourceFile::new("sql/sources.toml", SOURCES),
    });
    let settings = ModelSettings {
        file: &SourceFile::new("cdp.toml", ""),
        vars: &Vars::new(),
        definitions: None,
    };
    Manifest::load(&tree, &settings, Vec::new()).unwrap()
}

pub(super) fn config() -> Config {
    let mut faults = Vec::new();
    Config::read(&SourceFile::new("cdp.toml", DEFAULT_TOML), &mut faults).unwrap()
}

pub(super) async fn tables(lake: &Lake) -> Arc<RunTables> {
    let manifest = manifest();
    let values = Supplied::new(&date("2026-01-01").into(), &config().churn);
    let mut faults = Vec::new();
    let book = SchemaBook::write(lake.engine(), &manifest, &values, |_| schema(), &mut faults)
        .await
        .unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    Arc::new(RunTables::new(lake.clone(), Arc::new(manifest), book).unwrap())
}

pub(super) fn catalog(tables: &Arc<RunTables>, as_of: Option<AsOfDate>) -> Catalog {
    let values = Supplied::new(&as_of.unwrap_or(date("2262-01-01")).into(), &config().churn);
    Catalog::new(tables.clone(), as_of, values).unwrap()
}

/// An object store that ignores conditional writes, as some S3 servers do.
pub(super) mod careless {
    use std::fmt;

    use async_trait::async_trait;
    use futures::stream::BoxStream;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{
        CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
        PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    };

    #[derive(Debug)]
    pub(in crate::tests) struct Careless(pub(in crate::tests) InMemory);

    impl fmt::Display for Careless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("careless")
        }
    }

    #[async_trait]
    impl ObjectStore for Careless {
        async fn put_opts(
            &self,
            location: &Path,
            payload: PutPayload,
            mut options: PutOptions,
        ) -> Result<PutResult> {
            options.mode = PutMode::Overwrite;
            self.0.put_opts(location, payload, options).await
        }

        async fn put_multipart_opts(
            &self,
            location: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.0.put_multipart_opts(location, options).await
        }

        async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
            self.0.get_opts(location, options).await
        }

        fn delete_stream(
            &self,
            locations: BoxStream<'static, Result<Path>>,
        ) -> BoxStream<'static, Result<Path>> {
            self.0.delete_stream(locations)
        }

        fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.0.list(prefix)
        }

        async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
            self.0.list_with_delimiter(prefix).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.0.copy_opts(from, to, options).await
        }
    }
}
