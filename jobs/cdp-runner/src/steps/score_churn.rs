//! A model and features into `scores.churn_scores`: one row for every known profile.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_churn::{ChurnConfig, ChurnModel, Fallback, RecencyFrequency};
use cdp_lake::Result;
use cdp_plan::Task;

use super::churn_model::{known_features, nobody, profiles_query, serving, strangers, unfit};
use super::{Asked, Done};
use crate::matrix::{bools, column, floats, texts};
use crate::overrides::table::name;

/// The columns of `scores.churn_scores`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        text("profile_id"),
        number("churn_probability"),
        number("percentile"),
        text("risk_band"),
        text("score_kind"),
        Field::new("horizon_days", DataType::Int64, true),
        Field::new("is_eligible", DataType::Boolean, true),
        text("not_scored_reason"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

/// What says that a score is a calibrated probability.
const BY_MODEL: &str = "model";
/// What says that there is no model, and customers are only ordered.
const BY_FALLBACK: &str = "fallback_recency_frequency";

/// Scores before it is known how they compare.
const SCORED: &str = "scores.churn_scored";

pub(super) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let &Asked {
        churn,
        catalog,
        task,
        ..
    } = asked;
    let model = serving(asked).await?;
    let note = match (&model, churn.fallback()) {
        (Some((_, model)), _) => strangers(catalog, task, model).await?,
        (None, Fallback::None) => None,
        (None, Fallback::RecencyFrequency) => Some(
            "no probabilities: customers are only ordered, by recency and frequency, until there \
             is a model"
                .to_owned(),
        ),
    };
    let (model_id, model) = model.unzip();
    let settings = model.as_ref().map(ChurnModel::settings);
    let horizon_days = settings.map_or(churn.horizon_days(), |set| set.horizon_days);
    let told = Arc::new(Mutex::new(Vec::new()));
    let by = match (model, churn.fallback()) {
        (Some(model), _) => By::Model(Box::new(model)),
        (None, Fallback::RecencyFrequency) => By::RecencyFrequency {
            horizon_days,
            is_of_orders: churn.framing().is_of_orders(),
        },
        (None, Fallback::None) => By::Nothing,
    };
    let scorer = Scorer {
        by,
        nobody: nobody(asked),
        task: task.clone(),
        told: told.clone(),
    };
    let score = move |batch: &RecordBatch| scorer.score(batch);
    let query = profiles_query(task);
    let kept = name(SCORED)?;
    catalog
        .keep_through(&kept, &query, scored_schema(), score)
        .await?;
    let mut all = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    all.sort_unstable_by(f64::total_cmp);
    let judge = Judge {
        churn: churn.clone(),
        model_id,
        horizon_days,
        day: task.as_of_date.epoch_day(),
        all,
    };
    let query = format!("select * from {SCORED}");
    let judge = move |batch: &RecordBatch| judge.rows(batch);
    let staged = catalog.through(&query, schema(), judge).await?;
    Ok(Done::told(staged, note))
}

fn scored_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("profile_id", DataType::Utf8, true),
        Field::new("churn_probability", DataType::Float64, true),
        Field::new("fallback_risk", DataType::Float64, true),
        Field::new("fallback_band", DataType::Utf8, true),
        Field::new("is_eligible", DataType::Boolean, true),
        Field::new("not_scored_reason", DataType::Utf8, true),
    ]))
}

/// What customers are scored by.
enum By {
    Model(Box<ChurnModel>),
    RecencyFrequency {
        horizon_days: i32,
        /// Of other events otherwise, or of subscriptions.
        is_of_orders: bool,
    },
    Nothing,
}

/// Features into probabilities, or into what stands in for them.
struct Scorer {
    by: By,
    /// Why nobody has a probability without a model.
    nobody: &'static str,
    task: Task,
    /// All probabilities so far, or all risks.
    told: Arc<Mutex<Vec<f64>>>,
}

impl Scorer {
    fn score(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let ids = texts(batch, "profile_id")?;
        let eligible = bools(batch, "is_eligible")?;
        let reasons = texts(batch, "ineligible_reason")?;
        let mut probabilities = vec![None; eligible.len()];
        let mut fallbacks = vec![None; eligible.len()];
        match &self.by {
            By::Model(model) => {
                probabilities = self.probabilities(model, batch, &eligible)?;
                self.tell(probabilities.iter().flatten().copied());
            }
            By::RecencyFrequency {
                horizon_days,
                is_of_orders,
            } => {
                let prefix = if *is_of_orders { "" } else { "target_" };
                fallbacks = fallbacks_of(batch, &eligible, *horizon_days, prefix)?;
                self.tell(fallbacks.iter().flatten().map(|fallback| fallback.risk));
            }
            By::Nothing => {}
        }
        let not_scored =
            eligible
                .iter()
                .zip(&reasons)
                .map(|(eligible, reason)| match (eligible, &self.by) {
                    (false, _) => Some(reason.unwrap_or("not eligible")),
                    (true, By::Model(_)) => None,
                    (true, _) => Some(self.nobody),
                });
        let risks = fallbacks.iter().map(|told| told.map(|told| told.risk));
        let bands = fallbacks
            .iter()
            .map(|told| told.map(|told| told.band.as_str()));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids.clone()),
            Arc::new(Float64Array::from(probabilities)),
            Arc::new(risks.collect::<Float64Array>()),
            Arc::new(bands.collect::<StringArray>()),
            Arc::new(BooleanArray::from(eligible.clone())),
            Arc::new(not_scored.collect::<StringArray>()),
        ];
        Ok(RecordBatch::try_new(scored_schema(), columns)?)
    }

    fn probabilities(
        &self,
        model: &ChurnModel,
        batch: &RecordBatch,
        eligible: &[bool],
    ) -> Result<Vec<Option<f64>>> {
        let table = known_features(model, batch)?;
        let all = model
            .predict(&table)
            .map_err(|error| unfit(&self.task, error))?;
        let scored = all.into_iter().zip(eligible);
        Ok(scored.map(|(p, eligible)| eligible.then_some(p)).collect())
    }

    fn tell(&self, scores: impl Iterator<Item = f64>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(scores);
    }
}

fn fallbacks_of(
    batch: &RecordBatch,
    eligible: &[bool],
    horizon_days: i32,
    prefix: &str,
) -> Result<Vec<Option<RecencyFrequency>>> {
    let of = |name: &str| floats(batch, &format!("{prefix}{name}"));
    let (recency, frequency) = (of("recency_days")?, of("frequency")?);
    let rows = recency.iter().zip(&frequency).zip(eligible);
    Ok(rows
        .map(|((recency, frequency), eligible)| {
            let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
            eligible.then(|| RecencyFrequency::of(known(recency), known(frequency), horizon_days))
        })
        .collect())
}

/// Scores into what they mean next to all others.
struct Judge {
    churn: ChurnConfig,
    model_id: Option<String>,
    /// That of the model.
    horizon_days: i32,
    day: i32,
    /// All probabilities, or all risks, in order.
    all: Vec<f64>,
}

impl Judge {
    fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let count = batch.num_rows();
        let told = floats(batch, "churn_probability")?;
        let risks = floats(batch, "fallback_risk")?;
        let fallback_bands = texts(batch, "fallback_band")?;
        let bands = told
            .iter()
            .zip(&fallback_bands)
            .map(|(p, band)| p.map_or(band, |p| Some(self.churn.risk_band(p).as_str())));
        let ranked = || told.iter().zip(&risks).map(|(p, risk)| p.or(risk));
        let percentiles = ranked().map(|score| score.map(|score| percentile(&self.all, score)));
        let kinds = told.iter().zip(&risks).map(|(p, risk)| match (p, risk) {
            (Some(_), _) => Some(BY_MODEL),
            (None, Some(_)) => Some(BY_FALLBACK),
            (None, None) => None,
        });
        let model_ids = told.iter().map(|p| p.and(self.model_id.as_deref()));
        let horizon = i64::from(self.horizon_days);
        let as_is = |name: &str| column(batch, name).cloned();
        let columns: Vec<ArrayRef> = vec![
            as_is("profile_id")?,
            Arc::new(told.clone()),
            Arc::new(percentiles.collect::<Float64Array>()),
            Arc::new(bands.collect::<StringArray>()),
            Arc::new(kinds.collect::<StringArray>()),
            Arc::new(Int64Array::from(vec![horizon; count])),
            as_is("is_eligible")?,
            as_is("not_scored_reason")?,
            Arc::new(model_ids.collect::<StringArray>()),
            Arc::new(Date32Array::from(vec![self.day; count])),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

/// The share of scores that are not above one of them, times 100; equal scores share one.
fn percentile(sorted: &[f64], score: f64) -> f64 {
    let not_above = sorted.partition_point(|other| *other <= score);
    100.0 * not_above as f64 / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn equal_scores_share_a_percentile_and_the_highest_has_100() {
        let sorted = [0.2, 0.2, 0.5, 0.9];
        let expected = [(0.2, 50.0), (0.5, 75.0), (0.9, 100.0)];
        for (score, share) in expected {
            assert!((percentile(&sorted, score) - share).abs() < 1e-12);
        }
    }
}
