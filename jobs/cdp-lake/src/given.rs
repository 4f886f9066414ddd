//! Rows written by hand for the tests of models: CSV text in, CSV text out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;

use crate::error::{ErrorKind, LakeError, Result};

/// Typed rows from CSV with a header; columns that the text leaves out are null.
pub fn rows_from_csv(schema: &SchemaRef, text: &str, shown: &str) -> Result<RecordBatch> {
    let input = |message: String| LakeError::new(ErrorKind::Input, message).with("file", shown);
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| input(error.to_string()))?
        .clone();
    if let Some(name) = header
        .iter()
        .find(|name| schema.field_with_name(name).is_err())
    {
        return Err(input(format!("`{name}` is not a column of the table")));
    }
    let records: Vec<csv::StringRecord> = reader
        .records()
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| input(error.to_string()))?;
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let Some(position) = header.iter().position(|name| name == field.name()) else {
                return Ok(new_null_array(field.data_type(), records.len()));
            };
            let values = records.iter().map(|record| record.get(position));
            let values = values.map(|value| value.filter(|value| !value.is_empty()));
            typed(values.collect(), field.data_type())
                .map_err(|error| input(format!("`{}`: {error}", field.name())))
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn typed(values: StringArray, wanted: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let values: ArrayRef = Arc::new(values);
    Ok(cast_with_options(&values, wanted, &options)?)
}

/// The rows of some columns as lines of CSV, sorted, so that row order means nothing.
pub fn rows_to_csv(batches: &[RecordBatch], columns: &[String]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for batch in batches {
        let picked = columns
            .iter()
            .map(|name| {
                batch.column_by_name(name).ok_or_else(|| {
                    LakeError::new(
                        ErrorKind::Input,
                        format!("the model has no column `{name}`"),
                    )
                })
            })
            .collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            let values = picked.iter().map(|values| text(values, row));
            lines.push(line(&values.collect::<Result<Vec<_>>>()?)?);
        }
    }
    lines.sort();
    Ok(lines)
}

/// The rows of CSV text in the form in which rows of a model are compared.
pub fn csv_lines(text: &str) -> Result<(Vec<String>, Vec<String>)> {
    let input = |error: csv::Error| LakeError::new(ErrorKind::Input, error.to_string());
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(input)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut lines = Vec::new();
    for record in reader.records() {
        let values: Vec<String> = record.map_err(input)?.iter().map(str::to_owned).collect();
        lines.push(line(&values)?);
    }
    lines.sort();
    Ok((header, lines))
}

/// One line of CSV.
pub fn line(values: &[String]) -> Result<String> {
    let failed =
        |error: &dyn std::fmt::Display| LakeError::new(ErrorKind::Input, error.to_string());
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer
        .write_record(values)
        .map_err(|error| failed(&error))?;
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// A value as text: null is empty, a float has at most nine digits behind the point.
fn text(values: &ArrayRef, row: usize) -> Result<String> {
    if values.is_null(row) {
        return Ok(String::new());
    }
    if let Some(floats) = values.as_primitive_opt::<Float64Type>() {
        let rounded = (floats.value(row) * 1e9).round() / 1e9;
        return Ok(rounded.to_string());
    }
    Ok(array_value_to_string(values, row)?)
}

/// The names of all columns.
pub fn column_names(schema: &Schema) -> Vec<String> {
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}
