//! The raw table of overrides, read and written.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use cdp_identity::OverrideKind;
use cdp_lake::{ErrorKind, LakeError, Provenance, Result, append_to_source};
use cdp_plan::{Source, TableName};
use chrono::{DateTime, Utc};

use super::{KnownOverride, OverrideRow, TakenBack};
use crate::matrix::{bools, micros, texts};
use crate::project::Project;
use crate::steps::identity::read::unknown_kind;

/// What stands today, and for what was taken back what had been said.
const QUERY: &str = "
    with said as (
        select override_id, author, reason, valid_from
        from raw.identity_overrides
        where is_active
        qualify row_number() over (
            partition by override_id order by valid_from desc, author desc, reason desc
        ) = 1
    )
    select
        stands.override_id, stands.kind, stands.left_identifier, stands.right_identifier,
        stands.is_active, stands.author, stands.reason, stands.valid_from,
        coalesce(said.author, '') as said_author,
        coalesce(said.reason, '') as said_reason,
        coalesce(said.valid_from, stands.valid_from) as said_from
    from staging.identity_overrides as stands
    left join said on stands.override_id = said.override_id
    order by stands.override_id";

/// A table of ours by name.
pub(crate) fn name(text: &str) -> Result<TableName> {
    text.parse()
        .map_err(|error| LakeError::new(ErrorKind::NotFound, format!("{error}")))
}

/// Every override, in the order of their names.
pub(super) async fn read(project: &Project) -> Result<Vec<KnownOverride>> {
    let answer = project.query(QUERY, None, None).await?;
    let mut overrides = Vec::new();
    for batch in &answer.batches {
        let text = |name| texts(batch, name);
        let (ids, kinds) = (text("override_id")?, text("kind")?);
        let (left, right) = (text("left_identifier")?, text("right_identifier")?);
        let (authors, reasons) = (text("author")?, text("reason")?);
        let (said_authors, said_reasons) = (text("said_author")?, text("said_reason")?);
        let (active, from) = (bools(batch, "is_active")?, micros(batch, "valid_from")?);
        let said_from = micros(batch, "said_from")?;
        for row in 0..batch.num_rows() {
            let kind = OverrideKind::named(kinds.value(row))
                .ok_or_else(|| unknown_kind(ids.value(row), kinds.value(row)))?;
            let is_active = active[row];
            let (author, reason, since) = if is_active {
                (authors.value(row), reasons.value(row), from[row])
            } else {
                let said = (said_authors.value(row), said_reasons.value(row));
                (said.0, said.1, said_from[row])
            };
            overrides.push(KnownOverride {
                row: OverrideRow {
                    override_id: ids.value(row).to_owned(),
                    kind,
                    left_identifier: left.value(row).to_owned(),
                    right_identifier: right.is_valid(row).then(|| right.value(row).to_owned()),
                    is_active,
                    author: author.to_owned(),
                    reason: reason.to_owned(),
                    valid_from: time(since),
                },
                taken_back: (!is_active).then(|| TakenBack {
                    author: authors.value(row).to_owned(),
                    reason: reasons.value(row).to_owned(),
                    valid_from: time(from[row]),
                }),
            });
        }
    }
    Ok(overrides)
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Appends a row once, also when the first try ended in an error although it was committed.
pub(super) async fn append(
    project: &Project,
    source: &Source,
    row: &OverrideRow,
    run_id: &str,
    program_version: &str,
) -> Result<u64> {
    let provenance = Provenance {
        run_id: run_id.to_owned(),
        program_version: program_version.to_owned(),
        ..Provenance::default()
    };
    let since = row.valid_from.timestamp_micros();
    let transaction = format!("cdp-override/{}/{since}/{}", row.override_id, row.is_active);
    let rows = batch(row)?;
    let lake = project.lake();
    let committed = append_to_source(lake, source, &rows, &transaction, &provenance).await?;
    Ok(committed.version)
}

fn batch(row: &OverrideRow) -> Result<RecordBatch> {
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let right = StringArray::from(vec![row.right_identifier.as_deref()]);
    let since = TimestampMicrosecondArray::from(vec![row.valid_from.timestamp_micros()]);
    Ok(RecordBatch::try_from_iter([
        ("override_id", text(&row.override_id)),
        ("kind", text(row.kind.as_str())),
        ("left_identifier", text(&row.left_identifier)),
        ("right_identifier", Arc::new(right) as ArrayRef),
        (
            "is_active",
            Arc::new(BooleanArray::from(vec![row.is_active])),
        ),
        ("author", text(&row.author)),
        ("reason", text(&row.reason)),
        ("valid_from", Arc::new(since.with_timezone("UTC"))),
    ])?)
}
