//! What a report of churn tells of a date, gathered from the tables as they were known then.

mod customers;
mod drift;
mod outcomes;
mod scores;

use cdp_churn::EvaluationResult;
use cdp_plan::{AsOfDate, Fault};
use cdp_report::{FeatureWeight, ModelInService, Report, Training};

use crate::explain::AskError;
use crate::models::ModelRow;
use crate::project::Project;

const SCORES: &str = "scores.churn_scores";
const FEATURES: &str = "features.churn_features";
/// Trainings and closed horizons that are told at most, the newest.
const HISTORY_MAX: usize = 12;

impl Project {
    /// What there is to tell of the scores of a date, or of the newest that was scored, with so many
    /// features and customers.
    pub async fn churn_report(
        &self,
        as_of: Option<AsOfDate>,
        features: usize,
        customers: usize,
        program_version: &str,
    ) -> Result<Report, AskError> {
        let dates = self.map_dates(as_of, SCORES).await?;
        let scored = self.scored_day(dates.as_of).await?;
        let scored_before = match dates.previous {
            Some(previous) => Some(self.scored_day(previous).await?),
            None => None,
        };
        let mut models = self.churn_models().await?;
        models.retain(|row| row.as_of_date <= dates.as_of);
        let served = self.model_that_scored(dates.as_of).await?;
        let served = models
            .iter()
            .find(|row| Some(&row.model_id) == served.as_ref());
        let model = match served {
            Some(row) => Some(self.model_in_service(row, features).await?),
            None => None,
        };
        Ok(Report {
            project: self.reported_as(),
            program_version: program_version.to_owned(),
            scored,
            scored_before,
            model,
            trainings: trainings(models),
            drift: self.churn_shifts(dates.as_of).await?,
            outcomes: self.churn_outcomes(dates.as_of, HISTORY_MAX).await?,
            customers: self.churn_customers(dates.as_of, customers).await?,
        })
    }

    /// The project, and the definition of churn where it is not the main one.
    fn reported_as(&self) -> String {
        let project = &self.config().project_name;
        match self.definition().name() {
            Some(name) => format!("{project}, by the definition {name} of churn"),
            None => project.clone(),
        }
    }

    async fn model_in_service(
        &self,
        row: &ModelRow,
        features: usize,
    ) -> Result<ModelInService, AskError> {
        let model = self.churn_model(row).await?;
        let weights = model.importance().iter().take(features);
        let weights = weights.map(|one| FeatureWeight {
            meaning: self.meaning(&one.feature),
            feature: one.feature.clone(),
            mean_contribution: one.mean_contribution,
            direction: one.direction,
        });
        let weights = weights.collect();
        Ok(ModelInService {
            model_id: row.model_id.clone(),
            trained_for: row.as_of_date,
            model,
            weights,
        })
    }

    /// What the sidecar of the features says of one; empty when nobody did.
    fn meaning(&self, feature: &str) -> String {
        let model = self.model(FEATURES);
        let columns = model.map_or(&[][..], |model| model.columns.as_slice());
        let meaning = columns.iter().find(|(name, _)| name == feature);
        meaning.map_or_else(String::new, |(_, meaning)| meaning.clone())
    }
}

/// The newest that were measured.
fn trainings(models: Vec<ModelRow>) -> Vec<Training> {
    let measured = models.into_iter().filter_map(|row| match row.evaluation {
        Some(EvaluationResult::Measured(evaluation)) => Some(Training {
            model_id: row.model_id,
            as_of_date: row.as_of_date,
            evaluation: *evaluation,
        }),
        _ => None,
    });
    measured.take(HISTORY_MAX).collect()
}

/// A value of a table that is none of those it may have.
fn odd(table: &str, value: &str) -> AskError {
    let fault = Fault::new(format!("`{table}` holds `{value}`, which no run writes"));
    Box::new(fault.hint("make the date again: `cdp-jobs run --force`")).into()
}
