//! What became of a profile id.

use arrow::array::Array;
use cdp_lake::{Catalog, Result};
use cdp_plan::AsOfDate;
use serde::Serialize;

use super::quoted;
use crate::matrix::{days, strings, texts};
use crate::project::Project;
use crate::steps::date_sql;

const CHANGES: &str = "identity.profile_changes";

/// A row of `identity.profile_changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryRow {
    /// The date of the map with which it came about.
    pub as_of_date: AsOfDate,
    /// created, merged, split, detached, restored or gone.
    pub change_type: String,
    /// The profile that lost identifiers.
    pub from_profile_id: Option<String>,
    /// The profile that gained them.
    pub to_profile_id: Option<String>,
    /// Why.
    pub reason: String,
}

/// A profile id that lives on in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormerId {
    /// The id that was asked for.
    pub profile_id: String,
    /// The one that it lives on in.
    pub lives_on_in: String,
    /// The change that says so, if it was told.
    pub change: Option<HistoryRow>,
}

impl Project {
    /// Everything that was told of a profile id up to the catalog's date, oldest first.
    pub(super) async fn history(
        &self,
        catalog: &Catalog,
        profile_id: &str,
    ) -> Result<Vec<HistoryRow>> {
        if !self.has_model(CHANGES)? {
            return Ok(Vec::new());
        }
        let id = quoted([profile_id]);
        let query = format!(
            "select as_of_date, change_type, from_profile_id, to_profile_id, reason from {CHANGES} \
             where (from_profile_id = {id} or to_profile_id = {id}) and as_of_date <= {} \
             order by as_of_date, change_type, from_profile_id, to_profile_id",
            date_sql(catalog.as_of_date())
        );
        let mut history = Vec::new();
        for batch in catalog.batches(&query).await? {
            let dates = days(&batch, "as_of_date")?;
            let types = strings(&batch, "change_type")?;
            let (from, to) = (
                texts(&batch, "from_profile_id")?,
                texts(&batch, "to_profile_id")?,
            );
            let reasons = strings(&batch, "reason")?;
            for (row, (change_type, reason)) in types.into_iter().zip(reasons).enumerate() {
                let Some(as_of_date) = AsOfDate::from_epoch_day(dates[row]) else {
                    continue;
                };
                history.push(HistoryRow {
                    as_of_date,
                    change_type,
                    from_profile_id: from.is_valid(row).then(|| from.value(row).to_owned()),
                    to_profile_id: to.is_valid(row).then(|| to.value(row).to_owned()),
                    reason,
                });
            }
        }
        Ok(history)
    }
}
