//! Texts of a file into the declared types; a value that does not fit condemns its row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_plan::{ColumnType, Source};

use crate::error::Result;
use crate::quarantine::BadRow;
use crate::types::{arrow_type, source_schema};
use crate::words;

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
                    add(fault, format!("`{name}`: {}", misfit(&value, *column_type)));
                }
            }
        }
        for row in digits_lost(read, &typed, *column_type)? {
            let value = arrow::util::display::array_value_to_string(read, row)?;
            let what = format!("`{name}`: `{value}` has more digits than {column_type} keeps");
            add(&mut faults[row], what);
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

/// Why a value does not fit its column, and how one that fits is written.
fn misfit(value: &str, column_type: ColumnType) -> String {
    let word = match column_type {
        ColumnType::Decimal { .. } => "decimal".to_owned(),
        other => other.to_string(),
    };
    let what = match column_type {
        ColumnType::Decimal { .. } => format!("a {column_type}"),
        _ => words::with_article(&word),
    };
    match words::form_of(&word) {
        Some(form) => format!("`{value}` is not {what}; write it like {form}"),
        None => format!("`{value}` is not {what}"),
    }
}

/// The rows whose value would be rounded or cut. Floats of a Parquet file are rounded to a decimal:
/// they hold no exact amount anyway.
fn digits_lost(read: &ArrayRef, typed: &ArrayRef, column_type: ColumnType) -> Result<Vec<usize>> {
    let rows = 0..read.len();
    match (column_type, read.data_type()) {
        (ColumnType::Decimal { scale, .. }, DataType::Utf8) => {
            let texts = read.as_string::<i32>();
            let scale = usize::try_from(scale).unwrap_or(0);
            let lost = |row: &usize| typed.is_valid(*row) && digits(texts.value(*row)) > scale;
            Ok(rows.filter(lost).collect())
        }
        (
            ColumnType::Decimal { .. } | ColumnType::Int,
            DataType::Decimal128(_, _) | DataType::Decimal256(_, _),
        )
        | (ColumnType::Int, DataType::Float32 | DataType::Float64) => {
            let back = cast(typed, read.data_type())?;
            let same = not_distinct(&back, read)?;
            Ok(rows
                .filter(|row| typed.is_valid(*row) && !same.value(*row))
                .collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// How many digits of a written number stand behind its point, without zeros at the end.
fn digits(text: &str) -> usize {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.trim_end().trim_end_matches('0').len()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_behind_the_point_are_counted() {
        let counts = [
            ("10", 0),
            ("10.99", 2),
            ("10.990", 2),
            ("-10.999", 3),
            ("0.30000000000000004", 17),
        ];
        for (text, count) in counts {
            assert_eq!(digits(text), count, "{text}");
        }
    }
}
