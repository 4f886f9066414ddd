//! The scores of a date, counted.

use cdp_churn::RiskBand;
use cdp_plan::AsOfDate;
use cdp_report::{NotScored, ScoredDay};

use super::{SCORES, odd};
use crate::explain::AskError;
use crate::matrix::{counts, floats, one_batch, strings};
use crate::project::Project;

/// Bands of equal width that probabilities are counted in.
const BANDS: u32 = 20;

impl Project {
    pub(super) async fn scored_day(&self, date: AsOfDate) -> Result<ScoredDay, AskError> {
        let (bands, expected_churners) = self.bands(date).await?;
        Ok(ScoredDay {
            as_of_date: date,
            bands,
            expected_churners,
            histogram: self.histogram(date).await?,
            ordered: self.ordered(date).await?,
            not_scored: self.not_scored(date).await?,
        })
    }

    /// Customers by how grave their probability is, and the sum of all probabilities.
    async fn bands(&self, date: AsOfDate) -> Result<(Vec<(RiskBand, u64)>, f64), AskError> {
        // Of decimals, so that the order of rows changes no digit.
        let query = format!(
            "select risk_band, count(*) as row_count, \
                 cast(sum(cast(churn_probability as decimal(24, 15))) as double) as expected \
             from {SCORES} where as_of_date = date '{date}' and churn_probability is not null \
             group by risk_band order by risk_band"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let rows = counts(&batch, "row_count")?;
        let expected = floats(&batch, "expected")?.iter().flatten().sum();
        let named = strings(&batch, "risk_band")?.into_iter().zip(rows);
        let bands = named.map(|(name, rows)| Ok((band(&name)?, rows)));
        Ok((bands.collect::<Result<_, AskError>>()?, expected))
    }

    /// Customers without a probability who have a band, by it.
    async fn ordered(&self, date: AsOfDate) -> Result<Vec<(RiskBand, u64)>, AskError> {
        let query = format!(
            "select risk_band, count(*) as row_count from {SCORES} \
             where as_of_date = date '{date}' and churn_probability is null \
                 and risk_band is not null \
             group by risk_band order by risk_band"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let rows = counts(&batch, "row_count")?;
        let named = strings(&batch, "risk_band")?.into_iter().zip(rows);
        named.map(|(name, rows)| Ok((band(&name)?, rows))).collect()
    }

    async fn histogram(&self, date: AsOfDate) -> Result<Vec<u64>, AskError> {
        let query = format!(
            "select least(cast(floor({BANDS} * churn_probability) as bigint), {BANDS} - 1) as place, \
                 count(*) as row_count \
             from {SCORES} where as_of_date = date '{date}' and churn_probability is not null \
             group by 1"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let mut histogram = vec![0; BANDS as usize];
        let places = counts(&batch, "place")?;
        for (place, rows) in places.into_iter().zip(counts(&batch, "row_count")?) {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(count) = histogram.get_mut(place) {
                *count = rows;
            }
        }
        Ok(histogram)
    }

    async fn not_scored(&self, date: AsOfDate) -> Result<Vec<NotScored>, AskError> {
        let query = format!(
            "select not_scored_reason as reason, count(*) as row_count from {SCORES} \
             where as_of_date = date '{date}' and not_scored_reason is not null \
             group by not_scored_reason order by row_count desc, reason"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let rows = counts(&batch, "row_count")?;
        let reasons = strings(&batch, "reason")?.into_iter().zip(rows);
        Ok(reasons
            .map(|(reason, profiles)| NotScored { reason, profiles })
            .collect())
    }

    /// The model that scored a date; nothing where none did.
    pub(super) async fn model_that_scored(
        &self,
        date: AsOfDate,
    ) -> Result<Option<String>, AskError> {
        let query = format!(
            "select min(model_id) as model_id from {SCORES} \
             where as_of_date = date '{date}' and churn_probability is not null \
             having min(model_id) is not null"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        Ok(strings(&batch, "model_id")?.into_iter().next())
    }
}

/// The band that the table calls so.
pub(super) fn band(name: &str) -> Result<RiskBand, AskError> {
    let all = [RiskBand::High, RiskBand::Medium, RiskBand::Low];
    let found = all.into_iter().find(|band| band.as_str() == name);
    found.ok_or_else(|| odd(SCORES, name))
}
