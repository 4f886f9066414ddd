//! The partitions of logs, as `ops.runs` tells of them.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;
use cdp_lake::Result;
use cdp_plan::AsOfDate;

use super::{BuildsOn, LogEntry, Logs};
use crate::ledger::{self, RUNS};
use crate::matrix::{days, strings};
use crate::project::Project;
use crate::record::TaskStatus;

/// The partitions of every log, from the ledger.
pub(crate) async fn read(project: &Project) -> Result<Logs> {
    let mut logs = Logs::default();
    if !ledger::is_there(project).await? {
        return Ok(logs);
    }
    for table in super::tables(project) {
        // By all columns: a ledger that is older than the newest of them has fewer.
        let query = format!(
            "select * from {RUNS} where task = '{table}' and status = '{}' \
             order by finished_at, run_id",
            TaskStatus::Succeeded.name()
        );
        for batch in project.query(&query, None, None).await?.batches {
            for (date, entry) in entries(&batch)? {
                logs.insert(table.clone(), date, entry);
            }
        }
    }
    Ok(logs)
}

fn entries(batch: &RecordBatch) -> Result<Vec<(AsOfDate, LogEntry)>> {
    const BELOW: &str = "builds_on_date";
    if batch.column_by_name(BELOW).is_none() {
        return Ok(Vec::new());
    }
    let rows = days(batch, "as_of_date")?.into_iter();
    let rows = rows.zip(strings(batch, "fingerprint")?);
    let rows = rows.zip(strings(batch, "sql_sha256")?);
    let rows = rows.zip(strings(batch, "input_versions")?);
    let below = days(batch, BELOW)?.into_iter();
    let below = below.zip(strings(batch, "builds_on_fingerprint")?);
    let entries = rows.zip(below).filter_map(|(row, below)| {
        let (((day, fingerprint), definition), versions) = row;
        let versions: BTreeMap<String, u64> = serde_json::from_str(&versions).ok()?;
        let versions = versions.into_iter();
        let entry = LogEntry {
            fingerprint,
            definition,
            versions: versions
                .filter_map(|(name, version)| Some((name.parse().ok()?, version)))
                .collect(),
            builds_on: builds_on(below),
        };
        Some((AsOfDate::from_epoch_day(day)?, entry))
    });
    Ok(entries.collect())
}

/// A partition that builds on none has no fingerprint there.
fn builds_on((day, fingerprint): (i32, String)) -> Option<BuildsOn> {
    let as_of_date = AsOfDate::from_epoch_day(day)?;
    (!fingerprint.is_empty()).then_some(BuildsOn {
        as_of_date,
        fingerprint,
    })
}
