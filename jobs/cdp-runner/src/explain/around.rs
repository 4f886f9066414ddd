//! Who is who around some identifiers: their components, resolved once more.
//!
//! What becomes of a component depends on nothing outside it, so only its evidence is read. At its
//! edge stand identifiers that are nobody; how many others those were seen with must be known whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cdp_identity::{EvidenceTable, Override, ProfileMap, Resolver};
use cdp_lake::{Catalog, Result};
use cdp_plan::AsOfDate;
use chrono::{DateTime, Utc};

use super::{AskError, MAP, MapDates, quoted};
use crate::matrix::{bools, counts, days, micros, texts, whole_numbers};
use crate::project::Project;
use crate::steps::{date_sql, identity::read};

/// With more identifiers than this all evidence is read, which costs less than looking for them.
const NAMED_MAX: usize = 1_000;

/// A row of the map.
#[derive(Debug, Clone)]
pub(super) struct MapRow {
    pub(super) profile_id: String,
    pub(super) profile_since: AsOfDate,
    pub(super) effective_at: AsOfDate,
    pub(super) first_seen_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
    pub(super) evidence_count: u64,
    pub(super) is_ambiguous: bool,
    pub(super) is_quarantined: bool,
    pub(super) component_id: i64,
}

/// Some components, as the map of a date has them and as they are resolved now.
pub(super) struct Around {
    pub(super) dates: MapDates,
    pub(super) catalog: Catalog,
    /// The rows of the map, by identifier.
    pub(super) rows: BTreeMap<String, MapRow>,
    pub(super) map: ProfileMap,
    pub(super) overrides: Vec<Override>,
}

impl Around {
    /// The profile that the map of the date gives an identifier.
    pub(super) fn profile(&self, identifier: &str) -> Option<&str> {
        self.rows.get(identifier).map(|row| row.profile_id.as_str())
    }

    /// Whether resolving now joins and parts what the map joins and parts. When it does not, raw rows,
    /// overrides or rules are no longer what they were when the map was made.
    pub(super) fn is_outdated(&self) -> bool {
        let mut now_of: HashMap<&str, &str> = HashMap::new();
        let mut then_of: HashMap<&str, &str> = HashMap::new();
        self.rows.iter().any(|(identifier, row)| {
            let found = self.map.find(identifier).filter(|found| !found.is_blocked);
            let Some(found) = found else { return true };
            let then = row.profile_id.as_str();
            let now = *now_of.entry(then).or_insert(found.profile_id);
            let was = *then_of.entry(found.profile_id).or_insert(then);
            now != found.profile_id || was != then
        })
    }
}

impl Project {
    /// What is around identifiers, on a date that has a map.
    pub(super) async fn around(
        &self,
        identifiers: &BTreeSet<String>,
        dates: MapDates,
    ) -> std::result::Result<Around, AskError> {
        let catalog = self.catalog_of(&dates.into()).await?;
        let named = map_rows(&catalog, dates.as_of, &one_of("identifier", identifiers)).await?;
        let components: BTreeSet<String> = named
            .values()
            .map(|row| row.component_id.to_string())
            .collect();
        let rows = if components.is_empty() {
            BTreeMap::new()
        } else {
            let components: Vec<String> = components.into_iter().collect();
            let of_them = format!("component_id in ({})", components.join(", "));
            map_rows(&catalog, dates.as_of, &of_them).await?
        };
        let (evidence, is_part) = evidence(&catalog, dates.as_of, identifiers, &rows).await?;
        let of_them = is_part.then(|| one_of("identifier", rows.keys()));
        let previous = read::previous_rows(&catalog, dates.previous, of_them.as_deref()).await?;
        let overrides = read::overrides(&catalog).await?;
        let resolver = Resolver::new(&self.config().identity, dates.as_of.epoch_day());
        let map = resolver.overrides(&overrides).resolve(evidence, &previous);
        Ok(Around {
            dates,
            catalog,
            rows,
            map,
            overrides,
        })
    }
}

fn one_of<'t>(column: &str, texts: impl IntoIterator<Item = &'t String>) -> String {
    let list = quoted(texts.into_iter().map(String::as_str));
    if list.is_empty() {
        return "false".to_owned();
    }
    format!("{column} in ({list})")
}

/// The evidence that decides over the identifiers of components, and whether it is only a part.
async fn evidence(
    catalog: &Catalog,
    date: AsOfDate,
    identifiers: &BTreeSet<String>,
    rows: &BTreeMap<String, MapRow>,
) -> Result<(EvidenceTable, bool)> {
    let named: BTreeSet<String> = rows.keys().chain(identifiers).cloned().collect();
    if named.len() <= NAMED_MAX {
        let of_them = names_one_of(&named);
        let beside = beside(catalog, &of_them, rows).await?;
        if beside.len() <= NAMED_MAX {
            let known = map_rows(catalog, date, &one_of("identifier", &beside)).await?;
            let nobody = beside.into_iter().filter(|one| !known.contains_key(one));
            let all = named.into_iter().chain(nobody).collect();
            let table = read::evidence_where(catalog, &names_one_of(&all)).await?;
            return Ok((table, true));
        }
    }
    Ok((read::evidence_where(catalog, "true").await?, false))
}

fn names_one_of(identifiers: &BTreeSet<String>) -> String {
    let left = one_of("left_identifier", identifiers);
    let right = one_of("right_identifier", identifiers);
    format!("{left} or {right}")
}

/// What evidence names beside an identifier of the components and is in none of them.
async fn beside(
    catalog: &Catalog,
    of_them: &str,
    rows: &BTreeMap<String, MapRow>,
) -> Result<BTreeSet<String>> {
    let links = read::links(catalog);
    let query = format!(
        "select distinct left_identifier, right_identifier from {links} \
         where right_identifier is not null and ({of_them})"
    );
    let mut beside = BTreeSet::new();
    for batch in catalog.batches(&query).await? {
        let (left, right) = (
            texts(&batch, "left_identifier")?,
            texts(&batch, "right_identifier")?,
        );
        for (left, right) in left.iter().flatten().zip(right.iter().flatten()) {
            match (rows.contains_key(left), rows.contains_key(right)) {
                (true, false) => beside.insert(right.to_owned()),
                (false, true) => beside.insert(left.to_owned()),
                _ => false,
            };
        }
    }
    Ok(beside)
}

/// Rows of the map of a date, by identifier.
pub(super) async fn map_rows(
    catalog: &Catalog,
    date: AsOfDate,
    condition: &str,
) -> Result<BTreeMap<String, MapRow>> {
    let mut rows = BTreeMap::new();
    let query = format!(
        "select identifier, profile_id, profile_since, effective_at, first_seen_at, last_seen_at, \
         evidence_count, is_ambiguous, is_quarantined, component_id from {MAP} \
         where as_of_date = {} and ({condition})",
        date_sql(Some(date))
    );
    for batch in catalog.batches(&query).await? {
        let identifiers = texts(&batch, "identifier")?;
        let profiles = texts(&batch, "profile_id")?;
        let since = days(&batch, "profile_since")?;
        let effective = days(&batch, "effective_at")?;
        let first = micros(&batch, "first_seen_at")?;
        let last = micros(&batch, "last_seen_at")?;
        let count = counts(&batch, "evidence_count")?;
        let ambiguous = bools(&batch, "is_ambiguous")?;
        let quarantined = bools(&batch, "is_quarantined")?;
        let components = whole_numbers(&batch, "component_id")?;
        for row in 0..batch.num_rows() {
            let day = |day: i32| AsOfDate::from_epoch_day(day).unwrap_or(date);
            let known = MapRow {
                profile_id: profiles.value(row).to_owned(),
                profile_since: day(since[row]),
                effective_at: day(effective[row]),
                first_seen_at: super::step::time(first[row]),
                last_seen_at: super::step::time(last[row]),
                evidence_count: count[row],
                is_ambiguous: ambiguous[row],
                is_quarantined: quarantined[row],
                component_id: components.value(row),
            };
            rows.insert(identifiers.value(row).to_owned(), known);
        }
    }
    Ok(rows)
}
