//! `identity.profile_changes`: what became of the profiles of before, and why.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_identity::Change;
use cdp_lake::{Result, Staged};
use cdp_plan::AsOfDate;

use crate::steps::{Asked, Done};

/// The columns of `identity.profile_changes`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("profile_change_id"),
        text("change_type"),
        text("from_profile_id"),
        text("to_profile_id"),
        text("reason"),
        Field::new("previous_date", DataType::Date32, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let resolution = asked.resolution().await?;
    let changes = resolution.map.changes(&resolution.previous);
    let batch = batch(&changes, asked.previous, asked.task.as_of_date)?;
    Ok(Staged::from_batches(schema(), vec![batch])?.into())
}

fn batch(changes: &[Change], previous: Option<AsOfDate>, date: AsOfDate) -> Result<RecordBatch> {
    fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    let rows = || changes.iter();
    let ids: StringArray = rows()
        .map(|row| {
            let (from, to) = (row.from.as_deref(), row.to.as_deref());
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
            Some(format!("{}:{from}:{to}", row.kind.as_str()))
        })
        .collect();
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(ids),
            texts(rows().map(|row| Some(row.kind.as_str()))),
            texts(rows().map(|row| row.from.as_deref())),
            texts(rows().map(|row| row.to.as_deref())),
            texts(rows().map(|row| Some(row.reason.as_str()))),
            Arc::new(Date32Array::from(vec![
                previous.map(AsOfDate::epoch_day);
                changes.len()
            ])),
            Arc::new(Date32Array::from_value(date.epoch_day(), changes.len())),
        ],
    )?)
}
