//! How far those who were scored are from those the model learned from.

use arrow::array::Float64Array;
use cdp_plan::AsOfDate;
use cdp_report::{Shift, ShiftLevel};

use super::odd;
use crate::explain::AskError;
use crate::matrix::{floats, one_batch, strings};
use crate::project::Project;

const DRIFT: &str = "scores.churn_drift";

impl Project {
    /// The gravest shifts of a date first; none where the project does not measure them.
    pub(super) async fn churn_shifts(&self, date: AsOfDate) -> Result<Vec<Shift>, AskError> {
        if !self.has_model(DRIFT)? {
            return Ok(Vec::new());
        }
        let query = format!(
            "select * from {DRIFT} where as_of_date = date '{date}' \
             order by case level when 'act' then 0 when 'watch' then 1 else 2 end, \
                 coalesce(psi - noise_floor, 0) desc, kind, name"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let levels = strings(&batch, "level")?;
        let sources = strings(&batch, "sources")?;
        let column = |name: &str| -> Result<Vec<Option<f64>>, AskError> {
            let values: Float64Array = floats(&batch, name)?;
            Ok(values.iter().collect())
        };
        let (psi, noise) = (column("psi")?, column("noise_floor")?);
        let (mean, trained) = (column("mean")?, column("training_mean")?);
        let missing = column("missing_rate")?;
        let missing_then = column("training_missing_rate")?;
        let shift = |(row, name): (usize, String)| {
            let level = levels[row].as_str();
            let found = ShiftLevel::ALL
                .into_iter()
                .find(|one| one.as_str() == level);
            Ok(Shift {
                name,
                level: found.ok_or_else(|| odd(DRIFT, level))?,
                psi: psi[row],
                noise_floor: noise[row],
                means: [mean[row], trained[row]],
                missing_rates: [missing[row], missing_then[row]],
                sources: sources[row].clone(),
            })
        };
        let names = strings(&batch, "name")?.into_iter().enumerate();
        names.map(shift).collect()
    }
}
