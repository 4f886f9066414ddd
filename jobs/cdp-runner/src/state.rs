//! What the lake holds already, as far as planning needs it.

use cdp_lake::{Catalog, LakeError};
use cdp_plan::{AsOfDate, LakeState, Materialization, Selection};

use crate::ledger;
use crate::project::Project;
use crate::training;

/// The partitions of every table, the first event of any source, and what a training for a date
/// depends on.
pub(crate) async fn read(
    project: &Project,
    as_of: AsOfDate,
    selection: &Selection,
    force: bool,
) -> Result<LakeState, LakeError> {
    let mut state = LakeState::default();
    let dated = project.manifest().models();
    let dated = dated.filter(|model| model.materialization.is_dated());
    let dated = dated.map(|model| model.name.clone()).collect();
    state.partitions = project.lake().partitions(dated).await?;
    add_empty(project, &mut state).await?;
    let values = project.values(&AsOfDate::from(chrono::NaiveDate::default()).into());
    let catalog = Catalog::new(project.tables()?, None, values)?;
    let day = catalog.first_event_day().await?;
    state.first_date = day.and_then(|day| AsOfDate::from_epoch_day(day + 1));
    training::read(project, as_of, selection, force, &mut state).await?;
    training::read_linkage(project, as_of, &mut state).await?;
    Ok(state)
}

/// Adds the partitions of logs that hold no row, which only the ledger knows. Later ones build on them,
/// and would have to be made again if they were.
async fn add_empty(project: &Project, state: &mut LakeState) -> Result<(), LakeError> {
    let stands = ledger::stands(project).await?;
    for ((task, date), (_, rows)) in stands.published {
        let Some(name) = task.parse().ok().filter(|_| rows == 0) else {
            continue;
        };
        let model = project.manifest().model(&name);
        if model.is_some_and(|model| model.materialization == Materialization::Log) {
            state.partitions.entry(name).or_default().insert(date);
        }
    }
    Ok(())
}
