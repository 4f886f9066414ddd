//! The first event of all sources: nothing was known before it.

use arrow::array::{Array, AsArray};
use arrow::compute::min;
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use cdp_plan::Source;
use datafusion::functions_aggregate::expr_fn::min as least;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::prelude::DataFrame;
use deltalake::DeltaTable;

use crate::at_once::at_once;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::source_view::Rows;
use crate::types::{exact, timestamp};

/// So many sources are looked at side by side.
const SOURCES_AT_ONCE: usize = 8;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// How far from the earliest event of the log the first sound one is looked for, before everything is
/// read. A log tells times to the millisecond.
const MICROS: [i64; 4] = [
    1000,
    MICROS_PER_DAY,
    30 * MICROS_PER_DAY,
    1000 * MICROS_PER_DAY,
];

impl Catalog {
    /// The day of the first sound event of any source, in epoch days; `None` when there is none.
    pub async fn first_event_day(&self) -> Result<Option<i32>> {
        let sources = self.tables().manifest().sources();
        let days = sources.map(|source| self.first_of(source));
        let days = at_once(SOURCES_AT_ONCE, days.collect()).await?;
        Ok(days.into_iter().flatten().min())
    }

    async fn first_of(&self, source: &Source) -> Result<Option<i32>> {
        let Some(plan) = self.source_plan(source, Rows::Valid).await? else {
            return Ok(None);
        };
        let table = self.tables().source(source).await?;
        if let Some(begin) = table.and_then(|table| earliest(&table, &source.event_time)) {
            for micros in MICROS {
                let end = lit(begin.saturating_add(micros));
                let soon = exact(&source.event_time).lt(cast(end, timestamp()));
                let plan = LogicalPlanBuilder::from(plan.clone()).filter(soon)?;
                let found = self.first_of_plan(source, plan.build()?).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        self.first_of_plan(source, plan).await
    }

    async fn first_of_plan(&self, source: &Source, plan: LogicalPlan) -> Result<Option<i32>> {
        let first = least(exact(&source.event_time)).alias("first_event");
        let day = cast(exact("first_event"), DataType::Date32).alias("day");
        let frame = DataFrame::new(self.session().state(), plan)
            .aggregate(vec![], vec![first])?
            .select(vec![day])?;
        let batches = frame.collect().await?;
        Ok(batches.first().and_then(|batch| {
            let days = batch.column(0).as_primitive_opt::<Date32Type>()?;
            days.is_valid(0).then(|| days.value(0))
        }))
    }
}

/// The earliest time in any file, sound or not, in microseconds, as the log of a table tells it; `None`
/// where it does not tell it of each.
pub(crate) fn earliest(table: &DeltaTable, column: &str) -> Option<i64> {
    let files = table.snapshot().ok()?.add_actions_batches(true).ok()?;
    let mut earliest = None;
    for batch in &files {
        let times = batch.column_by_name(&format!("min.{column}"))?;
        let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
        if times.null_count() > 0 {
            return None;
        }
        earliest = earliest.into_iter().chain(min(times)).min();
    }
    earliest
}
