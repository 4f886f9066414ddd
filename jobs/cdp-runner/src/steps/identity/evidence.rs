//! The evidence that names what an increment concerns.
//!
//! Old evidence is read by the hashes of its identifiers, without their texts: an identifier of the
//! scope is known by its place in it, any other by its row in the map of before, which has a row for
//! everybody whom old evidence names. Hashes of different texts may be equal, whether by chance or
//! because somebody tried. So hashes are taken for texts only when the map tells that each of them
//! is of one identifier; otherwise texts are read.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, Int64Array};
use arrow::record_batch::RecordBatch;
use cdp_identity::{EvidenceTable, Scope};
use cdp_lake::{Catalog, Result, xxhash64};
use cdp_plan::{AsOfDate, Layer, TableName};

use super::increment::{KNOWN, not_a_table};
use super::map::IDENTIFIER_HASH;
use super::read::{self, Links, Seen};
use crate::log::Base;
use crate::matrix::{texts, whole_numbers};

/// Whether the hash of an identifier is that of one that is concerned.
pub(super) const IS_CONCERNED: &str = "is_concerned_identifier";
const IS_BESIDE: &str = "is_beside_concerned_identifier";

/// The evidence that names what is concerned.
pub(super) struct Evidence {
    /// What stood on one row, as far as the map of before knew it.
    known: EvidenceTable,
    /// What is known now only.
    new: Vec<Links>,
    /// Records that were likely one, to the map of before and now.
    linked: [Vec<Links>; 2],
}

impl Evidence {
    /// `stored` is the number of rows that the map of before has for the scope.
    pub(super) async fn read(
        catalog: &Catalog,
        base: &Base,
        date: AsOfDate,
        scope: &Scope,
        stored: usize,
    ) -> Result<Self> {
        catalog.keep_hashes(IS_CONCERNED, scope.identifiers());
        let old = is_old(&base.new_evidence);
        let known = match by_hashes(catalog, &old, scope, stored).await? {
            Some(known) => known,
            None => by_texts(catalog, &old, scope).await?,
        };
        let new = format!(
            "select * from identity.evidence where as_of_date in ({}) and {}",
            read::dates(&base.new_evidence),
            is_concerned_evidence(catalog).await?
        );
        let new = links(catalog, &new).await?;
        let mut linked = [Vec::new(), Vec::new()];
        for (linked, date) in linked.iter_mut().zip([base.date(), date]) {
            let query = format!(
                "select * from {} where {}",
                read::linked(Some(date)),
                is_concerned_link()
            );
            *linked = links(catalog, &query).await?;
        }
        Ok(Self { known, new, linked })
    }

    /// As the map of before knew it, and as it is known now.
    pub(super) fn tables(self) -> [EvidenceTable; 2] {
        let mut tables = [self.known.clone(), self.known];
        for (table, linked) in tables.iter_mut().zip(&self.linked) {
            for links in linked {
                links.add_to(table);
            }
        }
        for links in &self.new {
            links.add_to(&mut tables[1]);
        }
        tables
    }
}

/// What is true of evidence that names somebody concerned. Texts are not looked at where their
/// hashes are stored, which they are not in a table of an older program.
pub(super) async fn is_concerned_evidence(catalog: &Catalog) -> Result<String> {
    Ok(if has_hashes(catalog).await? {
        format!("({IS_CONCERNED}(left_hash) or {IS_CONCERNED}(right_hash) or left_hash is null)")
    } else {
        is_concerned_link()
    })
}

/// The same of pairs without hashes.
pub(super) fn is_concerned_link() -> String {
    format!(
        "({IS_CONCERNED}(xxhash64(left_identifier)) or {IS_CONCERNED}(xxhash64(right_identifier)))"
    )
}

async fn has_hashes(catalog: &Catalog) -> Result<bool> {
    let evidence = TableName::new(Layer::Identity, "evidence").map_err(not_a_table)?;
    let stored = catalog.frame(&evidence).await?;
    let columns = stored.schema();
    let is_stored = |name: &str| columns.has_column_with_unqualified_name(name);
    Ok(is_stored("left_hash") && is_stored("right_hash"))
}

fn is_old(new: &[AsOfDate]) -> String {
    if new.is_empty() {
        "true".to_owned()
    } else {
        format!("as_of_date not in ({})", read::dates(new))
    }
}

async fn links(catalog: &Catalog, query: &str) -> Result<Vec<Links>> {
    let mut links = Vec::new();
    let add = |batch: &RecordBatch| {
        links.push(Links::read(batch)?);
        Ok(())
    };
    catalog.each_batch(query, add).await?;
    Ok(links)
}

async fn by_texts(catalog: &Catalog, old: &str, scope: &Scope) -> Result<EvidenceTable> {
    let query = format!(
        "select * from identity.evidence where {old} and {}",
        is_concerned_evidence(catalog).await?
    );
    let mut table = EvidenceTable::of(scope);
    let add = |batch: &RecordBatch| {
        Links::read(batch)?.add_to(&mut table);
        Ok(())
    };
    catalog.each_batch(&query, add).await?;
    Ok(table)
}

/// Old evidence without its texts; `None` when it takes them to tell who is meant.
async fn by_hashes(
    catalog: &Catalog,
    old: &str,
    scope: &Scope,
    stored: usize,
) -> Result<Option<EvidenceTable>> {
    let Some(places) = places(scope) else {
        return Ok(None);
    };
    if !has_hashes(catalog).await? || !is_told_by_hashes(catalog, stored).await? {
        return Ok(None);
    }
    let query = format!(
        "select left_hash, right_hash, source, first_seen_at, last_seen_at, evidence_count \
         from identity.evidence where {old} and {}",
        is_concerned_evidence(catalog).await?
    );
    let mut table = EvidenceTable::of(scope);
    let mut beside = Beside::default();
    let mut has_all = true;
    let add = |batch: &RecordBatch| {
        let hashes = ["left_hash", "right_hash"].map(|name| whole_numbers(batch, name));
        let [left, right] = hashes;
        let (left, right) = (left?, right?);
        let (seen, sources) = (Seen::read(batch)?, texts(batch, "source")?);
        has_all &= left.null_count() == 0;
        for row in 0..batch.num_rows() {
            let ends = [left.value(row), other(&left, &right, row)];
            let source = sources.value(row);
            match ends.map(|hash| places.get(&hash).copied()) {
                [Some(left), Some(right)] => {
                    let (first, last, count) = seen.of(row);
                    table.push_places([left, right], source, first, last, count);
                }
                known => beside.push(ends, known, source, seen.of(row)),
            }
        }
        Ok(())
    };
    catalog.each_batch(&query, add).await?;
    let is_read = has_all && beside.add_to(&mut table, catalog, scope).await?;
    Ok(is_read.then_some(table))
}

/// The hash of the right end, or the left one again when that stood alone.
fn other(left: &Int64Array, right: &Int64Array, row: usize) -> i64 {
    let end = if right.is_null(row) { left } else { right };
    end.value(row)
}

/// The place of each hash in a scope; `None` when two identifiers of it have one hash.
fn places(scope: &Scope) -> Option<HashMap<i64, u32>> {
    let mut places = HashMap::with_capacity(scope.len());
    for (place, identifier) in (0..).zip(scope.identifiers()) {
        if places.insert(xxhash64(identifier), place).is_some() {
            return None;
        }
    }
    Some(places)
}

/// Whether no row of the map has a hash of the scope but its own rows.
async fn is_told_by_hashes(catalog: &Catalog, stored: usize) -> Result<bool> {
    let query = format!(
        "select count(*) as all_rows, count({IDENTIFIER_HASH}) as known from identity.{KNOWN} \
         where {IS_CONCERNED}({IDENTIFIER_HASH}) or {IDENTIFIER_HASH} is null"
    );
    let mut is_told = false;
    let look = |batch: &RecordBatch| {
        for name in ["all_rows", "known"] {
            let rows = whole_numbers(batch, name)?;
            is_told = rows
                .iter()
                .all(|rows| usize::try_from(rows.unwrap_or(0)) == Ok(stored));
            if !is_told {
                break;
            }
        }
        Ok(())
    };
    catalog.each_batch(&query, look).await?;
    Ok(is_told)
}

/// Evidence of which one end is not concerned.
#[derive(Default)]
struct Beside {
    rows: Vec<BesideRow>,
    unknown: HashSet<i64>,
}

struct BesideRow {
    ends: [End; 2],
    source: String,
    /// First, last, how often.
    seen: (i64, i64, u64),
}

#[derive(Clone, Copy)]
enum End {
    Place(u32),
    Hash(i64),
}

impl Beside {
    fn push(
        &mut self,
        hashes: [i64; 2],
        known: [Option<u32>; 2],
        source: &str,
        seen: (i64, i64, u64),
    ) {
        let end = |end: usize| known[end].map_or(End::Hash(hashes[end]), End::Place);
        let ends = [end(0), end(1)];
        self.unknown.extend(ends.iter().filter_map(|end| match end {
            End::Hash(hash) => Some(*hash),
            End::Place(_) => None,
        }));
        self.rows.push(BesideRow {
            ends,
            source: source.to_owned(),
            seen,
        });
    }

    /// Adds the rows by the texts of their ends, which the map of before knows; tells whether it
    /// knows one text for each hash.
    async fn add_to(
        &self,
        table: &mut EvidenceTable,
        catalog: &Catalog,
        scope: &Scope,
    ) -> Result<bool> {
        if self.rows.is_empty() {
            return Ok(true);
        }
        catalog.keep_numbers(IS_BESIDE, self.unknown.iter().copied());
        let query = format!(
            "select identifier, {IDENTIFIER_HASH} from identity.{KNOWN} \
             where {IS_BESIDE}({IDENTIFIER_HASH})"
        );
        let mut names: HashMap<i64, String> = HashMap::new();
        let mut rows = 0;
        let add = |batch: &RecordBatch| {
            let hashes = whole_numbers(batch, IDENTIFIER_HASH)?;
            let identifiers = texts(batch, "identifier")?;
            rows += batch.num_rows();
            let known = hashes.values().iter().copied().zip(&identifiers);
            names.extend(known.map(|(hash, name)| (hash, name.unwrap_or_default().to_owned())));
            Ok(())
        };
        catalog.each_batch(&query, add).await?;
        if names.len() != self.unknown.len() || rows != names.len() {
            return Ok(false);
        }
        let inside: Vec<&str> = scope.identifiers().collect();
        for row in &self.rows {
            let name = |end: End| match end {
                End::Place(place) => inside[place as usize],
                End::Hash(hash) => names.get(&hash).map_or("", String::as_str),
            };
            let [left, right] = row.ends.map(name);
            let right = Some(right).filter(|right| *right != left);
            let (first, last, count) = row.seen;
            table.push(left, right, &row.source, first, last, count);
        }
        Ok(true)
    }
}
