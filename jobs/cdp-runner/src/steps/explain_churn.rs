//! A model and features into `scores.churn_reasons`: the strongest reasons of every score.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_churn::{ChurnModel, FeatureColumn, FeatureTable, OrderFeature, Reason};
use cdp_lake::{Result, Staged};
use cdp_plan::{Model, Task, Told};

use super::churn_model::{known_features, profiles_query, serving, unfit};
use super::{Asked, Done};
use crate::matrix::strings;

/// The columns of `scores.churn_reasons`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("profile_id"),
        Field::new("rank", DataType::Int64, true),
        text("feature"),
        text("feature_value"),
        text("sentence"),
        Field::new("contribution", DataType::Float64, true),
        text("direction"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

/// `features` is the model of the features, whose words tell them.
pub(super) async fn run(asked: &Asked<'_>, features: Option<&Model>) -> Result<Done> {
    let &Asked {
        churn,
        catalog,
        task,
        ..
    } = asked;
    let Some((model_id, model)) = serving(asked).await? else {
        return Ok(Staged::from_batches(schema(), Vec::new())?.into());
    };
    let explainer = Explainer {
        model_id,
        model,
        features: features.cloned(),
        reasons: churn.reasons(),
        task: task.clone(),
    };
    let query = format!("{} and is_eligible", profiles_query(task));
    let explain = move |batch: &RecordBatch| explainer.rows(batch);
    Ok(catalog.through(&query, schema(), explain).await?.into())
}

/// Features into reasons.
struct Explainer {
    model_id: String,
    model: ChurnModel,
    /// The model of the features, whose words tell them.
    features: Option<Model>,
    reasons: usize,
    task: Task,
}

impl Explainer {
    fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let ids = strings(batch, "profile_id")?;
        let table = known_features(&self.model, batch)?;
        let reasons = self
            .model
            .reasons(&table, self.reasons)
            .map_err(|error| unfit(&self.task, error))?;
        let mut rows = Rows::default();
        for (row, (id, reasons)) in ids.iter().zip(reasons).enumerate() {
            let value = |name: &str| told(&table, name, row);
            for (rank, reason) in (1..).zip(reasons) {
                rows.sentence.push(self.sentence(&reason, &value));
                rows.profile_id.push(id.as_str());
                rows.rank.push(rank);
                rows.feature.push(reason.feature);
                rows.value.push(reason.value);
                rows.contribution.push(reason.contribution);
                rows.direction.push(reason.direction.as_str());
            }
        }
        rows.batch(&self.model_id, self.task.as_of_date.epoch_day())
    }
}

impl Explainer {
    fn sentence<'v>(&self, reason: &Reason, value: &impl Fn(&str) -> Option<Told<'v>>) -> String {
        // What a model of orders says is in no table.
        if reason.feature == OrderFeature::NAME && value(&reason.feature).is_none() {
            return format!("{}: {}", OrderFeature::MEANING, reason.value);
        }
        let features = self.features.as_ref();
        let told = features.map(|model| model.tell(&reason.feature, value));
        told.unwrap_or_default()
    }
}

/// The value of a feature in a row; nothing when it is missing.
fn told<'t>(table: &'t FeatureTable, name: &str, row: usize) -> Option<Told<'t>> {
    match table.column(name)? {
        FeatureColumn::Numeric(values) => Some(values[row])
            .filter(|value| !value.is_nan())
            .map(Told::Number),
        FeatureColumn::Categorical(levels) => levels[row].as_deref().map(Told::Text),
    }
}

#[derive(Default)]
struct Rows<'a> {
    profile_id: Vec<&'a str>,
    rank: Vec<i64>,
    feature: Vec<String>,
    value: Vec<String>,
    sentence: Vec<String>,
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
            Arc::new(StringArray::from(self.sentence)),
            Arc::new(Float64Array::from(self.contribution)),
            Arc::new(StringArray::from(self.direction)),
            Arc::new(StringArray::from(vec![model_id; count])),
            Arc::new(Date32Array::from(vec![day; count])),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
