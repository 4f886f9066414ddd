//! Resolving only what is concerned by what came since the map of an earlier date. The protocol stands
//! in `cdp_identity::affected`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use cdp_identity::{Affected, EvidenceTable, Override, PreviousMap, ProfileMap, Resolver, Scope};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::{AsOfDate, Layer, TableName};

use super::Asked;
use super::counting::Counting;
use super::map::{IDENTIFIER_HASH, identifier_hash};
use super::read::{self, LINKED, Links};
use super::stored::{self, StoredRow, StoredRows};
use crate::log::Base;
use crate::matrix::{bools, texts, whole_numbers};
use crate::steps::date_sql;

/// More than this share of the identifiers is resolved sooner with all others.
const SHARE_MAX: f64 = 0.3;
/// So few identifiers are resolved by themselves whatever their share.
const FEW: usize = 50_000;
/// The rows of the map of before, for queries of a step.
const KNOWN: &str = "known_identifiers";
const IS_WANTED: &str = "is_wanted_identifier";
const IS_CONCERNED: &str = "is_concerned_identifier";
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
    /// The row of an identifier in the map of before.
    pub(super) fn stored(&self, identifier: &str) -> Option<StoredRow<'_>> {
        self.stored.find(self.scope.place(identifier)?)
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
    catalog.keep_hashes(IS_CONCERNED, scope.identifiers());
    let evidence = Evidence::read(catalog, base, asked.task.as_of_date).await?;
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

fn not_a_table(error: impl std::fmt::Display) -> LakeError {
    LakeError::new(ErrorKind::NotFound, error.to_string())
}

/// Whether a map of what was gives everybody the profile that is stored.
fn repeats(map: &ProfileMap, stored: &StoredRows) -> bool {
    let mut known = stored.iter().filter(|row| !row.is_nobody());
    known.all(|row| {
        let again = map.find(row.identifier());
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

/// What is true of evidence that names somebody concerned. Texts are not looked at where their
/// hashes are stored, which they are not in a table of an older program.
async fn is_concerned_evidence(catalog: &Catalog) -> Result<String> {
    let evidence = TableName::new(Layer::Identity, "evidence").map_err(not_a_table)?;
    let stored = catalog.frame(&evidence).await?;
    let columns = stored.schema();
    let is_stored =
        ["left_hash", "right_hash"].map(|name| columns.has_column_with_unqualified_name(name));
    Ok(if is_stored == [true; 2] {
        format!("({IS_CONCERNED}(left_hash) or {IS_CONCERNED}(right_hash) or left_hash is null)")
    } else {
        is_concerned_link()
    })
}

/// The same of pairs without hashes.
fn is_concerned_link() -> String {
    format!(
        "({IS_CONCERNED}(xxhash64(left_identifier)) or {IS_CONCERNED}(xxhash64(right_identifier)))"
    )
}

/// The evidence that names what is concerned.
struct Evidence {
    /// What stood on one row, as far as the map of before knew it.
    known: EvidenceTable,
    /// Rows of which some are known now only, and which.
    new: Vec<(Links, Vec<bool>)>,
    /// Records that were likely one, to the map of before and now.
    linked: [Vec<Links>; 2],
}

impl Evidence {
    async fn read(catalog: &Catalog, base: &Base, date: AsOfDate) -> Result<Self> {
        let query = format!(
            "select left_identifier, right_identifier, source, first_seen_at, last_seen_at, \
             evidence_count, as_of_date in ({}) as is_new from identity.evidence where {}",
            read::dates(&base.new_evidence),
            is_concerned_evidence(catalog).await?
        );
        let (mut known, mut new) = (EvidenceTable::new(), Vec::new());
        let add = |batch: &RecordBatch| {
            let (links, is_new) = (Links::read(batch)?, bools(batch, "is_new")?);
            links.add_to(&mut known, |row| !is_new[row]);
            if is_new.contains(&true) {
                new.push((links, is_new));
            }
            Ok(())
        };
        catalog.each_batch(&query, add).await?;
        let mut linked = [Vec::new(), Vec::new()];
        for (links, date) in linked.iter_mut().zip([base.date(), date]) {
            let query = format!(
                "select * from {} where {}",
                read::linked(Some(date)),
                is_concerned_link()
            );
            let add = |batch: &RecordBatch| {
                links.push(Links::read(batch)?);
                Ok(())
            };
            catalog.each_batch(&query, add).await?;
        }
        Ok(Self { known, new, linked })
    }

    /// As the map of before knew it, and as it is known now.
    fn tables(self) -> [EvidenceTable; 2] {
        let mut tables = [self.known.clone(), self.known];
        for (table, linked) in tables.iter_mut().zip(&self.linked) {
            for links in linked {
                links.add_to(table, |_| true);
            }
        }
        for (links, is_new) in &self.new {
            links.add_to(&mut tables[1], |row| is_new[row]);
        }
        tables
    }
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
