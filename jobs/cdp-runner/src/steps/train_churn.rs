//! Labelled features of earlier cut-offs into a model: one row of `scores.churn_model`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_churn::{
    BaselineColumns, Champion, ChurnConfig, ChurnModel, CutoffRows, DriftBaseline,
    EvaluationResult, Fallback, FeatureTable, Grade, Supply, TrainError, TrainingSet, judge, train,
};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result, Staged};
use cdp_plan::{AsOfDate, Task};

use super::churn_model::{FEATURES, baselines, labelled, model_query};
use super::{Asked, Done, NamedModel, date_sql};
use crate::matrix::{counts, feature_table, one_batch, strings};
use crate::registry::Alias;
use crate::supply::{CUTOFFS_MIN, events_by_day, silences_since, suffices_on};

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
        text("feature_fingerprint"),
        text("settings"),
        text("drift_baseline"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(super) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let &Asked {
        churn,
        catalog,
        task,
        ..
    } = asked;
    let set = labelled(catalog, task.as_of_date).await?;
    let date = date_sql(Some(task.as_of_date));
    let set = match present(churn, catalog, &date, set.features()).await? {
        Some(present) => set.with_present(present),
        None => set,
    };
    let day = task.as_of_date.epoch_day();
    match train(churn, &set, day, baselines(churn)) {
        Ok(model) => candidate(asked, &set, &model).await,
        Err(TrainError::NotEnoughData { have, need }) => {
            let note = format!(
                "no model: {} churned and {} retained customers at closed cut-offs, need {need} of \
                 each (`churn.rows_min`); {}",
                have.churned,
                have.retained,
                until(churn, catalog, day, &set).await?
            );
            let rows = others(catalog, task, "").await?;
            Ok(Done::told(
                Staged::from_batches(schema(), rows)?,
                Some(note),
            ))
        }
        Err(error @ TrainError::Leaks { .. }) => {
            let message = format!("something knows the answer: {error}");
            Err(LakeError::new(ErrorKind::Input, message).hint(
                "look whether it was written down after the fact, and drop it from \
                 sql/features/churn_features.sql; if it is honest, list it in `churn.leak_waivers`",
            ))
        }
        Err(error) => Err(failed(&error)),
    }
}

/// The row of a trained model, its name, and whether it is to be champion.
async fn candidate(asked: &Asked<'_>, set: &TrainingSet, model: &ChurnModel) -> Result<Done> {
    let task = asked.task;
    let id = model.model_id();
    let mut rows = others(asked.catalog, task, &id).await?;
    rows.push(row(asked, set, model)?);
    let told = told_in_full(asked, model).await?;
    let mut done = Done::told(Staged::from_batches(schema(), rows)?, Some(told.clone()));
    let champion = ChampionRow::find(asked).await?;
    if champion.as_ref().is_some_and(|row| row.model_id == id) {
        return Ok(done);
    }
    let day = task.as_of_date.epoch_day();
    let config = asked.churn;
    let judged = judge(
        config,
        set,
        day,
        baselines(config),
        ChampionRow::role(champion.as_ref()),
        model,
    );
    let promotion = judged.map_err(|error| failed(&error))?;
    let because = &promotion.because;
    let verdict = match (promotion.is_promoted, &promotion.champion_id) {
        (true, _) => format!("`{id}` is champion: {because}"),
        (false, Some(champion)) => format!("`{id}` is not promoted, `{champion}` stays: {because}"),
        (false, None) => format!("`{id}` is not promoted: {because}"),
    };
    done.note = Some(format!("{told}; {verdict}"));
    let evidence = serde_json::to_value(&promotion)
        .map_err(|error| LakeError::new(ErrorKind::Query, error.to_string()))?;
    let named = |alias| NamedModel {
        alias,
        model_id: id.clone(),
        reason: because.clone(),
        evidence: evidence.clone(),
    };
    done.named.push(named(Alias::Candidate));
    if promotion.is_promoted {
        done.named.push(named(Alias::Champion));
    }
    Ok(done)
}

/// How good the model is, and what the days it learned from lack.
async fn told_in_full(asked: &Asked<'_>, model: &ChurnModel) -> Result<String> {
    let (churn, day) = (asked.churn, asked.task.as_of_date.epoch_day());
    let events = events_by_day(churn, asked.catalog).await?;
    let oldest = model.training_cutoff_days().first().copied();
    let silent = silences_since(churn.framing(), &events, oldest.unwrap_or(day), day);
    Ok(match silent {
        Some(silent) => format!(
            "{}; {silent}: whoever would have come then counts as churned",
            told(model)
        ),
        None => told(model),
    })
}

/// The champion of the date of a task, as far as it can be read.
struct ChampionRow {
    model_id: String,
    model: std::result::Result<ChurnModel, String>,
    /// Who put it there, when a person did.
    person: Option<String>,
}

impl ChampionRow {
    async fn find(asked: &Asked<'_>) -> Result<Option<Self>> {
        let date = asked.task.as_of_date;
        let row = asked.registry.champion(date);
        // In a lake from before there were champions the newest model of an earlier date is.
        let Some(query) = (match row {
            None => asked.registry.serving_query(date.previous()),
            Some(row) => Some(model_query(date, &row.model_id)),
        }) else {
            return Ok(None);
        };
        let batch = one_batch(&asked.catalog.query(&query, None).await?)?;
        let (ids, models) = (strings(&batch, "model_id")?, strings(&batch, "model")?);
        let found = ids.into_iter().next().zip(models.into_iter().next());
        let model = match &found {
            Some((_, json)) => ChurnModel::from_json(json).map_err(|error| error.to_string()),
            None => Err("it is not in scores.churn_model any more".to_owned()),
        };
        let id = row.map(|row| row.model_id.clone());
        let Some(model_id) = id.or_else(|| found.map(|(id, _)| id)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            model_id,
            model,
            person: row.and_then(|row| row.author.clone()),
        }))
    }

    fn role(row: Option<&Self>) -> Champion<'_> {
        match row {
            None => Champion::Nobody,
            Some(row) => match &row.model {
                Ok(model) => Champion::Model {
                    model,
                    person: row.person.as_deref(),
                },
                Err(reason) => Champion::Unreadable {
                    model_id: &row.model_id,
                    reason,
                },
            },
        }
    }
}

/// Models of this date that were trained before: a model that was made is never lost.
async fn others(catalog: &Catalog, task: &Task, id: &str) -> Result<Vec<RecordBatch>> {
    let date = date_sql(Some(task.as_of_date));
    let query = format!(
        "select * from scores.churn_model where as_of_date = {date} and model_id <> '{id}' \
         order by model_id"
    );
    let batch = one_batch(&catalog.query(&query, None).await?)?;
    // Older versions wrote fewer columns.
    let schema = schema();
    let columns = schema.fields().iter().map(|field| {
        let there = batch.column_by_name(field.name());
        there.map_or_else(
            || new_null_array(field.data_type(), batch.num_rows()),
            Arc::clone,
        )
    });
    let columns = columns.collect();
    Ok(vec![RecordBatch::try_new(schema, columns)?])
}

/// When there will be enough to learn from.
async fn until(
    churn: &ChurnConfig,
    catalog: &Catalog,
    day: i32,
    set: &TrainingSet,
) -> Result<String> {
    let date = date_sql(AsOfDate::from_epoch_day(day));
    let query = format!(
        "select count(*) as eligible from {FEATURES} where as_of_date = {date} and is_eligible"
    );
    let eligible = counts(&one_batch(&catalog.query(&query, None).await?)?, "eligible")?;
    let events = events_by_day(churn, catalog).await?;
    let mut cutoffs: Vec<CutoffRows> = Vec::new();
    for (cutoff_day, churned) in set.cutoff_days().iter().zip(set.churned()).rev() {
        if cutoffs
            .last()
            .is_none_or(|last| last.cutoff_day != *cutoff_day)
        {
            cutoffs.push(CutoffRows {
                cutoff_day: *cutoff_day,
                eligible: 0,
                churned: 0,
            });
        }
        if let Some(rows) = cutoffs.last_mut() {
            rows.eligible += 1;
            rows.churned += u64::from(*churned);
        }
    }
    let told = churn.stacked_cutoffs().max(CUTOFFS_MIN);
    let told = churn.closed_cutoffs(day, told);
    cutoffs.retain(|rows| told.contains(&rows.cutoff_day));
    let supply = Supply {
        as_of_day: day,
        first_day: events.keys().next().copied().unwrap_or(day),
        eligible: eligible.first().copied().unwrap_or(0),
        cutoffs: &cutoffs,
    };
    let meanwhile = match churn.fallback() {
        Fallback::None => "; until then `churn.fallback` can order customers",
        Fallback::RecencyFrequency => "",
    };
    Ok(suffices_on(&supply, churn) + meanwhile)
}

/// Those who are to be scored on the day, by the features that tell of orders; nothing where a project
/// has no such features.
async fn present(
    churn: &ChurnConfig,
    catalog: &Catalog,
    date: &str,
    features: &FeatureTable,
) -> Result<Option<FeatureTable>> {
    let BaselineColumns {
        recency_days,
        tenure_days,
        frequency,
    } = *baselines(churn);
    let names = [recency_days, tenure_days, frequency];
    if names.iter().any(|name| features.numeric(name).is_none()) {
        return Ok(None);
    }
    let query = format!(
        "select {} from {FEATURES} where as_of_date = {date} and is_eligible",
        names.join(", ")
    );
    let answer = catalog.query(&query, None).await?;
    Ok(Some(feature_table(&one_batch(&answer)?)?))
}

fn failed(error: &TrainError) -> LakeError {
    LakeError::new(ErrorKind::Query, format!("training failed: {error}"))
}

fn told(model: &ChurnModel) -> String {
    match model.evaluation() {
        EvaluationResult::Measured(measured) => {
            let kind = measured.kind.name();
            let model = &measured.model;
            format!(
                "{kind} at the later cut-off {}: AUC {} ({}), log loss {:.4} (base rate {:.4}, hiatus rule {:.4}{}), calibration slope {}",
                AsOfDate::from_epoch_day(measured.test_cutoff_day)
                    .map_or_else(String::new, |date| date.to_string()),
                model
                    .roc_auc
                    .map_or_else(|| "-".to_owned(), |auc| format!("{auc:.4}")),
                model.grade().map_or("not graded", Grade::as_str),
                model.log_loss,
                measured.base_rate.log_loss,
                measured.hiatus.metrics.log_loss,
                measured
                    .best_order_model()
                    .map_or_else(String::new, |(kind, metrics)| format!(
                        ", {} {:.4}",
                        kind.name(),
                        metrics.log_loss
                    )),
                model
                    .cox
                    .map_or_else(|| "-".to_owned(), |line| format!("{:.2}", line.slope)),
            )
        }
        EvaluationResult::NotMeasured { reason } => format!("not evaluated: {reason}"),
    }
}

fn row(asked: &Asked<'_>, set: &TrainingSet, model: &ChurnModel) -> Result<RecordBatch> {
    let text = |value: String| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let broken =
        |error: &dyn std::fmt::Display| LakeError::new(ErrorKind::Query, error.to_string());
    let cutoffs: Vec<String> = model
        .training_cutoff_days()
        .iter()
        .filter_map(|day| AsOfDate::from_epoch_day(*day))
        .map(|date| date.to_string())
        .collect();
    let rows = i64::try_from(model.training().rows()).ok();
    let evaluation = serde_json::to_string(model.evaluation()).map_err(|error| broken(&error))?;
    let settings = serde_json::to_string(model.settings()).map_err(|error| broken(&error))?;
    let baseline = DriftBaseline::of(model, set).map_err(|error| broken(&error))?;
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            text(model.model_id()),
            text(model.to_json()),
            text(evaluation),
            text(cutoffs.join(", ")),
            Arc::new(Int64Array::from(vec![rows])),
            Arc::new(Float64Array::from(vec![model.base_rate()])),
            text(model.feature_fingerprint().to_owned()),
            text(settings),
            text(baseline.to_json()),
            Arc::new(Date32Array::from(vec![asked.task.as_of_date.epoch_day()])),
        ],
    )?)
}
