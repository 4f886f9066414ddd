//! One task: is it up to date, compute, check, publish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cdp_lake::{
    Catalog, ErrorKind, Held, LakeError, Provenance, RunTables, Scope, Staged, check, publish,
};
use cdp_plan::{
    AsOfDate, Layer, Materialization, Model, Plan, Severity, TableName, Task, TaskDates, Work,
};

use crate::event::{Event, Host, Observer};
use crate::fingerprint::fingerprint;
use crate::ledger::Published;
use crate::log::{self, Logs};
use crate::look;
use crate::project::Project;
use crate::record::{RunSettings, TaskRecord, TaskStatus};
use crate::steps;

/// How often a task is begun when other writers come first.
const ATTEMPTS: u32 = 4;

/// What every task of a run shares.
pub(crate) struct RunContext<'a> {
    pub(crate) project: &'a Project,
    pub(crate) plan: &'a Plan,
    pub(crate) settings: &'a RunSettings,
    host: &'a dyn Host,
    observer: &'a dyn Observer,
    pub(crate) tables: Arc<RunTables>,
    pub(crate) published: Published,
    pub(crate) logs: Logs,
    resolutions: steps::Resolutions,
}

impl<'a> RunContext<'a> {
    pub(crate) fn new(
        project: &'a Project,
        plan: &'a Plan,
        settings: &'a RunSettings,
        host: &'a dyn Host,
        observer: &'a dyn Observer,
        published: Published,
        logs: Logs,
    ) -> Result<Self, LakeError> {
        Ok(Self {
            tables: project.tables()?,
            project,
            plan,
            settings,
            host,
            observer,
            published,
            logs,
            resolutions: steps::Resolutions::default(),
        })
    }

    /// A record of a task that has done nothing yet.
    pub(crate) fn blank(&self, task: &Task) -> TaskRecord {
        let now = self.host.now();
        TaskRecord {
            run_id: self.settings.run_id.clone(),
            task: task.name.to_string(),
            layer: task.layer,
            as_of_date: task.as_of_date,
            status: TaskStatus::Failed,
            rows: 0,
            rows_set_aside: 0,
            breaches: Vec::new(),
            input_versions: BTreeMap::new(),
            builds_on: None,
            output_version: None,
            fingerprint: String::new(),
            sql_sha256: String::new(),
            started_at: now,
            finished_at: now,
            duration_ms: 0,
            peak_memory_bytes: 0,
            error: None,
            hint: None,
            note: None,
            reason: self.settings.reason.clone(),
            program_version: self.settings.program_version.clone(),
            error_kind: None,
        }
    }

    fn catalog(&self, task: &Task) -> Result<Catalog, LakeError> {
        let cutoffs = self.plan.cutoff_dates.iter().copied();
        let dates = TaskDates {
            as_of: task.as_of_date,
            previous: self.previous_date(task),
            cutoffs: cutoffs.filter(|date| *date < task.as_of_date).collect(),
        };
        let values = self.project.values(&dates);
        let catalog = Catalog::new(self.tables.clone(), Some(task.as_of_date), values)?;
        Ok(catalog.with_chains(self.logs.chains(task.as_of_date)))
    }

    /// The latest earlier date for which every table whose past the model reads was made.
    pub(crate) fn previous_date(&self, task: &Task) -> Option<AsOfDate> {
        let model = self.project.manifest().model(&task.name)?;
        let (first, others) = model.reads_past.split_first()?;
        let key = |name: &TableName, date| (name.to_string(), date);
        let start = key(first, AsOfDate::from(chrono::NaiveDate::MIN));
        let earlier = self
            .published
            .range(start..key(first, task.as_of_date))
            .rev();
        let made = |date| {
            others
                .iter()
                .all(|name| self.published.contains_key(&key(name, date)))
        };
        earlier.map(|((_, date), _)| *date).find(|date| made(*date))
    }

    /// Whether a table was made for a date; a log with all that it builds on.
    fn stands(&self, name: &TableName, date: AsOfDate) -> bool {
        let model = self.project.manifest().model(name);
        let is_log = model.is_some_and(|model| model.materialization == Materialization::Log);
        self.published.contains_key(&(name.to_string(), date))
            && (!is_log || self.logs.chain(name, date).is_some())
    }

    /// The latest date for which a table was made.
    fn latest(&self, name: &TableName) -> Option<AsOfDate> {
        let keys = self.published.keys();
        let dates = keys.filter(|(table, _)| *table == name.to_string());
        dates.map(|(_, date)| *date).max()
    }

    pub(crate) fn model(&self, name: &TableName) -> Result<&'a Model, LakeError> {
        self.project
            .manifest()
            .model(name)
            .ok_or_else(|| missing(name))
    }
}

pub(crate) fn missing(name: &TableName) -> LakeError {
    LakeError::new(ErrorKind::NotFound, format!("there is no table `{name}`"))
}

/// Does a task; whatever happens is in the record.
pub(crate) async fn do_task(context: &mut RunContext<'_>, task: &Task) -> TaskRecord {
    let mut record = context.blank(task);
    let mut attempt = 1;
    loop {
        match attempt_task(context, task, &mut record).await {
            Ok(status) => {
                record.status = status;
                break;
            }
            Err(error) if error.retryable() && attempt < ATTEMPTS => {
                context.observer.on(&Event::TaskRetried {
                    task: task.id(),
                    attempt,
                    error: error.to_string(),
                });
                tokio::time::sleep(pause(attempt, &record.run_id)).await;
                attempt += 1;
            }
            Err(error) => {
                record.status = TaskStatus::Failed;
                record.error_kind = Some(error.kind());
                record.hint = error.hint_text().map(str::to_owned);
                record.error = Some(error.to_string());
                break;
            }
        }
    }
    if record.status == TaskStatus::Succeeded {
        let key = (record.task.clone(), record.as_of_date);
        context
            .published
            .insert(key, (record.fingerprint.clone(), record.rows));
        if log::tables(context.project).any(|table| *table == task.name) {
            context.logs.made(&task.name, &record);
        }
    }
    record.finished_at = context.host.now();
    let duration = record.finished_at - record.started_at;
    record.duration_ms = u64::try_from(duration.num_milliseconds()).unwrap_or(0);
    record.peak_memory_bytes = context.host.peak_memory_bytes();
    record
}

/// Longer with every attempt, and not the same for two runs.
pub(crate) fn pause(attempt: u32, run_id: &str) -> Duration {
    let jitter = run_id.bytes().map(u64::from).sum::<u64>() % 100;
    Duration::from_millis(u64::from(attempt) * 200 + jitter)
}

async fn attempt_task(
    context: &RunContext<'_>,
    task: &Task,
    record: &mut TaskRecord,
) -> Result<TaskStatus, LakeError> {
    let catalog = context.catalog(task)?;
    let (fingerprint, sql_sha256) = fingerprint(context, task, &catalog).await?;
    record.fingerprint = fingerprint;
    record.sql_sha256 = sql_sha256;
    if !context.settings.force && is_published(context, task, &record.fingerprint).await? {
        return Ok(TaskStatus::UpToDate);
    }
    if task.work == Work::Inspect {
        return look::look_through(context, task, &catalog, record).await;
    }
    let model = context.model(&task.name)?;
    inputs_stand(context, task, model)?;
    if task.work == Work::Check {
        return look::check_rows(task, model, &catalog, record).await;
    }
    if model.materialization == Materialization::Current && holds_later(context, task).await? {
        record.note = Some("the table holds a later date".to_owned());
        return Ok(TaskStatus::Superseded);
    }
    let catalog = match model.materialization {
        Materialization::Log => log::since_base(context, model, catalog, record).await?,
        _ => catalog,
    };
    let staged = compute(context, task, model, &catalog, record).await?;
    record.breaches = check(catalog.session(), model, staged.provider())
        .await?
        .breaches;
    record.input_versions = match model.materialization {
        Materialization::Log => log::versions(context, model).await?,
        _ => versions(&catalog, &task.name).await,
    };
    if record.breaks(Severity::Fail) {
        record.rows = staged.rows;
        return Ok(TaskStatus::HeldBack);
    }
    let scope = match model.materialization {
        kept if kept.is_dated() => Scope::Date(task.as_of_date),
        _ => Scope::Whole,
    };
    let lake = context.project.lake();
    let url = lake.url(&task.name)?;
    let provenance = provenance(record);
    let committed = publish(lake, &url, &scope, &staged, &provenance).await?;
    record.output_version = Some(committed.version);
    record.rows = staged.rows;
    Ok(TaskStatus::Succeeded)
}

pub(crate) fn provenance(record: &TaskRecord) -> Provenance {
    Provenance {
        run_id: record.run_id.clone(),
        as_of_date: Some(record.as_of_date),
        fingerprint: record.fingerprint.clone(),
        sql_sha256: record.sql_sha256.clone(),
        inputs: record.input_versions.clone(),
        program_version: record.program_version.clone(),
    }
}

async fn compute(
    context: &RunContext<'_>,
    task: &Task,
    model: &Model,
    catalog: &Catalog,
    record: &mut TaskRecord,
) -> Result<Staged, LakeError> {
    if task.layer != Layer::Identity {
        context.resolutions.forget().await;
    }
    let Some(step) = model.step() else {
        return catalog.stage_model(model).await;
    };
    let asked = steps::Asked {
        config: context.project.config(),
        catalog,
        task,
        previous: context.previous_date(task),
        resolutions: &context.resolutions,
    };
    let done = steps::run(step, &asked).await?;
    record.note = done.note;
    Ok(done.staged)
}

/// Every table that the task reads has been made for its date: rows made from nothing would look like
/// an answer. Only what has a rhythm of its own, the model, may be older or not there yet.
fn inputs_stand(context: &RunContext<'_>, task: &Task, model: &Model) -> Result<(), LakeError> {
    let manifest = context.project.manifest();
    let missing: Vec<String> = manifest
        .inputs(&task.name)
        .into_iter()
        .filter(|name| {
            let input = manifest.model(name);
            input.is_some_and(|input| model.reads_cutoffs() || !input.has_own_rhythm())
        })
        .filter(|name| !context.stands(name, task.as_of_date))
        .map(|name| format!("`{name}`"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(LakeError::new(
        ErrorKind::Query,
        format!(
            "`{}` reads {}, which was not made for {}",
            task.name,
            missing.join(", "),
            task.as_of_date
        ),
    )
    .hint(format!(
        "`cdp-jobs run --as-of {} --select +{}{}` makes all that it reads",
        task.as_of_date,
        task.name,
        // The labels of a training are not due by themselves.
        if model.reads_cutoffs() {
            " --force"
        } else {
            ""
        }
    )))
}

pub(crate) async fn versions(catalog: &Catalog, of: &TableName) -> BTreeMap<String, u64> {
    let versions = catalog.versions().await.into_iter();
    versions
        .filter(|(name, _)| name != of || name.layer() == Layer::Raw)
        .map(|(name, version)| (name.to_string(), version))
        .collect()
}

/// Whether the rows of exactly this work are in the lake already.
async fn is_published(
    context: &RunContext<'_>,
    task: &Task,
    fingerprint: &str,
) -> Result<bool, LakeError> {
    let key = (task.name.to_string(), task.as_of_date);
    let Some((before, rows)) = context.published.get(&key) else {
        return Ok(false);
    };
    if before != fingerprint {
        return Ok(false);
    }
    if *rows == 0 || matches!(task.work, Work::Inspect | Work::Check) {
        return Ok(true);
    }
    let lake = context.project.lake();
    match context.model(&task.name)?.materialization {
        kept if kept.is_dated() => {
            let dates = lake.partition_dates(&task.name).await?;
            Ok(dates.contains(&task.as_of_date))
        }
        _ => Ok(lake.open(&lake.url(&task.name)?).await?.is_some()),
    }
}

/// A current table moves forward only. Which date it holds is told by its commits, or by the ledger
/// where they do not say; its rows tell nothing when there are none.
async fn holds_later(context: &RunContext<'_>, task: &Task) -> Result<bool, LakeError> {
    let lake = context.project.lake();
    let held = match lake.held_date(&lake.url(&task.name)?).await? {
        Held::Nothing => None,
        Held::Date(date) => Some(date),
        Held::Unknown => context.latest(&task.name),
    };
    Ok(held.is_some_and(|date| date > task.as_of_date))
}
