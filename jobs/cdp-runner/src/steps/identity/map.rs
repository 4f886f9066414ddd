//! `identity.profile_map`: which profile each identifier belongs to.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Array, Date32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use cdp_identity::{MapRow, ProfileMap, Sources, identifier_type};
use cdp_lake::{BASE_DATE, IS_REMOVED, LakeError, Piece, Result, Staged, xxhash64};

use super::Resolution;
use super::increment::Increment;
use super::stored::count;
use crate::steps::{Asked, Done};

/// How many threads look for rows that differ.
const THREADS: usize = 2;
/// How many rows a batch holds.
const BATCH_ROWS: usize = 65_536;

/// The hash of the identifier.
pub(super) const IDENTIFIER_HASH: &str = "identifier_hash";

/// The columns of `identity.profile_map`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let fields = columns().into_iter().chain([as_of_date()]);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Those of the table that holds it, partition by partition.
fn stored_schema() -> SchemaRef {
    let more = [
        identifier_hash(),
        Field::new(IS_REMOVED, DataType::Boolean, true),
        Field::new(BASE_DATE, DataType::Date32, true),
    ];
    let fields = columns().into_iter().chain(more).chain([as_of_date()]);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// What identifiers are looked for by. It is null in partitions of older programs.
pub(super) fn identifier_hash() -> Field {
    Field::new(IDENTIFIER_HASH, DataType::Int64, true)
}

fn as_of_date() -> Field {
    Field::new("as_of_date", DataType::Date32, true)
}

fn columns() -> Vec<Field> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let date = |name: &str| Field::new(name, DataType::Date32, true);
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let bool = |name: &str| Field::new(name, DataType::Boolean, true);
    let time = |name: &str| {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Field::new(name, micros, true)
    };
    vec![
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
    ]
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let resolution = asked.resolution().await?;
    if let Some(increment) = &resolution.increment
        && let Some(done) = changed(asked, &resolution.map, increment)?
    {
        return Ok(done);
    }
    let resolution = if resolution.increment.is_some() {
        asked.whole_resolution("no row differs").await?
    } else {
        resolution
    };
    whole(asked, resolution)
}

/// All rows. They are made as they are read, so that no copy of the map is in memory.
fn whole(asked: &Asked<'_>, resolution: Arc<Resolution>) -> Result<Done> {
    let map = &resolution.map;
    let day = asked.task.as_of_date.epoch_day();
    let undone = map.violations().len();
    let undone = (undone > 0).then(|| format!("{undone} violations, see identity.violations"));
    let notes = undone.into_iter().chain(resolution.note.clone());
    let note = notes.collect::<Vec<_>>().join("; ");
    // Who is blocked is nobody, so nothing they did belongs to a profile.
    let shown = (map.len() - map.blocked_count()) as u64;
    let rows = map.len() as u64;
    let parts = map.len().div_ceil(BATCH_ROWS).max(1);
    let sources = map.sources();
    let part = move |part| batch(&resolution.map, &sources, part, day);
    let staged = Staged::from_parts(stored_schema(), rows, parts, part)?;
    Ok(Done {
        staged: staged.as_piece(Piece {
            shown,
            is_part: false,
        }),
        note: Some(note).filter(|note| !note.is_empty()),
        named: Vec::new(),
    })
}

/// The rows that differ from those of the map of before; `None` when none does, for then the date
/// would have no partition.
fn changed(asked: &Asked<'_>, map: &ProfileMap, increment: &Increment) -> Result<Option<Done>> {
    let base = &increment.base;
    let differing = Differing {
        map,
        sources: map.sources(),
        increment,
        day: asked.task.as_of_date.epoch_day(),
        base_day: base.whole_date.epoch_day(),
    };
    let (batches, shown) = std::thread::scope(|threads| {
        let differing = &differing;
        let share = map.len().div_ceil(THREADS).max(1);
        let shares = (0..map.len()).step_by(share);
        let shares = shares.map(|begin| begin..map.len().min(begin + share));
        let came = shares.map(|places| threads.spawn(move || differing.came(places)));
        let came: Vec<_> = came.collect();
        let (gone, known) = differing.gone()?;
        let (mut batches, mut shown) = (Vec::new(), base.identifiers);
        for part in came {
            let part = part.join();
            let (new, count) = part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            batches.extend(new);
            shown += count;
        }
        batches.push(gone);
        Ok::<_, LakeError>((batches, shown.saturating_sub(known)))
    })?;
    let staged = Staged::from_batches(stored_schema(), batches)?;
    let note = format!(
        "resolved {} of {} identifiers, {} rows differ from {}",
        map.len(),
        shown,
        staged.rows,
        base.date()
    );
    Ok((staged.rows > 0).then(|| Done {
        staged: staged.as_piece(Piece {
            shown,
            is_part: true,
        }),
        note: Some(note),
        named: Vec::new(),
    }))
}

/// A map of what is concerned beside the rows of before.
struct Differing<'m> {
    map: &'m ProfileMap,
    sources: Sources,
    increment: &'m Increment,
    day: i32,
    base_day: i32,
}

impl Differing<'_> {
    /// The rows of some places that are new or changed, and how many of these places are shown.
    fn came(&self, places: Range<usize>) -> Result<(Vec<RecordBatch>, u64)> {
        let (mut batches, mut columns, mut shown) = (Vec::new(), Columns::default(), 0);
        for (place, row) in places.clone().zip(self.map.rows(places)) {
            let sources = self.sources.of(place);
            let before = self.increment.stored(self.map, place);
            shown += u64::from(!row.is_blocked);
            if before.is_none_or(|before| !before.is(&row, sources)) {
                columns.push(&row, sources);
            }
            if columns.rows == BATCH_ROWS {
                batches.push(self.finish(std::mem::take(&mut columns))?);
            }
        }
        batches.push(self.finish(columns)?);
        Ok((batches, shown))
    }

    /// The identifiers that are in no evidence any more, and how many were shown before.
    fn gone(&self) -> Result<(RecordBatch, u64)> {
        let (mut columns, mut shown) = (Columns::default(), 0);
        for (place, before) in self.increment.stored.iter() {
            shown += u64::from(!before.is_nobody());
            if !self.map.has_place(place) {
                columns.push_nobody(before.identifier(), None);
            }
        }
        Ok((self.finish(columns)?, shown))
    }

    fn finish(&self, columns: Columns) -> Result<RecordBatch> {
        columns.finish(self.day, self.base_day)
    }
}

fn batch(map: &ProfileMap, sources: &Sources, part: usize, day: i32) -> Result<RecordBatch> {
    let begin = part * BATCH_ROWS;
    let mut columns = Columns::default();
    let places = begin..map.len().min(begin + BATCH_ROWS);
    for (place, row) in places.clone().zip(map.rows(places)) {
        columns.push(&row, sources.of(place));
    }
    columns.finish(day, day)
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
    hash: Int64Builder,
    is_removed: BooleanBuilder,
}

impl Columns {
    fn push(&mut self, row: &MapRow<'_>, sources: &str) {
        if row.is_blocked {
            let component = Some(row.component_id);
            return self.push_nobody(row.identifier, component);
        }
        self.rows += 1;
        self.identifier.append_value(row.identifier);
        self.identifier_type.append_value(row.identifier_type);
        self.profile_id.append_value(row.profile_id);
        self.profile_since.append_value(row.profile_since);
        self.effective_at.append_value(row.effective_at);
        self.first_seen.append_value(row.first_seen);
        self.last_seen.append_value(row.last_seen);
        self.evidence_count.append_value(count(row));
        self.sources.append_value(sources);
        self.is_ambiguous.append_value(row.is_ambiguous);
        self.is_quarantined.append_value(row.is_quarantined);
        self.component_id.append_value(row.component_id);
        let (id, since) = row.founded.unzip();
        self.founded_profile_id.append_option(id);
        self.founded_since.append_option(since);
        self.hash.append_value(xxhash64(row.identifier));
        self.is_removed.append_value(false);
    }

    /// An identifier that is in no profile: nobody's, or without a component in no evidence any more.
    fn push_nobody(&mut self, identifier: &str, component: Option<i64>) {
        self.rows += 1;
        self.identifier.append_value(identifier);
        self.identifier_type
            .append_value(identifier_type(identifier));
        self.profile_id.append_null();
        self.profile_since.append_null();
        self.effective_at.append_null();
        self.first_seen.append_null();
        self.last_seen.append_null();
        self.evidence_count.append_null();
        self.sources.append_null();
        self.is_ambiguous.append_null();
        self.is_quarantined.append_null();
        self.component_id.append_option(component);
        self.founded_profile_id.append_null();
        self.founded_since.append_null();
        self.hash.append_value(xxhash64(identifier));
        self.is_removed.append_value(true);
    }

    fn finish(mut self, day: i32, base_day: i32) -> Result<RecordBatch> {
        let day_of_all = |day: i32| Arc::new(Date32Array::from_value(day, self.rows));
        let (base_date, as_of_date) = (day_of_all(base_day), day_of_all(day));
        let time = |mut builder: TimestampMicrosecondBuilder| -> ArrayRef {
            Arc::new(builder.finish().with_timezone("UTC"))
        };
        Ok(RecordBatch::try_new(
            stored_schema(),
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
                Arc::new(self.hash.finish()),
                Arc::new(self.is_removed.finish()),
                base_date,
                as_of_date,
            ],
        )?)
    }
}
