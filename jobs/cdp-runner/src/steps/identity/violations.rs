//! `identity.violations`: what resolving did not do, and why.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_identity::Violation;
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{AsOfDate, Config, Task};

use crate::fingerprint::sha256;
use crate::steps::Done;

/// The columns of `identity.violations`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("violation_id"),
        text("rule"),
        text("identifier_type"),
        text("left_identifier_sha256"),
        text("right_identifier_sha256"),
        text("left_profile_id"),
        text("right_profile_id"),
        text("source"),
        Field::new("size", DataType::Int64, true),
        text("override_ids"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(
    config: &Config,
    catalog: &Catalog,
    task: &Task,
    previous: Option<AsOfDate>,
) -> Result<Done> {
    let map = super::resolve(config, catalog, task, previous).await?;
    let mut violations: Vec<Violation<'_>> = map.violations().collect();
    violations.sort_unstable();
    violations.dedup();
    let batch = batch(&violations, task.as_of_date.epoch_day())?;
    Ok(Staged::from_batches(schema(), vec![batch])?.into())
}

fn batch(violations: &[Violation<'_>], day: i32) -> Result<RecordBatch> {
    fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    let rows = || violations.iter();
    let size = |size: u64| (size > 0).then(|| i64::try_from(size).unwrap_or(i64::MAX));
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            texts(rows().map(|row| Some(id(row)))),
            texts(rows().map(|row| Some(row.rule.as_str().to_owned()))),
            texts(rows().map(|row| named(row.identifier_type))),
            texts(rows().map(|row| named(row.left).map(|left| sha256(&left)))),
            texts(rows().map(|row| row.right.map(sha256))),
            texts(rows().map(|row| row.left_profile.map(str::to_owned))),
            texts(rows().map(|row| row.right_profile.map(str::to_owned))),
            texts(rows().map(|row| named(row.source))),
            Arc::new(rows().map(|row| size(row.size)).collect::<Int64Array>()),
            texts(rows().map(|row| named(&row.override_ids.join(",")))),
            Arc::new(Date32Array::from_value(day, violations.len())),
        ],
    )?)
}

/// What tells violations of one date apart: the rule and all that it names.
fn id(row: &Violation<'_>) -> String {
    let overrides = row.override_ids.join(",");
    let right = row.right.unwrap_or_default();
    let parts = [
        row.rule.as_str(),
        row.identifier_type,
        row.left,
        right,
        row.source,
        &overrides,
    ];
    let mut digest = sha256(&parts.join("\u{1f}"));
    digest.truncate(16);
    digest
}

fn named(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
