//! The model that serves on a date, and the features of that date.

use arrow::record_batch::RecordBatch;
use cdp_churn::{ChurnModel, FeatureTable};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::{AsOfDate, Task};

use super::date_sql;
use crate::matrix::{feature_table, one_batch, strings};

/// The table of features.
pub(crate) const FEATURES: &str = "features.churn_features";

/// The query of the newest model that was trained at or before a date.
pub(crate) fn newest_query(date: AsOfDate) -> String {
    let date = date_sql(Some(date));
    format!(
        "select model_id, model from scores.churn_model where as_of_date <= {date} \
         order by as_of_date desc, model_id limit 1"
    )
}

/// The newest model that was trained at or before the date; `None` when there is none yet.
pub(super) async fn serving(
    catalog: &Catalog,
    task: &Task,
) -> Result<Option<(String, ChurnModel)>> {
    let answer = catalog.query(&newest_query(task.as_of_date), None).await?;
    let batch = one_batch(&answer)?;
    let (ids, models) = (strings(&batch, "model_id")?, strings(&batch, "model")?);
    let (Some(id), Some(json)) = (ids.into_iter().next(), models.into_iter().next()) else {
        return Ok(None);
    };
    let model = ChurnModel::from_json(&json).map_err(|error| {
        LakeError::new(
            ErrorKind::Schema,
            format!("the model `{id}` can't be used: {error}"),
        )
        .hint(train_again(task))
    })?;
    Ok(Some((id, model)))
}

/// The eligible (or all) profiles of the date with their features, by profile id.
pub(super) async fn profiles(
    catalog: &Catalog,
    task: &Task,
    only_eligible: bool,
) -> Result<(RecordBatch, FeatureTable)> {
    let date = date_sql(Some(task.as_of_date));
    let eligible = if only_eligible { "and is_eligible" } else { "" };
    let answer = catalog
        .query(
            &format!(
                "select * from features.churn_features where as_of_date = {date} {eligible} \
                 order by profile_id"
            ),
            None,
        )
        .await?;
    let batch = one_batch(&answer)?;
    let table = feature_table(&batch)?;
    Ok((batch, table))
}

/// What is told of features that came after the training of the model in service.
pub(super) fn unknown(task: &Task, model: &ChurnModel, names: &[String]) -> Option<String> {
    let trained = AsOfDate::from_epoch_day(model.as_of_day())?;
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the model of {trained} was trained before there was {}, and scores without; {}",
            names.join(", "),
            train_again(task)
        )
    })
}

/// A model that needs features which are not there, or are of another type.
pub(super) fn unfit(task: &Task, error: impl std::fmt::Display) -> LakeError {
    LakeError::new(
        ErrorKind::Schema,
        format!("the model does not fit `{FEATURES}`: {error}"),
    )
    .hint(format!(
        "the features have changed since it was trained; {}",
        train_again(task)
    ))
}

fn train_again(task: &Task) -> String {
    format!(
        "`cdp-jobs run --as-of {} --select +scores.churn_model+ --force` trains again",
        task.as_of_date
    )
}
