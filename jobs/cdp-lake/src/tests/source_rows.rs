use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::DataType;

use super::fixture::{catalog, lake, manifest, tables};
use super::loading::load_csv;
use crate::error::ErrorKind;
use crate::{Committed, Lake, Provenance, Result, append_to_source};

fn order(id: &str, more: Option<&str>) -> RecordBatch {
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let columns = [
        ("order_id", text(id)),
        ("ordered_at", text("2025-12-01T10:00:00Z")),
    ];
    let more = more.map(|name| (name, text("more")));
    RecordBatch::try_from_iter(columns.into_iter().chain(more)).unwrap()
}

async fn append(lake: &Lake, rows: &RecordBatch, transaction: &str) -> Result<Committed> {
    let manifest = manifest();
    let source = manifest.source(&"raw.orders".parse().unwrap()).unwrap();
    append_to_source(lake, source, rows, transaction, &Provenance::default()).await
}

async fn ids(lake: &Lake) -> Vec<String> {
    let tables = tables(lake).await;
    let query = "select order_id from raw.orders order by order_id";
    let batches = catalog(&tables, None).batches(query).await.unwrap();
    let ids = batches.iter().flat_map(|batch| {
        let column = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
        let column = arrow::array::AsArray::as_string::<i32>(&column).clone();
        column
            .iter()
            .map(|id| id.unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    ids.collect()
}

#[tokio::test]
async fn rows_of_our_own_and_rows_of_files_lie_in_one_table() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    append(&lake, &order("o1", None), "one").await.unwrap();
    let file = "order_id,amount,ordered_at,ingested_at\no2,1.50,2025-12-01 10:00:00,\n";
    load_csv(&lake, dir.path(), "a.csv", file).await.unwrap();
    append(&lake, &order("o3", None), "three").await.unwrap();
    assert_eq!(ids(&lake).await, ["o1", "o2", "o3"]);
}

#[tokio::test]
async fn a_transaction_adds_its_rows_once() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let first = append(&lake, &order("o1", None), "one").await.unwrap();
    let again = append(&lake, &order("o1", None), "one").await.unwrap();
    assert_eq!((first.version, again.version), (0, 0));
    assert_eq!(ids(&lake).await, ["o1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_both_add_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let (one, two) = (order("o1", None), order("o2", None));
    let both = tokio::join!(append(&lake, &one, "one"), append(&lake, &two, "two"));
    both.0.unwrap();
    both.1.unwrap();
    assert_eq!(ids(&lake).await, ["o1", "o2"]);
}

#[tokio::test]
async fn a_column_that_no_one_declares_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let error = append(&lake, &order("o1", Some("weight")), "one").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("lacks `weight`"), "{error}");
}
