//! The partitions that are followed, as `ops.runs` tells of them.

use std::collections::BTreeMap;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use cdp_lake::Result;
use cdp_plan::AsOfDate;

use super::{BuildsOn, LogEntry, Logs};
use crate::ledger::RUNS;
use crate::matrix::{days, strings, whole_numbers};
use crate::project::Project;
use crate::record::TaskStatus;

/// The partitions of every table that is followed, from the ledger.
pub(crate) async fn read(project: &Project) -> Result<Logs> {
    let mut logs = Logs::default();
    let tables = super::tables(project).map(|table| format!("'{table}'"));
    let tables: Vec<String> = tables.collect();
    if tables.is_empty() {
        return Ok(logs);
    }
    // By all columns: a ledger that is older than the newest of them has fewer.
    let query = format!(
        "select * from {RUNS} where task in ({}) and status = '{}' order by finished_at, run_id",
        tables.join(", "),
        TaskStatus::Succeeded.name()
    );
    let answer = project.ledger_query(&query).await?;
    for batch in answer.iter().flat_map(|answer| &answer.batches) {
        add_entries(&mut logs, batch)?;
    }
    Ok(logs)
}

fn add_entries(logs: &mut Logs, batch: &RecordBatch) -> Result<()> {
    const BELOW: &str = "builds_on_date";
    let tasks = strings(batch, "task")?;
    let dates = days(batch, "as_of_date")?;
    let runs = strings(batch, "run_id")?;
    let fingerprints = strings(batch, "fingerprint")?;
    let definitions = strings(batch, "sql_sha256")?;
    let versions = strings(batch, "input_versions")?;
    let outputs = whole_numbers(batch, "output_version")?;
    let below = if batch.column_by_name(BELOW).is_some() {
        Some((
            days(batch, BELOW)?,
            strings(batch, "builds_on_fingerprint")?,
        ))
    } else {
        None
    };
    for row in 0..batch.num_rows() {
        let (Ok(table), Some(date), Ok(versions)) = (
            tasks[row].parse(),
            AsOfDate::from_epoch_day(dates[row]),
            serde_json::from_str::<BTreeMap<String, u64>>(&versions[row]),
        ) else {
            continue;
        };
        let output = outputs.is_valid(row).then(|| outputs.value(row));
        let versions = versions.into_iter();
        let entry = LogEntry {
            run_id: runs[row].clone(),
            fingerprint: fingerprints[row].clone(),
            definition: definitions[row].clone(),
            versions: versions
                .filter_map(|(name, version)| Some((name.parse().ok()?, version)))
                .collect(),
            output_version: output.and_then(|version| u64::try_from(version).ok()),
            builds_on: below
                .as_ref()
                .and_then(|(days, prints)| builds_on(days[row], &prints[row])),
        };
        logs.insert(table, date, entry);
    }
    Ok(())
}

/// A partition that builds on none has no fingerprint there.
fn builds_on(day: i32, fingerprint: &str) -> Option<BuildsOn> {
    let as_of_date = AsOfDate::from_epoch_day(day)?;
    (!fingerprint.is_empty()).then(|| BuildsOn {
        as_of_date,
        fingerprint: fingerprint.to_owned(),
    })
}
