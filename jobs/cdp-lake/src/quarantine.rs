//! `ops.quarantine`: rows that could not be used, each with the reason and the row itself.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cdp_plan::{AsOfDate, Layer, Source, TableName};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::DataFrame;
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::source_view::Rows;
use crate::types::exact;
use crate::write::{Provenance, Scope, replace};

const BATCH: &str = "batch";

/// A row that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// What identifies it: its key, or file and line.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
    /// The row as JSON, or as the line in the file.
    pub row: String,
}

/// What a look at a source found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Rows known before the date, sound or not.
    pub rows: u64,
    /// Rows that are set aside.
    pub set_aside: u64,
    /// Whether the source has no table (it is optional).
    pub absent: bool,
}

/// The table's name.
pub(crate) fn table_name() -> Result<TableName> {
    TableName::new(Layer::Ops, "quarantine")
        .map_err(|error| LakeError::new(ErrorKind::NotFound, error.to_string()))
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("source"),
        text("key"),
        text("reason"),
        text("row"),
        text(BATCH),
    ]))
}

/// Replaces what one batch (a file, or a source on a date) has set aside.
pub(crate) async fn write(
    lake: &Lake,
    batch: &str,
    source: &TableName,
    rows: &[BadRow],
    provenance: &Provenance,
) -> Result<()> {
    let url = lake.url(&table_name()?)?;
    if rows.is_empty() && !holds(lake, &url, batch).await? {
        return Ok(());
    }
    let texts = |value: &dyn Fn(&BadRow) -> String| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| Some(value(row)))
                .collect::<StringArray>(),
        )
    };
    let columns = vec![
        texts(&|_| source.to_string()),
        texts(&|row| row.key.clone()),
        texts(&|row| row.reason.clone()),
        texts(&|row| row.row.clone()),
        texts(&|_| batch.to_owned()),
    ];
    let records = RecordBatch::try_new(schema(), columns)?;
    let session = lake.engine().session()?;
    let table = MemTable::try_new(schema(), vec![vec![records]])?;
    let plan = session.read_table(Arc::new(table))?.into_unoptimized_plan();
    let scope = Scope::Text(BATCH, batch.to_owned());
    replace(lake, &url, &scope, plan, &session, provenance).await?;
    Ok(())
}

async fn holds(lake: &Lake, url: &url::Url, batch: &str) -> Result<bool> {
    use futures::TryStreamExt;
    let Some(table) = lake.open(url).await? else {
        return Ok(false);
    };
    let mut files = table.get_active_add_actions_by_partitions(&[]);
    while let Some(file) = files.try_next().await? {
        if file
            .partition_values_map()
            .get(BATCH)
            .and_then(Option::as_deref)
            == Some(batch)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts the rows of a source that were known before a date, and sets the bad ones aside.
pub async fn inspect(
    catalog: &Catalog,
    source: &Source,
    as_of_date: AsOfDate,
    rows_max: u64,
    provenance: &Provenance,
) -> Result<Inspection> {
    let Some(all) = catalog.source_plan(source, Rows::All).await? else {
        return Ok(Inspection {
            absent: true,
            ..Inspection::default()
        });
    };
    let Some(bad) = catalog.source_plan(source, Rows::SetAside).await? else {
        return Ok(Inspection::default());
    };
    let rows = count_rows(catalog, all).await?;
    let set_aside = count_rows(catalog, bad.clone()).await?;
    let kept = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if set_aside > 0 {
        let order = source
            .key
            .iter()
            .map(|column| exact(column).sort(true, false));
        let plan = LogicalPlanBuilder::from(bad)
            .sort(order)?
            .limit(0, Some(kept))?
            .build()?;
        for batch in DataFrame::new(catalog.session().state(), plan)
            .collect()
            .await?
        {
            bad_rows(source, &batch, &mut found)?;
        }
    }
    let batch = format!("as_of_date={as_of_date}/source={}", source.name.name());
    let lake = catalog.tables().lake();
    write(lake, &batch, &source.name, &found, provenance).await?;
    Ok(Inspection {
        rows,
        set_aside,
        absent: false,
    })
}

async fn count_rows(catalog: &Catalog, plan: LogicalPlan) -> Result<u64> {
    let frame = DataFrame::new(catalog.session().state(), plan);
    Ok(frame.count().await? as u64)
}

fn bad_rows(source: &Source, batch: &RecordBatch, found: &mut Vec<BadRow>) -> Result<()> {
    let options = FormatOptions::default();
    let schema = batch.schema();
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            Ok((
                field.name(),
                column,
                ArrayFormatter::try_new(column, &options)?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        let mut values = Map::new();
        let mut missing = Vec::new();
        for (name, column, formatter) in &columns {
            if column.is_null(row) {
                if source.required.contains(name) {
                    missing.push(format!("`{name}` is missing"));
                }
            } else {
                values.insert(
                    (*name).clone(),
                    Value::String(formatter.value(row).to_string()),
                );
            }
        }
        let reason = if missing.is_empty() {
            let rules: Vec<&str> = source.rules.keys().map(String::as_str).collect();
            format!("breaks a rule of its source ({})", rules.join(", "))
        } else {
            missing.join(", ")
        };
        let key = source.key.iter().map(|column| {
            let value = values.get(column).and_then(Value::as_str);
            format!("{column}={}", value.unwrap_or("null"))
        });
        found.push(BadRow {
            key: key.collect::<Vec<_>>().join(", "),
            reason,
            row: Value::Object(values).to_string(),
        });
    }
    Ok(())
}
