//! Two models of the registry on the customers whose outcome was known last.

use cdp_churn::{Champion, ChurnModel, Promotion, judge};
use cdp_lake::{ErrorKind, LakeError};
use cdp_plan::{AsOfDate, Fault};
use serde::Serialize;

use crate::matrix::{days, one_batch};
use crate::project::{Project, ProjectError};
use crate::steps::churn_model::{baselines, labelled};

/// What is known of outcomes.
const LABELS: &str = "features.churn_labels";

/// A model in the place of another: what a training would have decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedModel {
    /// The date as of which outcomes were known.
    pub as_of_date: AsOfDate,
    /// What was found.
    #[serde(flatten)]
    pub promotion: Promotion,
}

impl Project {
    /// Holds two models against each other on the newest closed cut-off as of a date, or as of the
    /// newest date with outcomes.
    pub async fn judge_models(
        &self,
        as_of: Option<AsOfDate>,
        champion: Option<&ChurnModel>,
        candidate: &ChurnModel,
    ) -> Result<JudgedModel, ProjectError> {
        let date = self.labels_date(as_of).await?;
        let catalog = self.catalog(date).await?;
        let set = labelled(&catalog, date).await?;
        let champion = champion.map_or(Champion::Nobody, |model| Champion::Model {
            model,
            person: None,
        });
        let config = &self.churn_as_of(date).await?;
        let judged = judge(
            config,
            &set,
            date.epoch_day(),
            baselines(config),
            champion,
            candidate,
        );
        let promotion = judged.map_err(|error| {
            let message = format!("the models can't be compared: {error}");
            LakeError::new(ErrorKind::Query, message)
        })?;
        Ok(JudgedModel {
            as_of_date: date,
            promotion,
        })
    }

    /// The newest date, at or before one, for which outcomes were collected.
    pub(crate) async fn labels_date(
        &self,
        as_of: Option<AsOfDate>,
    ) -> Result<AsOfDate, ProjectError> {
        let bound = as_of.map_or_else(String::new, |date| {
            format!("where as_of_date <= date '{date}'")
        });
        let query = format!(
            "select max(as_of_date) as as_of_date from {LABELS} {bound} \
             having max(as_of_date) is not null"
        );
        let batch = one_batch(&self.query(&query, None, None).await?)?;
        let newest = days(&batch, "as_of_date")?.first().copied();
        newest.and_then(AsOfDate::from_epoch_day).ok_or_else(|| {
            let before = as_of.map_or_else(String::new, |date| format!(" by {date}"));
            let fault = Fault::new(format!("no outcome is known{before}: {LABELS} is empty"));
            let hint = "a run that trains collects outcomes, once a horizon has closed";
            fault.hint(hint).into()
        })
    }
}
