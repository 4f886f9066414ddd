//! What planning must know to tell whether a model of churn is due, and which cut-offs it can read.

use std::collections::BTreeSet;

use cdp_churn::{ChurnConfig, ChurnModel, Horizon};
use cdp_lake::{Catalog, Result};
use cdp_linkage::LinkageModel;
use cdp_plan::{
    AsOfDate, Definition, LakeState, Layer, Materialization, Model, Selection, Step, TableName,
    TaskDates, Wanted,
};

use crate::fingerprint::sha256;
use crate::ledger::{self, Made};
use crate::matrix::{feature_kinds, one_batch, strings};
use crate::project::{Project, cutoffs};
use crate::registry::Registry;
use crate::steps::churn_model::FEATURES;
use crate::steps::linkage::model as linkage_model;

/// Adds to the state what the newest model of an earlier date says, which horizon was chosen, and which
/// cut-offs are outdated.
pub(crate) async fn read(
    project: &Project,
    as_of: AsOfDate,
    selection: &Selection,
    force: bool,
    state: &mut LakeState,
) -> Result<()> {
    let definitions: Vec<Definition> = project
        .config()
        .churn
        .iter()
        .map(|(definition, _)| definition.clone())
        .collect();
    for definition in definitions {
        let project = project.clone().with_definition(definition);
        read_definition(&project, as_of, selection, force, state).await?;
    }
    Ok(())
}

/// The same of the definition of churn that a project is asked for.
async fn read_definition(
    project: &Project,
    as_of: AsOfDate,
    selection: &Selection,
    force: bool,
    state: &mut LakeState,
) -> Result<()> {
    let (manifest, definition) = (project.manifest(), project.definition());
    let Some(model) = manifest.trainer(definition) else {
        return Ok(());
    };
    let dates = state.partitions.get(&model.name);
    if dates.is_some_and(|dates| dates.range(..as_of).next().is_some()) {
        let changes = changes(project, as_of).await?;
        state.model_changes.insert(definition.clone(), changes);
    }
    let mut chosen = None;
    if project.churn().horizon() == Horizon::Auto {
        let asked = Wanted {
            manifest,
            config: project.config(),
            selection,
            as_of_date: as_of,
            state,
            force,
        };
        let is_due = asked.trains_churn(definition);
        let days = chosen_horizon(project, as_of, is_due).await?;
        state.horizon_days.insert(definition.clone(), days);
        chosen = Some(days);
    }
    let churn = project.churn().with_chosen_horizon(chosen);
    state
        .outdated
        .extend(outdated(project, &churn, as_of).await?);
    Ok(())
}

impl Project {
    /// What churn means as of a date: with the horizon of the model in service, or the one that a
    /// training would choose where there is no model.
    pub(crate) async fn churn_as_of(&self, as_of: AsOfDate) -> Result<ChurnConfig> {
        let churn = self.churn();
        Ok(match churn.horizon() {
            Horizon::Days(_) => churn.clone(),
            Horizon::Auto => {
                churn.with_chosen_horizon(Some(chosen_horizon(self, as_of, false).await?))
            }
        })
    }
}

/// The horizon of the model in service; that of a training that is due is chosen, beside the one before.
async fn chosen_horizon(project: &Project, as_of: AsOfDate, is_due: bool) -> Result<i32> {
    let registry = Registry::read(project).await?;
    let query = registry.newest_query(as_of);
    let answer = project.query(&query, None, None).await?;
    let json = strings(&one_batch(&answer)?, "model")?.into_iter().next();
    let model = json.and_then(|json| ChurnModel::from_json(&json).ok());
    let settings = model.as_ref().map(ChurnModel::settings);
    let chosen = settings.filter(|settings| settings.horizon_is_chosen);
    match chosen.map(|settings| settings.horizon_days) {
        Some(days) if !is_due => Ok(days),
        before => project.chosen_horizon(as_of, before).await,
    }
}

/// Adds to the state what differs between the newest weights of an earlier date and those that would
/// be trained now.
pub(crate) async fn read_linkage(
    project: &Project,
    as_of: AsOfDate,
    state: &mut LakeState,
) -> Result<()> {
    let linkage = &project.config().linkage;
    let mut models = project.manifest().models();
    let Some(model) = models.find(|model| model.step() == Some(Step::TrainLinkage)) else {
        return Ok(());
    };
    let dates = state.partitions.get(&model.name);
    let has_earlier = dates.is_some_and(|dates| dates.range(..as_of).next().is_some());
    if !linkage.is_enabled() || !has_earlier {
        return Ok(());
    }
    let query = linkage_model::newest_query(as_of.previous());
    let batch = one_batch(&project.query(&query, None, None).await?)?;
    let (models, settings) = (strings(&batch, "model")?, strings(&batch, "settings")?);
    if let (Some(json), Some(settings)) = (models.first(), settings.first()) {
        state.linkage_changes = match LinkageModel::from_json(json) {
            Ok(_) => linkage.changes(settings),
            Err(error) => vec![format!("they can't be used any more ({error})")],
        };
    }
    Ok(())
}

/// What differs between the newest model of an earlier date and one that was trained now.
async fn changes(project: &Project, as_of: AsOfDate) -> Result<Vec<String>> {
    let registry = Registry::read(project).await?;
    let query = registry.newest_query(as_of.previous());
    let answer = project.query(&query, None, None).await?;
    let Some(json) = strings(&one_batch(&answer)?, "model")?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let model = match ChurnModel::from_json(&json) {
        Ok(model) => model,
        Err(error) => return Ok(vec![format!("it can't be used any more ({error})")]),
    };
    let Some(features) = project.model(FEATURES) else {
        return Ok(Vec::new());
    };
    let kinds = feature_kinds(project.schema(&features.name)?.as_ref());
    Ok(model.changes(project.churn(), &kinds))
}

/// Partitions of the cut-offs whose query is another one now, or that are older than what they read.
///
/// A new column, a parameter or a setting makes another query. New raw rows do not: what was known
/// before a cut-off stays as it was found.
async fn outdated(
    project: &Project,
    churn: &ChurnConfig,
    as_of: AsOfDate,
) -> Result<BTreeSet<(TableName, AsOfDate)>> {
    let cutoffs = cutoffs(churn, as_of);
    let made = ledger::made(project, &cutoffs).await?;
    let tables = project.tables()?;
    let mut outdated = BTreeSet::new();
    for date in cutoffs {
        let dates = TaskDates::from(date);
        let catalog = Catalog::new(tables.clone(), Some(date), project.values(&dates))?;
        // In their order of dependence.
        for model in project.manifest().models().filter(|model| is_judged(model)) {
            let Some(own) = made.get(&(model.name.to_string(), date)) else {
                continue;
            };
            let later = |input: &TableName| {
                let key = (input.clone(), date);
                let of_input: Option<&Made> = made.get(&(input.to_string(), date));
                let is_table = input.layer() > Layer::Staging;
                outdated.contains(&key)
                    || is_table && of_input.is_some_and(|input| input.finished_at > own.finished_at)
            };
            let another = sha256(&catalog.bind(model)?.to_string()) != own.sql_sha256;
            if another || project.manifest().inputs(&model.name).iter().any(later) {
                outdated.insert((model.name.clone(), date));
            }
        }
    }
    Ok(outdated)
}

impl Project {
    /// Whether the stored features of a cut-off, or anything that they are made of, would be made by
    /// another query today.
    pub(crate) async fn outdated_features(&self, date: AsOfDate, cutoff: AsOfDate) -> Result<bool> {
        let churn = self.churn_as_of(date).await?;
        let outdated = outdated(self, &churn, date).await?;
        Ok(outdated.iter().any(|(_, date)| *date == cutoff))
    }
}

/// Identities are not: their ids are matched with those of the date before, whatever the query.
fn is_judged(model: &Model) -> bool {
    matches!(model.name.layer(), Layer::Profiles | Layer::Features)
        && model.materialization == Materialization::Partition
        && model.statement().is_some()
        && model.reads_past.is_empty()
        && !model.reads_cutoffs()
}
