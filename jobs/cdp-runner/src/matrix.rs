//! Record batches into the values that models and steps work on.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use cdp_churn::{FeatureKind, FeatureTable};
use cdp_lake::{ErrorKind, LakeError, QueryResult, Result};

/// Columns of `features.churn_features` that are no features.
const NOT_FEATURES: [&str; 6] = [
    "profile_id",
    "as_of_date",
    "cutoff_date",
    "churned",
    "is_eligible",
    "ineligible_reason",
];

/// One batch of all rows of an answer.
pub(crate) fn one_batch(answer: &QueryResult) -> Result<RecordBatch> {
    Ok(concat_batches(&answer.schema, &answer.batches)?)
}

/// A column by name.
pub(crate) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| LakeError::new(ErrorKind::Schema, format!("the column `{name}` is missing")))
}

/// A column of texts, whatever text type it has.
pub(crate) fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    let values = cast(column(batch, name)?, &DataType::Utf8)?;
    Ok(values.as_string::<i32>().clone())
}

/// A column of texts without nulls.
pub(crate) fn strings(batch: &RecordBatch, name: &str) -> Result<Vec<String>> {
    let values = texts(batch, name)?;
    Ok(values
        .iter()
        .map(|value| value.unwrap_or_default().to_owned())
        .collect())
}

/// A column of truth values; null is false.
pub(crate) fn bools(batch: &RecordBatch, name: &str) -> Result<Vec<bool>> {
    let values = cast(column(batch, name)?, &DataType::Boolean)?;
    Ok(values
        .as_boolean()
        .iter()
        .map(|value| value == Some(true))
        .collect())
}

/// A column of dates as epoch days; null is 1970-01-01.
pub(crate) fn days(batch: &RecordBatch, name: &str) -> Result<Vec<i32>> {
    let values = cast(column(batch, name)?, &DataType::Date32)?;
    Ok(values.as_primitive::<Date32Type>().values().to_vec())
}

/// A column of times as epoch microseconds; null is the epoch.
pub(crate) fn micros(batch: &RecordBatch, name: &str) -> Result<Vec<i64>> {
    let micros = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None);
    let values = cast(column(batch, name)?, &micros)?;
    Ok(values
        .as_primitive::<TimestampMicrosecondType>()
        .values()
        .to_vec())
}

/// A column of whole numbers.
pub(crate) fn whole_numbers(batch: &RecordBatch, name: &str) -> Result<Int64Array> {
    let values = cast(column(batch, name)?, &DataType::Int64)?;
    Ok(values.as_primitive::<Int64Type>().clone())
}

/// A column of numbers.
pub(crate) fn floats(batch: &RecordBatch, name: &str) -> Result<Float64Array> {
    let values = cast(column(batch, name)?, &DataType::Float64)?;
    Ok(values.as_primitive::<Float64Type>().clone())
}

/// A column of counts; null is 0.
pub(crate) fn counts(batch: &RecordBatch, name: &str) -> Result<Vec<u64>> {
    let values = cast(column(batch, name)?, &DataType::Int64)?;
    let counts = values.as_primitive::<Int64Type>().iter();
    Ok(counts
        .map(|count| u64::try_from(count.unwrap_or(0)).unwrap_or(0))
        .collect())
}

/// What each feature column holds, as [`feature_table`] takes it; columns that it would refuse are
/// left out.
pub(crate) fn feature_kinds(schema: &Schema) -> BTreeMap<String, FeatureKind> {
    let columns = schema.fields().iter();
    let features = columns.filter(|field| !NOT_FEATURES.contains(&field.name().as_str()));
    features
        .filter_map(|field| Some((field.name().clone(), kind(field.data_type())?)))
        .collect()
}

fn kind(data_type: &DataType) -> Option<FeatureKind> {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Some(FeatureKind::Categorical),
        other if other.is_numeric() || *other == DataType::Boolean => Some(FeatureKind::Numeric),
        _ => None,
    }
}

/// All feature columns: numbers and truth values as numbers, texts as categories.
pub(crate) fn feature_table(batch: &RecordBatch) -> Result<FeatureTable> {
    let mut table = FeatureTable::new();
    let schema = batch.schema();
    for (field, values) in schema.fields().iter().zip(batch.columns()) {
        let name = field.name().as_str();
        if NOT_FEATURES.contains(&name) {
            continue;
        }
        let inserted = match kind(field.data_type()) {
            Some(FeatureKind::Categorical) => {
                let values = texts(batch, name)?;
                let values = values
                    .iter()
                    .map(|value| value.map(str::to_owned))
                    .collect();
                table.insert(name, cdp_churn::FeatureColumn::Categorical(values))
            }
            Some(FeatureKind::Numeric) => {
                table.insert(name, cdp_churn::FeatureColumn::Numeric(numbers(values)?))
            }
            None => {
                return Err(LakeError::new(
                    ErrorKind::Schema,
                    format!("the feature `{name}` is of type {}", field.data_type()),
                )
                .hint("features are numbers, truth values or texts; cast it in the query"));
            }
        };
        inserted.map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))?;
    }
    Ok(table)
}

/// Missing is NaN.
fn numbers(values: &ArrayRef) -> Result<Vec<f64>> {
    let values = cast(values, &DataType::Float64)?;
    let numbers = values.as_primitive::<Float64Type>();
    if numbers.null_count() == 0 {
        return Ok(numbers.values().to_vec());
    }
    Ok(numbers
        .iter()
        .map(|value| value.unwrap_or(f64::NAN))
        .collect())
}
