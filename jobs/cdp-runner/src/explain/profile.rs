//! What a profile is made of, since when and why.

use std::collections::BTreeSet;

use cdp_lake::Catalog;
use cdp_plan::{AsOfDate, Fault};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::around::{Around, map_rows};
use super::history::{FormerId, HistoryRow};
use super::link::never_seen;
use super::step::{Refusal, Step};
use super::tables::Standing;
use super::{AskError, MAP, MapDates, quoted};
use crate::project::Project;

/// An identifier of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Which.
    pub identifier: String,
    /// The date since when it belongs to the profile.
    pub effective_at: AsOfDate,
    /// When it was seen first.
    pub first_seen_at: DateTime<Utc>,
    /// When it was seen last.
    pub last_seen_at: DateTime<Utc>,
    /// On how many rows.
    pub evidence_count: u64,
    /// The number of links between it and the founding identifier.
    pub depth: usize,
    /// The link that ties it to the profile; none for the founding identifier, and for one that is
    /// kept from the map before because too many hang together.
    pub link: Option<Step>,
}

/// What a profile is made of, since when and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileExplanation {
    /// The date that is spoken of.
    pub as_of_date: AsOfDate,
    /// The profile.
    pub profile_id: String,
    /// The id that was asked for, when it lives on in this one.
    pub former: Option<FormerId>,
    /// The date on which the profile was made.
    pub profile_since: AsOfDate,
    /// Whether it is that of an identifier that several people share.
    pub is_shared: bool,
    /// Whether too many identifiers hang together, so that each keeps the profile it had.
    pub is_quarantined: bool,
    /// Its identifiers: the founding one, then each after the one that it is linked to.
    pub members: Vec<Member>,
    /// What was refused to its identifiers.
    pub refused: Vec<Refusal>,
    /// What became of it, oldest first.
    pub history: Vec<HistoryRow>,
    /// What the other tables of the date say.
    #[serde(flatten)]
    pub standing: Standing,
    /// Whether raw rows, overrides or rules changed since the map was made, so that it would come
    /// out another way now.
    pub is_outdated: bool,
}

impl Project {
    /// Explains a profile, by its id or by an identifier, on a date or on the newest with a map.
    pub async fn explain_profile(
        &self,
        asked: &str,
        as_of: Option<AsOfDate>,
    ) -> Result<ProfileExplanation, AskError> {
        let by_identifier = if asked.contains(':') {
            Some(self.identifier(asked)?)
        } else {
            None
        };
        let dates = self.map_dates(as_of, MAP).await?;
        let catalog = self.catalog_of(&dates.into()).await?;
        let (profile_id, former) = match &by_identifier {
            Some(identifier) => (self.profile_of(identifier, &catalog, dates).await?, None),
            None => self.living(asked, &catalog, dates).await?,
        };
        let of_it = format!("profile_id = {}", quoted([profile_id.as_str()]));
        let rows = map_rows(&catalog, dates.as_of, &of_it).await?;
        let identifiers: BTreeSet<String> = rows.keys().cloned().collect();
        let around = self.around(&identifiers, dates).await?;
        let Some((first, row)) = rows.iter().next() else {
            return Err(unknown(&profile_id, dates.as_of).into());
        };
        let mut members = Vec::new();
        let mut refused = Vec::new();
        if let Some(tree) = around.map.tree(first) {
            members.extend(around.member(tree.founder, 0, None));
            for branch in &tree.branches {
                let link = around.step(&branch.hop);
                members.extend(around.member(branch.hop.to, branch.depth + 1, Some(link)));
            }
            let kept = tree.kept.iter();
            members.extend(kept.filter_map(|one| around.member(one, 0, None)));
            refused = tree.refused.iter().map(|one| around.refusal(one)).collect();
        }
        self.add_rows(&around.catalog, &mut members).await?;
        Ok(ProfileExplanation {
            as_of_date: dates.as_of,
            former,
            profile_since: row.profile_since,
            is_shared: row.is_ambiguous,
            is_quarantined: row.is_quarantined,
            members,
            refused,
            history: self.history(&catalog, &profile_id).await?,
            standing: self.standing(&catalog, &profile_id).await?,
            is_outdated: around.is_outdated(),
            profile_id,
        })
    }

    /// The identifiers of a profile in the newest map.
    pub async fn identifiers_of(&self, profile_id: &str) -> Result<Vec<String>, AskError> {
        let dates = self.map_dates(None, MAP).await?;
        let catalog = self.catalog_of(&dates.into()).await?;
        let of_it = format!("profile_id = {}", quoted([profile_id]));
        let rows = map_rows(&catalog, dates.as_of, &of_it).await?;
        Ok(rows.into_keys().collect())
    }

    async fn profile_of(
        &self,
        identifier: &str,
        catalog: &Catalog,
        dates: MapDates,
    ) -> Result<String, AskError> {
        let of_it = format!("identifier = {}", quoted([identifier]));
        let rows = map_rows(catalog, dates.as_of, &of_it).await?;
        if let Some(row) = rows.into_values().next() {
            return Ok(row.profile_id);
        }
        let around = self
            .around(&BTreeSet::from([identifier.to_owned()]), dates)
            .await?;
        let Some(found) = around.whereabouts(identifier) else {
            return Err(never_seen(identifier, dates.as_of).into());
        };
        found.profile_id.ok_or_else(|| {
            let because = found.because.unwrap_or_default();
            let fault = Fault::new(format!(
                "as of {} `{identifier}` is nobody: {because}",
                dates.as_of
            ));
            let hint = "who is nobody has no profile; `cdp-jobs identity revoke` takes an override \
                        back, a limit is set in cdp.toml";
            Box::new(fault.hint(hint)).into()
        })
    }

    /// The profile that an id lives on in, which is itself as a rule.
    async fn living(
        &self,
        id: &str,
        catalog: &Catalog,
        dates: MapDates,
    ) -> Result<(String, Option<FormerId>), AskError> {
        let date = dates.as_of;
        let text = quoted([id]);
        let found = map_rows(catalog, date, &format!("profile_id = {text}")).await?;
        if !found.is_empty() {
            return Ok((id.to_owned(), None));
        }
        let history = self.history(catalog, id).await?;
        let last = history.iter().rev().find(|one| {
            one.from_profile_id.as_deref() == Some(id)
                && matches!(one.change_type.as_str(), "merged" | "gone")
        });
        // The identifier that founded an id keeps it for the day on which a merge is undone.
        let founded = map_rows(catalog, date, &format!("founded_profile_id = {text}")).await?;
        let heir = founded.values().next().map(|row| row.profile_id.clone());
        if let Some(heir) = heir {
            let former = FormerId {
                profile_id: id.to_owned(),
                lives_on_in: heir.clone(),
                change: last.filter(|one| one.change_type == "merged").cloned(),
            };
            return Ok((heir, Some(former)));
        }
        if let Some(HistoryRow {
            change_type,
            to_profile_id: Some(to),
            as_of_date,
            reason,
            ..
        }) = last
            && change_type == "merged"
        {
            let fault = Fault::new(format!(
                "`{id}` was merged into `{to}` on {as_of_date}: {reason}"
            ));
            let hint = format!("`cdp-jobs explain profile {to}` tells what became of that");
            return Err(Box::new(fault.hint(hint)).into());
        }
        if let Some(gone) = last {
            let (when, reason) = (gone.as_of_date, &gone.reason);
            let fault = Fault::new(format!("`{id}` is gone since {when}: {reason}"));
            let hint = format!(
                "`--as-of DATE` with a date before {when} shows it as it was; \
                 `cdp-jobs sql` reads all of {MAP}"
            );
            return Err(Box::new(fault.hint(hint)).into());
        }
        Err(unknown(id, date).into())
    }

    async fn add_rows(&self, catalog: &Catalog, members: &mut [Member]) -> Result<(), AskError> {
        let mut steps: Vec<Step> = members.iter().filter_map(|one| one.link.clone()).collect();
        self.find_rows(catalog, &mut steps).await?;
        let mut steps = steps.into_iter();
        for member in members.iter_mut().filter(|one| one.link.is_some()) {
            member.link = steps.next();
        }
        Ok(())
    }
}

impl Around {
    fn member(&self, identifier: &str, depth: usize, link: Option<Step>) -> Option<Member> {
        let row = self.rows.get(identifier)?;
        Some(Member {
            identifier: identifier.to_owned(),
            effective_at: row.effective_at,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            evidence_count: row.evidence_count,
            depth,
            link,
        })
    }
}

fn unknown(id: &str, date: AsOfDate) -> Box<Fault> {
    let fault = Fault::new(format!("as of {date} there is no profile `{id}`"));
    let hint = "a profile id looks like `p_0123456789abcdef`; `cdp-jobs explain profile TYPE:VALUE` \
                finds a profile by an identifier, `--as-of DATE` as of another date";
    Box::new(fault.hint(hint))
}
