//! Texts of a file into the declared types; a value that does not fit condemns its row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_plan::Source;

use crate::error::Result;
use crate::quarantine::BadRow;
use crate::types::{arrow_type, source_schema};

/// The file that a row came from.
pub(super) const SOURCE_FILE: &str = "_source_file";
/// The line (or row) of that file, from one.
pub(super) const SOURCE_LINE: &str = "_source_line";

/// The columns of a raw table: the declared ones, and where each row came from.
pub(crate) fn raw_schema(source: &Source) -> SchemaRef {
    let declared = source_schema(source);
    let mut fields: Vec<Field> = declared
        .fields()
        .iter()
        .map(|f| f.as_ref().clone())
        .collect();
    fields.push(Field::new(SOURCE_FILE, DataType::Utf8, true));
    fields.push(Field::new(SOURCE_LINE, DataType::Int64, true));
    Arc::new(Schema::new(fields))
}

/// Rows of a file as they were read: one array per declared column, and the line of each row.
pub(super) struct Chunk {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) lines: Vec<i64>,
}

/// The rows that fit; the others are added to `bad`.
pub(super) fn convert(
    source: &Source,
    file: &str,
    chunk: &Chunk,
    bad: &mut Vec<BadRow>,
) -> Result<RecordBatch> {
    let rows = chunk.lines.len();
    let mut faults: Vec<Option<String>> = vec![None; rows];
    let mut columns = Vec::with_capacity(chunk.columns.len() + 2);
    for ((name, column_type), read) in source.columns.iter().zip(&chunk.columns) {
        let wanted = arrow_type(*column_type);
        let typed = cast(read, &wanted)?;
        if typed.null_count() > read.null_count() {
            let shown = cast(read, &DataType::Utf8)?;
            for (row, fault) in faults.iter_mut().enumerate() {
                if typed.is_null(row) && read.is_valid(row) {
                    let value = arrow::util::display::array_value_to_string(&shown, row)?;
                    let what = format!("`{name}`: `{value}` is not of type {column_type}");
                    add(fault, what);
                }
            }
        }
        if source.required.contains(name) && typed.null_count() > 0 {
            for (row, fault) in faults.iter_mut().enumerate() {
                if typed.is_null(row) && read.is_null(row) {
                    add(fault, format!("`{name}` is missing"));
                }
            }
        }
        columns.push(typed);
    }
    columns.push(Arc::new(StringArray::from(vec![file; rows])));
    columns.push(Arc::new(Int64Array::from(chunk.lines.clone())));
    let batch = RecordBatch::try_new(raw_schema(source), columns)?;
    if faults.iter().all(Option::is_none) {
        return Ok(batch);
    }
    for (row, fault) in faults.iter().enumerate() {
        if let Some(reason) = fault {
            bad.push(BadRow {
                key: format!("{file}:{}", chunk.lines[row]),
                reason: reason.clone(),
                row: as_json(source, &chunk.columns, row)?,
            });
        }
    }
    let fits: BooleanArray = faults.iter().map(|fault| Some(fault.is_none())).collect();
    Ok(filter_record_batch(&batch, &fits)?)
}

fn add(fault: &mut Option<String>, what: String) {
    match fault {
        Some(text) => {
            text.push_str(", ");
            text.push_str(&what);
        }
        None => *fault = Some(what),
    }
}

fn cast(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    if array.data_type() == wanted {
        return Ok(array.clone());
    }
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    Ok(cast_with_options(array, wanted, &options)?)
}

fn as_json(source: &Source, columns: &[ArrayRef], row: usize) -> Result<String> {
    let mut values = serde_json::Map::new();
    for ((name, _), column) in source.columns.iter().zip(columns) {
        if column.is_valid(row) {
            let value = arrow::util::display::array_value_to_string(column, row)?;
            values.insert(name.clone(), serde_json::Value::String(value));
        }
    }
    Ok(serde_json::Value::Object(values).to_string())
}
