//! What it would have brought to act on a model.

use cdp_churn::metrics::{Economics, Profit, expected_profit};
use cdp_churn::{Basis, ChurnModel, foretell};
use cdp_lake::{ErrorKind, LakeError};
use cdp_plan::{AsOfDate, Fault};
use serde::Serialize;

use crate::project::{Project, ProjectError};
use crate::steps::churn_model::{baselines, labelled};

/// What offers by a model would have brought where the outcome is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelProfit {
    /// The model.
    pub model_id: String,
    /// What stood for it at the cut-off, so that it knew nothing of the outcome.
    pub basis: Basis,
    /// The cut-off whose customers it was tried on.
    pub cutoff_date: AsOfDate,
    /// How many they are.
    pub customers: usize,
    /// Share of them who churned.
    pub churn_rate: f64,
    /// What an offer costs and brings.
    pub economics: Economics,
    /// What came of it.
    #[serde(flatten)]
    pub profit: Profit,
}

impl Project {
    /// Makes offers by a model to the customers of the newest cut-off whose outcome was known on a date,
    /// or on the newest with outcomes.
    pub async fn model_profit(
        &self,
        as_of: Option<AsOfDate>,
        model: &ChurnModel,
        economics: Economics,
    ) -> Result<ModelProfit, ProjectError> {
        let date = self.labels_date(as_of).await?;
        let catalog = self.catalog(date).await?;
        let set = labelled(&catalog, date).await?;
        let config = &self.churn_as_of(date).await?;
        let broken = |error: &dyn std::fmt::Display| {
            let message = format!("the model can't be tried: {error}");
            LakeError::new(ErrorKind::Query, message)
        };
        let told = foretell(config, &set, date.epoch_day(), baselines(config), model)
            .map_err(|error| broken(&error))?
            .map_err(|reason| Fault::new(format!("the model can't be tried: {reason}")))?;
        let profit = expected_profit(&told.churned, &told.probabilities, &economics)
            .map_err(|error| broken(&error))?;
        let churned = told.churned.iter().filter(|churned| **churned).count();
        Ok(ModelProfit {
            model_id: model.model_id(),
            basis: told.basis,
            cutoff_date: AsOfDate::from_epoch_day(told.cutoff_day).unwrap_or(date),
            customers: told.churned.len(),
            churn_rate: churned as f64 / told.churned.len().max(1) as f64,
            economics,
            profit,
        })
    }
}
