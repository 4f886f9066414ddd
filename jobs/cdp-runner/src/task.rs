//! One task: is it up to date, compute, check, publish.

use std::collections::BTreeMap;
use std::time::Duration;

use cdp_lake::{Catalog, ErrorKind, Held, LakeError, Provenance, Scope, check, publish};
use cdp_plan::{Layer, Materialization, Model, Severity, TableName, Task, Work};

use crate::event::Event;
use crate::fingerprint::fingerprint;
use crate::log;
use crate::look;
use crate::record::{TaskRecord, TaskStatus};
use crate::registry;
use crate::run_context::RunContext;
use crate::steps::{self, Done};

/// How often a task is begun when other writers come first.
const ATTEMPTS: u32 = 4;

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
        context.registry.take_in(&record.named);
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
    let Done {
        staged,
        note,
        named,
    } = compute(context, task, model, &catalog, record).await?;
    record.note = note.or(record.note.take());
    let in_all = staged.piece.map(|piece| piece.shown);
    let shown = staged.shown(catalog.session())?;
    record.breaches = check(catalog.session(), model, shown, in_all)
        .await?
        .breaches;
    record.input_versions = match model.materialization {
        Materialization::Log => log::versions(context, model).await?,
        _ => versions(&catalog, &task.name).await,
    };
    record.rows = in_all.unwrap_or(staged.rows);
    if record.breaks(Severity::Fail) {
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
    // Killed in between, the run after makes the same rows again and names them.
    record.named = registry::name_models(context, task, record, named).await?;
    record.output_version = Some(committed.version);
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
) -> Result<Done, LakeError> {
    if task.layer != Layer::Identity {
        context.resolutions.forget().await;
    }
    let Some(step) = model.step() else {
        return Ok(catalog.stage_model(model).await?.into());
    };
    let base = if steps::resolves(step) {
        log::base(context, task).await?
    } else {
        Err(String::new())
    };
    let registry = context.registry.of(&task.definition);
    let asked = steps::Asked {
        project: context.project,
        config: &context.config,
        churn: context.config.churn.of(&task.definition),
        manifest: context.project.manifest(),
        catalog,
        task,
        previous: context.previous_date(task),
        resolutions: &context.resolutions,
        base,
        registry: &registry,
    };
    let done = steps::run(step, &asked).await?;
    let is_part = done.staged.piece.is_some_and(|piece| piece.is_part);
    record.builds_on = asked
        .base
        .ok()
        .filter(|_| is_part)
        .map(|base| base.builds_on);
    Ok(done)
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
