//! What every task of a run shares, and what it can ask of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cdp_lake::{Catalog, LakeError, RunTables};
use cdp_plan::{
    AsOfDate, Config, Definition, Materialization, Model, Plan, Supplied, TableName, Task,
    TaskDates,
};

use crate::closing::Horizons;
use crate::event::{Host, Observer};
use crate::ledger::Published;
use crate::log::Logs;
use crate::project::Project;
use crate::record::{RunSettings, TaskRecord, TaskStatus};
use crate::registry::Registry;
use crate::steps::Resolutions;
use crate::task::missing;

/// What every task of a run shares.
pub(crate) struct RunContext<'a> {
    pub(crate) project: &'a Project,
    /// That of the project, with the horizons of the plan.
    pub(crate) config: Config,
    pub(crate) plan: &'a Plan,
    pub(crate) settings: &'a RunSettings,
    pub(crate) host: &'a dyn Host,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) tables: Arc<RunTables>,
    pub(crate) published: Published,
    pub(crate) logs: Logs,
    pub(crate) registry: Registry,
    pub(crate) horizons: Horizons,
    pub(crate) resolutions: Resolutions,
}

fn config(project: &Project, plan: &Plan) -> Config {
    let config = project.config();
    let chosen = |definition: &Definition| Some(plan.framed(definition).horizon_days);
    Config {
        churn: config.churn.with_chosen_horizons(chosen),
        ..config.clone()
    }
}

/// What the lake tells of earlier runs.
pub(crate) struct Known {
    pub(crate) published: Published,
    pub(crate) logs: Logs,
    pub(crate) registry: Registry,
    pub(crate) horizons: Horizons,
}

impl<'a> RunContext<'a> {
    pub(crate) fn new(
        project: &'a Project,
        plan: &'a Plan,
        settings: &'a RunSettings,
        host: &'a dyn Host,
        observer: &'a dyn Observer,
        known: Known,
    ) -> Result<Self, LakeError> {
        let Known {
            published,
            logs,
            registry,
            horizons,
        } = known;
        Ok(Self {
            tables: project.tables()?,
            config: config(project, plan),
            project,
            plan,
            settings,
            host,
            observer,
            published,
            logs,
            registry,
            horizons,
            resolutions: Resolutions::default(),
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
            named: Vec::new(),
        }
    }

    pub(crate) fn catalog(&self, task: &Task) -> Result<Catalog, LakeError> {
        let definition = &task.definition;
        let cutoffs = self.plan.framed(definition).cutoff_dates.iter().copied();
        let churn = self.config.churn.of(definition);
        let previous = self.previous_date(task);
        let dates = TaskDates {
            as_of: task.as_of_date,
            previous,
            cutoffs: cutoffs.filter(|date| *date < task.as_of_date).collect(),
            closing: self
                .horizons
                .closing(definition, churn, previous, task.as_of_date),
        };
        let values = Supplied::new(&dates, &self.config.churn);
        let catalog = Catalog::new(self.tables.clone(), Some(task.as_of_date), values)?;
        let known = self
            .logs
            .known(self.project.manifest(), Some(task.as_of_date));
        Ok(catalog.with_known(known).of_definition(definition))
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

    /// Whether a table was made for a date, with all that it builds on.
    pub(crate) fn stands(&self, name: &TableName, date: AsOfDate) -> bool {
        let model = self.project.manifest().model(name);
        self.published.contains_key(&(name.to_string(), date))
            && match model.map(|model| model.materialization) {
                Some(Materialization::Log) => self.logs.chain(name, date).is_some(),
                Some(Materialization::Incremental) => self.logs.links(name, date).is_some(),
                _ => true,
            }
    }

    /// The latest date for which a table was made.
    pub(crate) fn latest(&self, name: &TableName) -> Option<AsOfDate> {
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
