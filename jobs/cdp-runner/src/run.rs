//! Walks a plan: each task after those it depends on; what depends on a failure is skipped, the
//! rest is finished.

use std::collections::BTreeSet;

use cdp_lake::LakeError;
use cdp_plan::{Plan, Task, TaskId, Work};

use crate::closing::Horizons;
use crate::event::{Event, Host, Observer};
use crate::ledger;
use crate::log;
use crate::project::Project;
use crate::record::{RunSettings, RunSummary, TaskRecord, TaskStatus};
use crate::registry::Registry;
use crate::run_context::{Known, RunContext};
use crate::task::do_task;

impl Project {
    /// Does a plan. An error is one of the run as a whole; those of tasks are in the summary.
    pub async fn run(
        &self,
        plan: &Plan,
        settings: &RunSettings,
        host: &dyn Host,
        observer: &dyn Observer,
    ) -> Result<RunSummary, LakeError> {
        self.lake().probe().await?;
        let stands = ledger::stands(self).await?;
        let broken = stands.broken;
        let known = Known {
            published: stands.published,
            logs: log::read(self).await?,
            registry: Registry::read(self).await?,
            horizons: Horizons::read(self, plan).await?,
        };
        let mut context = RunContext::new(self, plan, settings, host, observer, known)?;
        let training = plan.training();
        observer.on(&Event::RunStarted {
            run_id: &settings.run_id,
            as_of_date: plan.as_of_date,
            tasks: plan.tasks.len(),
            training: training.as_deref(),
        });
        let mut summary = RunSummary {
            run_id: settings.run_id.clone(),
            as_of_date: plan.as_of_date,
            records: Vec::new(),
            training,
            not_due: plan.not_due.clone(),
        };
        let mut stopped: BTreeSet<TaskId> = BTreeSet::new();
        let mut untold: Vec<TaskRecord> = Vec::new();
        for task in &plan.tasks {
            let blocker = task.depends_on.iter().find(|id| stopped.contains(id));
            let record = if let Some(blocker) = blocker {
                skipped(&context, task, blocker)
            } else {
                observer.on(&Event::TaskStarted { task: task.id() });
                do_task(&mut context, task).await
            };
            if !record.status.lets_pass() {
                stopped.insert(task.id());
            }
            // What was up to date is in the ledger already, unless it was broken since.
            let key = (record.task.clone(), record.as_of_date);
            if record.status != TaskStatus::UpToDate || broken.contains(&key) {
                untold.push(record.clone());
            }
            // What publishes nothing is told with the next task that does: a commit costs more than
            // many a check, and a run that is killed before it only checks again.
            if task.work != Work::Check {
                append(self, &mut untold).await?;
            }
            observer.on(&Event::TaskFinished { record: &record });
            summary.records.push(record);
        }
        append(self, &mut untold).await?;
        observer.on(&Event::RunFinished { summary: &summary });
        Ok(summary)
    }
}

/// Other runs append to the ledger too, so an append that came second is made again.
async fn append(project: &Project, untold: &mut Vec<TaskRecord>) -> Result<(), LakeError> {
    const ATTEMPTS: u32 = 5;
    let records = std::mem::take(untold);
    let run_id = records.first().map_or("", |record| record.run_id.as_str());
    let mut attempt = 1;
    loop {
        match ledger::append(project, &records).await {
            Err(error) if error.retryable() && attempt < ATTEMPTS => {
                tokio::time::sleep(crate::task::pause(attempt, run_id)).await;
                attempt += 1;
            }
            other => return other,
        }
    }
}

fn skipped(context: &RunContext<'_>, task: &Task, blocker: &TaskId) -> TaskRecord {
    let mut record = context.blank(task);
    record.status = TaskStatus::Skipped;
    record.note = Some(format!("`{blocker}` did not succeed"));
    record
}
