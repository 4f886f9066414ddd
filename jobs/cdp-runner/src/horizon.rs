//! What the orders say of a horizon of churn: the gaps between them, and how many customers there would
//! have been to learn from.

use std::collections::{BTreeMap, BTreeSet};

use cdp_btyd::Gaps;
use cdp_churn::{ChurnConfig, ChurnKind, CutoffRows, chosen_horizon};
use cdp_lake::LakeError;
use cdp_plan::{AsOfDate, Fault, Step};
use serde::Serialize;

use crate::matrix::{counts, days, one_batch};
use crate::project::{Project, ProjectError};

/// A cut-off as it would be learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CutoffCounts {
    /// The cut-off.
    pub cutoff_date: AsOfDate,
    /// Customers with an order before it (within the bounds of eligibility).
    pub eligible: u64,
    /// Those without one in its horizon.
    pub churned: u64,
}

/// What the orders say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRhythm {
    /// The date before which all was known.
    pub as_of_date: AsOfDate,
    /// The day of the first order.
    pub first_order: AsOfDate,
    /// Customers.
    pub customers: u64,
    /// The gaps between days with an order.
    pub gaps: Gaps,
    /// The horizon that is set, or was chosen for the model in service.
    pub horizon_days: i32,
    /// The newest closed cut-offs, newest first, under that horizon.
    pub cutoffs: Vec<CutoffCounts>,
}

impl CutoffCounts {
    pub(crate) fn rows(&self) -> CutoffRows {
        CutoffRows {
            cutoff_day: self.cutoff_date.epoch_day(),
            eligible: self.eligible,
            churned: self.churned,
        }
    }
}

impl Project {
    /// The rhythm of orders as known before a date, or before the newest that was run; `None` when
    /// there is no order, or no run yet.
    pub async fn order_rhythm(
        &self,
        as_of: Option<AsOfDate>,
        cutoffs: usize,
    ) -> Result<Option<OrderRhythm>, ProjectError> {
        let events = match self.churn().framing().kind {
            ChurnKind::NonContractual => "staging.target_events",
            ChurnKind::Contractual => "staging.subscription_periods",
        };
        for name in ["identity.profile_map", events] {
            if !self.has_model(name)? {
                let fault = Fault::new(format!("the project has no model `{name}`"));
                let hint = "the rhythm of orders is read from it";
                return Err(fault.hint(hint).into());
            }
        }
        let Some(date) = self.newest_map(as_of).await? else {
            return Ok(None);
        };
        let Some((gaps, customers, first_order)) = self.gaps(&self.order_days(date), date).await?
        else {
            return Ok(None);
        };
        let churn = self.churn_as_of(date).await?;
        let closed = churn.closed_cutoffs(date.epoch_day(), cutoffs);
        let mut counted = Vec::new();
        for cutoff in closed.into_iter().filter_map(AsOfDate::from_epoch_day) {
            if cutoff > first_order {
                counted.push(self.cutoff_counts(&churn, date, cutoff).await?);
            }
        }
        Ok(Some(OrderRhythm {
            as_of_date: date,
            first_order,
            customers,
            gaps,
            horizon_days: churn.horizon_days(),
            cutoffs: counted,
        }))
    }

    /// The horizon of a training for a date, when that is to choose it.
    ///
    /// Planning asks, before anybody is resolved for the date, and must be told the same whichever
    /// layers have been run: so customers are the profiles of the latest earlier date that was scored.
    pub(crate) async fn chosen_horizon(
        &self,
        as_of: AsOfDate,
        before: Option<i32>,
    ) -> Result<i32, LakeError> {
        let mut models = self.manifest().models();
        let scores = models.find(|model| {
            model.step() == Some(Step::ScoreChurn) && model.definition == *self.definition()
        });
        let dates = match scores {
            Some(scores) => self.lake().partition_dates(&scores.name).await?,
            None => BTreeSet::new(),
        };
        let gaps = match dates.range(..as_of).next_back() {
            Some(date) => self.gaps(&self.order_days(*date), as_of).await?,
            None => None,
        };
        let gaps = gaps.map_or_else(Gaps::default, |(gaps, _, _)| gaps);
        Ok(chosen_horizon(&gaps, before))
    }

    async fn newest_map(&self, as_of: Option<AsOfDate>) -> Result<Option<AsOfDate>, ProjectError> {
        let bound = as_of.map_or_else(String::new, |date| {
            format!("where as_of_date <= date '{date}'")
        });
        let query = format!(
            "select max(as_of_date) as as_of_date from identity.profile_map {bound} \
             having max(as_of_date) is not null"
        );
        let batch = one_batch(&self.query(&query, None, None).await?)?;
        let newest = days(&batch, "as_of_date")?.first().copied();
        Ok(newest.and_then(AsOfDate::from_epoch_day))
    }

    async fn gaps(
        &self,
        order_days: &str,
        date: AsOfDate,
    ) -> Result<Option<(Gaps, u64, AsOfDate)>, LakeError> {
        let query = format!(
            "{order_days}, following as (
                select profile_id, ordered_on,
                    lead(ordered_on) over (partition by profile_id order by ordered_on) as next_on
                from order_days
            )
            select
                next_on is null as is_open,
                coalesce(next_on, date '{date}') - ordered_on as gap_days,
                count(*) as gap_count,
                min(ordered_on) as first_on
            from following
            group by next_on is null, coalesce(next_on, date '{date}') - ordered_on"
        );
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let open = crate::matrix::bools(&batch, "is_open")?;
        let lengths = counts(&batch, "gap_days")?;
        let gap_counts = counts(&batch, "gap_count")?;
        let first = days(&batch, "first_on")?.into_iter().min();
        let Some(first) = first.and_then(AsOfDate::from_epoch_day) else {
            return Ok(None);
        };
        let mut gaps = Gaps::default();
        for row in 0..batch.num_rows() {
            let by_length: &mut BTreeMap<u32, u64> = if open[row] {
                &mut gaps.open
            } else {
                &mut gaps.closed
            };
            let length = u32::try_from(lengths[row]).unwrap_or(u32::MAX);
            *by_length.entry(length).or_default() += gap_counts[row];
        }
        let customers = gaps.open_count();
        Ok(Some((gaps, customers, first)))
    }

    pub(crate) async fn cutoff_counts(
        &self,
        churn: &ChurnConfig,
        date: AsOfDate,
        cutoff: AsOfDate,
    ) -> Result<CutoffCounts, ProjectError> {
        let query = match churn.framing().kind {
            ChurnKind::NonContractual => self.stayed_away(churn, date, cutoff),
            ChurnKind::Contractual => ended(churn, date, cutoff),
        };
        let batch = one_batch(&self.query(&query, Some(date), None).await?)?;
        let first = |name: &str| -> Result<u64, ProjectError> {
            Ok(counts(&batch, name)?.first().copied().unwrap_or(0))
        };
        Ok(CutoffCounts {
            cutoff_date: cutoff,
            eligible: first("eligible")?,
            churned: first("churned")?,
        })
    }

    /// The query of those who were customers at a cut-off and left no event in its horizon.
    fn stayed_away(&self, churn: &ChurnConfig, date: AsOfDate, cutoff: AsOfDate) -> String {
        let within = churn.eligible_within_days().map_or_else(String::new, |days| {
            format!("and max(case when ordered_on < date '{cutoff}' then ordered_on end) >= date '{cutoff}' - {days}")
        });
        format!(
            "{}, customers as (
                select
                    profile_id,
                    max(case when ordered_on >= date '{cutoff}' + {gap}
                        and ordered_on < date '{cutoff}' + {gap} + {horizon} then 1 else 0 end) as stayed
                from order_days
                group by profile_id
                having sum(case when ordered_on < date '{cutoff}' then 1 else 0 end) >= {least} {within}
            )
            select count(*) as eligible, sum(1 - stayed) as churned from customers",
            self.order_days(date),
            gap = churn.gap_days(),
            horizon = churn.horizon_days(),
            least = churn.orders_min(),
        )
    }

    /// The days on which each customer ordered, left another target event, or began or renewed a
    /// subscription, as known before a date.
    fn order_days(&self, date: AsOfDate) -> String {
        let (events, occurred_on) = match self.churn().framing().kind {
            ChurnKind::NonContractual => {
                ("staging.target_events", "cast(events.occurred_at as date)")
            }
            ChurnKind::Contractual => ("staging.subscription_periods", "events.starts_on"),
        };
        format!(
            "with profiles as (
                select identifier, profile_id from identity.profile_map
                where as_of_date = date '{date}'
            ),
            order_days as (
                select profiles.profile_id, {occurred_on} as ordered_on
                from profiles inner join {events} as events on profiles.identifier = events.identifier
                group by profiles.profile_id, {occurred_on}
            )"
        )
    }
}

/// The query of those whose subscription ran at a cut-off and was cancelled or lapsed in its horizon.
fn ended(churn: &ChurnConfig, date: AsOfDate, cutoff: AsOfDate) -> String {
    let runs = |days: i32| {
        format!(
            "max(case when starts_on < date '{cutoff}' + {days} \
             and (ends_on is null or ends_on >= date '{cutoff}' + {days}) then 1 else 0 end)"
        )
    };
    let gap = churn.gap_days();
    format!(
        "with profiles as (
            select identifier, profile_id from identity.profile_map
            where as_of_date = date '{date}'
        ),
        customers as (
            select
                profiles.profile_id,
                {} as is_eligible,
                {} as is_reachable,
                {} as stayed
            from profiles
            inner join staging.subscription_periods as periods
                on profiles.identifier = periods.identifier
            group by profiles.profile_id
        )
        select count(*) as eligible, sum(1 - stayed) as churned
        from customers where is_eligible = 1 and is_reachable = 1",
        runs(0),
        runs(gap),
        runs(gap + churn.horizon_days()),
    )
}
