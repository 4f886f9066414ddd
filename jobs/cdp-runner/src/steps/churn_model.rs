//! The model that serves on a date, and the features of that date.

use arrow::record_batch::RecordBatch;
use cdp_churn::{BaselineColumns, ChurnConfig, ChurnModel, FeatureTable, TrainingSet};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::{AsOfDate, Task};

use super::{Asked, date_sql};
use crate::matrix::{bools, days, feature_table, one_batch, strings};
use crate::registry::{Alias, Registry};

/// The table of features.
pub(crate) const FEATURES: &str = "features.churn_features";

/// The features that the baselines are made of, where only orders count.
const OF_ORDERS: BaselineColumns<'static> = BaselineColumns {
    recency_days: "recency_days",
    tenure_days: "tenure_days",
    frequency: "frequency",
};

/// Those where other events do, or subscriptions.
const OF_TARGETS: BaselineColumns<'static> = BaselineColumns {
    recency_days: "target_recency_days",
    tenure_days: "target_tenure_days",
    frequency: "target_frequency",
};

/// The features that the baselines are made of.
pub(crate) fn baselines(churn: &ChurnConfig) -> &'static BaselineColumns<'static> {
    if churn.framing().is_of_orders() {
        &OF_ORDERS
    } else {
        &OF_TARGETS
    }
}

/// The query of the newest model that was trained at or before a date.
pub(crate) fn newest_query(date: AsOfDate) -> String {
    let date = date_sql(Some(date));
    format!(
        "select model_id, model from scores.churn_model where as_of_date <= {date} \
         order by as_of_date desc, model_id limit 1"
    )
}

/// The query of a model by its id, if it was trained at or before a date.
pub(crate) fn model_query(date: AsOfDate, id: &str) -> String {
    let date = date_sql(Some(date));
    format!(
        "select model_id, model from scores.churn_model where as_of_date <= {date} \
         and model_id = '{id}' order by as_of_date desc limit 1"
    )
}

impl Registry {
    /// The query of the model that was trained last, as of a date.
    pub(crate) fn newest_query(&self, date: AsOfDate) -> String {
        match self.holder(date, Alias::Candidate) {
            Some(row) => model_query(date, &row.model_id),
            None => newest_query(date),
        }
    }

    /// The query of the model that scores a date: its champion, and in a lake from before there were
    /// champions the newest. `None` when no model is good enough yet.
    pub(crate) fn serving_query(&self, date: AsOfDate) -> Option<String> {
        match self.champion(date) {
            Some(row) => Some(model_query(date, &row.model_id)),
            None if self.holder(date, Alias::Candidate).is_some() => None,
            None => Some(newest_query(date)),
        }
    }
}

/// The model that scores the date of a task; `None` when there is none yet, or it says what is not
/// called churn any more.
pub(super) async fn serving(asked: &Asked<'_>) -> Result<Option<(String, ChurnModel)>> {
    let task = asked.task;
    let Some(query) = asked.registry.serving_query(task.as_of_date) else {
        return Ok(None);
    };
    let answer = asked.catalog.query(&query, None).await?;
    let batch = one_batch(&answer)?;
    let (ids, models) = (strings(&batch, "model_id")?, strings(&batch, "model")?);
    let (Some(id), Some(json)) = (ids.into_iter().next(), models.into_iter().next()) else {
        return match asked.registry.champion(task.as_of_date) {
            Some(row) => Err(gone(&row.model_id, task)),
            None => Ok(None),
        };
    };
    let model = ChurnModel::from_json(&json).map_err(|error| {
        LakeError::new(
            ErrorKind::Schema,
            format!("the model `{id}` can't be used: {error}"),
        )
        .hint(train_again(task))
    })?;
    let churn = asked.churn;
    let is_asked = model.settings().framing == *churn.framing();
    Ok(is_asked.then_some((id, model)))
}

fn gone(id: &str, task: &Task) -> LakeError {
    let date = task.as_of_date;
    let flag = task.definition.flag();
    LakeError::new(
        ErrorKind::NotFound,
        format!("the champion of {date}, `{id}`, is not in scores.churn_model any more"),
    )
    .hint(format!(
        "`cdp-jobs model list{flag}` tells which there are, `cdp-jobs model promote ID{flag}` makes \
         one the champion; {}",
        train_again(task)
    ))
}

/// Why nobody is scored where no model serves.
pub(super) fn nobody(asked: &Asked<'_>) -> &'static str {
    let tried = asked
        .registry
        .holder(asked.task.as_of_date, Alias::Candidate);
    match tried {
        Some(_) => "no model is good enough yet",
        None => "there is no model yet",
    }
}

/// The customers of all cut-offs with their outcome, as known at a date.
pub(crate) async fn labelled(catalog: &Catalog, date: AsOfDate) -> Result<TrainingSet> {
    let date = date_sql(Some(date));
    let answer = catalog
        .query(
            &format!(
                "select features.*, labels.cutoff_date, labels.churned \
                 from features.churn_labels as labels \
                 inner join {FEATURES} as features \
                 on features.profile_id = labels.profile_id \
                 and features.as_of_date = labels.cutoff_date \
                 where labels.as_of_date = {date} and labels.churned is not null"
            ),
            None,
        )
        .await?;
    let batch = one_batch(&answer)?;
    TrainingSet::new(
        &feature_table(&batch)?,
        &bools(&batch, "churned")?,
        &strings(&batch, "profile_id")?,
        &days(&batch, "cutoff_date")?,
    )
    .map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))
}

/// The query of all profiles of the date with their features, in any order.
pub(super) fn profiles_query(task: &Task) -> String {
    let date = date_sql(Some(task.as_of_date));
    format!("select * from {FEATURES} where as_of_date = {date}")
}

/// What the model says of features that it does not know, if there are any.
pub(super) async fn strangers(
    catalog: &Catalog,
    task: &Task,
    model: &ChurnModel,
) -> Result<Option<String>> {
    let none = format!("select * from {FEATURES} where false");
    let mut table = feature_table(&one_batch(&catalog.query(&none, None).await?)?)?;
    Ok(unknown(task, model, &model.take_unknown(&mut table)))
}

/// The features of a batch that the model knows.
pub(super) fn known_features(model: &ChurnModel, batch: &RecordBatch) -> Result<FeatureTable> {
    let mut table = feature_table(batch)?;
    model.take_unknown(&mut table);
    Ok(table)
}

/// What is told of features that came after the training of the model in service.
fn unknown(task: &Task, model: &ChurnModel, names: &[String]) -> Option<String> {
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
        "`cdp-jobs run --as-of {} --select +{}+ --force` trains again",
        task.as_of_date,
        task.definition.suffixed("scores.churn_model")
    )
}
