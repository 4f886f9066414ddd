//! What is new since an earlier date: every row once, whatever the order of loads and times.

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_plan::{AsOfDate, Source};

use super::fixture::{catalog, date, lake, tables};
use super::loading::load_csv;
use crate::{Lake, RunTables, Since};

/// Rows of `raw.orders` from `id ordered ingested`, days of January.
fn orders(rows: &[(&str, u32, u32)]) -> String {
    let lines = rows.iter().map(|(id, ordered, ingested)| {
        format!("{id},1.00,2026-01-{ordered:02}T10:00:00Z,2026-01-{ingested:02}T11:00:00Z\n")
    });
    let header = "order_id,amount,ordered_at,ingested_at\n".to_owned();
    lines.fold(header, |text, line| text + &line)
}

fn source(tables: &RunTables) -> &Source {
    tables.manifest().sources().next().unwrap()
}

/// The orders that a date sees, or those of them that are new.
async fn seen(tables: &Arc<RunTables>, as_of: AsOfDate, since: Option<Since>) -> Vec<String> {
    let mut catalog = catalog(tables, Some(as_of));
    if let Some(since) = since {
        catalog = catalog.since(since);
    }
    let query = "select order_id as id from staging.orders order by order_id";
    let batches = catalog.batches(query).await.unwrap();
    crate::rows_to_csv(&batches, &["id".to_owned()]).unwrap()
}

async fn version(lake: &Lake) -> u64 {
    let tables = tables(lake).await;
    let table = tables.source(source(&tables)).await.unwrap().unwrap();
    table.version().unwrap()
}

async fn since(tables: &RunTables, date: AsOfDate, version: Option<u64>) -> Option<Since> {
    let source = source(tables);
    let versions = version.map(|version| (source.name.clone(), version));
    let versions: BTreeMap<_, _> = versions.into_iter().collect();
    tables.since(date, &[source], &versions).await.unwrap()
}

#[tokio::test]
async fn what_is_new_is_every_row_that_was_not_seen_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let (first, second) = (date("2026-01-02"), date("2026-01-03"));
    // Known at once; of later; heard of later; of a day that the second date does not know either.
    let early = orders(&[("a", 1, 1), ("b", 2, 2), ("c", 1, 2), ("d", 3, 3)]);
    load_csv(&lake, dir.path(), "1.csv", &early).await.unwrap();
    let then = version(&lake).await;
    assert_eq!(seen(&tables(&lake).await, first, None).await, ["a"]);
    // A file that came after the first date was made, with rows of all times.
    let added = orders(&[("e", 1, 1), ("f", 2, 2), ("g", 3, 3)]);
    load_csv(&lake, dir.path(), "2.csv", &added).await.unwrap();
    let tables = tables(&lake).await;
    let new = since(&tables, first, Some(then)).await;
    assert!(new.is_some(), "the table only grew");
    assert_eq!(seen(&tables, second, new).await, ["b", "c", "e", "f"]);
    let all = seen(&tables, second, None).await;
    assert_eq!(all, ["a", "b", "c", "e", "f"]);
    // A source that was not there yet is new as a whole.
    let new = since(&tables, first, None).await;
    assert_eq!(seen(&tables, second, new).await, all);
    // Nothing came, and no time has passed.
    let new = since(&tables, second, Some(version(&lake).await)).await;
    assert!(seen(&tables, second, new).await.is_empty());
}

#[tokio::test]
async fn a_source_that_was_rewritten_is_not_taken_for_one_that_grew() {
    let dir = tempfile::tempdir().unwrap();
    let lake = lake(dir.path());
    let rows = orders(&[("a", 1, 1), ("b", 1, 1)]);
    load_csv(&lake, dir.path(), "1.csv", &rows).await.unwrap();
    let then = version(&lake).await;
    let before = tables(&lake).await;
    let table = before.source(source(&before)).await.unwrap().unwrap();
    table
        .delete()
        .with_predicate("order_id = 'a'")
        .await
        .unwrap();
    let (tables, now) = (tables(&lake).await, version(&lake).await);
    let first = date("2026-01-02");
    assert!(since(&tables, first, Some(then)).await.is_none());
    assert!(since(&tables, first, Some(now)).await.is_some());
    assert!(since(&tables, first, Some(now + 1)).await.is_none());
}
