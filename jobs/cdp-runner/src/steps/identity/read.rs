//! What resolving identities reads.

use arrow::array::{Array, StringArray};
use arrow::record_batch::RecordBatch;
use cdp_identity::{EvidenceTable, Override, OverrideKind, PreviousMap, PreviousRow, Rule};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::AsOfDate;

use crate::log::Base;
use crate::matrix::{counts, days, micros, texts};
use crate::steps::date_sql;

/// Pairs of records that are likely one.
pub(super) const LINKED: &str = "identity.linked_records";

/// All that profiles are resolved from, to stand after `from`: what stood on one row, and records
/// that are likely one.
pub(crate) fn links(catalog: &Catalog) -> String {
    let linked = linked(catalog.as_of_date());
    format!(
        "(select left_identifier, right_identifier, source, first_seen_at, last_seen_at, \
         evidence_count from identity.evidence union all select * from {linked})"
    )
}

/// The pairs of a date that are evidence, to stand after `from`.
pub(super) fn linked(date: Option<AsOfDate>) -> String {
    let date = date_sql(date);
    format!(
        "(select left_identifier, right_identifier, 'linked_records' as source, \
         seen_at as first_seen_at, seen_at as last_seen_at, 1 as evidence_count \
         from {LINKED} where as_of_date = {date} and is_accepted)"
    )
}

/// Dates, to stand within `in (…)`. None of them is there when there are none.
pub(super) fn dates(dates: &[AsOfDate]) -> String {
    let dates = dates.iter().map(|date| date_sql(Some(*date)));
    let dates: Vec<String> = dates.collect();
    if dates.is_empty() {
        return date_sql(None);
    }
    dates.join(", ")
}

/// Whether the map of a date left likely pairs out because they tie too much together.
pub(super) async fn splits_components(catalog: &Catalog, base: &Base) -> Result<bool> {
    let query = format!(
        "select 1 from {} where as_of_date = {} and rule = '{}' \
         and right_identifier_sha256 is not null limit 1",
        base.violations,
        date_sql(Some(base.date())),
        Rule::ComponentSize.as_str()
    );
    let batches = catalog.batches(&query).await?;
    Ok(batches.iter().any(|batch| batch.num_rows() > 0))
}

pub(crate) async fn evidence(catalog: &Catalog) -> Result<EvidenceTable> {
    evidence_of(catalog, &format!("select * from {}", links(catalog))).await
}

/// The evidence that meets a condition, in one row for two identifiers and a source however many the
/// table has.
pub(crate) async fn evidence_where(catalog: &Catalog, condition: &str) -> Result<EvidenceTable> {
    let links = links(catalog);
    let query = format!(
        "select left_identifier, right_identifier, source, min(first_seen_at) as first_seen_at, \
         max(last_seen_at) as last_seen_at, sum(evidence_count) as evidence_count \
         from {links} where {condition} group by left_identifier, right_identifier, source"
    );
    evidence_of(catalog, &query).await
}

async fn evidence_of(catalog: &Catalog, query: &str) -> Result<EvidenceTable> {
    let mut evidence = EvidenceTable::new();
    let add = |batch: &RecordBatch| {
        Links::read(batch)?.add_to(&mut evidence);
        Ok(())
    };
    catalog.each_batch(query, add).await?;
    Ok(evidence)
}

/// Some rows of evidence.
pub(super) struct Links {
    left: StringArray,
    right: StringArray,
    sources: StringArray,
    seen: Seen,
}

/// When and how often each of some rows was seen.
pub(super) struct Seen {
    first: Vec<i64>,
    last: Vec<i64>,
    count: Vec<u64>,
}

impl Seen {
    pub(super) fn read(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            first: micros(batch, "first_seen_at")?,
            last: micros(batch, "last_seen_at")?,
            count: counts(batch, "evidence_count")?,
        })
    }

    /// First, last, and how often a row was.
    pub(super) fn of(&self, row: usize) -> (i64, i64, u64) {
        (self.first[row], self.last[row], self.count[row])
    }
}

impl Links {
    pub(super) fn read(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            left: texts(batch, "left_identifier")?,
            right: texts(batch, "right_identifier")?,
            sources: texts(batch, "source")?,
            seen: Seen::read(batch)?,
        })
    }

    /// Adds the rows to a table.
    pub(super) fn add_to(&self, table: &mut EvidenceTable) {
        let rows = self.left.iter().zip(&self.right).zip(&self.sources);
        for (row, ((left, right), source)) in rows.enumerate() {
            let (left, source) = (left.unwrap_or_default(), source.unwrap_or_default());
            let (first, last, count) = self.seen.of(row);
            table.push(left, right, source, first, last, count);
        }
    }
}

/// The map of an earlier date; without one a map of nobody.
pub(crate) async fn previous_map(catalog: &Catalog, date: Option<AsOfDate>) -> Result<PreviousMap> {
    previous_rows(catalog, date, None).await
}

/// The rows of that map that meet a condition, if there is one.
pub(crate) async fn previous_rows(
    catalog: &Catalog,
    date: Option<AsOfDate>,
    condition: Option<&str>,
) -> Result<PreviousMap> {
    let mut previous = PreviousMap::new();
    if date.is_none() {
        return Ok(previous);
    }
    let date = date_sql(date);
    let condition = condition.unwrap_or("true");
    let query = format!(
        "select identifier, profile_id, profile_since, effective_at, \
         founded_profile_id, founded_since from identity.profile_map \
         where as_of_date = {date} and ({condition})"
    );
    catalog
        .each_batch(&query, |batch| add_previous(&mut previous, batch))
        .await?;
    Ok(previous)
}

fn add_previous(previous: &mut PreviousMap, batch: &RecordBatch) -> Result<()> {
    let identifiers = texts(batch, "identifier")?;
    let profiles = texts(batch, "profile_id")?;
    let since = days(batch, "profile_since")?;
    let effective = days(batch, "effective_at")?;
    let founded = texts(batch, "founded_profile_id")?;
    let founded_since = days(batch, "founded_since")?;
    for row in 0..batch.num_rows() {
        previous.push(PreviousRow {
            identifier: identifiers.value(row),
            profile_id: profiles.value(row),
            profile_since: since[row],
            effective_at: effective[row],
            founded: founded
                .is_valid(row)
                .then(|| (founded.value(row), founded_since[row])),
            is_blocked: false,
        });
    }
    Ok(())
}

/// What people decided, in a fixed order.
pub(crate) async fn overrides(catalog: &Catalog) -> Result<Vec<Override>> {
    let batches = catalog
        .batches(
            "select override_id, kind, left_identifier, right_identifier, author, reason, \
             cast(valid_from as date) as valid_from from staging.identity_overrides \
             where is_active order by override_id",
        )
        .await?;
    let mut overrides = Vec::new();
    for batch in &batches {
        let ids = texts(batch, "override_id")?;
        let kinds = texts(batch, "kind")?;
        let left = texts(batch, "left_identifier")?;
        let right = texts(batch, "right_identifier")?;
        let authors = texts(batch, "author")?;
        let reasons = texts(batch, "reason")?;
        let valid_from = days(batch, "valid_from")?;
        for (row, valid_from) in valid_from.into_iter().enumerate() {
            let id = ids.value(row);
            let Some(kind) = OverrideKind::named(kinds.value(row)) else {
                return Err(unknown_kind(id, kinds.value(row)));
            };
            overrides.push(Override {
                kind,
                left: left.value(row).to_owned(),
                right: right.is_valid(row).then(|| right.value(row).to_owned()),
                author: authors.value(row).to_owned(),
                reason: reasons.value(row).to_owned(),
                valid_from,
                override_id: id.to_owned(),
            });
        }
    }
    Ok(overrides)
}

/// An override of a kind that is not known.
pub(crate) fn unknown_kind(id: &str, kind: &str) -> LakeError {
    let known: Vec<&str> = OverrideKind::ALL.iter().map(|(name, _)| *name).collect();
    let message = format!("the identity override `{id}` is of the kind `{kind}`");
    LakeError::new(ErrorKind::Input, message).hint(format!("known kinds: {}", known.join(", ")))
}
