//! `run`: does the plan of one date.

use std::fmt::Write;

use cdp_lake::Breach;
use cdp_plan::{AsOfDate, Severity};
use cdp_runner::{Project, RunSettings, RunSummary, TaskRecord, TaskStatus};

use super::{Context, VERSION, check_date, check_selection};
use crate::cli::RunArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Result, lines};
use crate::host::{self, ThisProcess};
use crate::output::{colours, counted, duration, print_json, print_text, say};
use crate::settings::Settings;
use crate::{progress, project};

/// Runs a date.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result {
    check_date("--as-of", args.as_of, args.future)?;
    let project = project::open(&context.settings).await?;
    check_selection(&project, &args.select.select)?;
    project::expect_lake(&project, &context.settings)?;
    let wanted = Wanted {
        select: &args.select.select,
        force: args.force || args.full_refresh,
        full_refresh: args.full_refresh,
        reason: None,
    };
    let summary = run_date(context, &project, args.as_of, &wanted).await?;
    if context.output.is_json() {
        print_json(&summary)?;
    } else {
        print_text(&text(&summary))?;
    }
    tell_errors(&summary);
    Ok(summary.outcome().into())
}

/// How a date is to be run.
pub(super) struct Wanted<'a> {
    pub(super) select: &'a [String],
    pub(super) force: bool,
    pub(super) full_refresh: bool,
    pub(super) reason: Option<String>,
}

/// Plans a date and does the plan.
pub(super) async fn run_date(
    context: &Context,
    project: &Project,
    as_of: AsOfDate,
    wanted: &Wanted<'_>,
) -> Result<RunSummary> {
    let plan = project.plan(as_of, wanted.select, wanted.force).await?;
    let settings = RunSettings {
        run_id: host::new_run_id(),
        force: wanted.force,
        full_refresh: wanted.full_refresh,
        reason: wanted.reason.clone(),
        program_version: VERSION.to_owned(),
    };
    let observer = progress::observer(context.output);
    let mut summary = project
        .run(&plan, &settings, &ThisProcess, observer.as_ref())
        .await?;
    complete_commands(&mut summary, &context.settings);
    Ok(summary)
}

/// Commands in hints and notes become such as work when they are typed here.
fn complete_commands(summary: &mut RunSummary, settings: &Settings) {
    let command = format!("`{} run{} ", host::program(), settings.flags());
    for record in &mut summary.records {
        for text in [&mut record.hint, &mut record.note].into_iter().flatten() {
            *text = text.replace("`cdp-jobs run ", &command);
        }
    }
}

/// What does not hold. A rule over the number of rows says itself what was found.
pub(super) fn broken_rule(rule: &str, rows: u64) -> String {
    if rule.starts_with("expected ") {
        return rule.to_owned();
    }
    format!("{rule} does not hold for {}", counted(rows, "row"))
}

/// The summary for people.
pub(super) fn text(summary: &RunSummary) -> String {
    let mut text = format!("{}\n", headline(summary));
    for record in &summary.records {
        for breach in &record.breaches {
            let lead = match breach.severity {
                Severity::Fail => "held back",
                Severity::Warn => "warning",
            };
            let name = named(record, summary);
            let _ = writeln!(text, "  {lead}: {name}: {}", told_breach(breach));
        }
        if record.rows_set_aside > 0 {
            let rows = counted(record.rows_set_aside, "row");
            let _ = writeln!(
                text,
                "  set aside: {}: {rows}, see ops.quarantine",
                record.task
            );
        }
    }
    for (note, tasks) in notes(summary) {
        let _ = writeln!(text, "  note: {}: {note}", tasks.join(", "));
    }
    if let Some(training) = &summary.training {
        let _ = writeln!(text, "  training: {training}");
    }
    for (reason, models) in not_due(summary) {
        let _ = writeln!(text, "  not due: {}: {reason}", models.join(", "));
    }
    text
}

/// A task, with its date where that is not the run's.
fn named(record: &TaskRecord, summary: &RunSummary) -> String {
    if record.as_of_date == summary.as_of_date {
        return record.task.clone();
    }
    format!("{} as of {}", record.task, record.as_of_date)
}

/// Every note with the tasks that it is about, in the order in which they came.
fn notes(summary: &RunSummary) -> Vec<(&str, Vec<String>)> {
    let mut notes: Vec<(&str, Vec<String>)> = Vec::new();
    for record in &summary.records {
        let Some(note) = record.note.as_deref() else {
            continue;
        };
        let name = named(record, summary);
        match notes.iter_mut().find(|(other, _)| *other == note) {
            Some((_, tasks)) => tasks.push(name),
            None => notes.push((note, vec![name])),
        }
    }
    notes
}

/// Every reason why something is not due, with the models that it is about.
fn not_due(summary: &RunSummary) -> Vec<(&str, Vec<String>)> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for model in &summary.not_due {
        let name = model.name.to_string();
        match reasons.iter_mut().find(|(other, _)| *other == model.reason) {
            Some((_, models)) => models.push(name),
            None => reasons.push((&model.reason, vec![name])),
        }
    }
    reasons
}

/// One line: the date, how many tasks ended how, and how long it took.
fn headline(summary: &RunSummary) -> String {
    let kinds = [
        (TaskStatus::Succeeded, "done"),
        (TaskStatus::UpToDate, "up to date"),
        (TaskStatus::Superseded, "superseded by a later date"),
        (TaskStatus::HeldBack, "held back"),
        (TaskStatus::Failed, "failed"),
        (TaskStatus::Skipped, "skipped"),
    ];
    let counts: Vec<String> = kinds
        .iter()
        .filter_map(|(status, word)| {
            let records = summary.records.iter();
            let count = records.filter(|record| record.status == *status).count();
            (count > 0).then(|| format!("{count} {word}"))
        })
        .collect();
    let told = if counts.is_empty() {
        "nothing to do".to_owned()
    } else {
        counts.join(", ")
    };
    format!(
        "as of {}: {told}, in {}",
        summary.as_of_date,
        duration(took(summary))
    )
}

/// From the first task's start to the last one's end.
fn took(summary: &RunSummary) -> u64 {
    let first = summary.records.iter().map(|record| record.started_at).min();
    let last = summary
        .records
        .iter()
        .map(|record| record.finished_at)
        .max();
    let (Some(first), Some(last)) = (first, last) else {
        return 0;
    };
    u64::try_from((last - first).num_milliseconds()).unwrap_or(0)
}

/// What went wrong, on standard error.
pub(super) fn tell_errors(summary: &RunSummary) {
    for record in &summary.records {
        if let Some(text) = told_error(record) {
            say(&text);
        }
    }
}

/// What was skipped is told by what it waited for.
fn told_error(record: &TaskRecord) -> Option<String> {
    let (error, hint) = match (record.status, &record.error) {
        (TaskStatus::Failed, Some(error)) => (error.clone(), record.hint.as_deref()),
        (TaskStatus::HeldBack, _) => (held_back(record), Some(HELD_BACK_HINT)),
        _ => return None,
    };
    let message = format!("`{}` as of {}: {error}", record.task, record.as_of_date);
    Some(lines(&message, hint, colours()))
}

const HELD_BACK_HINT: &str =
    "what was published before stands; mend the rows or the check, and run again";

fn held_back(record: &TaskRecord) -> String {
    let broken = record.breaches.iter();
    let broken = broken.filter(|breach| breach.severity == Severity::Fail);
    let told: Vec<String> = broken.map(told_breach).collect();
    format!("held back: {}", told.join("; "))
}

fn told_breach(breach: &Breach) -> String {
    let broken = broken_rule(&breach.rule, breach.rows);
    let sample = match breach.sample.as_slice() {
        [] => String::new(),
        rows => format!(", such as {}", rows.join(" | ")),
    };
    format!("{broken}{sample}")
}

/// Whether later dates may follow.
pub(super) fn went_well(summary: &RunSummary) -> bool {
    let status = ExitStatus::from(summary.outcome());
    matches!(status, ExitStatus::Done | ExitStatus::NothingToDo)
}
