//! A checked project with its lake.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use cdp_churn::ChurnConfig;
use cdp_lake::{
    Catalog, Engine, Lake, LakeError, LoadLimits, Loaded, Provenance, QueryResult, RunTables,
    SchemaBook, load,
};
use cdp_plan::{
    AsOfDate, Config, Definition, Fault, Faults, Layer, Manifest, Model, Plan, Selection, Supplied,
    TableName, TaskDates, Wanted, nearest_hint,
};

use crate::ledger::{self, LedgerRows, RunRow};
use crate::log;
use crate::state;
use crate::steps;

/// Why a project can't do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Something that a person wrote is at fault.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// The lake is.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

impl From<Fault> for ProjectError {
    fn from(fault: Fault) -> Self {
        Self::Faults(fault.into())
    }
}

/// A checked project with its lake.
#[derive(Debug, Clone)]
pub struct Project {
    config: Config,
    manifest: Arc<Manifest>,
    lake: Lake,
    schemas: SchemaBook,
    /// The definition of churn whose models and scores people ask for.
    definition: Definition,
    ledger: LedgerRows,
}

/// Any date does for finding the columns of queries.
pub(crate) fn any_date() -> AsOfDate {
    AsOfDate::from(chrono::NaiveDate::default())
}

impl Project {
    /// Plans every query over empty tables, so that all their faults come out. With faults a project
    /// can be looked at, and not be run. The lake is not touched.
    pub async fn read(
        config: Config,
        manifest: Manifest,
        lake: Lake,
    ) -> Result<(Self, Vec<Fault>), LakeError> {
        let (schemas, faults) = Self::schemas(&config, &manifest, lake.engine()).await?;
        let project = Self {
            config,
            manifest: Arc::new(manifest),
            lake,
            schemas,
            definition: Definition::MAIN,
            ledger: LedgerRows::default(),
        };
        Ok((project, faults))
    }

    async fn schemas(
        config: &Config,
        manifest: &Manifest,
        engine: &Engine,
    ) -> Result<(SchemaBook, Vec<Fault>), LakeError> {
        let mut faults = Vec::new();
        let values = Supplied::new(&any_date().into(), &config.churn);
        let schemas =
            SchemaBook::write(engine, manifest, &values, steps::schema, &mut faults).await?;
        Ok((schemas, faults))
    }

    /// The same project, asked for a definition of churn by its name.
    pub fn of_definition(self, name: &str) -> Result<Self, Box<Fault>> {
        let definition = self.config.churn.expect(name)?;
        Ok(self.with_definition(definition))
    }

    pub(crate) fn with_definition(self, definition: Definition) -> Self {
        Self { definition, ..self }
    }

    /// The definition of churn that it is asked for.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// What that definition says.
    pub fn churn(&self) -> &ChurnConfig {
        self.config.churn.of(&self.definition)
    }

    /// The model of that definition which a name of the main one stands for.
    pub(crate) fn model(&self, name: &str) -> Option<&Model> {
        self.manifest.model_of(name, &self.definition)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The sources and models.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The columns of a table.
    pub fn schema(&self, name: &TableName) -> Result<SchemaRef, LakeError> {
        self.schemas.of(name)
    }

    /// Columns of stored tables that no sidecar explains.
    pub fn undescribed(&self) -> Vec<String> {
        let stored = self.manifest.models().filter(|model| {
            // A step writes the columns that it always writes, and another definition those of the main one.
            model.materialization.is_stored()
                && model.statement().is_some()
                && model.stands_for.is_none()
        });
        let mut notes = Vec::new();
        for model in stored {
            let Ok(schema) = self.schemas.of(&model.name) else {
                continue;
            };
            let is_described = |column: &str| model.columns.iter().any(|(name, _)| name == column);
            let names = schema.fields().iter().map(|field| field.name().as_str());
            let open: Vec<&str> = names
                .filter(|name| *name != "as_of_date" && !is_described(name))
                .collect();
            if !open.is_empty() {
                notes.push(format!(
                    "`[columns]` of {} does not describe `{}`",
                    model.sidecar.path(),
                    open.join("`, `")
                ));
            }
        }
        notes
    }

    /// Opens every source and compares its columns with the declared ones: what is at fault, and
    /// what a person may want to know.
    pub async fn connect(&self) -> Result<(Vec<Fault>, Vec<String>), LakeError> {
        let tables = self.tables()?;
        let catalog = Catalog::new(tables, None, self.values(&any_date().into()))?;
        let (mut faults, mut notes) = (Vec::new(), Vec::new());
        for source in self.manifest.sources() {
            // A table that can't be opened is told below.
            notes.extend(catalog.other_types(source).await.unwrap_or_default());
            if let Err(error) = catalog.frame(&source.name).await {
                let fault = Fault::new(error.to_string());
                faults.push(match error.hint_text() {
                    Some(hint) => fault.hint(hint),
                    None => fault,
                });
            }
        }
        Ok((faults, notes))
    }

    /// What a run for a date would do, given what the lake holds; by force, the model is trained
    /// that `select` names.
    pub async fn plan(
        &self,
        as_of: AsOfDate,
        select: &[String],
        force: bool,
    ) -> Result<Plan, ProjectError> {
        let selection = Selection::parse(select, &self.manifest)?;
        let state = state::read(self, as_of, &selection, force).await?;
        if let Some(first) = state.first_date.filter(|first| as_of < *first) {
            return Err(Fault::new(format!("nothing was known before {as_of}"))
                .hint(format!(
                    "the first date before which anything was known is {first}"
                ))
                .into());
        }
        Ok(Plan::make(&Wanted {
            manifest: &self.manifest,
            config: &self.config,
            selection: &selection,
            as_of_date: as_of,
            state: &state,
            force,
        }))
    }

    /// The rows of an analyst's query: as known before a date, or all there are.
    pub async fn query(
        &self,
        sql: &str,
        as_of: Option<AsOfDate>,
        rows_max: Option<usize>,
    ) -> Result<QueryResult, LakeError> {
        let catalog = if let Some(date) = as_of {
            self.catalog(date).await?
        } else {
            let logs = log::read(self).await?;
            self.all_time()?
                .with_known(logs.known(&self.manifest, None))
        };
        catalog.query(sql, rows_max).await
    }

    /// The rows of a query over the ledger, which says what makes up other tables; `None` before any
    /// run has told of itself.
    pub(crate) async fn ledger_query(&self, sql: &str) -> Result<Option<QueryResult>, LakeError> {
        let catalog = self.all_time()?;
        let is_there = self.ledger.show(self, &catalog).await?;
        Ok(if is_there {
            Some(catalog.query(sql, None).await?)
        } else {
            None
        })
    }

    /// Staging binds a date; without one, an analyst sees everything that will ever be known.
    pub(crate) fn all_time(&self) -> Result<Catalog, LakeError> {
        let catalog = Catalog::new(self.tables()?, None, self.values(&far_future().into()))?;
        Ok(catalog.of_definition(&self.definition))
    }

    /// What was known before a date, as its run saw it.
    pub(crate) async fn catalog(&self, as_of: AsOfDate) -> Result<Catalog, LakeError> {
        self.catalog_of(&as_of.into()).await
    }

    /// The same with the dates before it.
    pub(crate) async fn catalog_of(&self, dates: &TaskDates) -> Result<Catalog, LakeError> {
        let catalog = Catalog::new(self.tables()?, Some(dates.as_of), self.values(dates))?;
        let logs = log::read(self).await?;
        let known = logs.known(&self.manifest, Some(dates.as_of));
        Ok(catalog.with_known(known).of_definition(&self.definition))
    }

    /// Appends files to a raw table, once per content.
    pub async fn load(
        &self,
        source: &str,
        paths: &[PathBuf],
        run_id: &str,
        program_version: &str,
    ) -> Result<Loaded, ProjectError> {
        let name = TableName::new(Layer::Raw, source.trim_start_matches("raw.")).ok();
        let found = name.and_then(|name| self.manifest.source(&name));
        let Some(found) = found else {
            let known: Vec<&str> = self.manifest.sources().map(|s| s.name.name()).collect();
            return Err(Fault::new(format!("there is no source `{source}`"))
                .hint(nearest_hint(source, known.iter().copied()))
                .into());
        };
        self.lake.probe().await?;
        let limits = LoadLimits {
            bad_rows_max_share: self.config.bad_rows_max_share,
            quarantine_rows_max: self.config.quarantine_rows_max,
        };
        let provenance = Provenance {
            run_id: run_id.to_owned(),
            program_version: program_version.to_owned(),
            ..Provenance::default()
        };
        Ok(load(&self.lake, found, paths, limits, &provenance).await?)
    }

    /// The newest rows of the ledger, newest first.
    pub async fn runs(&self, limit: usize) -> Result<Vec<RunRow>, LakeError> {
        ledger::newest(self, limit).await
    }

    /// A model's query with its parameters bound for a date, as if the day before had been run.
    pub fn bound_sql(&self, model: &Model, as_of: AsOfDate) -> Result<String, LakeError> {
        let churn = self.config.churn.of(&model.definition);
        let closing = as_of.epoch_day() - churn.gap_days() - churn.horizon_days();
        let dates = TaskDates {
            as_of,
            previous: Some(as_of.previous()),
            cutoffs: cutoffs(churn, as_of),
            closing: AsOfDate::from_epoch_day(closing).into_iter().collect(),
        };
        let catalog = Catalog::new(self.tables()?, Some(as_of), self.values(&dates))?;
        Ok(format!("{:#}", catalog.bind(model)?))
    }

    /// The tables of this project, for one run.
    pub(crate) fn tables(&self) -> Result<Arc<RunTables>, LakeError> {
        let manifest = self.manifest.clone();
        let tables = RunTables::new(self.lake.clone(), manifest, self.schemas.clone())?;
        Ok(Arc::new(tables))
    }

    /// What a run supplies to queries.
    pub(crate) fn values(&self, dates: &TaskDates) -> Supplied {
        Supplied::new(dates, &self.config.churn)
    }
}

/// The cut-offs of a training, oldest first, whatever the lake holds.
pub(crate) fn cutoffs(churn: &ChurnConfig, as_of: AsOfDate) -> Vec<AsOfDate> {
    let days = churn.all_cutoffs(as_of.epoch_day());
    days.into_iter()
        .filter_map(AsOfDate::from_epoch_day)
        .collect()
}

pub(crate) fn far_future() -> AsOfDate {
    // The last year that fits a timestamp in nanoseconds, which queries may cast to.
    AsOfDate::from(chrono::NaiveDate::from_ymd_opt(2262, 1, 1).unwrap_or_default())
}
