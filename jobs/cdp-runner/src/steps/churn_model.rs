//! The model that serves on a date, and the features of that date.

use arrow::record_batch::RecordBatch;
use cdp_churn::{ChurnModel, FeatureTable};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::Task;

use super::date_sql;
use crate::matrix::{feature_table, one_batch, strings};

/// The newest model that was trained at or before the date; `None` when there is none yet.
pub(super) async fn serving(
    catalog: &Catalog,
    task: &Task,
) -> Result<Option<(String, ChurnModel)>> {
    let date = date_sql(Some(task.as_of_date));
    let answer = catalog
        .query(
            &format!(
                "select model_id, model from scores.churn_model where as_of_date <= {date} \
                 order by as_of_date desc, model_id limit 1"
            ),
            None,
        )
        .await?;
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
        .hint("train again: `run --select scores.churn_model --force`")
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

/// A model and features that do not fit each other.
pub(super) fn unfit(error: impl std::fmt::Display) -> LakeError {
    LakeError::new(
        ErrorKind::Schema,
        format!("the model does not fit `features.churn_features`: {error}"),
    )
    .hint(
        "the features have changed since it was trained; train again with \
         `run --select +scores.churn_model --force`",
    )
}
