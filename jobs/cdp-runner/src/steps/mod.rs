//! What SQL cannot do. Each step reads tables through the catalog and gives rows; it writes nothing.

pub(crate) mod churn_model;
mod collect_segments;
mod explain_churn;
pub(crate) mod identity;
pub(crate) mod linkage;
mod measure_drift;
mod score_churn;
mod train_churn;
mod value_customers;

use arrow::datatypes::SchemaRef;
use cdp_churn::ChurnConfig;
use cdp_lake::{Catalog, Result, Staged};
use cdp_plan::{AsOfDate, Config, Manifest, Model, ParamValue, Step, Task};

use self::churn_model::FEATURES;
use crate::log::Base;
use crate::project::Project;
use crate::registry::{Alias, Registry};
pub(crate) use identity::Resolutions;

/// What a step gives.
pub(crate) struct Done {
    /// Its rows.
    pub(crate) staged: Staged,
    /// What a person may want to know.
    pub(crate) note: Option<String>,
    /// The names that a training gives to models.
    pub(crate) named: Vec<NamedModel>,
}

/// A name that a training gives to a model, and why.
pub(crate) struct NamedModel {
    pub(crate) alias: Alias,
    pub(crate) model_id: String,
    pub(crate) reason: String,
    pub(crate) evidence: serde_json::Value,
}

impl Done {
    /// Rows, and what a person may want to know.
    pub(crate) fn told(staged: Staged, note: Option<String>) -> Self {
        Self {
            staged,
            note,
            named: Vec::new(),
        }
    }
}

impl From<Staged> for Done {
    fn from(staged: Staged) -> Self {
        Self::told(staged, None)
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
        Step::MeasureDrift => measure_drift::schema(),
        Step::ValueCustomers => value_customers::schema(),
        Step::CollectSegments => collect_segments::schema(),
    }
}

/// What a step is asked to do.
pub(crate) struct Asked<'a> {
    pub(crate) project: &'a Project,
    pub(crate) config: &'a Config,
    /// What churn is, by the definition that the task is of.
    pub(crate) churn: &'a ChurnConfig,
    pub(crate) manifest: &'a Manifest,
    pub(crate) catalog: &'a Catalog,
    pub(crate) task: &'a Task,
    /// The latest earlier date of what it reads of the past.
    pub(crate) previous: Option<AsOfDate>,
    pub(crate) resolutions: &'a Resolutions,
    /// The map that resolving identities can begin with, or why it can't.
    pub(crate) base: std::result::Result<Base, String>,
    /// Which model is champion on which date.
    pub(crate) registry: &'a Registry,
}

impl Asked<'_> {
    /// The model of the features, by the definition of churn that the task is of.
    pub(crate) fn features(&self) -> Option<&Model> {
        self.manifest.model_of(FEATURES, &self.task.definition)
    }
}

/// Whether a step asks who is who.
pub(crate) fn resolves(step: Step) -> bool {
    matches!(
        step,
        Step::ResolveIdentities | Step::ListViolations | Step::ListChanges | Step::IdentityFigures
    )
}

/// Does a step for the date of a task.
pub(crate) async fn run(step: Step, asked: &Asked<'_>) -> Result<Done> {
    let &Asked {
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
        Step::TrainChurn => train_churn::run(asked).await,
        Step::ScoreChurn => score_churn::run(asked).await,
        Step::ExplainChurn => explain_churn::run(asked, asked.features()).await,
        Step::MeasureDrift => measure_drift::run(asked).await,
        Step::ValueCustomers => value_customers::run(asked).await,
        Step::CollectSegments => collect_segments::run(catalog, task, previous).await,
    }
}

/// `cast('2026-01-01' as date)`: a date, or that there is none, in a query of ours.
pub(crate) fn date_sql(date: Option<AsOfDate>) -> String {
    date.map_or(ParamValue::NoDate, |date| ParamValue::Date(date.date()))
        .to_sql()
}
