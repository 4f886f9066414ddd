//! What SQL cannot do. Each step reads tables through the catalog and gives rows; it writes nothing.

pub(crate) mod churn_model;
mod collect_segments;
mod explain_churn;
pub(crate) mod identity;
pub(crate) mod linkage;
mod score_churn;
mod train_churn;

use arrow::datatypes::SchemaRef;
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{AsOfDate, Config, ParamValue, Step, Task};

pub(crate) use identity::Resolutions;

/// What a step gives.
pub(crate) struct Done {
    /// Its rows.
    pub(crate) staged: Staged,
    /// What a person may want to know.
    pub(crate) note: Option<String>,
}

impl From<Staged> for Done {
    fn from(staged: Staged) -> Self {
        Self { staged, note: None }
    }
}

/// The columns that a step gives.
pub(crate) fn schema(step: Step) -> SchemaRef {
    match step {
        Step::TrainLinkage => linkage::model_schema(),
        Step::LinkRecords => linkage::linked_schema(),
        Step::ResolveIdentities => identity::map_schema(),
        Step::ListViolations => identity::violations_schema(),
        Step::ListChanges => identity::changes_schema(),
        Step::IdentityFigures => identity::figures_schema(),
        Step::TrainChurn => train_churn::schema(),
        Step::ScoreChurn => score_churn::schema(),
        Step::ExplainChurn => explain_churn::schema(),
        Step::CollectSegments => collect_segments::schema(),
    }
}

/// What a step is asked to do.
pub(crate) struct Asked<'a> {
    pub(crate) config: &'a Config,
    pub(crate) catalog: &'a Catalog,
    pub(crate) task: &'a Task,
    /// The latest earlier date of what it reads of the past.
    pub(crate) previous: Option<AsOfDate>,
    pub(crate) resolutions: &'a Resolutions,
}

/// Does a step for the date of a task.
pub(crate) async fn run(step: Step, asked: &Asked<'_>) -> Result<Done> {
    let &Asked {
        config,
        catalog,
        task,
        previous,
        ..
    } = asked;
    match step {
        Step::TrainLinkage => linkage::train_linkage(asked).await,
        Step::LinkRecords => linkage::link_records(asked).await,
        Step::ResolveIdentities => identity::resolve_identities(asked).await,
        Step::ListViolations => identity::list_violations(asked).await,
        Step::ListChanges => identity::list_changes(asked).await,
        Step::IdentityFigures => identity::identity_figures(asked).await,
        Step::TrainChurn => train_churn::run(config, catalog, task).await,
        Step::ScoreChurn => score_churn::run(config, catalog, task).await,
        Step::ExplainChurn => explain_churn::run(config, catalog, task).await,
        Step::CollectSegments => collect_segments::run(catalog, task, previous).await,
    }
}

/// `cast('2026-01-01' as date)`: a date, or that there is none, in a query of ours.
pub(crate) fn date_sql(date: Option<AsOfDate>) -> String {
    date.map_or(ParamValue::NoDate, |date| ParamValue::Date(date.date()))
        .to_sql()
}
