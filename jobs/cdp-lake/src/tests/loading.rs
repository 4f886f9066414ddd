use std::path::Path;

use super::fixture::{catalog, lake, manifest, tables};
use crate::error::ErrorKind;
use crate::{Lake, LoadLimits, Loaded, Provenance, Result, load};

pub(super) async fn load_csv(lake: &Lake, dir: &Path, name: &str, text: &str) -> Result<Loaded> {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    let manifest = manifest();
    let source = manifest.source(&"raw.orders".parse().unwrap()).unwrap();
    let limits = LoadLimits {
        bad_rows_max_share: 0.5,
        quarantine_rows_max: 100,
    };
    load(lake, source, &[path], limits, &Provenance::default()).await
}

const GOOD: &str = "order_id,amount,ordered_at,ingested_at\n\
    o1,1.50,2025-12-01 10:00:00,2025-12-01T10:00:00Z\n\
    o2,2.50,2025-12-02,\n";

async fn count(lake: &Lake, table: &str) -> usize {
    let tables = tables(lake).await;
    let batches = catalog(&tables, None)
        .batches(&format!("select * from {table}"))
        .await
        .unwrap();
    batches
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .sum()
}

#[tokio::test]
async fn a_file_is_loaded_once_whatever_it_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let first = load_csv(&lake, dir.path(), "a.csv", GOOD).await.unwrap();
    assert_eq!((first.files_added, first.rows_added), (1, 2));
    let again = load_csv(&lake, dir.path(), "b.csv", GOOD).await.unwrap();
    assert_eq!(
        (again.files_added, again.files_known, again.rows_added),
        (0, 1, 0)
    );
    assert_eq!(count(&lake, "raw.orders").await, 2);
}

/// delta-rs commits one transaction twice without a word; two loads of one file must not.
#[tokio::test(flavor = "multi_thread")]
async fn two_loads_of_one_file_at_once_add_it_once() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let lake = lake(dir.path());
        let other = "order_id,amount,ordered_at,ingested_at\no0,1,2025-01-01,\n";
        load_csv(&lake, dir.path(), "first.csv", other)
            .await
            .unwrap();
        let (a, b) = tokio::join!(
            load_csv(&lake, dir.path(), "a.csv", GOOD),
            load_csv(&lake, dir.path(), "a.csv", GOOD),
        );
        let added = a.unwrap().rows_added + b.unwrap().rows_added;
        assert_eq!(added, 2);
        assert_eq!(count(&lake, "raw.orders").await, 3);
    }
}

#[tokio::test]
async fn bad_rows_are_set_aside_with_their_line_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let text = "order_id,amount,ordered_at,ingested_at\n\
        o1,1.50,2025-12-01,\n\
        o2,many,2025-12-02,\n\
        o3,3.50,2025-12-03,\n\
        o4,4.50\n\
        o5,5.50,2025-12-05,\n\
        ,6.50,2025-12-06,\n";
    let loaded = load_csv(&lake, dir.path(), "a.csv", text).await.unwrap();
    assert_eq!((loaded.rows_added, loaded.rows_set_aside), (3, 3));
    let tables = tables(&lake).await;
    let batches = catalog(&tables, None)
        .batches("select key, reason from ops.quarantine")
        .await
        .unwrap();
    let columns = ["key".to_owned(), "reason".to_owned()];
    let found = crate::rows_to_csv(&batches, &columns).unwrap().join("\n");
    for expected in [
        "a.csv:3,\"`amount`: `many` is not a decimal(18,2); write it like `1234.5`\"",
        "a.csv:5,\"the line has 2 fields, the header has 4\"",
        "a.csv:7,`order_id` is missing",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[tokio::test]
async fn a_load_with_too_many_bad_rows_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let text = "order_id,amount,ordered_at,ingested_at\no1,x,y,z\no2,x,y,z\no3,1,2025-01-01,\n";
    let error = load_csv(&lake, dir.path(), "a.csv", text)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(
        error
            .to_string()
            .starts_with("2 of 3 rows for `raw.orders` can't be read"),
        "{error}"
    );
    assert_eq!(count(&lake, "raw.orders").await, 0);
}

#[tokio::test]
async fn a_missing_column_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let error = load_csv(&lake, dir.path(), "a.csv", "order_id,amount\no1,1\n")
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("line 1: the header lacks `ordered_at`, `ingested_at`"),
        "{text}"
    );
}

#[tokio::test]
async fn json_lines_and_parquet_give_the_same_rows_as_csv() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let json = "{\"order_id\":\"j1\",\"amount\":1.5,\"ordered_at\":\"2025-12-01T10:00:00Z\"}\n\
                {\"order_id\":\"j2\",\"amount\":\"2.5\",\"ordered_at\":\"2025-12-02\",\"extra\":1}\n\
                not json\n";
    let loaded = load_csv(&lake, dir.path(), "a.jsonl", json).await.unwrap();
    assert_eq!((loaded.rows_added, loaded.rows_set_aside), (2, 1));
    assert!(loaded.notes[0].contains("extra"), "{:?}", loaded.notes);
    let sum = catalog(&tables(&lake).await, None)
        .batches("select sum(amount) as s from raw.orders")
        .await
        .unwrap();
    assert_eq!(
        crate::rows_to_csv(&sum, &["s".to_owned()]).unwrap(),
        ["4.00"]
    );
}
