//! Tells how a run goes: a bar on a terminal, one JSON line per event elsewhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use cdp_runner::{Event, Observer, TaskRecord, TaskStatus};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Output, count, duration, say};

/// The listener that fits where standard error goes.
pub(crate) fn observer(output: Output) -> Box<dyn Observer> {
    if output.quiet {
        Box::new(Silent)
    } else if io::stderr().is_terminal() {
        Box::new(Bar::new(output.verbose))
    } else {
        Box::new(Lines)
    }
}

/// Says nothing.
struct Silent;

impl Observer for Silent {
    fn on(&self, _event: &Event<'_>) {}
}

/// One JSON line per event.
struct Lines;

impl Observer for Lines {
    fn on(&self, event: &Event<'_>) {
        // The summary repeats every record, and goes to standard output.
        let line = match event {
            Event::RunFinished { summary } => serde_json::to_string(&serde_json::json!({
                "event": "run_finished",
                "run_id": summary.run_id,
                "as_of_date": summary.as_of_date,
                "tasks": summary.records.len(),
            })),
            event => serde_json::to_string(event),
        };
        if let Ok(line) = line {
            say(&format!("{line}\n"));
        }
    }
}

/// A bar that names the task at work.
struct Bar {
    bar: ProgressBar,
    verbose: bool,
}

impl Bar {
    fn new(verbose: bool) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} {elapsed} {wide_msg}")
        {
            bar.set_style(style);
        }
        Self { bar, verbose }
    }

    fn finished(&self, record: &TaskRecord) {
        let failed = matches!(record.status, TaskStatus::Failed | TaskStatus::HeldBack);
        if self.verbose || failed {
            self.bar.println(line(record));
        }
        self.bar.inc(1);
    }
}

impl Observer for Bar {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::RunStarted {
                as_of_date,
                tasks,
                training,
                ..
            } => {
                if let Some(training) = training {
                    self.bar
                        .println(format!("as of {as_of_date}: training is due: {training}"));
                }
                self.bar.set_length(*tasks as u64);
                self.bar.set_message(format!("as of {as_of_date}"));
                self.bar.enable_steady_tick(Duration::from_millis(120));
            }
            Event::TaskStarted { task } => self.bar.set_message(task.to_string()),
            Event::TaskRetried {
                task,
                attempt,
                error,
            } => {
                self.bar.println(format!(
                    "{task}: attempt {attempt} failed, trying again: {error}"
                ));
            }
            Event::TaskFinished { record } => self.finished(record),
            Event::RunFinished { .. } => self.bar.finish_and_clear(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// One line for what a task did.
fn line(record: &TaskRecord) -> String {
    format!(
        "{:<12} {}@{}  {} rows  {}",
        record.status.name().replace('_', " "),
        record.task,
        record.as_of_date,
        count(record.rows),
        duration(record.duration_ms),
    )
}
