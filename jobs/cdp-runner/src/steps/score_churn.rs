//! A model and features into `scores.churn_scores`: one row for every known profile.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{Config, Task};

use super::Done;
use super::churn_model::{profiles, serving, unfit, unknown};
use crate::matrix::{bools, strings, texts};

/// The columns of `scores.churn_scores`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        text("profile_id"),
        number("churn_probability"),
        number("percentile"),
        text("risk_band"),
        Field::new("horizon_days", DataType::Int64, true),
        Field::new("is_eligible", DataType::Boolean, true),
        text("not_scored_reason"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(super) async fn run(config: &Config, catalog: &Catalog, task: &Task) -> Result<Done> {
    let (batch, mut table) = profiles(catalog, task, false).await?;
    let ids = strings(&batch, "profile_id")?;
    let eligible = bools(&batch, "is_eligible")?;
    let reasons = texts(&batch, "ineligible_reason")?;
    let model = serving(catalog, task).await?;
    let mut note = None;
    let probabilities: Vec<Option<f64>> = match &model {
        Some((_, model)) => {
            note = unknown(task, model, &model.take_unknown(&mut table));
            let all = model.predict(&table).map_err(|error| unfit(task, error))?;
            let scored = all.into_iter().zip(&eligible);
            scored.map(|(p, eligible)| eligible.then_some(p)).collect()
        }
        None => vec![None; ids.len()],
    };
    let not_scored: Vec<Option<String>> = (0..ids.len())
        .map(|row| match (eligible[row], &model) {
            (false, _) => Some(reason(&reasons, row)),
            (true, None) => Some("there is no model yet".to_owned()),
            (true, Some(_)) => None,
        })
        .collect();
    let bands: Vec<Option<&str>> = probabilities
        .iter()
        .map(|p| p.map(|p| config.churn.risk_band(p).as_str()))
        .collect();
    let count = ids.len();
    let horizon = i64::from(config.churn.horizon_days());
    let model_ids: Vec<Option<&str>> = probabilities
        .iter()
        .map(|p| p.and(model.as_ref().map(|(id, _)| id.as_str())))
        .collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(ids)),
        Arc::new(Float64Array::from(probabilities.clone())),
        Arc::new(Float64Array::from(percentiles(&probabilities))),
        Arc::new(StringArray::from(bands)),
        Arc::new(Int64Array::from(vec![horizon; count])),
        Arc::new(BooleanArray::from(eligible)),
        Arc::new(StringArray::from(not_scored)),
        Arc::new(StringArray::from(model_ids)),
        Arc::new(Date32Array::from(vec![task.as_of_date.epoch_day(); count])),
    ];
    let rows = RecordBatch::try_new(schema(), columns)?;
    let staged = Staged::from_batches(schema(), vec![rows])?;
    Ok(Done { staged, note })
}

fn reason(reasons: &StringArray, row: usize) -> String {
    use arrow::array::Array;
    if reasons.is_null(row) {
        return "not eligible".to_owned();
    }
    reasons.value(row).to_owned()
}

/// For each score the share of scores that are not above it, times 100; equal scores share one.
fn percentiles(probabilities: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut sorted: Vec<f64> = probabilities.iter().copied().flatten().collect();
    sorted.sort_by(f64::total_cmp);
    probabilities
        .iter()
        .map(|p| {
            p.map(|p| {
                let not_above = sorted.partition_point(|other| *other <= p);
                100.0 * not_above as f64 / sorted.len() as f64
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::percentiles;

    #[test]
    fn equal_scores_share_a_percentile_and_the_highest_has_100() {
        let scores = [Some(0.2), None, Some(0.9), Some(0.2), Some(0.5)];
        let expected = [Some(50.0), None, Some(100.0), Some(50.0), Some(75.0)];
        assert_eq!(percentiles(&scores), expected);
    }
}
