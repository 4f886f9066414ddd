//! A model and features into `scores.churn_reasons`: the strongest reasons of every score.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{Config, Task};

use super::Done;
use super::churn_model::{profiles, serving, unfit};
use crate::matrix::strings;

/// The columns of `scores.churn_reasons`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("profile_id"),
        Field::new("rank", DataType::Int64, true),
        text("feature"),
        text("feature_value"),
        Field::new("contribution", DataType::Float64, true),
        text("direction"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(super) async fn run(config: &Config, catalog: &Catalog, task: &Task) -> Result<Done> {
    let Some((model_id, model)) = serving(catalog, task).await? else {
        return Ok(Staged::from_batches(schema(), Vec::new())?.into());
    };
    let (batch, mut table) = profiles(catalog, task, true).await?;
    let ids = strings(&batch, "profile_id")?;
    // What the model does not know, the scores have told already.
    model.take_unknown(&mut table);
    let reasons = model
        .reasons(&table, config.churn.reasons())
        .map_err(|error| unfit(task, error))?;
    let mut rows = Rows::default();
    for (id, reasons) in ids.iter().zip(reasons) {
        for (rank, reason) in (1..).zip(reasons) {
            rows.profile_id.push(id.as_str());
            rows.rank.push(rank);
            rows.feature.push(reason.feature);
            rows.value.push(reason.value);
            rows.contribution.push(reason.contribution);
            rows.direction.push(reason.direction.as_str());
        }
    }
    let batch = rows.batch(&model_id, task.as_of_date.epoch_day())?;
    Ok(Staged::from_batches(schema(), vec![batch])?.into())
}

#[derive(Default)]
struct Rows<'a> {
    profile_id: Vec<&'a str>,
    rank: Vec<i64>,
    feature: Vec<String>,
    value: Vec<String>,
    contribution: Vec<f64>,
    direction: Vec<&'static str>,
}

impl Rows<'_> {
    fn batch(self, model_id: &str, day: i32) -> Result<RecordBatch> {
        let count = self.rank.len();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(self.profile_id)),
            Arc::new(Int64Array::from(self.rank)),
            Arc::new(StringArray::from(self.feature)),
            Arc::new(StringArray::from(self.value)),
            Arc::new(Float64Array::from(self.contribution)),
            Arc::new(StringArray::from(self.direction)),
            Arc::new(StringArray::from(vec![model_id; count])),
            Arc::new(Date32Array::from(vec![day; count])),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
