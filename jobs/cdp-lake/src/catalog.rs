//! What a query of one date can see.
//!
//! Raw tables appear without the rows of the future and without the rows that are set aside;
//! partitioned tables appear without later partitions. So no query can look ahead, whatever it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cdp_plan::{AsOfDate, Body, Definition, Layer, Materialization, Model, Supplied, TableName};
use datafusion::catalog::TableProvider;
use datafusion::common::{ScalarValue, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use deltalake::DeltaTable;
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::Mutex;

use crate::engine::plan_query;
use crate::error::{ErrorKind, LakeError, Result};
use crate::new_rows::Since;
use crate::run_tables::RunTables;
use crate::scratch::Staged;
use crate::snapshots::Chains;
use crate::source_view::Rows;
use crate::types::own;

/// The tables that queries of one date see, registered as they are asked for.
pub struct Catalog {
    tables: Arc<RunTables>,
    as_of_date: Option<AsOfDate>,
    supplied: Supplied,
    /// Queries of ours name the tables of the main definition of churn, and read those of this one.
    pub(crate) definition: Definition,
    session: SessionContext,
    versions: Mutex<BTreeMap<TableName, u64>>,
    /// In the test of a model: the rows that are given; every other table is empty.
    pub(crate) given: Option<BTreeMap<TableName, RecordBatch>>,
    /// Sources show only what is new since an earlier date.
    pub(crate) since: Option<Since>,
    /// Logs are made from all that sources hold, and not read.
    logs_anew: bool,
    known: Known,
}

/// Which partitions make up what is known, of tables that hold it in pieces.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Of each log, for the date. Without, all that are not of the future.
    pub logs: BTreeMap<TableName, Vec<AsOfDate>>,
    /// Of each incremental table, for every date. Without, it has no rows.
    pub snapshots: BTreeMap<TableName, Chains>,
}

impl Catalog {
    /// A catalog for a date, or for all time (an analyst's session).
    pub fn new(
        tables: Arc<RunTables>,
        as_of_date: Option<AsOfDate>,
        supplied: Supplied,
    ) -> Result<Self> {
        let session = tables.lake().engine().session()?;
        Ok(Self {
            tables,
            as_of_date,
            supplied,
            definition: Definition::MAIN,
            session,
            versions: Mutex::default(),
            given: None,
            since: None,
            logs_anew: false,
            known: Known::default(),
        })
    }

    /// A catalog whose queries read the tables of a definition of churn where they name those of the
    /// main one.
    #[must_use]
    pub fn of_definition(self, definition: &Definition) -> Self {
        Self {
            definition: definition.clone(),
            ..self
        }
    }

    /// A catalog in which sources show only what is new since an earlier date.
    #[must_use]
    pub fn since(self, since: Since) -> Self {
        Self {
            since: Some(since),
            ..self
        }
    }

    /// A catalog in which logs are made from the beginning, and what is stored of them is not read.
    #[must_use]
    pub fn with_logs_anew(self) -> Self {
        Self {
            logs_anew: true,
            ..self
        }
    }

    /// A catalog that shows these partitions of tables that hold what is known in pieces.
    #[must_use]
    pub fn with_known(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// A catalog that holds rows written by hand, and no others.
    #[must_use]
    pub fn with_given(self, given: BTreeMap<TableName, RecordBatch>) -> Self {
        Self {
            given: Some(given),
            ..self
        }
    }

    /// Tables that are read from now on hand texts on as views, and only those of rows that a
    /// condition lets through are copied. Where it lets all through that is a copy more.
    pub fn expect_few_rows(&self) {
        let state = self.session.state_ref();
        let mut state = state.write();
        let options = state.config_mut().options_mut();
        options.execution.parquet.schema_force_view_types = true;
    }

    /// The session that the tables are registered in.
    pub fn session(&self) -> &SessionContext {
        &self.session
    }

    /// What all catalogs of the run share.
    pub fn tables(&self) -> &Arc<RunTables> {
        &self.tables
    }

    /// The versions of the tables that were opened here.
    pub async fn versions(&self) -> BTreeMap<TableName, u64> {
        self.versions.lock().await.clone()
    }

    /// Takes in the versions of tables that were read by another catalog, for the same rows.
    pub async fn has_read(&self, versions: &BTreeMap<TableName, u64>) {
        let versions = versions.iter();
        let versions = versions.map(|(name, version)| (name.clone(), *version));
        self.versions.lock().await.extend(versions);
    }

    pub(crate) fn chains_of(&self, table: &TableName) -> Chains {
        let known = self.known.snapshots.get(table);
        known.cloned().unwrap_or_default()
    }

    /// The date whose knowledge is shown; `None` = all time.
    pub fn as_of_date(&self) -> Option<AsOfDate> {
        self.as_of_date
    }

    /// The bound query of a model.
    pub fn bind(&self, model: &Model) -> Result<cdp_plan::BoundStatement> {
        let mut values = model.param_values();
        values.extend(self.supplied.of(&model.definition).clone());
        let Some(statement) = model.statement() else {
            return Err(LakeError::new(
                ErrorKind::Query,
                format!("`{}` is a step and has no query", model.name),
            ));
        };
        statement
            .bind(&values)
            .map_err(|message| LakeError::new(ErrorKind::Query, message).with("model", &model.name))
    }

    /// The plan of a model's query, with all that it reads registered.
    pub async fn plan(&self, model: &Model) -> Result<LogicalPlan> {
        let reads = self.tables.manifest().reads(&model.name).to_vec();
        for name in reads.iter().chain(&model.reads_past) {
            self.ensure(name).await?;
        }
        plan_query(&self.session, self.bind(model)?)
            .await
            .map_err(|error| error.with("model", &model.name))
    }

    /// A table by name, registered when it was not yet.
    pub async fn frame(&self, name: &TableName) -> Result<DataFrame> {
        self.ensure(name).await?;
        Ok(self.session.table(reference(name)).await?)
    }

    pub(crate) fn ensure<'a>(&'a self, name: &'a TableName) -> BoxFuture<'a, Result<()>> {
        async move {
            if self.session.table_exist(reference(name))? {
                return Ok(());
            }
            let provider = self.provider(name).await?;
            self.register(name, provider)
        }
        .boxed()
    }

    pub(crate) fn register(
        &self,
        name: &TableName,
        provider: Arc<dyn TableProvider>,
    ) -> Result<()> {
        self.session.register_table(reference(name), provider)?;
        Ok(())
    }

    pub(crate) async fn provider(&self, name: &TableName) -> Result<Arc<dyn TableProvider>> {
        let manifest = self.tables.manifest.clone();
        if let Some(source) = manifest.source(name) {
            return self.source(source, Rows::Valid).await;
        }
        if let Some(given) = &self.given {
            return self.given(name, given);
        }
        if name.layer() == Layer::Ops
            && let Some(provider) = self.stored(name, false).await?
        {
            return Ok(provider);
        }
        if let Some(model) = self.log_of(name)
            && let Some(provider) = self.stored(&model.name, true).await?
        {
            return Ok(provider);
        }
        let Some(model) = manifest.model(name) else {
            return Err(LakeError::new(
                ErrorKind::NotFound,
                format!("there is no table `{name}`"),
            ));
        };
        match model.materialization {
            Materialization::View => Ok(Arc::new(ViewTable::new(self.plan(model).await?, None))),
            Materialization::Log if self.logs_anew => Ok(self.scratch(model).await?.provider()),
            Materialization::Scratch => Ok(self.scratch(model).await?.provider()),
            Materialization::Incremental => match self.snapshots(model).await? {
                Some(provider) => Ok(provider),
                None => empty(self.tables.schemas().of(name)?),
            },
            Materialization::Partition | Materialization::Log | Materialization::Current => {
                let by_date = model.materialization.is_dated();
                match self.stored(name, by_date).await? {
                    Some(provider) => Ok(provider),
                    None => empty(self.tables.schemas().of(name)?),
                }
            }
        }
    }

    /// The rows of a model that a test gives, without partitions of later dates.
    fn given(
        &self,
        name: &TableName,
        given: &BTreeMap<TableName, RecordBatch>,
    ) -> Result<Arc<dyn TableProvider>> {
        let Some(rows) = given.get(name) else {
            return empty(self.tables.schemas().of(name)?);
        };
        let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?;
        let plan = self
            .session
            .read_table(Arc::new(table))?
            .into_unoptimized_plan();
        let model = self.tables.manifest().model(name);
        let by_date = model.is_some_and(|model| model.materialization.is_dated());
        let plan = match self.as_of_date.filter(|_| by_date) {
            Some(date) => until(plan, date)?,
            None => plan,
        };
        Ok(Arc::new(ViewTable::new(plan, None)))
    }

    async fn scratch(&self, model: &Model) -> Result<Staged> {
        let since = self.since.as_ref().map(Since::date);
        let key = (model.name.clone(), self.as_of_date, since);
        if let Some(staged) = self.tables.staged.lock().await.get(&key) {
            return Ok(staged.clone());
        }
        debug_assert!(
            matches!(model.body, Body::Sql(_)),
            "a scratch model is a query"
        );
        let plan = self.plan(model).await?;
        let staged = self.tables.scratch().stage(&self.session, plan).await?;
        self.tables.staged.lock().await.insert(key, staged.clone());
        Ok(staged)
    }

    /// A table of ours at its newest version, without the partitions of later dates.
    async fn stored(
        &self,
        name: &TableName,
        by_date: bool,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let lake = self.tables.lake();
        let Some(table) = lake.open(&lake.url(name)?).await? else {
            return Ok(None);
        };
        let plan = self.scan(name, &table).await?;
        let plan = match (
            self.known.logs.get(name),
            self.as_of_date.filter(|_| by_date),
        ) {
            (Some(chain), _) => of_dates(plan, chain)?,
            (None, Some(date)) => until(plan, date)?,
            (None, None) => plan,
        };
        Ok(Some(Arc::new(ViewTable::new(plan, None))))
    }

    pub(crate) async fn scan(&self, name: &TableName, table: &DeltaTable) -> Result<LogicalPlan> {
        self.scan_files(name, table, None).await
    }

    /// The rows of some files of a table, or of all.
    pub(crate) async fn scan_files(
        &self,
        name: &TableName,
        table: &DeltaTable,
        files: Option<&[String]>,
    ) -> Result<LogicalPlan> {
        let version = table.version().unwrap_or_default();
        self.versions.lock().await.insert(name.clone(), version);
        let state = self.session.state();
        table.update_datafusion_session(&state)?;
        let mut builder = table.table_provider().with_session(Arc::new(state));
        if let Some(paths) = files {
            builder = builder.with_file_paths(paths);
        }
        let provider = builder
            .build()
            .await
            .map_err(|error| LakeError::from(error).with("table", name))?;
        let frame = self.session.read_table(Arc::new(provider))?;
        crate::types::to_stored(frame.into_unoptimized_plan())
    }
}

/// The partitions of some dates.
fn of_dates(plan: LogicalPlan, dates: &[AsOfDate]) -> Result<LogicalPlan> {
    let dates = dates.iter().copied().map(day).collect();
    let chosen = own("as_of_date").in_list(dates, false);
    Ok(LogicalPlanBuilder::from(plan).filter(chosen)?.build()?)
}

pub(crate) fn day(date: AsOfDate) -> Expr {
    lit(ScalarValue::Date32(Some(date.epoch_day())))
}

/// Without the partitions of later dates.
fn until(plan: LogicalPlan, date: AsOfDate) -> Result<LogicalPlan> {
    let seen = own("as_of_date").lt_eq(day(date));
    Ok(LogicalPlanBuilder::from(plan).filter(seen)?.build()?)
}

/// `layer.name` for the engine.
pub(crate) fn reference(name: &TableName) -> TableReference {
    TableReference::partial(name.layer().name(), name.name())
}

pub(crate) fn empty(schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![]])?))
}
