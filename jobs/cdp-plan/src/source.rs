//! The raw tables that staging reads, as declared in `sql/sources.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::column_type::ColumnType;
use crate::fault::{Fault, SourceFile};
use crate::layer::Layer;
use crate::name::TableName;
use crate::nearest;
use crate::toml_file;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSources {
    sources: BTreeMap<String, RawSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    description: String,
    #[serde(default)]
    key: Vec<String>,
    event_time: String,
    ingest_time: Option<String>,
    #[serde(default)]
    optional: bool,
    location: Option<String>,
    #[serde(default)]
    required: Vec<String>,
    columns: toml::Table,
    #[serde(default)]
    rules: BTreeMap<String, String>,
}

/// A raw table that we rely on.
#[derive(Debug, Clone)]
pub struct Source {
    /// `raw.<name>`.
    pub name: TableName,
    /// What it is, for people.
    pub description: String,
    /// The columns that identify a row.
    pub key: Vec<String>,
    /// When a row happened; rows at or after `as_of_date` are not shown.
    pub event_time: String,
    /// When a row arrived; rows that arrived at or after `as_of_date` are not shown.
    pub ingest_time: Option<String>,
    /// Whether an absent table is read as an empty one.
    pub optional: bool,
    /// Where the table lies when it is not `<lake>/raw/<name>`.
    pub location: Option<String>,
    /// Columns in which a null sets the row aside.
    pub required: Vec<String>,
    /// Columns with their types, in the declared order.
    pub columns: Vec<(String, ColumnType)>,
    /// Named conditions; a row for which one is false is set aside.
    pub rules: BTreeMap<String, String>,
    /// The file that declares it.
    pub file: SourceFile,
}

impl Source {
    /// The type of a column, if it is declared.
    pub fn column(&self, name: &str) -> Option<ColumnType> {
        self.columns
            .iter()
            .find(|(column, _)| column == name)
            .map(|(_, column_type)| *column_type)
    }
}

/// All sources of a `sources.toml`, by name; faults are added to the list.
pub(crate) fn read_sources(file: &SourceFile, faults: &mut Vec<Fault>) -> Vec<Source> {
    let Some(raw) = toml_file::read::<RawSources>(file, faults) else {
        return Vec::new();
    };
    raw.sources
        .into_iter()
        .filter_map(|(name, raw)| check(file, &name, raw, faults))
        .collect()
}

fn check(file: &SourceFile, name: &str, raw: RawSource, faults: &mut Vec<Fault>) -> Option<Source> {
    let before = faults.len();
    let table = TableName::new(Layer::Raw, name).map_err(|error| {
        faults.push(Fault::new(error.to_string()).at_key(file, &["sources", name]));
    });
    let columns = columns(file, name, &raw.columns, faults);
    let known = || columns.iter().map(|(column, _)| column.as_str());
    let named = [
        ("event_time", Some(&raw.event_time)),
        ("ingest_time", raw.ingest_time.as_ref()),
    ];
    for (key, column) in named {
        let Some(column) = column else { continue };
        match columns.iter().find(|(name, _)| name == column) {
            Some((_, ColumnType::Timestamp | ColumnType::Date)) => {}
            Some((_, other)) => faults.push(
                Fault::new(format!(
                    "`{key}` of source `{name}` is `{column}`, which is of type {other}"
                ))
                .hint("declare the column as `timestamp` or `date`")
                .at_text(file, &["sources", name, key], column),
            ),
            None => faults.push(unknown_column(file, name, key, column, known())),
        }
    }
    for (key, list) in [("key", &raw.key), ("required", &raw.required)] {
        for column in list
            .iter()
            .filter(|column| !known().any(|name| name == *column))
        {
            faults.push(unknown_column(file, name, key, column, known()));
        }
    }
    if faults.len() > before {
        return None;
    }
    let mut required = raw.required;
    if !required.contains(&raw.event_time) {
        required.push(raw.event_time.clone());
    }
    Some(Source {
        name: table.ok()?,
        description: raw.description,
        key: raw.key,
        event_time: raw.event_time,
        ingest_time: raw.ingest_time,
        optional: raw.optional,
        location: raw.location,
        required,
        columns,
        rules: raw.rules,
        file: file.clone(),
    })
}

fn columns(
    file: &SourceFile,
    source: &str,
    table: &toml::Table,
    faults: &mut Vec<Fault>,
) -> Vec<(String, ColumnType)> {
    let mut columns = Vec::new();
    for (column, value) in table {
        let parsed = value
            .as_str()
            .ok_or_else(|| format!("the type of column `{column}` is not a text"))
            .and_then(str::parse);
        match parsed {
            Ok(column_type) => columns.push((column.clone(), column_type)),
            Err(message) => faults.push(
                Fault::new(message)
                    .hint("types: string, int, float, bool, date, timestamp, decimal(p,s)")
                    .at_key(file, &["sources", source, "columns", column]),
            ),
        }
    }
    if table.is_empty() {
        let fault = Fault::new(format!("source `{source}` has no columns"));
        faults.push(fault.at_key(file, &["sources", source, "columns"]));
    }
    columns
}

fn unknown_column<'a>(
    file: &SourceFile,
    source: &str,
    key: &str,
    column: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Fault {
    Fault::new(format!(
        "`{key}` of source `{source}` names `{column}`, which is not among its columns"
    ))
    .hint(nearest::hint(column, known))
    .at_text(file, &["sources", source, key], column)
}
