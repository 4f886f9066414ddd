use super::fixture::{date, lake, put, rows, sums, table};
use crate::Scope;
use crate::error::ErrorKind;

#[tokio::test]
async fn replacing_a_partition_twice_is_replacing_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let (first, second) = (date("2026-01-01"), date("2026-01-02"));
    put(&lake, &Scope::Date(first), &rows(first, 10, 1))
        .await
        .unwrap();
    put(&lake, &Scope::Date(second), &rows(second, 5, 100))
        .await
        .unwrap();
    let before = sums(&lake).await;
    let version = put(&lake, &Scope::Date(second), &rows(second, 5, 100))
        .await
        .unwrap();
    assert_eq!(sums(&lake).await, before);
    assert_eq!(before, (510, 15));
    assert_eq!(version, 2, "one commit per write");
    let dates = lake.partition_dates(&table()).await.unwrap();
    assert_eq!(dates.into_iter().collect::<Vec<_>>(), [first, second]);
    let maxima = lake.partition_maxima(&table(), "order_count").await;
    let told: Vec<_> = maxima.unwrap().into_iter().collect();
    assert_eq!(told, [(first, Some(1)), (second, Some(100))]);
    for untold in ["profile_id", "no_column"] {
        let maxima = lake.partition_maxima(&table(), untold).await.unwrap();
        let told: Vec<_> = maxima.into_iter().collect();
        assert_eq!(told, [(first, None), (second, None)], "{untold}");
    }
}

#[tokio::test]
async fn replacing_by_nothing_empties_the_partition_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let (first, second) = (date("2026-01-01"), date("2026-01-02"));
    put(&lake, &Scope::Date(first), &rows(first, 3, 1))
        .await
        .unwrap();
    put(&lake, &Scope::Date(second), &rows(second, 3, 1))
        .await
        .unwrap();
    put(&lake, &Scope::Date(first), &rows(first, 0, 1))
        .await
        .unwrap();
    assert_eq!(sums(&lake).await, (3, 3));
}

#[tokio::test]
async fn rows_outside_the_partition_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let (first, second) = (date("2026-01-01"), date("2026-01-02"));
    put(&lake, &Scope::Date(first), &rows(first, 3, 1))
        .await
        .unwrap();
    let stray = put(&lake, &Scope::Date(first), &rows(second, 3, 1)).await;
    assert!(
        stray.is_err(),
        "rows of {second} went into the partition of {first}"
    );
    assert_eq!(sums(&lake).await, (3, 3));
}

/// Without a predicate on a full overwrite, or with a stale snapshot, delta-rs keeps the rows of both
/// writers. Ours leave the rows of exactly one, whoever wins, and the other is told of a conflict.
#[tokio::test(flavor = "multi_thread")]
async fn two_writers_never_leave_the_rows_of_both() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let day = date("2026-01-01");
    for scope in [Scope::Whole, Scope::Date(day)] {
        let mut conflicts = 0;
        for round in 0..8 {
            let (a, b) = (rows(day, 10, 1), rows(day, 10, 1000));
            let (first, second) = tokio::join!(put(&lake, &scope, &a), put(&lake, &scope, &b));
            for outcome in [&first, &second] {
                if let Err(error) = outcome {
                    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                    conflicts += 1;
                }
            }
            assert!(first.is_ok() || second.is_ok());
            let sums = sums(&lake).await;
            assert!(
                [(10, 10), (10_000, 10)].contains(&sums),
                "{scope:?}, round {round}: {sums:?}"
            );
        }
        assert!(conflicts > 0, "{scope:?}: the writers never met");
        std::fs::remove_dir_all(dir.path().join("features")).unwrap();
    }
}

#[tokio::test]
async fn every_commit_tells_its_story_and_names_its_predicate() {
    use futures::TryStreamExt;
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let day = date("2026-01-01");
    put(&lake, &Scope::Whole, &rows(day, 1, 1)).await.unwrap();
    put(&lake, &Scope::Whole, &rows(day, 1, 1)).await.unwrap();
    let url = lake.url(&table()).unwrap();
    let opened = lake.open(&url).await.unwrap().unwrap();
    let history: Vec<_> = opened.history(Some(1)).try_collect().await.unwrap();
    let parameters = history[0].operation_parameters.clone().unwrap();
    assert_eq!(parameters["predicate"], "true");
    for key in [
        "cdp.commit",
        "cdp.run_id",
        "cdp.inputs",
        "cdp.sql_sha256",
        "cdp.fingerprint",
    ] {
        assert!(history[0].info.contains_key(key), "{key}");
    }
}

#[tokio::test]
async fn a_changed_type_is_refused_and_the_table_stays() {
    use arrow::array::{Date32Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let day = date("2026-01-01");
    put(&lake, &Scope::Date(day), &rows(day, 2, 7))
        .await
        .unwrap();
    let schema = Arc::new(Schema::new(vec![
        Field::new("profile_id", DataType::Utf8, true),
        Field::new("order_count", DataType::Utf8, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]));
    let batch = RecordBatch::try_new(
        schema.clone(),
        vec![
            Arc::new(StringArray::from(vec!["p0"])),
            Arc::new(StringArray::from(vec!["many"])),
            Arc::new(Date32Array::from(vec![day.epoch_day()])),
        ],
    )
    .unwrap();
    let staged = crate::Staged::from_batches(schema, vec![batch]).unwrap();
    let error = put(&lake, &Scope::Date(day), &staged).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(
        error
            .to_string()
            .contains("`order_count` was int and is now string"),
        "{error}"
    );
    assert_eq!(sums(&lake).await, (14, 2));
}

#[tokio::test]
async fn a_store_that_ignores_conditional_writes_is_refused() {
    use object_store::memory::InMemory;
    let careless = super::fixture::careless::Careless(InMemory::new());
    crate::lake::keeps_writers_apart(&InMemory::new())
        .await
        .unwrap();
    let error = crate::lake::keeps_writers_apart(&careless)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("If-None-Match"), "{error}");
}
