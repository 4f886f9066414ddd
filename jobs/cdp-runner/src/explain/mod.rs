//! Why identifiers are one person or are not, read from what the lake holds; nothing is written.

mod around;
mod history;
mod link;
mod profile;
mod rows;
mod step;
mod tables;

use cdp_lake::LakeError;
use cdp_plan::{AsOfDate, Fault, Faults, TaskDates};

pub use history::{FormerId, HistoryRow};
pub use link::LinkExplanation;
pub use profile::{Member, ProfileExplanation};
pub use step::{Presence, Refusal, Said, Step, Whereabouts};
pub use tables::{Consent, Field, Standing as ProfileStanding};

use crate::ledger;
use crate::project::{Project, ProjectError};

/// The map of who is who.
pub(crate) const MAP: &str = "identity.profile_map";

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It asks for something that is not there.
    #[error(transparent)]
    Asked(#[from] Box<Fault>),
    /// The project or the lake is at fault.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

impl From<LakeError> for AskError {
    fn from(error: LakeError) -> Self {
        Self::Project(error.into())
    }
}

impl From<Faults> for AskError {
    fn from(faults: Faults) -> Self {
        Self::Project(faults.into())
    }
}

/// A date with a map, and the date of the map that it was made after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MapDates {
    pub(crate) as_of: AsOfDate,
    pub(crate) previous: Option<AsOfDate>,
}

impl From<MapDates> for TaskDates {
    fn from(dates: MapDates) -> Self {
        Self {
            previous: dates.previous,
            ..dates.as_of.into()
        }
    }
}

impl Project {
    /// The date asked for, or the newest one with a map.
    pub(crate) async fn map_dates(
        &self,
        as_of: Option<AsOfDate>,
        table: &str,
    ) -> Result<MapDates, AskError> {
        let dates = match self.model(table) {
            Some(model) => self.lake().partition_dates(&model.name).await?,
            None => std::collections::BTreeSet::new(),
        };
        let Some(newest) = dates.last().copied() else {
            let fault = Fault::new(format!("there is no {table} yet"));
            let hint = "`cdp-jobs run --as-of DATE` makes it";
            return Err(Box::new(fault.hint(hint)).into());
        };
        let as_of = as_of.unwrap_or(newest);
        if !dates.contains(&as_of) {
            let near: Vec<String> = dates
                .iter()
                .rev()
                .take(3)
                .map(ToString::to_string)
                .collect();
            let fault = Fault::new(format!("{table} was not made for {as_of}"));
            let hint = format!(
                "the newest dates are {}; `cdp-jobs run --as-of {as_of}` makes this one",
                near.join(", ")
            );
            return Err(Box::new(fault.hint(hint)).into());
        }
        // One that was made later is not what this one was made after.
        let earlier: Vec<AsOfDate> = dates.range(..=as_of).copied().collect();
        let made = ledger::made(self, &earlier).await?;
        let finished = |date| {
            made.get(&(table.to_owned(), date))
                .map(|one| one.finished_at)
        };
        let own = finished(as_of);
        let is_before = |date: &AsOfDate| match (finished(*date), own) {
            (Some(theirs), Some(own)) => theirs <= own,
            _ => true,
        };
        let previous = dates.range(..as_of).rev().find(|date| is_before(date));
        Ok(MapDates {
            as_of,
            previous: previous.copied(),
        })
    }
}

/// `'a', 'b'`, for an `in` of ours.
pub(crate) fn quoted<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted = texts
        .into_iter()
        .map(|text| format!("'{}'", text.replace('\'', "''")));
    quoted.collect::<Vec<_>>().join(", ")
}
