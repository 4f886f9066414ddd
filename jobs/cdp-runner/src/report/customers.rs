//! Some customers of a date and why they have their scores.

use std::collections::BTreeMap;

use cdp_churn::Direction;
use cdp_plan::AsOfDate;
use cdp_report::{Customer, Offer, Reason};

use super::scores::band;
use super::{SCORES, odd};
use crate::explain::{AskError, quoted};
use crate::matrix::{bools, floats, one_batch, strings};
use crate::project::Project;

const REASONS: &str = "scores.churn_reasons";
const OFFERS: &str = "scores.retention_offers";
/// Reasons that are told of one customer.
const REASONS_MAX: usize = 3;

impl Project {
    /// So many of the customers who were scored, evenly spaced from the highest probability to the
    /// lowest.
    pub(super) async fn churn_customers(
        &self,
        date: AsOfDate,
        customers: usize,
    ) -> Result<Vec<Customer>, AskError> {
        let steps = customers.saturating_sub(1).max(1);
        let query = format!(
            "with ranked as ( \
                 select profile_id, churn_probability, percentile, risk_band, \
                     cast(row_number() over (order by churn_probability desc, profile_id) as bigint) as rank, \
                     count(*) over () as row_count \
                 from {SCORES} \
                 where as_of_date = date '{date}' and churn_probability is not null \
             ), spread as ( \
                 select *, (rank - 1) * {steps} / greatest(row_count - 1, {steps}) as step, \
                     (rank - 2) * {steps} / greatest(row_count - 1, {steps}) as step_before \
                 from ranked \
             ) \
             select profile_id, churn_probability, percentile, risk_band from spread \
             where rank = 1 or step > step_before \
             order by rank limit {customers}"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let ids = strings(&batch, "profile_id")?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut reasons = self.reasons_of(date, &ids).await?;
        let mut offers = self.offers_of(date, &ids).await?;
        let probabilities = floats(&batch, "churn_probability")?;
        let percentiles = floats(&batch, "percentile")?;
        let bands = strings(&batch, "risk_band")?;
        let customer = |(row, profile_id): (usize, String)| {
            Ok(Customer {
                churn_probability: probabilities.value(row),
                percentile: percentiles.value(row),
                risk_band: band(&bands[row])?,
                reasons: reasons.remove(&profile_id).unwrap_or_default(),
                offer: offers.remove(&profile_id),
                profile_id,
            })
        };
        ids.into_iter().enumerate().map(customer).collect()
    }

    async fn reasons_of(
        &self,
        date: AsOfDate,
        ids: &[String],
    ) -> Result<BTreeMap<String, Vec<Reason>>, AskError> {
        if !self.has_model(REASONS)? {
            return Ok(BTreeMap::new());
        }
        let query = format!(
            "select profile_id, sentence, direction, contribution from {REASONS} \
             where as_of_date = date '{date}' and rank <= {REASONS_MAX} and profile_id in ({}) \
             order by profile_id, rank",
            quoted(ids.iter().map(String::as_str))
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let (sentences, directions) = (strings(&batch, "sentence")?, strings(&batch, "direction")?);
        let contributions = floats(&batch, "contribution")?;
        let mut reasons: BTreeMap<String, Vec<Reason>> = BTreeMap::new();
        let profiles = strings(&batch, "profile_id")?.into_iter().enumerate();
        for ((row, profile), sentence) in profiles.zip(sentences) {
            reasons.entry(profile).or_default().push(Reason {
                sentence,
                direction: direction(&directions[row])?,
                contribution: contributions.value(row),
            });
        }
        Ok(reasons)
    }

    async fn offers_of(
        &self,
        date: AsOfDate,
        ids: &[String],
    ) -> Result<BTreeMap<String, Offer>, AskError> {
        // Offers rest on the scores of the main definition.
        if !self.has_model(OFFERS)? || !self.definition().is_main() {
            return Ok(BTreeMap::new());
        }
        let query = format!(
            "select profile_id, churn_threshold, expected_gain, is_treated, is_holdout \
             from {OFFERS} where as_of_date = date '{date}' and profile_id in ({})",
            quoted(ids.iter().map(String::as_str))
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let (thresholds, gains) = (
            floats(&batch, "churn_threshold")?,
            floats(&batch, "expected_gain")?,
        );
        let treated = bools(&batch, "is_treated")?.into_iter();
        let held_out = bools(&batch, "is_holdout")?;
        let offers = thresholds
            .iter()
            .zip(gains.iter())
            .zip(treated.zip(held_out));
        let offers = offers.map(
            |((threshold, expected_gain), (is_treated, is_holdout))| Offer {
                threshold,
                expected_gain,
                is_treated,
                is_holdout,
            },
        );
        Ok(strings(&batch, "profile_id")?
            .into_iter()
            .zip(offers)
            .collect())
    }
}

fn direction(name: &str) -> Result<Direction, AskError> {
    let all = [Direction::Raises, Direction::Lowers];
    let found = all.into_iter().find(|direction| direction.as_str() == name);
    found.ok_or_else(|| odd(REASONS, name))
}
