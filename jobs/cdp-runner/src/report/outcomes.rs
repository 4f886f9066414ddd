//! What became of those who were scored.

use cdp_churn::ClassCounts;
use cdp_plan::AsOfDate;
use cdp_report::{Cohort, Outcome};

use super::odd;
use crate::explain::AskError;
use crate::matrix::{counts, days, floats, one_batch, strings};
use crate::project::Project;

const OUTCOMES: &str = "scores.churn_outcomes";

impl Project {
    /// Of the newest horizons that had closed by a date, newest first; tenths of the newest alone.
    pub(super) async fn churn_outcomes(
        &self,
        date: AsOfDate,
        horizons: usize,
    ) -> Result<Vec<Outcome>, AskError> {
        if !self.has_model(OUTCOMES)? {
            return Ok(Vec::new());
        }
        let query = format!(
            "select *, dense_rank() over (order by scored_date desc) as place from {OUTCOMES} \
             qualify place <= {horizons} and (decile = 0 or place = 1) \
             order by scored_date desc, cohort, decile"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let (closed, scored) = (days(&batch, "as_of_date")?, days(&batch, "scored_date")?);
        let (models, cohorts) = (strings(&batch, "model_id")?, strings(&batch, "cohort")?);
        let deciles = counts(&batch, "decile")?;
        let (rows, churned) = (
            counts(&batch, "row_count")?,
            counts(&batch, "churned_count")?,
        );
        let told = floats(&batch, "mean_probability")?;
        let (losses, aucs) = (floats(&batch, "log_loss")?, floats(&batch, "roc_auc")?);
        let aucs: Vec<Option<f64>> = aucs.iter().collect();
        let day =
            |day: i32| AsOfDate::from_epoch_day(day).ok_or_else(|| odd(OUTCOMES, &day.to_string()));
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let outcome = |row: usize| {
            let name = cohorts[row].as_str();
            Ok(Outcome {
                closed_date: day(closed[row])?,
                scored_date: day(scored[row])?,
                model_id: models[row].clone(),
                cohort: Cohort::named(name).ok_or_else(|| odd(OUTCOMES, name))?,
                decile: u32::try_from(deciles[row]).unwrap_or(u32::MAX),
                rows: ClassCounts {
                    churned: count(churned[row]),
                    retained: count(rows[row].saturating_sub(churned[row])),
                },
                mean_probability: told.value(row),
                log_loss: losses.value(row),
                roc_auc: aucs[row],
            })
        };
        (0..batch.num_rows()).map(outcome).collect()
    }
}
