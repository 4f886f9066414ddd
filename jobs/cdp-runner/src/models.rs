//! What people ask of churn models: which there are, and what one of them is.

use cdp_churn::{ChurnModel, EvaluationResult};
use cdp_lake::{ErrorKind, LakeError};
use cdp_plan::{AsOfDate, Fault};
use serde::Serialize;

use crate::matrix::{counts, days, floats, one_batch, strings};
use crate::project::{Project, ProjectError};

const MODELS: &str = "scores.churn_model";

/// A churn model as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRow {
    /// The hash of the model.
    pub model_id: String,
    /// The date that it was trained for.
    pub as_of_date: AsOfDate,
    /// The cut-offs trained on, separated by commas.
    pub training_cutoffs: String,
    /// Rows trained on.
    pub row_count: u64,
    /// Share of churners among them.
    pub churn_rate: f64,
    /// How good a model of its kind was on a later cut-off; `None` when another version of the
    /// program wrote that.
    pub evaluation: Option<EvaluationResult>,
}

impl Project {
    /// A churn model that is listed, whole.
    pub async fn churn_model(&self, row: &ModelRow) -> Result<ChurnModel, ProjectError> {
        let query = format!(
            "select model from {MODELS} where model_id = '{}' and as_of_date = date '{}'",
            row.model_id, row.as_of_date
        );
        let batch = one_batch(&self.query(&query, None, None).await?)?;
        let json = strings(&batch, "model")?.into_iter().next();
        let model = ChurnModel::from_json(&json.unwrap_or_default()).map_err(|error| {
            let message = format!("the model `{}` can't be read: {error}", row.model_id);
            LakeError::new(ErrorKind::Schema, message)
        })?;
        Ok(model)
    }

    /// All churn models, the newest first.
    pub async fn churn_models(&self) -> Result<Vec<ModelRow>, ProjectError> {
        self.expect_models()?;
        let query = format!(
            "select model_id, as_of_date, training_cutoffs, row_count, churn_rate, evaluation \
             from {MODELS} order by as_of_date desc, model_id"
        );
        let batch = one_batch(&self.query(&query, None, None).await?)?;
        let dates = days(&batch, "as_of_date")?;
        let cutoffs = strings(&batch, "training_cutoffs")?;
        let (counts, rates) = (counts(&batch, "row_count")?, floats(&batch, "churn_rate")?);
        let evaluations = strings(&batch, "evaluation")?;
        let ids = strings(&batch, "model_id")?.into_iter().enumerate();
        let row = |(row, model_id): (usize, String)| {
            let as_of_date = AsOfDate::from_epoch_day(dates[row]).ok_or_else(|| {
                let message = format!("`{MODELS}` has a date out of range");
                LakeError::new(ErrorKind::Schema, message)
            })?;
            Ok(ModelRow {
                model_id,
                as_of_date,
                training_cutoffs: cutoffs[row].clone(),
                row_count: counts[row],
                churn_rate: rates.value(row),
                evaluation: serde_json::from_str(&evaluations[row]).ok(),
            })
        };
        ids.map(row).collect()
    }

    fn expect_models(&self) -> Result<(), ProjectError> {
        let is_there = MODELS
            .parse()
            .is_ok_and(|name| self.manifest().model(&name).is_some());
        if is_there {
            return Ok(());
        }
        let fault = Fault::new(format!("the project has no model `{MODELS}`"));
        let hint = "take its sidecar from a project of `cdp-jobs init`, sql/scores/";
        Err(fault.hint(hint).into())
    }
}
