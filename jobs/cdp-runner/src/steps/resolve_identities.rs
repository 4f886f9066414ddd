//! `identity.evidence` and the previous map into `identity.profile_map`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cdp_identity::{Assignment, Evidence, PreviousAssignment, resolve};
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{AsOfDate, Config, Task};

use super::{Done, date_sql};
use crate::matrix::{counts, days, micros, strings, texts};

/// The columns of `identity.profile_map`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let date = |name: &str| Field::new(name, DataType::Date32, true);
    let time = |name: &str| {
        Field::new(
            name,
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            true,
        )
    };
    Arc::new(Schema::new(vec![
        text("identifier"),
        text("identifier_type"),
        text("profile_id"),
        date("profile_since"),
        date("effective_at"),
        time("first_seen_at"),
        time("last_seen_at"),
        Field::new("evidence_count", DataType::Int64, true),
        date("as_of_date"),
    ]))
}

pub(super) async fn run(
    config: &Config,
    catalog: &Catalog,
    task: &Task,
    previous: Option<AsOfDate>,
) -> Result<Done> {
    let evidence = read_evidence(catalog).await?;
    let previous = read_previous(catalog, previous).await?;
    let day = task.as_of_date.epoch_day();
    let resolution = resolve(&config.identity, evidence, &previous, day);
    let refused = resolution.refused.len();
    let batch = batch(&resolution.assignments, day)?;
    Ok(Done {
        staged: Staged::from_batches(schema(), vec![batch])?,
        note: (refused > 0).then(|| format!("{refused} links were refused")),
    })
}

async fn read_evidence(catalog: &Catalog) -> Result<Vec<Evidence>> {
    let batches = catalog
        .batches(
            "select left_identifier, right_identifier, source, first_seen_at, last_seen_at, \
             evidence_count from identity.evidence",
        )
        .await?;
    let mut evidence = Vec::new();
    for batch in &batches {
        let left = texts(batch, "left_identifier")?;
        let right = texts(batch, "right_identifier")?;
        let sources = texts(batch, "source")?;
        let first = micros(batch, "first_seen_at")?;
        let last = micros(batch, "last_seen_at")?;
        let count = counts(batch, "evidence_count")?;
        let rows = left.iter().zip(&right).zip(&sources).enumerate();
        for (row, ((left, right), source)) in rows {
            let Some(left) = left else { continue };
            evidence.push(Evidence {
                left: left.to_owned(),
                right: right.map(str::to_owned),
                source: source.unwrap_or_default().to_owned(),
                first_seen: first[row],
                last_seen: last[row],
                count: count[row],
            });
        }
    }
    Ok(evidence)
}

/// The map of an earlier date.
async fn read_previous(
    catalog: &Catalog,
    date: Option<AsOfDate>,
) -> Result<Vec<PreviousAssignment>> {
    let date = date_sql(date);
    let batches = catalog
        .batches(&format!(
            "select identifier, profile_id, profile_since, effective_at \
             from identity.profile_map where as_of_date = {date}"
        ))
        .await?;
    let mut previous = Vec::new();
    for batch in &batches {
        let identifiers = strings(batch, "identifier")?;
        let profiles = strings(batch, "profile_id")?;
        let since = days(batch, "profile_since")?;
        let effective = days(batch, "effective_at")?;
        let rows = identifiers.into_iter().zip(profiles).enumerate();
        previous.extend(
            rows.map(|(row, (identifier, profile_id))| PreviousAssignment {
                identifier,
                profile_id,
                profile_since: since[row],
                effective_at: effective[row],
            }),
        );
    }
    Ok(previous)
}

fn batch(assignments: &[Assignment], day: i32) -> Result<RecordBatch> {
    fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        Arc::new(values.map(Some).collect::<StringArray>())
    }
    let rows = || assignments.iter();
    let times = |values: Vec<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
    };
    let dates = |values: Vec<i32>| -> ArrayRef { Arc::new(Date32Array::from(values)) };
    let counted: Int64Array = rows()
        .map(|row| i64::try_from(row.evidence_count).ok())
        .collect();
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            texts(rows().map(|row| row.identifier.as_str())),
            texts(rows().map(|row| row.identifier_type.as_str())),
            texts(rows().map(|row| row.profile_id.as_str())),
            dates(rows().map(|row| row.profile_since).collect()),
            dates(rows().map(|row| row.effective_at).collect()),
            times(rows().map(|row| row.first_seen).collect()),
            times(rows().map(|row| row.last_seen).collect()),
            Arc::new(counted),
            dates(rows().map(|_| day).collect()),
        ],
    )?)
}
