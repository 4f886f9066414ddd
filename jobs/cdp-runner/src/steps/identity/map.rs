//! `identity.profile_map`: which profile each identifier belongs to.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use cdp_identity::{MapRow, ProfileMap, Sources};
use cdp_lake::{Result, Staged};

use crate::steps::{Asked, Done};

/// How many rows a batch holds.
const BATCH_ROWS: usize = 65_536;

/// The columns of `identity.profile_map`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let date = |name: &str| Field::new(name, DataType::Date32, true);
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let bool = |name: &str| Field::new(name, DataType::Boolean, true);
    let time = |name: &str| {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Field::new(name, micros, true)
    };
    Arc::new(Schema::new(vec![
        text("identifier"),
        text("identifier_type"),
        text("profile_id"),
        date("profile_since"),
        date("effective_at"),
        time("first_seen_at"),
        time("last_seen_at"),
        int("evidence_count"),
        text("sources"),
        bool("is_ambiguous"),
        bool("is_quarantined"),
        int("component_id"),
        text("founded_profile_id"),
        date("founded_since"),
        date("as_of_date"),
    ]))
}

/// The rows are made as they are read, so that no copy of the map is in memory.
pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let resolution = asked.resolution().await?;
    let map = &resolution.map;
    let day = asked.task.as_of_date.epoch_day();
    let undone = map.violations().len();
    // Who is blocked is nobody, so nothing they did belongs to a profile.
    let rows = (map.len() - map.blocked_count()) as u64;
    let parts = map.len().div_ceil(BATCH_ROWS).max(1);
    let sources = map.sources();
    let part = move |part| batch(&resolution.map, &sources, part, day);
    Ok(Done {
        staged: Staged::from_parts(schema(), rows, parts, part)?,
        note: (undone > 0).then(|| format!("{undone} violations, see identity.violations")),
    })
}

fn batch(map: &ProfileMap, sources: &Sources, part: usize, day: i32) -> Result<RecordBatch> {
    let begin = part * BATCH_ROWS;
    let mut columns = Columns::default();
    let places = begin..map.len().min(begin + BATCH_ROWS);
    for (place, row) in places.clone().zip(map.rows(places)) {
        if !row.is_blocked {
            columns.push(&row, sources.of(place));
        }
    }
    columns.finish(day)
}

#[derive(Default)]
struct Columns {
    rows: usize,
    identifier: StringBuilder,
    identifier_type: StringBuilder,
    profile_id: StringBuilder,
    profile_since: Date32Builder,
    effective_at: Date32Builder,
    first_seen: TimestampMicrosecondBuilder,
    last_seen: TimestampMicrosecondBuilder,
    evidence_count: Int64Builder,
    sources: StringBuilder,
    is_ambiguous: BooleanBuilder,
    is_quarantined: BooleanBuilder,
    component_id: Int64Builder,
    founded_profile_id: StringBuilder,
    founded_since: Date32Builder,
}

impl Columns {
    fn push(&mut self, row: &MapRow<'_>, sources: &str) {
        self.rows += 1;
        self.identifier.append_value(row.identifier);
        self.identifier_type.append_value(row.identifier_type);
        self.profile_id.append_value(row.profile_id);
        self.profile_since.append_value(row.profile_since);
        self.effective_at.append_value(row.effective_at);
        self.first_seen.append_value(row.first_seen);
        self.last_seen.append_value(row.last_seen);
        let count = i64::try_from(row.evidence_count).unwrap_or(i64::MAX);
        self.evidence_count.append_value(count);
        self.sources.append_value(sources);
        self.is_ambiguous.append_value(row.is_ambiguous);
        self.is_quarantined.append_value(row.is_quarantined);
        self.component_id.append_value(row.component_id);
        let (id, since) = row.founded.unzip();
        self.founded_profile_id.append_option(id);
        self.founded_since.append_option(since);
    }

    fn finish(mut self, day: i32) -> Result<RecordBatch> {
        let mut as_of_date = Date32Builder::new();
        as_of_date.append_value_n(day, self.rows);
        let time = |mut builder: TimestampMicrosecondBuilder| -> ArrayRef {
            Arc::new(builder.finish().with_timezone("UTC"))
        };
        Ok(RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.identifier.finish()),
                Arc::new(self.identifier_type.finish()),
                Arc::new(self.profile_id.finish()),
                Arc::new(self.profile_since.finish()),
                Arc::new(self.effective_at.finish()),
                time(self.first_seen),
                time(self.last_seen),
                Arc::new(self.evidence_count.finish()),
                Arc::new(self.sources.finish()),
                Arc::new(self.is_ambiguous.finish()),
                Arc::new(self.is_quarantined.finish()),
                Arc::new(self.component_id.finish()),
                Arc::new(self.founded_profile_id.finish()),
                Arc::new(self.founded_since.finish()),
                Arc::new(as_of_date.finish()),
            ],
        )?)
    }
}
