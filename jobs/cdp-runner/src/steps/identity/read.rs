//! What resolving identities reads.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use cdp_identity::{EvidenceTable, Override, OverrideKind, PreviousMap, PreviousRow};
use cdp_lake::{Catalog, ErrorKind, LakeError, Result};
use cdp_plan::AsOfDate;

use crate::matrix::{counts, days, micros, texts, whole_numbers};
use crate::steps::date_sql;

/// All that profiles are resolved from, to stand after `from`: what stood on one row, and records
/// that are likely one.
pub(crate) fn links(catalog: &Catalog) -> String {
    let date = date_sql(catalog.as_of_date());
    format!(
        "(select left_identifier, right_identifier, source, first_seen_at, last_seen_at, \
         evidence_count from identity.evidence union all \
         select left_identifier, right_identifier, 'linked_records', seen_at as first_seen_at, \
         seen_at as last_seen_at, 1 \
         from identity.linked_records where as_of_date = {date} and is_accepted)"
    )
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
        let left = texts(batch, "left_identifier")?;
        let right = texts(batch, "right_identifier")?;
        let sources = texts(batch, "source")?;
        let first = micros(batch, "first_seen_at")?;
        let last = micros(batch, "last_seen_at")?;
        let count = counts(batch, "evidence_count")?;
        let rows = left.iter().zip(&right).zip(&sources).enumerate();
        for (row, ((left, right), source)) in rows {
            let (left, source) = (left.unwrap_or_default(), source.unwrap_or_default());
            evidence.push(left, right, source, first[row], last[row], count[row]);
        }
        Ok(())
    };
    catalog.each_batch(query, add).await?;
    Ok(evidence)
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
        "select identifier, profile_id, profile_since, effective_at, component_id, \
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
    let components = whole_numbers(batch, "component_id")?;
    let founded = texts(batch, "founded_profile_id")?;
    let founded_since = days(batch, "founded_since")?;
    for row in 0..batch.num_rows() {
        previous.push(PreviousRow {
            identifier: identifiers.value(row),
            profile_id: profiles.value(row),
            profile_since: since[row],
            effective_at: effective[row],
            component_id: components.is_valid(row).then(|| components.value(row)),
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
