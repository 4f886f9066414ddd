use std::time::Duration;

use super::fixture::{catalog, date, engine, lake, tables};
use super::loading::load_csv;
use crate::error::ErrorKind;

const ORDERS: &str = "order_id,amount,ordered_at,ingested_at\n\
    o1,10.00,2025-12-01T00:00:00Z,2025-12-01T00:00:00Z\n\
    o2,20.00,2025-12-31T23:59:59Z,2025-12-31T23:59:59Z\n\
    o3,30.00,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z\n\
    o4,40.00,2025-12-30T00:00:00Z,2026-01-05T00:00:00Z\n\
    o5,-1.00,2025-12-01T00:00:00Z,2025-12-01T00:00:00Z\n";

async fn ids(catalog: &crate::Catalog, sql: &str) -> Vec<String> {
    let batches = catalog.batches(sql).await.unwrap();
    crate::rows_to_csv(&batches, &["id".to_owned()]).unwrap()
}

#[tokio::test]
async fn no_query_sees_rows_of_the_future_or_rows_that_arrived_later() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    load_csv(&lake, dir.path(), "a.csv", ORDERS).await.unwrap();
    let tables = tables(&lake).await;
    let then = catalog(&tables, Some(date("2026-01-01")));
    let query = "select order_id as id from staging.orders";
    assert_eq!(ids(&then, query).await, ["o1", "o2"]);
    let later = catalog(&tables, Some(date("2026-01-06")));
    assert_eq!(ids(&later, query).await, ["o1", "o2", "o3", "o4"]);
    let ever = catalog(&tables, None);
    assert_eq!(
        ids(&ever, "select order_id as id from raw.orders")
            .await
            .len(),
        4
    );
}

#[tokio::test]
async fn a_run_reads_every_source_at_one_version() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    load_csv(&lake, dir.path(), "a.csv", ORDERS).await.unwrap();
    let tables = tables(&lake).await;
    let day = Some(date("2026-01-06"));
    let query = "select order_id as id from staging.orders";
    let before = ids(&catalog(&tables, day), query).await;
    let more = "order_id,amount,ordered_at,ingested_at\n\
                o9,9.00,2025-12-01T00:00:00Z,2025-12-01T00:00:00Z\n";
    load_csv(&lake, dir.path(), "b.csv", more).await.unwrap();
    assert_eq!(ids(&catalog(&tables, day), query).await, before);
    let next_run = super::fixture::tables(&lake).await;
    assert_eq!(
        ids(&catalog(&next_run, day), query).await.len(),
        before.len() + 1
    );
}

#[tokio::test]
async fn queries_only_read() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    load_csv(&lake, dir.path(), "a.csv", ORDERS).await.unwrap();
    let tables = tables(&lake).await;
    for sql in [
        "insert into raw.orders select * from raw.orders",
        "delete from raw.orders",
        "create table t as select 1",
        "drop table raw.orders",
        "set datafusion.execution.batch_size = 1",
        "copy raw.orders to '/tmp/out.csv'",
    ] {
        let error = catalog(&tables, None).query(sql, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {error}");
    }
    assert_eq!(
        catalog(&tables, None)
            .batches("select * from raw.orders")
            .await
            .unwrap()[0]
            .num_rows(),
        4
    );
}

#[tokio::test]
async fn nothing_that_leaves_the_engine_is_a_view_or_a_dictionary() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let day = date("2026-01-01");
    let rows = super::fixture::rows(day, 3, 1);
    super::fixture::put(&lake, &crate::Scope::Text("profile_id", "p0".into()), &{
        super::fixture::rows(day, 1, 1)
    })
    .await
    .unwrap();
    drop(rows);
    let tables = tables(&lake).await;
    let answer = catalog(&tables, Some(day))
        .query("select * from features.order_features", None)
        .await
        .unwrap();
    // `profile_id` is a partition column here, which delta-rs reads as a dictionary.
    for field in answer.schema.fields() {
        let shown = field.data_type().to_string();
        assert!(
            !shown.contains("View") && !shown.contains("Dictionary"),
            "{field:?}"
        );
    }
    assert_eq!(
        answer
            .batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum::<usize>(),
        1
    );
}

/// Enough memory for a tenth of the state: it must spill, and it must end.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_larger_than_memory_spills_and_ends() {
    let session = engine(24 << 20).session().unwrap();
    let frame = session
        .sql(
            "select count(*) as n, sum(c) as c from (
                 select k, count(*) as c from (
                     select concat('key-of-some-length-', cast(value % 1000000 as varchar)) as k
                     from generate_series(1, 1500000) as t(value)
                 ) group by k order by k
             )",
        )
        .await
        .unwrap();
    let batches = tokio::time::timeout(Duration::from_mins(2), frame.collect())
        .await
        .expect("the query hangs")
        .unwrap();
    let rows = crate::rows_to_csv(&batches, &["n".to_owned(), "c".to_owned()]).unwrap();
    assert_eq!(rows, ["1000000,1500000"]);
}

#[tokio::test]
async fn a_folder_without_a_log_is_not_read_as_an_empty_table() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let half = dir.path().join("raw/orders");
    std::fs::create_dir_all(&half).unwrap();
    let query = "select * from staging.orders";
    let read = async || {
        let tables = tables(&lake).await;
        catalog(&tables, Some(date("2026-01-01")))
            .batches(query)
            .await
    };
    assert!(read().await.is_ok(), "the source is optional");
    std::fs::write(half.join("part-0.parquet"), b"half").unwrap();
    let error = read().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`raw.orders` is not a Delta table"),
        "{error}"
    );
    std::fs::remove_file(half.join("part-0.parquet")).unwrap();
    load_csv(&lake, dir.path(), "a.csv", ORDERS).await.unwrap();
    assert!(read().await.is_ok());
    std::fs::remove_file(half.join("_delta_log/00000000000000000000.json")).unwrap();
    std::fs::write(half.join("_delta_log/00000000000000000007.json"), b"{}").unwrap();
    let error = read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
}

/// However far the first sound event is from the first of all, which the log tells.
#[tokio::test]
async fn the_first_event_is_that_of_the_first_sound_row() {
    let days = [
        None,
        Some("2025-12-01"),
        Some("2019-05-05"),
        Some("1970-01-01"),
    ];
    for early in days {
        for sound in [
            "2025-12-01T12:00:00Z",
            "2025-12-20T00:00:00Z",
            "2026-03-01T00:00:00Z",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let lake = lake(dir.path());
            let first = catalog(&tables(&lake).await, None).first_event_day().await;
            assert_eq!(first.unwrap(), None);
            let bad = early.map(|early| format!("bad,-1.00,{early}T00:00:00Z,{sound}\n"));
            let rows = format!(
                "order_id,amount,ordered_at,ingested_at\n{}good,1.00,{sound},{sound}\n\
                 later,1.00,2026-06-01T00:00:00Z,{sound}\n",
                bad.unwrap_or_default()
            );
            load_csv(&lake, dir.path(), "a.csv", &rows).await.unwrap();
            let first = catalog(&tables(&lake).await, None).first_event_day().await;
            let sound_day = date(&sound[..10]).epoch_day();
            assert_eq!(first.unwrap(), Some(sound_day), "{early:?} {sound}");
            // The search begins where the log says.
            let tables = tables(&lake).await;
            let source = tables.manifest().sources().next().unwrap();
            let table = tables.source(source).await.unwrap().unwrap();
            let told = crate::first_event::earliest(&table, "ordered_at").unwrap();
            let first_day = early.map_or(sound_day, |early| date(early).epoch_day().min(sound_day));
            assert_eq!(told.div_euclid(86_400_000_000), i64::from(first_day));
        }
    }
}
