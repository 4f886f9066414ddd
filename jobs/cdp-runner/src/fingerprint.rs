//! What makes equal work recognisable, so that it is not done twice.

use cdp_lake::{Catalog, LakeError};
use cdp_plan::{AsOfDate, Materialization, Model, Step, TableName, Task};
use sha2::{Digest, Sha256};

use crate::log;
use crate::run_context::RunContext;
use crate::steps::churn_model::FEATURES;

/// The SHA-256 of the queries with all that they inline, the settings, and
/// what stood in every input. With it the SHA-256 of the bound query alone.
pub(crate) async fn fingerprint(
    context: &RunContext<'_>,
    task: &Task,
    catalog: &Catalog,
) -> Result<(String, String), LakeError> {
    let manifest = context.project.manifest();
    if let Some(model) = manifest.model(&task.name)
        && model.materialization == Materialization::Log
    {
        return of_log(context, task, model).await;
    }
    let mut parts = vec![
        context.settings.program_version.clone(),
        task.id().to_string(),
        context.config.identity_text.clone(),
    ];
    let mut sql = String::new();
    if let Some(model) = manifest.model(&task.name) {
        sql = body_text(context, model, catalog)?;
        parts.push(format!(
            "{sql} {:?} {:?}",
            model.checks, model.materialization
        ));
        for name in &model.reads_past {
            let table = name.to_string();
            let first = (table.clone(), AsOfDate::from(chrono::NaiveDate::MIN));
            let mut earlier = context.published.range(first..(table, task.as_of_date));
            if model.reads_cutoffs() {
                let cutoffs = &context.plan.framed(&model.definition).cutoff_dates;
                let read = earlier.filter(|((_, date), _)| cutoffs.contains(date));
                parts.extend(read.map(|(key, stands)| format!("{key:?} {stands:?}")));
            } else if let Some(latest) = earlier.next_back() {
                parts.push(format!("{latest:?}"));
            }
        }
    }
    // Who scores is not told by the newest model alone.
    if let Some(Step::ScoreChurn | Step::ExplainChurn | Step::ValueCustomers | Step::MeasureDrift) =
        manifest.model(&task.name).and_then(Model::step)
    {
        let registry = context.registry.of(&task.definition);
        let champion = registry.champion(task.as_of_date);
        parts.push(format!("{:?}", champion.map(|row| &row.model_id)));
    }
    for name in manifest.inlined(&task.name) {
        parts.push(body_text(context, context.model(&name)?, catalog)?);
    }
    for name in manifest.inputs(&task.name).iter().chain(&task.reads) {
        parts.push(input_text(context, name, task.as_of_date).await?);
    }
    // What makes a later partition fit on this one.
    let definition = match manifest.model(&task.name) {
        Some(model) if model.materialization == Materialization::Incremental => {
            log::definition(context.project, model, &context.settings.program_version)?
        }
        _ => sha256(&sql),
    };
    Ok((sha256(&parts.join("\n")), definition))
}

/// That of a partition of a log, and the SHA-256 of what defines it.
async fn of_log(
    context: &RunContext<'_>,
    task: &Task,
    model: &Model,
) -> Result<(String, String), LakeError> {
    let definition = log::definition(context.project, model, &context.settings.program_version)?;
    let mut reads = String::new();
    for name in &task.reads {
        reads.push('\n');
        reads.push_str(&input_text(context, name, task.as_of_date).await?);
    }
    let print = |base: Option<(AsOfDate, &String)>| {
        let checks = format!("{:?} {base:?}", model.checks);
        let id = task.id();
        sha256(&format!("{definition}\n{id}\n{checks}{reads}"))
    };
    // A date that was made later does not come in between, unless the rows are made again anyway.
    let logs = &context.logs;
    let stands = !context.settings.force && logs.chain(&task.name, task.as_of_date).is_some();
    let own = logs.entry(&task.name, task.as_of_date);
    if let Some(own) = own.filter(|_| stands) {
        let below = own.builds_on.as_ref();
        let known = print(below.map(|below| (below.as_of_date, &below.fingerprint)));
        if known == own.fingerprint {
            return Ok((known, definition));
        }
    }
    let base = logs.base(&task.name, task.as_of_date, &definition);
    let print = print(base.map(|(date, entry)| (date, &entry.fingerprint)));
    Ok((print, definition))
}

fn body_text(
    context: &RunContext<'_>,
    model: &Model,
    catalog: &Catalog,
) -> Result<String, LakeError> {
    let config = &context.config;
    let churn = config.churn.of(&model.definition);
    match model.step() {
        Some(step @ (Step::TrainLinkage | Step::LinkRecords)) => {
            Ok(format!("{} {}", step.name(), config.linkage_text))
        }
        Some(step @ Step::ValueCustomers) => {
            Ok(format!("{} {:?} {:?}", step.name(), churn, config.value))
        }
        Some(step @ Step::ExplainChurn) => {
            let manifest = context.project.manifest();
            let features = manifest.model_of(FEATURES, &model.definition);
            let words = features.map(|model| (&model.columns, &model.sentences));
            Ok(format!("{} {churn:?} {words:?}", step.name()))
        }
        Some(step) => Ok(format!("{} {churn:?}", step.name())),
        None => Ok(catalog.bind(model)?.to_string()),
    }
}

async fn input_text(
    context: &RunContext<'_>,
    name: &TableName,
    date: AsOfDate,
) -> Result<String, LakeError> {
    if let Some(source) = context.project.manifest().source(name) {
        let table = context.tables.source(source).await?;
        let version = table.and_then(|table| table.version());
        return Ok(format!("{name} {version:?} {source:?}"));
    }
    let table = name.to_string();
    if let Some((fingerprint, _)) = context.published.get(&(table.clone(), date)) {
        return Ok(format!("{name} {fingerprint}"));
    }
    // Not made for this date (a model that serves longer): its latest rows count.
    let mut earlier = context.published.range(..(table.clone(), date));
    let latest = earlier.next_back().filter(|((task, _), _)| *task == table);
    Ok(format!("{name} {latest:?}"))
}

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    use std::fmt::Write;
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
