//! Rows of our own for a raw table: the columns that its source declares, wherever it lies.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_plan::Source;
use url::Url;

use crate::error::{ErrorKind, LakeError, Result};
use crate::lake::Lake;
use crate::load::raw_schema;
use crate::scratch::Staged;
use crate::types::stored_schema;
use crate::write::{Committed, Provenance, append, has_transaction, read};

/// How often an append begins again when other writers come first.
const ATTEMPTS: u64 = 5;

/// Appends rows to the raw table of a source, in one commit, once per transaction. Columns of the
/// table that the rows lack are null; a table that is not there is made as a load makes it.
pub async fn append_to_source(
    lake: &Lake,
    source: &Source,
    rows: &RecordBatch,
    transaction: &str,
    provenance: &Provenance,
) -> Result<Committed> {
    let url = lake.source_url(source)?;
    let mut attempt = 1;
    loop {
        match append_once(lake, source, &url, rows, transaction, provenance).await {
            Err(error) if error.retryable() && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100 * attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn append_once(
    lake: &Lake,
    source: &Source,
    url: &Url,
    rows: &RecordBatch,
    transaction: &str,
    provenance: &Provenance,
) -> Result<Committed> {
    let schema = match lake.open(url).await? {
        Some(table) if has_transaction(&table, transaction).await? => {
            let version = table.version().unwrap_or_default();
            return Ok(Committed { version });
        }
        Some(table) => {
            let state = table
                .snapshot()
                .map_err(|error| LakeError::from(error).with("table", url))?;
            stored_schema(&state.snapshot().arrow_schema())?
        }
        None => raw_schema(source),
    };
    let rows = fitted(source, rows, &schema)?;
    let staged = Staged::from_batches(schema, vec![rows])?;
    let (session, plan) = read(lake, &staged)?;
    let transactions = [transaction.to_owned()];
    append(lake, url, plan, &session, provenance, &transactions).await
}

/// The rows in the columns and types of a table.
fn fitted(source: &Source, rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let given = rows.schema();
    let missing: Vec<String> = given
        .fields()
        .iter()
        .filter(|field| schema.field_with_name(field.name()).is_err())
        .map(|field| format!("`{}`", field.name()))
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "the table of `{}` lacks {}",
            source.name,
            missing.join(", ")
        );
        let hint = format!(
            "rows are written in the columns that the program declares for `{}`",
            source.name.name()
        );
        return Err(LakeError::new(ErrorKind::Schema, message).hint(hint));
    }
    let columns = schema.fields().iter().map(|field| {
        let Some(values) = rows.column_by_name(field.name()) else {
            return Ok(new_null_array(field.data_type(), rows.num_rows()));
        };
        as_type(values, field.data_type())
            .map_err(|error| LakeError::from(error).with("column", field.name()))
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A value that does not fit is an error, not null.
fn as_type(
    values: &ArrayRef,
    wanted: &DataType,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(values, wanted, &options)
}
