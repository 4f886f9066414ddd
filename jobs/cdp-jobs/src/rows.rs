//! Writes the rows of a query: as a table for people, as JSON or CSV for machines.

use std::io::{self, Write};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions, array_value_to_string};
use arrow::util::pretty::pretty_format_batches_with_options;
use cdp_lake::{LakeError, QueryResult};

use crate::cli::Format;
use crate::failure::Result;

/// Writes all rows.
pub(crate) fn write(out: &mut impl Write, format: Format, result: &QueryResult) -> Result<()> {
    match format {
        Format::Text => write_table(out, result),
        Format::Json => write_json(out, result),
        Format::Csv => write_csv(out, result),
    }
}

/// The number of rows.
pub(crate) fn row_count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// Every cell as text, row by row; null is the empty text.
pub(crate) fn cells(batches: &[RecordBatch]) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| cell(column, row));
            rows.push(cells.collect::<Result<_>>()?);
        }
    }
    Ok(rows)
}

fn cell(column: &ArrayRef, row: usize) -> Result<String> {
    Ok(array_value_to_string(column, row).map_err(unprintable)?)
}

fn unprintable(error: ArrowError) -> LakeError {
    LakeError::from(error).hint("cast the column to text in the query")
}

fn write_table(out: &mut impl Write, result: &QueryResult) -> Result<()> {
    let empty = [RecordBatch::new_empty(result.schema.clone())];
    let batches = match result.batches.as_slice() {
        [] => empty.as_slice(),
        batches => batches,
    };
    let options = FormatOptions::default().with_null("");
    let table = pretty_format_batches_with_options(batches, &options).map_err(unprintable)?;
    writeln!(out, "{table}")?;
    Ok(())
}

fn write_csv(out: &mut impl Write, result: &QueryResult) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let names = result.schema.fields().iter().map(|field| field.name());
    writer.write_record(names).map_err(csv_error)?;
    for row in cells(&result.batches)? {
        writer.write_record(&row).map_err(csv_error)?;
    }
    writer.flush()?;
    Ok(())
}

fn csv_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// An array of objects, one on each line.
fn write_json(out: &mut impl Write, result: &QueryResult) -> Result<()> {
    if row_count(&result.batches) == 0 {
        out.write_all(b"[]\n")?;
        return Ok(());
    }
    let keys = keys(&result.schema)?;
    out.write_all(b"[")?;
    let mut line: Vec<u8> = Vec::new();
    let mut lead = "\n";
    for batch in &result.batches {
        for row in 0..batch.num_rows() {
            line.clear();
            line.extend_from_slice(lead.as_bytes());
            line.push(b'{');
            for (index, (key, column)) in keys.iter().zip(batch.columns()).enumerate() {
                if index > 0 {
                    line.extend_from_slice(b", ");
                }
                line.extend_from_slice(key.as_bytes());
                line.extend_from_slice(b": ");
                write_value(&mut line, column, row)?;
            }
            line.push(b'}');
            out.write_all(&line)?;
            lead = ",\n";
        }
    }
    out.write_all(b"\n]\n")?;
    Ok(())
}

fn keys(schema: &SchemaRef) -> Result<Vec<String>> {
    let names = schema.fields().iter().map(|field| field.name());
    let keys: serde_json::Result<Vec<String>> = names.map(serde_json::to_string).collect();
    Ok(keys.map_err(io::Error::from)?)
}

/// Numbers stay exact, decimals included; what JSON has no word for is text.
fn write_value(line: &mut Vec<u8>, column: &ArrayRef, row: usize) -> Result<()> {
    if column.is_null(row) {
        line.extend_from_slice(b"null");
        return Ok(());
    }
    if let DataType::List(_) = column.data_type() {
        return write_list(line, &column.as_list::<i32>().value(row));
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).map_err(unprintable)?;
    let text = formatter.value(row).try_to_string().map_err(unprintable)?;
    let plain = match column.data_type() {
        DataType::Boolean => true,
        data_type => data_type.is_numeric() && text.ends_with(|c: char| c.is_ascii_digit()),
    };
    if plain {
        line.extend_from_slice(text.as_bytes());
    } else {
        serde_json::to_writer(line, &text).map_err(io::Error::from)?;
    }
    Ok(())
}

fn write_list(line: &mut Vec<u8>, items: &ArrayRef) -> Result<()> {
    line.push(b'[');
    for item in 0..items.len() {
        if item > 0 {
            line.extend_from_slice(b", ");
        }
        write_value(line, items, item)?;
    }
    line.push(b']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Decimal128Array, Float64Array, StringArray};
    use arrow::datatypes::{Field, Schema};
    use std::sync::Arc;

    fn result() -> QueryResult {
        let schema = Arc::new(Schema::new(vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("amount", DataType::Decimal128(18, 2), true),
            Field::new("share", DataType::Float64, true),
            Field::new("day", DataType::Date32, true),
        ]));
        let amounts = Decimal128Array::from(vec![Some(1250), None]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("a \"b\", c"), None])),
            Arc::new(amounts.with_precision_and_scale(18, 2).unwrap()),
            Arc::new(Float64Array::from(vec![0.5, f64::NAN])),
            Arc::new(Date32Array::from(vec![0, 1])),
        ];
        QueryResult {
            schema: schema.clone(),
            batches: vec![RecordBatch::try_new(schema, columns).unwrap()],
            more: false,
        }
    }

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        write(&mut out, format, &result()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_keeps_numbers_exact() {
        let rows: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!(rows[0]["name"], "a \"b\", c");
        assert_eq!(rows[0]["amount"], 12.5);
        assert_eq!(rows[1]["amount"], serde_json::Value::Null);
        assert_eq!(rows[1]["share"], "NaN");
        assert_eq!(rows[1]["day"], "1970-01-02");
        assert!(written(Format::Json).contains("\"amount\": 12.50"));
    }

    #[test]
    fn csv_quotes_what_must_be() {
        let text = written(Format::Csv);
        assert_eq!(
            text,
            "name,amount,share,day\n\"a \"\"b\"\", c\",12.50,0.5,1970-01-01\n,,NaN,1970-01-02\n"
        );
    }

    #[test]
    fn no_rows_still_show_their_columns() {
        let mut result = result();
        result.batches.clear();
        let mut out = Vec::new();
        write(&mut out, Format::Json, &result).unwrap();
        assert_eq!(out, b"[]\n");
        write(&mut out, Format::Text, &result).unwrap();
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("| name | amount | share | day |")
        );
    }
}
