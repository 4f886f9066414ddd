//! Tasks that look at rows and publish none: sources are inspected, views and scratch models checked.

use cdp_lake::{Catalog, LakeError, inspect};
use cdp_plan::{Model, Severity, Task};

use crate::overrides::SOURCE;
use crate::record::{TaskRecord, TaskStatus};
use crate::run_context::RunContext;
use crate::task::{missing, provenance, versions};

/// Counts the rows of a source, and sets those aside that break its rules.
pub(crate) async fn look_through(
    context: &RunContext<'_>,
    task: &Task,
    catalog: &Catalog,
    record: &mut TaskRecord,
) -> Result<TaskStatus, LakeError> {
    let manifest = context.project.manifest();
    let source = manifest
        .source(&task.name)
        .ok_or_else(|| missing(&task.name))?;
    let rows_max = context.project.config().quarantine_rows_max;
    let found = inspect(
        catalog,
        source,
        task.as_of_date,
        rows_max,
        &provenance(record),
    )
    .await?;
    record.rows = found.rows;
    record.rows_set_aside = found.set_aside;
    record.input_versions = versions(catalog, &task.name).await;
    // Where nobody has decided anything there is no table of decisions.
    if found.absent && task.name.to_string() == SOURCE {
        return Ok(TaskStatus::Succeeded);
    }
    if found.absent {
        record.note = Some("no table, read as empty".to_owned());
    } else if found.rows == 0 {
        record.note = Some("no row was known before the date".to_owned());
    }
    Ok(TaskStatus::Succeeded)
}

/// Checks the rows of a model that is not stored, before anybody reads them. Those of a scratch model
/// are kept for its readers.
pub(crate) async fn check_rows(
    task: &Task,
    model: &Model,
    catalog: &Catalog,
    record: &mut TaskRecord,
) -> Result<TaskStatus, LakeError> {
    let checked = catalog.check(model).await?;
    record.rows = checked.rows;
    record.breaches = checked.breaches;
    record.input_versions = versions(catalog, &task.name).await;
    if record.breaks(Severity::Fail) {
        return Ok(TaskStatus::HeldBack);
    }
    Ok(TaskStatus::Succeeded)
}
