//! Files, columns and types; and that a world is the same every time.

use std::collections::BTreeMap;
use std::io;

use cdp_sample_world::{Files, TruthSpec, WorldSpec, generate};
use chrono::{NaiveDate, NaiveDateTime};

use crate::files::Generated;

/// The columns of each source and their types, in order, as the project declares them.
fn declared_sources() -> BTreeMap<String, Vec<(String, String)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/sources.toml");
    let text = std::fs::read_to_string(path).expect("the declared sources");
    let mut sources: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if line.starts_with('[') {
            let name = line
                .strip_prefix("[sources.")
                .and_then(|rest| rest.strip_suffix(".columns]"));
            current = name.map(str::to_owned);
        } else if let (Some(source), Some((column, kind))) = (&current, line.split_once('=')) {
            let kind = kind.split('"').nth(1).expect("a type in quotes");
            sources
                .entry(source.clone())
                .or_default()
                .push((column.trim().to_owned(), kind.to_owned()));
        }
    }
    sources
}

fn is_of_type(value: &str, kind: &str) -> bool {
    match kind {
        "string" => true,
        "int" => value.parse::<i64>().is_ok(),
        "bool" => matches!(value, "true" | "false"),
        "date" => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
        "timestamp" => NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M:%SZ").is_ok(),
        "decimal(18,2)" => {
            let places = value.split_once('.').map(|(_, places)| places.len());
            value.parse::<f64>().is_ok() && places == Some(2)
        }
        _ => false,
    }
}

fn written_columns(world: &Generated, file: &str) -> Vec<String> {
    let first_line = world.text(file).lines().next().expect("a first line");
    if file.contains(".json") {
        let row: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(first_line).expect("a JSON object");
        row.keys().cloned().collect()
    } else {
        first_line.split(',').map(str::to_owned).collect()
    }
}

#[test]
fn files_have_the_columns_and_types_that_the_project_declares() {
    let world = Generated::new(&WorldSpec::small());
    let mut declared = declared_sources();
    for file in &world.summary.files {
        let Some(source) = file.source else { continue };
        let columns = declared.remove(source).expect("a declared source");
        let names: Vec<_> = columns.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(written_columns(&world, file.name), names, "{source}");
        for row in world.records(file.name) {
            for (column, kind) in &columns {
                if let Some(value) = row.get(column) {
                    assert!(is_of_type(value, kind), "{source}.{column}: {value}");
                }
            }
        }
    }
    let unwritten: Vec<&str> = declared.keys().map(AsRef::as_ref).collect();
    assert_eq!(
        unwritten,
        ["identity_overrides"],
        "what people decide is not of the world"
    );
}

#[test]
fn the_summary_counts_the_rows() {
    let world = Generated::new(&WorldSpec::small());
    for file in &world.summary.files {
        let rows = world.records(file.name).len() as u64;
        assert_eq!(rows, file.rows, "{}", file.name);
        assert!(rows > 0, "{}", file.name);
        assert_eq!(world.summary.rows(file.name), rows);
    }
    assert_eq!(world.summary.rows("truth/people.csv"), 60);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let spec = WorldSpec::small();
    let first = Generated::new(&spec).files;
    assert_eq!(first, Generated::new(&spec).files);
    let other = WorldSpec { seed: 8, ..spec };
    let other = Generated::new(&other).files;
    for (name, content) in first {
        assert_ne!(content, other[&name], "{name}");
    }
}

#[test]
fn more_people_change_nobody() {
    let few = Generated::new(&WorldSpec::small());
    let more = Generated::new(&WorldSpec {
        people: 130,
        ..WorldSpec::small()
    });
    for (name, content) in &few.files {
        // Rows come person by person.
        assert!(more.files[name].starts_with(content), "{name}");
    }
}

#[test]
fn activity_changes_neither_orders_nor_the_truth() {
    let calm = Generated::new(&WorldSpec::small());
    let busy = Generated::new(&WorldSpec {
        activity: 3.0,
        ..WorldSpec::small()
    });
    for name in ["orders.csv", "order_lines.csv", "truth/people.csv"] {
        assert_eq!(calm.files[name], busy.files[name], "{name}");
    }
    assert!(busy.summary.rows("web_events.jsonl") > 2 * calm.summary.rows("web_events.jsonl"));
}

struct Nowhere;

impl Files for Nowhere {
    type W = io::Sink;

    fn create(&mut self, _name: &str) -> io::Result<io::Sink> {
        Ok(io::sink())
    }
}

#[test]
fn a_truth_that_the_world_does_not_cover_is_refused() {
    let spec = WorldSpec {
        days: 400,
        ..WorldSpec::small()
    };
    let fault = generate(&spec, &TruthSpec::default(), &mut Nowhere).expect_err("too short");
    assert_eq!(fault.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(
        fault.to_string(),
        "the horizon ends on 2026-04-01, and the world already on 2026-02-05"
    );
    let early = TruthSpec {
        as_of_date: spec.first_day,
        horizon_days: 90,
    };
    assert!(generate(&spec, &early, &mut Nowhere).is_err());
    let wrong = WorldSpec {
        activity: f64::NAN,
        ..WorldSpec::small()
    };
    assert!(generate(&wrong, &TruthSpec::default(), &mut Nowhere).is_err());
}
