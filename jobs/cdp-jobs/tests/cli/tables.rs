//! Every row of every table of a lake, as text that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::cdp;

/// A row: its date, empty where the table has none, and all its columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) date: String,
    pub(crate) text: String,
}

/// The rows of every table but those of the operators, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables(pub(crate) BTreeMap<String, Vec<Row>>);

impl Tables {
    /// Reads all tables of a project's lake.
    pub(crate) fn read(project: &Path) -> Self {
        let names = names(&project.join("lake"));
        let queries: Vec<String> = names
            .iter()
            .map(|(name, path)| query(name, &columns(path)))
            .collect();
        let query = queries.join(" union all ");
        let told = cdp(
            project,
            &["sql", "--limit", "0", "--format", "csv", query.as_str()],
        )
        .expect(0);
        let mut tables: BTreeMap<String, Vec<Row>> =
            names.into_keys().map(|name| (name, Vec::new())).collect();
        let mut reader = csv::Reader::from_reader(told.stdout.as_bytes());
        for record in reader.records() {
            let record = record.expect("the rows are CSV");
            let rows = tables.get_mut(&record[0]).expect("a table that was asked");
            rows.push(Row {
                date: record[1].to_owned(),
                text: record[2].to_owned(),
            });
        }
        for rows in tables.values_mut() {
            rows.sort_unstable();
        }
        Self(tables)
    }

    /// Those rows of each table that a condition on the table and the date holds for.
    pub(crate) fn filter(&self, keep: impl Fn(&str, &str) -> bool) -> Self {
        let tables = self.0.iter().map(|(name, rows)| {
            let rows = rows.iter().filter(|row| keep(name, &row.date));
            (name.clone(), rows.cloned().collect())
        });
        Self(tables.collect())
    }

    /// The number of all rows.
    pub(crate) fn row_count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Fails with the first rows that differ, table by table.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Self, what: &str) {
        let names: Vec<&String> = self.0.keys().collect();
        let other_names: Vec<&String> = other.0.keys().collect();
        assert_eq!(names, other_names, "{what}: other tables");
        let mut differences = Vec::new();
        for (name, rows) in &self.0 {
            let others = &other.0[name];
            if rows == others {
                continue;
            }
            let only = |rows: &[Row], others: &[Row]| -> Vec<String> {
                let missing = rows.iter().filter(|row| others.binary_search(row).is_err());
                missing.take(3).map(|row| row.text.clone()).collect()
            };
            differences.push(format!(
                "{name}: {} and {} rows\n  only before: {:#?}\n  only after: {:#?}",
                rows.len(),
                others.len(),
                only(rows, others),
                only(others, rows),
            ));
        }
        assert!(
            differences.is_empty(),
            "{what}:\n{}",
            differences.join("\n")
        );
    }
}

/// The tables below a lake by name; those of `ops` tell about runs, and differ from run to run.
fn names(lake: &Path) -> BTreeMap<String, PathBuf> {
    let mut names = BTreeMap::new();
    for layer in entries(lake) {
        if layer.ends_with("ops") {
            continue;
        }
        for table in entries(&layer) {
            let part = |path: &Path| {
                path.file_name()
                    .map(|name| name.to_string_lossy().into_owned())
            };
            if let (Some(layer), Some(name)) = (part(&layer), part(&table)) {
                names.insert(format!("{layer}.{name}"), table);
            }
        }
    }
    names
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a folder of the lake");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of the lake").path())
        .collect();
    paths.sort();
    paths
}

/// The columns in the newest metadata of a table's log.
fn columns(table: &Path) -> Vec<String> {
    let mut columns = Vec::new();
    for commit in entries(&table.join("_delta_log")) {
        let text = fs::read_to_string(&commit).unwrap_or_default();
        for line in text.lines().filter(|line| line.contains("\"metaData\"")) {
            let action: Value = serde_json::from_str(line).expect("a commit is JSON lines");
            let schema = action["metaData"]["schemaString"].as_str();
            let schema: Value =
                serde_json::from_str(schema.expect("a schema")).expect("a schema is JSON");
            let fields = schema["fields"].as_array().expect("a schema has fields");
            let names = fields.iter().filter_map(|field| field["name"].as_str());
            // What begins with `_` is the loader's own, and three are of a stored row and not of what it shows.
            let pieces = ["identifier_hash", "is_removed", "base_date"];
            columns = names
                .filter(|name| !name.starts_with('_') && !pieces.contains(name))
                .map(str::to_owned)
                .collect();
        }
    }
    assert!(!columns.is_empty(), "no columns in {}", table.display());
    columns
}

fn query(name: &str, columns: &[String]) -> String {
    let cells: Vec<String> = columns
        .iter()
        .map(|column| format!("coalesce(cast(\"{column}\" as varchar), '∅')"))
        .collect();
    let dated = columns.iter().any(|column| column == "as_of_date");
    let date = if dated {
        "cast(as_of_date as varchar)"
    } else {
        "''"
    };
    format!(
        "select '{name}' as name, {date} as date, concat_ws(' | ', {}) as text from {name}",
        cells.join(", ")
    )
}
