//! Resolving only what is concerned by what came since the map of an earlier date. The protocol stands
//! in `cdp_identity::affected`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use cdp_identity::{Affected, Override, PreviousMap, ProfileMap, Resolver, Scope};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::{AsOfDate, Layer, TableName};

use super::Asked;
use super::counting::Counting;
use super::evidence::{Evidence, IS_CONCERNED, is_concerned_evidence, is_concerned_link};
use super::map::{IDENTIFIER_HASH, identifier_hash};
use super::read::{self, LINKED};
use super::stored::{self, StoredRow, StoredRows};
use crate::log::Base;
use crate::matrix::{texts, whole_numbers};
use crate::steps::date_sql;

/// More than this share of the identifiers is resolved sooner with all others.
const SHARE_MAX: f64 = 0.3;
/// So few identifiers are resolved by themselves whatever their share.
const FEW: usize = 50_000;
/// The rows of the map of before, for queries of a step.
pub(super) const KNOWN: &str = "known_identifiers";
const IS_WANTED: &str = "is_wanted_identifier";
const IS_OF_COMPONENT: &str = "is_concerned_component";
const IS_MINTED: &str = "is_minted_profile";

/// What was resolved of a map, and what it was before.
#[derive(Debug)]
pub(super) struct Increment {
    pub(super) base: Base,
    pub(super) scope: Scope,
    /// What is concerned, as the map of before has it.
    pub(super) stored: StoredRows,
    /// The same as it was counted before, and as it counts now.
    pub(super) counting: Counting,
    /// Whether what was resolved once more gives the profiles that it gave: in quarantine it may not.
    pub(super) repeats_the_past: bool,
}

impl Increment {
    /// What the map of before says of the identifier in a row of this one.
    pub(super) fn stored(&self, map: &ProfileMap, row: usize) -> Option<StoredRow<'_>> {
        self.stored.find(map.place_in_scope(row)?)
    }
}

/// The map of what is concerned, that of before, and what else is known of it; or why everything has
/// to be resolved.
type Resolved = std::result::Result<(Arc<ProfileMap>, PreviousMap, Increment), String>;

/// What people said.
struct Said {
    before: Vec<Override>,
    now: Vec<Override>,
}

pub(super) async fn resolve(asked: &Asked<'_>, base: &Base) -> Result<Resolved> {
    let catalog = asked.catalog;
    let Some(said) = said(asked, base).await? else {
        return Ok(Err("what people had said is cleaned up".to_owned()));
    };
    if read::splits_components(catalog, base).await? {
        return Ok(Err("likely records tie too much together".to_owned()));
    }
    let known = TableName::new(Layer::Identity, KNOWN).map_err(not_a_table)?;
    let Some(model) = asked.manifest.model(&base.map) else {
        return Ok(Err("the project has no map".to_owned()));
    };
    catalog.expect_few_rows();
    let more = [identifier_hash()];
    catalog
        .keep_snapshot(&known, model, base.date(), &more)
        .await?;
    let mut scope = scope(asked, base, &said).await?;
    let stored = concerned_rows(catalog, &mut scope).await?;
    let concerned = scope.len();
    if concerned > FEW && concerned as f64 > SHARE_MAX * base.identifiers as f64 {
        return Ok(Err(format!("{concerned} identifiers are concerned")));
    }
    let date = asked.task.as_of_date;
    let evidence = Evidence::read(catalog, base, date, &scope, stored.len()).await?;
    let previous = stored.previous();
    let resolver = Resolver::new(&asked.config.identity, asked.task.as_of_date.epoch_day());
    let resolver = resolver.only(&scope);
    let [before, now] = evidence.tables();
    // What was is resolved beside what is.
    let (past, map, repeats_the_past) = std::thread::scope(|threads| {
        let past = threads.spawn(|| {
            let resolver = resolver.clone().overrides(&said.before);
            let map = resolver.resolve(before, &previous);
            let repeats_the_past = repeats(&map, &stored);
            (map, repeats_the_past)
        });
        let map = resolver.clone().overrides(&said.now);
        let map = map.resolve(now, &previous);
        let past = past.join();
        let (past, repeats) = past.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (past, map, repeats)
    });
    if !map.is_local() {
        return Ok(Err("likely records tie too much together".to_owned()));
    }
    let map = Arc::new(map);
    let counting = Counting::begin(past, map.clone());
    if mints_twice(catalog, &scope, &map).await? {
        return Ok(Err("an id that is minted again is in use".to_owned()));
    }
    let increment = Increment {
        base: base.clone(),
        scope,
        stored,
        counting,
        repeats_the_past,
    };
    Ok(Ok((map, previous, increment)))
}

pub(super) fn not_a_table(error: impl std::fmt::Display) -> LakeError {
    LakeError::new(ErrorKind::NotFound, error.to_string())
}

/// Whether a map of what was gives everybody the profile that is stored.
fn repeats(map: &ProfileMap, stored: &StoredRows) -> bool {
    let mut known = stored.iter().filter(|(_, row)| !row.is_nobody());
    known.all(|(place, row)| {
        let again = map.find_place(place);
        again.is_some_and(|again| again.profile_id == row.profile_id())
    })
}

/// What holds on the date, and what held on that of the map of before, as its run knew it.
async fn said(asked: &Asked<'_>, base: &Base) -> Result<Option<Said>> {
    let tables = asked.project.tables()?;
    for (name, version) in &base.sources {
        if let Some(source) = asked.manifest.source(name)
            && tables.pin(source, *version).await.is_err()
        {
            return Ok(None);
        }
    }
    let date = base.date();
    let then = Catalog::new(tables, Some(date), asked.project.values(&date.into()))?;
    let holding = |mut said: Vec<Override>, date: AsOfDate| {
        said.retain(|one| one.valid_from <= date.epoch_day());
        said
    };
    Ok(Some(Said {
        before: holding(read::overrides(&then).await?, date),
        now: holding(read::overrides(asked.catalog).await?, asked.task.as_of_date),
    }))
}

/// What new evidence, pairs of records that came or went, and changed overrides concern.
async fn scope(asked: &Asked<'_>, base: &Base, said: &Said) -> Result<Scope> {
    let catalog = asked.catalog;
    let mut affected = Affected::new(&said.now);
    let dates = [base.date(), asked.task.as_of_date].map(|date| date_sql(Some(date)));
    let new = read::dates(&base.new_evidence);
    let queries = [
        format!(
            "select left_identifier, right_identifier from identity.evidence \
             where as_of_date in ({new})"
        ),
        format!(
            "select left_identifier, right_identifier from {LINKED} \
             where as_of_date in ({}) and is_accepted \
             group by left_identifier, right_identifier, seen_at having count(*) = 1",
            dates.join(", ")
        ),
    ];
    for query in queries {
        catalog
            .each_batch(&query, |batch| touch(&mut affected, batch))
            .await?;
    }
    let gone = said.before.iter().filter(|one| !said.now.contains(one));
    let came = said.now.iter().filter(|one| !said.before.contains(one));
    let mut alone = Vec::new();
    for one in gone.chain(came) {
        affected.touch_override(one);
        if Affected::needs_neighbours(one) {
            alone.push(one.clone());
        }
    }
    if !alone.is_empty() {
        touch_neighbours(catalog, &alone, &mut affected).await?;
    }
    let rows = wanted_rows(catalog, &affected).await?;
    Ok(affected.scope(
        rows.iter()
            .map(|(name, component)| (name.as_str(), *component)),
    ))
}

/// The identifiers that evidence names beside one of the components of those that people spoke of.
async fn touch_neighbours(
    catalog: &Catalog,
    alone: &[Override],
    affected: &mut Affected<'_>,
) -> Result<()> {
    let mut of_them = Affected::new(&[]);
    for one in alone {
        of_them.touch(&one.left);
    }
    let rows = wanted_rows(catalog, &of_them).await?;
    let mut scope = of_them.scope(
        rows.iter()
            .map(|(name, component)| (name.as_str(), *component)),
    );
    concerned_rows(catalog, &mut scope).await?;
    catalog.keep_hashes(IS_CONCERNED, scope.identifiers());
    let linked = read::linked(catalog.as_of_date());
    for (links, condition) in [
        ("identity.evidence", is_concerned_evidence(catalog).await?),
        (linked.as_str(), is_concerned_link()),
    ] {
        let query =
            format!("select left_identifier, right_identifier from {links} where {condition}");
        catalog
            .each_batch(&query, |batch| touch(affected, batch))
            .await?;
    }
    Ok(())
}

fn touch(affected: &mut Affected<'_>, batch: &RecordBatch) -> Result<()> {
    for name in ["left_identifier", "right_identifier"] {
        for identifier in texts(batch, name)?.iter().flatten() {
            affected.touch(identifier);
        }
    }
    Ok(())
}

/// The identifiers that are wanted with their components.
async fn wanted_rows(catalog: &Catalog, affected: &Affected<'_>) -> Result<Vec<(String, i64)>> {
    let condition = match affected.wanted() {
        Some(wanted) => {
            catalog.keep_hashes(IS_WANTED, wanted);
            format!("({IS_WANTED}({IDENTIFIER_HASH}) or {IDENTIFIER_HASH} is null)")
        }
        None => "true".to_owned(),
    };
    let query = format!(
        "select identifier, component_id from identity.{KNOWN} \
         where component_id is not null and {condition}"
    );
    let mut rows = Vec::new();
    let add = |batch: &RecordBatch| {
        let identifiers = texts(batch, "identifier")?;
        let components = whole_numbers(batch, "component_id")?;
        let all = identifiers.iter().zip(components.values());
        rows.extend(all.filter_map(|(name, component)| Some((name?.to_owned(), *component))));
        Ok(())
    };
    catalog.each_batch(&query, add).await?;
    Ok(rows)
}

/// The rows of the components concerned; their identifiers are added to the scope.
async fn concerned_rows(catalog: &Catalog, scope: &mut Scope) -> Result<StoredRows> {
    catalog.keep_numbers(IS_OF_COMPONENT, scope.components().iter().copied());
    let query = format!(
        "select {} from identity.{KNOWN} where {IS_OF_COMPONENT}(component_id)",
        stored::COLUMNS
    );
    let mut stored = StoredRows::default();
    catalog
        .each_batch(&query, |batch| stored.add(batch, scope))
        .await?;
    Ok(stored)
}

/// Whether an id that was given now belongs to a profile that is not concerned. That takes an
/// identifier that came back after it was nobody's, while others kept the id that it had founded.
async fn mints_twice(catalog: &Catalog, scope: &Scope, map: &ProfileMap) -> Result<bool> {
    catalog.keep_hashes(IS_MINTED, map.minted());
    let minted: std::collections::HashSet<&str> = map.minted().collect();
    let query = format!(
        "select profile_id, founded_profile_id, component_id from identity.{KNOWN} \
         where {IS_MINTED}(xxhash64(profile_id)) or {IS_MINTED}(xxhash64(founded_profile_id))"
    );
    let mut is_taken = false;
    let look = |batch: &RecordBatch| {
        let components = whole_numbers(batch, "component_id")?;
        for name in ["profile_id", "founded_profile_id"] {
            for (row, id) in texts(batch, name)?.iter().enumerate() {
                let is_outside = !scope.components().contains(&components.value(row));
                is_taken |= is_outside && id.is_some_and(|id| minted.contains(id));
            }
        }
        Ok(())
    };
    catalog.each_batch(&query, look).await?;
    Ok(is_taken)
}
