//! Why two identifiers are one person, or are not.

use std::collections::BTreeSet;

use cdp_plan::{AsOfDate, Fault};
use serde::Serialize;

use super::step::{Refusal, Step, Whereabouts};
use super::{AskError, MAP};
use crate::project::Project;

/// Why two identifiers are one person, or are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkExplanation {
    /// The date that is spoken of.
    pub as_of_date: AsOfDate,
    /// Where the first one is.
    pub left: Whereabouts,
    /// Where the other one is.
    pub right: Whereabouts,
    /// Whether they have one profile.
    pub is_one_profile: bool,
    /// The strongest way from one to the other; empty when nothing leads there. For two profiles
    /// some of its steps were refused.
    pub path: Vec<Step>,
    /// What was refused on that way, and to the two of them.
    pub refused: Vec<Refusal>,
    /// Whether raw rows, overrides or rules changed since the map was made, so that it would come
    /// out another way now.
    pub is_outdated: bool,
}

impl Project {
    /// Explains two identifiers on a date, or on the newest one with a map.
    pub async fn explain_link(
        &self,
        left: &str,
        right: &str,
        as_of: Option<AsOfDate>,
    ) -> Result<LinkExplanation, AskError> {
        let dates = self.map_dates(as_of, MAP).await?;
        let asked = BTreeSet::from([left.to_owned(), right.to_owned()]);
        let around = self.around(&asked, dates).await?;
        let find = |identifier: &str| {
            let found = around.whereabouts(identifier);
            found.ok_or_else(|| AskError::from(never_seen(identifier, dates.as_of)))
        };
        let (from, to) = (find(left)?, find(right)?);
        let way = around.map.path(left, right);
        let mut path = Vec::new();
        let mut refused = Vec::new();
        if let Some(way) = &way {
            path = way.hops.iter().map(|hop| around.step(hop)).collect();
            refused = way.refused.iter().map(|one| around.refusal(one)).collect();
        }
        self.find_rows(&around.catalog, &mut path).await?;
        let profiles = [&from.profile_id, &to.profile_id];
        Ok(LinkExplanation {
            as_of_date: dates.as_of,
            is_one_profile: profiles[0].is_some() && profiles[0] == profiles[1],
            left: from,
            right: to,
            path,
            refused: between(refused, left, right),
            is_outdated: around.is_outdated(),
        })
    }
}

/// Nothing names an identifier.
pub(super) fn never_seen(identifier: &str, date: AsOfDate) -> Box<Fault> {
    let fault = Fault::new(format!("no row from before {date} names `{identifier}`"));
    let hint = "is it spelt right? a row that is set aside, or that came later, makes nobody known";
    Box::new(fault.hint(hint))
}

/// Those between the two first; each once, also when several sources speak for a link.
fn between(mut refused: Vec<Refusal>, left: &str, right: &str) -> Vec<Refusal> {
    let is_theirs = |one: &Refusal| {
        let ends = [Some(one.left.as_str()), one.right.as_deref()];
        ends.contains(&Some(left)) && ends.contains(&Some(right))
    };
    refused.sort_by_key(|one| !is_theirs(one));
    refused.dedup();
    refused
}
