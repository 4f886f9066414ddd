//! What the data of a project can carry: how many customers there are to learn from, since when, and
//! on which days nothing was recorded.

use std::collections::BTreeMap;

use cdp_churn::{ChurnConfig, ChurnKind, CutoffRows, Framing, Silence, Supply, silences};
use cdp_lake::{Catalog, Result};
use cdp_plan::AsOfDate;
use serde::Serialize;

use crate::horizon::CutoffCounts;
use crate::matrix::{counts, days, one_batch};
use crate::project::{Project, ProjectError};

/// Cut-offs that are counted, also when fewer are stacked.
pub(crate) const CUTOFFS_MIN: usize = 6;

/// What there is to learn churn from, as known before a date.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainingData {
    /// The date before which all was known.
    pub as_of_date: AsOfDate,
    /// The day of the first order, or of what counts in its place.
    pub first_event_date: AsOfDate,
    /// Days from there to the date.
    pub history_days: i32,
    /// The horizon that is set, or was chosen.
    pub horizon_days: i32,
    /// Who could be scored at the date.
    pub eligible: u64,
    /// The newest closed cut-offs, newest first.
    pub cutoffs: Vec<CutoffCounts>,
    /// Those of them that a training stacks.
    pub stacked: usize,
    /// Who churned at the stacked ones.
    pub churned: u64,
    /// Who stayed there.
    pub stayed: u64,
    /// How many of each a training needs.
    pub rows_min: u64,
    /// Whether there are so many.
    pub suffices: bool,
    /// When there will be, if customers keep coming and leaving as so far.
    pub suffices_on: Option<AsOfDate>,
    /// Whether that is the earliest date only, for no horizon has closed yet.
    pub is_earliest: bool,
    /// Days in a row without an event, although some were to be expected.
    pub silences: Vec<SilentDays>,
}

/// Days in a row without an event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SilentDays {
    /// The first of them.
    pub first_date: AsOfDate,
    /// The last one.
    pub last_date: AsOfDate,
    /// How many there would have been, by the same weekdays before and after.
    pub expected: f64,
}

impl SilentDays {
    fn of(silence: &Silence) -> Option<Self> {
        Some(Self {
            first_date: AsOfDate::from_epoch_day(silence.first_day)?,
            last_date: AsOfDate::from_epoch_day(silence.last_day)?,
            expected: silence.expected.round(),
        })
    }
}

impl std::fmt::Display for SilentDays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            first_date,
            last_date,
            expected,
        } = self;
        write!(f, "none ")?;
        if first_date == last_date {
            write!(f, "on {first_date}")?;
        } else {
            write!(f, "from {first_date} to {last_date}")?;
        }
        write!(f, ", where about {expected} were to be expected")
    }
}

impl Project {
    /// What there is to learn churn from before a date, or before the newest that was run; `None`
    /// when there is no event, or no run yet.
    pub async fn training_data(
        &self,
        as_of: Option<AsOfDate>,
    ) -> std::result::Result<Option<TrainingData>, ProjectError> {
        let stacked = self.churn().stacked_cutoffs();
        let Some(rhythm) = self.order_rhythm(as_of, stacked.max(CUTOFFS_MIN)).await? else {
            return Ok(None);
        };
        let date = rhythm.as_of_date;
        let churn = self.churn_as_of(date).await?;
        let events = events_by_day(&churn, &self.catalog(date).await?).await?;
        let cutoffs: Vec<CutoffRows> = rhythm.cutoffs.iter().map(CutoffCounts::rows).collect();
        let eligible = self.cutoff_counts(&churn, date, date).await?.eligible;
        let supply = Supply {
            as_of_day: date.epoch_day(),
            first_day: rhythm.first_order.epoch_day(),
            eligible,
            cutoffs: &cutoffs,
        };
        let suffices = supply.suffices(&churn);
        let on = supply.suffices_on(&churn).filter(|_| !suffices);
        let (churned, stayed) = supply.stacked(&churn);
        let silent = silences(&events, date.epoch_day());
        Ok(Some(TrainingData {
            as_of_date: date,
            first_event_date: rhythm.first_order,
            history_days: date.epoch_day() - rhythm.first_order.epoch_day(),
            horizon_days: churn.horizon_days(),
            eligible,
            cutoffs: rhythm.cutoffs,
            stacked,
            churned,
            stayed,
            rows_min: churn.rows_min() as u64,
            suffices,
            suffices_on: on.and_then(|on| AsOfDate::from_epoch_day(on.day)),
            is_earliest: on.is_some_and(|on| on.is_earliest),
            silences: silent.iter().filter_map(SilentDays::of).collect(),
        }))
    }
}

/// Orders, or other target events, or subscriptions that were begun or renewed, by day.
pub(crate) async fn events_by_day(
    churn: &ChurnConfig,
    catalog: &Catalog,
) -> Result<BTreeMap<i32, u64>> {
    let query = match churn.framing().kind {
        ChurnKind::NonContractual => {
            "select cast(occurred_at as date) as occurred_on, count(*) as event_count \
             from staging.target_events group by cast(occurred_at as date)"
        }
        ChurnKind::Contractual => {
            "select starts_on as occurred_on, count(*) as event_count \
             from staging.subscription_periods group by starts_on"
        }
    };
    let batch = one_batch(&catalog.query(query, None).await?)?;
    let days = days(&batch, "occurred_on")?.into_iter();
    Ok(days.zip(counts(&batch, "event_count")?).collect())
}

/// What is said of the days without an event since the oldest cut-off, if there are any: whoever would
/// have left one there was learned as one who churned.
pub(crate) fn silences_since(
    framing: &Framing,
    events: &BTreeMap<i32, u64>,
    oldest_cutoff: i32,
    as_of_day: i32,
) -> Option<String> {
    let silent = silences(events, as_of_day);
    let within = silent
        .iter()
        .filter(|silence| silence.last_day >= oldest_cutoff);
    let told: Vec<String> = within
        .filter_map(SilentDays::of)
        .map(|silent| silent.to_string())
        .collect();
    (!told.is_empty()).then(|| format!("{}: {}", framing.event_words(), told.join("; ")))
}

/// When there will be enough, as a clause.
pub(crate) fn suffices_on(supply: &Supply<'_>, churn: &ChurnConfig) -> String {
    let date = |day: i32| AsOfDate::from_epoch_day(day).map_or_else(String::new, |d| d.to_string());
    match supply.suffices_on(churn) {
        None => "there will not be enough as it goes on now".to_owned(),
        Some(on) if on.is_earliest => {
            format!("there will be enough on {} at the earliest", date(on.day))
        }
        Some(on) => format!(
            "there will be enough on about {}, if customers keep coming and leaving as they do",
            date(on.day)
        ),
    }
}
