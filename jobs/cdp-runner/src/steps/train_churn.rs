//! Labelled features of earlier cut-offs into a model: one row of `scores.churn_model`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_churn::{ChurnModel, EvaluationResult, Grade, TrainError, TrainingSet, evaluate, train};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result, Staged};
use cdp_plan::{AsOfDate, Config, Task};

use super::{Done, date_sql};
use crate::matrix::{bools, days, feature_table, one_batch, strings};

/// The feature by which the hiatus rule, the baseline, tells who is silent.
const RECENCY: &str = "recency_days";

/// The columns of `scores.churn_model`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("model_id"),
        text("model"),
        text("evaluation"),
        text("training_cutoffs"),
        Field::new("row_count", DataType::Int64, true),
        Field::new("churn_rate", DataType::Float64, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(super) async fn run(config: &Config, catalog: &Catalog, task: &Task) -> Result<Done> {
    let date = date_sql(Some(task.as_of_date));
    let answer = catalog
        .query(
            &format!(
                "select features.*, labels.cutoff_date, labels.churned \
                 from features.churn_labels as labels \
                 inner join features.churn_features as features \
                 on features.profile_id = labels.profile_id \
                 and features.as_of_date = labels.cutoff_date \
                 where labels.as_of_date = {date} and labels.churned is not null"
            ),
            None,
        )
        .await?;
    let batch = one_batch(&answer)?;
    let features = feature_table(&batch)?;
    let set = TrainingSet::new(
        &features,
        &bools(&batch, "churned")?,
        &strings(&batch, "profile_id")?,
        &days(&batch, "cutoff_date")?,
    )
    .map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))?;
    let day = task.as_of_date.epoch_day();
    match train(&config.churn, &set, day, RECENCY) {
        Ok(model) => {
            let evaluation =
                evaluate(&config.churn, &set, day, RECENCY).map_err(|error| failed(&error))?;
            let note = told(&evaluation);
            let batch = row(&model, &evaluation, day)?;
            Ok(Done {
                staged: Staged::from_batches(schema(), vec![batch])?,
                note: Some(note),
            })
        }
        Err(TrainError::NotEnoughData { have, need }) => Ok(Done {
            staged: Staged::from_batches(schema(), Vec::new())?,
            note: Some(format!(
                "no model: {} churned and {} retained customers at closed cut-offs, need {need} of \
                 each (`churn.rows_min`)",
                have.churned, have.retained
            )),
        }),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &TrainError) -> LakeError {
    LakeError::new(ErrorKind::Query, format!("training failed: {error}"))
}

fn told(evaluation: &EvaluationResult) -> String {
    match evaluation {
        EvaluationResult::Measured(measured) => {
            let model = &measured.model;
            format!(
                "at the later cut-off {}: AUC {} ({}), log loss {:.4} (base rate {:.4}, hiatus rule {:.4})",
                AsOfDate::from_epoch_day(measured.test_cutoff_day)
                    .map_or_else(String::new, |date| date.to_string()),
                model
                    .roc_auc
                    .map_or_else(|| "-".to_owned(), |auc| format!("{auc:.4}")),
                model.grade().map_or("not graded", Grade::as_str),
                model.log_loss,
                measured.base_rate.log_loss,
                measured.hiatus.metrics.log_loss,
            )
        }
        EvaluationResult::NotMeasured { reason } => format!("not evaluated: {reason}"),
    }
}

fn row(model: &ChurnModel, evaluation: &EvaluationResult, day: i32) -> Result<RecordBatch> {
    let text = |value: String| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let cutoffs: Vec<String> = model
        .training_cutoff_days()
        .iter()
        .filter_map(|day| AsOfDate::from_epoch_day(*day))
        .map(|date| date.to_string())
        .collect();
    let rows = i64::try_from(model.training().rows()).ok();
    let json = serde_json::to_string(evaluation)
        .map_err(|error| LakeError::new(ErrorKind::Query, error.to_string()))?;
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            text(model.model_id()),
            text(model.to_json()),
            text(json),
            text(cutoffs.join(", ")),
            Arc::new(Int64Array::from(vec![rows])),
            Arc::new(Float64Array::from(vec![model.base_rate()])),
            Arc::new(Date32Array::from(vec![day])),
        ],
    )?)
}
