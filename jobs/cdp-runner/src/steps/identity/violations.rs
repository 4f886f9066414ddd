//! `identity.violations`: what resolving did not do, and why.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_identity::Violation;
use cdp_lake::{Result, Staged};

use super::increment::Increment;
use crate::fingerprint::sha256;
use crate::matrix::whole_numbers;
use crate::steps::{Asked, Done, date_sql};

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
        Field::new("component_id", DataType::Int64, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let resolution = asked.resolution().await?;
    let (map, task) = (&resolution.map, asked.task);
    let violations = map.sorted_violations();
    let mut batches = match &resolution.increment {
        Some(increment) => carried(asked, increment).await?,
        None => Vec::new(),
    };
    batches.push(batch(&violations, task.as_of_date.epoch_day())?);
    Ok(Staged::from_batches(schema(), batches)?.into())
}

/// The rows of the map of before about components that are not concerned. Overrides of no use are told
/// anew.
pub(super) async fn carried(asked: &Asked<'_>, increment: &Increment) -> Result<Vec<RecordBatch>> {
    let fields = schema();
    let columns = fields.fields().iter().map(|field| field.name().as_str());
    let columns: Vec<&str> = columns.filter(|name| *name != "as_of_date").collect();
    let query = format!(
        "select {}, cast('{}' as date) as as_of_date from {} \
         where as_of_date = {} and component_id is not null",
        columns.join(", "),
        asked.task.as_of_date,
        increment.base.violations,
        date_sql(Some(increment.base.date()))
    );
    let mut carried = Vec::new();
    for batch in asked.catalog.batches(&query).await? {
        let components = whole_numbers(&batch, "component_id")?;
        let is_kept = |component: &i64| !increment.scope.components().contains(component);
        let kept: BooleanArray = components
            .values()
            .iter()
            .map(|one| Some(is_kept(one)))
            .collect();
        let batch = filter_record_batch(&batch, &kept)?;
        let columns = fields.fields().iter().zip(batch.columns());
        let columns = columns.map(|(field, column)| cast(column, field.data_type()));
        let columns = columns.collect::<std::result::Result<_, _>>()?;
        carried.push(RecordBatch::try_new(fields.clone(), columns)?);
    }
    Ok(carried)
}

pub(crate) fn batch(violations: &[Violation<'_>], day: i32) -> Result<RecordBatch> {
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
            Arc::new(rows().map(|row| row.component_id).collect::<Int64Array>()),
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
