//! `status`: the last runs of the ledger.

use std::fmt::Write;

use cdp_runner::RunRow;
use serde::Serialize;
use serde_json::Value;

use super::run::broken_rule;
use super::{Context, warn};
use crate::cli::StatusArgs;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, count, duration, print_json, print_text};
use crate::project;

/// More tasks than any run has.
const TASKS_MAX: usize = 1_000;

/// The rows of one run.
#[derive(Debug, Serialize)]
struct Run {
    #[serde(rename = "run_id")]
    id: String,
    as_of_date: String,
    status: &'static str,
    /// Whether all that broke in it ended well in a later run.
    cured: bool,
    started_at: String,
    duration_ms: i64,
    rows: i64,
    peak_memory_bytes: i64,
    reason: Option<String>,
    tasks: Vec<RunRow>,
}

/// Prints the last runs, newest first.
pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result {
    let (project, faults) = project::open_to_look(&context.settings).await?;
    warn(context, &faults);
    project::expect_lake(&project, &context.settings)?;
    let rows = project.runs(args.last.saturating_mul(TASKS_MAX)).await?;
    let mut runs = grouped(rows);
    runs.truncate(args.last);
    if context.output.is_json() {
        print_json(&runs)?;
    } else if runs.is_empty() {
        context.output.say("there is no run yet");
    } else {
        print_text(&text(&runs))?;
    }
    Ok(ExitStatus::Done)
}

fn grouped(rows: Vec<RunRow>) -> Vec<Run> {
    let mut groups: Vec<Vec<RunRow>> = Vec::new();
    for row in rows {
        match groups
            .iter_mut()
            .find(|group| group[0].run_id == row.run_id)
        {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.into_iter().map(run).collect()
}

/// One run from its rows, newest first.
fn run(mut tasks: Vec<RunRow>) -> Run {
    tasks.reverse();
    let any = |status: &str| tasks.iter().any(|task| task.status == status);
    let status = if any("failed") {
        "failed"
    } else if any("held_back") {
        "held_back"
    } else {
        "succeeded"
    };
    let date = tasks.iter().map(|task| task.as_of_date.as_str()).max();
    let started = tasks.iter().map(|task| task.started_at.as_str()).min();
    Run {
        id: tasks[0].run_id.clone(),
        as_of_date: date.unwrap_or_default().to_owned(),
        status,
        cured: status != "succeeded" && !tasks.iter().any(is_open),
        started_at: started.unwrap_or_default().to_owned(),
        duration_ms: tasks.iter().map(|task| task.duration_ms).sum(),
        rows: tasks.iter().map(|task| task.rows).sum(),
        peak_memory_bytes: tasks
            .iter()
            .map(|task| task.peak_memory_bytes)
            .max()
            .unwrap_or(0),
        reason: tasks.iter().find_map(|task| task.reason.clone()),
        tasks,
    }
}

fn text(runs: &[Run]) -> String {
    let mut table = Table::new(&[3, 4, 5, 6]);
    table.row([
        "started (UTC)",
        "as of",
        "status",
        "tasks",
        "rows",
        "took",
        "memory",
        "reason",
    ]);
    for run in runs {
        let started = run.started_at.get(..19).unwrap_or(&run.started_at);
        table.row([
            &started.replace('T', " "),
            &run.as_of_date,
            &told_status(run.status, run.cured),
            &run.tasks.len().to_string(),
            &count(unsigned(run.rows)),
            &duration(unsigned(run.duration_ms)),
            &format!("{} MiB", run.peak_memory_bytes >> 20),
            run.reason.as_deref().unwrap_or_default(),
        ]);
    }
    let mut text = table.to_string();
    // What is still open comes last, where it is seen first; what was cured is in the table.
    for task in runs.iter().flat_map(|run| &run.tasks) {
        if !is_open(task) {
            continue;
        }
        let (name, date) = (&task.task, &task.as_of_date);
        let status = told_status(&task.status, false);
        let _ = writeln!(text, "\n{name} as of {date}: {status}");
        for line in broken(task) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn told_status(status: &str, cured: bool) -> String {
    let cured = if cured { ", cured since" } else { "" };
    format!("{}{cured}", status.replace('_', " "))
}

/// Whether a task broke and has not ended well since.
fn is_open(task: &RunRow) -> bool {
    matches!(task.status.as_str(), "failed" | "held_back") && task.cured_by.is_none()
}

/// Why a task did not end well.
fn broken(task: &RunRow) -> Vec<String> {
    let breaches: Vec<Value> = serde_json::from_str(&task.breaches).unwrap_or_default();
    let failed = breaches
        .iter()
        .filter(|breach| breach["severity"] == "fail");
    let rules = failed.map(|breach| {
        let rule = breach["rule"].as_str().unwrap_or_default();
        broken_rule(rule, breach["rows"].as_u64().unwrap_or(0))
    });
    task.error.clone().into_iter().chain(rules).collect()
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
