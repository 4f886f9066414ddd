//! Tables of materialization `incremental`: a partition holds the rows that differ from those of the
//! date that it builds on. Read, the table shows all rows of every date.
//!
//! The rows of a date are the newest ones of each key in its chain of partitions; those that are
//! marked as removed are not shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use cdp_plan::{AsOfDate, Materialization, Model, TableName};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, DFSchema, JoinType, ScalarValue};
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType,
    cast, lit,
};
use datafusion::physical_plan::ExecutionPlan;

use crate::catalog::{Catalog, day};
use crate::error::{ErrorKind, LakeError, Result};
use crate::scratch::Staged;
use crate::sealed::Sealed;
use crate::types::{exact, own, to_stored};

/// Marks a row of a key that is in the table no more, or is known and not shown.
pub const IS_REMOVED: &str = "is_removed";
/// The date of the whole partition that a row's chain begins with.
pub const BASE_DATE: &str = "base_date";
const AS_OF_DATE: &str = "as_of_date";
const PLACE: &str = "cdp_place";

/// A partition in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its date.
    pub as_of_date: AsOfDate,
    /// The version of the table in which it stands; without one the newest.
    pub version: Option<u64>,
}

/// For each date the partitions that its rows are made of, newest first. The last one is whole.
pub type Chains = BTreeMap<AsOfDate, Vec<Link>>;

/// What a chain of partitions is read from.
#[derive(Debug, Clone)]
struct Parts {
    /// The columns that are read, without the date.
    schema: SchemaRef,
    key: Vec<String>,
    newest: LogicalPlan,
    older: BTreeMap<u64, LogicalPlan>,
    /// Whether rows that are marked as removed are read too.
    with_removed: bool,
}

/// The rows of every date of an incremental table.
#[derive(Debug)]
struct SnapshotTable {
    schema: SchemaRef,
    chains: Chains,
    parts: Parts,
}

/// Ends the name under which a session knows the partitions of an incremental table as they are stored.
const LOG: &str = "_log";

impl Catalog {
    /// The incremental model whose partitions a name stands for as they are stored, if it does.
    pub(crate) fn log_of(&self, name: &TableName) -> Option<&Model> {
        let table = name.name().strip_suffix(LOG)?;
        let table = TableName::new(name.layer(), table).ok()?;
        let model = self.tables().manifest().model(&table)?;
        (model.materialization == Materialization::Incremental).then_some(model)
    }

    /// The rows of every date, as far as they are not of the future; `None` without a table.
    pub(crate) async fn snapshots(&self, model: &Model) -> Result<Option<Arc<dyn TableProvider>>> {
        let mut chains = self.chains_of(&model.name);
        chains.retain(|date, _| self.as_of_date().is_none_or(|seen| *date <= seen));
        let schema = self.tables().schemas().of(&model.name)?;
        let Some(parts) = self.parts(model, &schema, chains.values(), false).await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(SnapshotTable {
            schema,
            chains,
            parts,
        })))
    }

    /// From now on queries of this catalog know the rows of a date under a name that no model has,
    /// also those that are marked as removed, by `is_removed`, and with more columns that are stored.
    pub async fn keep_snapshot(
        &self,
        name: &TableName,
        model: &Model,
        date: AsOfDate,
        more: &[Field],
    ) -> Result<()> {
        let chains = self.chains_of(&model.name);
        let missing = || {
            LakeError::new(
                ErrorKind::NotFound,
                format!("`{}` was not made for {date}", model.name),
            )
        };
        let chain = chains.get(&date).ok_or_else(missing)?;
        let mut fields = self.tables().schemas().of(&model.name)?.fields().to_vec();
        fields.push(Arc::new(Field::new(IS_REMOVED, DataType::Boolean, true)));
        fields.extend(more.iter().cloned().map(Arc::new));
        let schema = Arc::new(Schema::new(fields));
        let parts = self.parts(model, &schema, std::iter::once(chain), true);
        let plan = parts.await?.ok_or_else(missing)?.rows(day(date), chain)?;
        self.register(name, Arc::new(ViewTable::new(plan, None)))
    }

    async fn parts<'c>(
        &self,
        model: &Model,
        schema: &Schema,
        chains: impl Iterator<Item = &'c Vec<Link>>,
        with_removed: bool,
    ) -> Result<Option<Parts>> {
        let lake = self.tables().lake();
        let url = lake.url(&model.name)?;
        let Some(table) = lake.open(&url).await? else {
            return Ok(None);
        };
        let mut older = BTreeMap::new();
        for version in chains.flatten().filter_map(|link| link.version) {
            // What was cleaned up since is missed by whoever asks for it.
            if !older.contains_key(&version)
                && let Ok(table) = lake.open_at(&url, version).await
            {
                older.insert(version, self.scan(&model.name, &table).await?);
            }
        }
        let fields = schema.fields().iter();
        let fields = fields.filter(|field| field.name() != AS_OF_DATE);
        let key = model.grain.iter().filter(|column| *column != AS_OF_DATE);
        Ok(Some(Parts {
            schema: Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>())),
            key: key.cloned().collect(),
            newest: self.scan(&model.name, &table).await?,
            older,
            with_removed,
        }))
    }
}

impl Parts {
    /// The rows of a date, given its chain.
    fn rows(&self, date: Expr, chain: &[Link]) -> Result<LogicalPlan> {
        let Some((base, changes)) = chain.split_last() else {
            return self.shown(&self.newest, lit(false), date);
        };
        let base = self.partition(base)?;
        let Some((first, others)) = changes.split_first() else {
            return self.shown(&base, lit(true), date);
        };
        let mut differing = LogicalPlanBuilder::from(self.partition(first)?);
        for link in others {
            differing = differing.union(self.partition(link)?)?;
        }
        let differing = if others.is_empty() {
            differing.build()?
        } else {
            self.newest_of(differing)?
        };
        let keys = self.key.iter().enumerate();
        let keys: Vec<_> = keys
            .map(|(place, name)| (format!("cdp_key_{place}"), name))
            .collect();
        let named = keys.iter().map(|(alias, name)| exact(name).alias(alias));
        let named = named.collect::<Vec<_>>();
        let on: (Vec<Column>, Vec<Column>) = keys
            .iter()
            .map(|(alias, name)| {
                let column = |name: &str| Column::new_unqualified(name);
                (column(alias), column(name))
            })
            .unzip();
        // The changes are held in memory, and the base passes by.
        let kept = LogicalPlanBuilder::from(differing.clone())
            .project(named)?
            .join(base, JoinType::RightAnti, on, None)?
            .build()?;
        let kept = self.shown(&kept, lit(true), date.clone())?;
        let differing = self.shown(&differing, lit(true), date)?;
        Ok(LogicalPlanBuilder::from(kept).union(differing)?.build()?)
    }

    /// One partition as it stood, in plain columns.
    fn partition(&self, link: &Link) -> Result<LogicalPlan> {
        let table = match link.version {
            None => &self.newest,
            Some(version) => self.older.get(&version).ok_or_else(|| gone(link))?,
        };
        let columns = table.schema().columns();
        let columns = columns.into_iter().map(|column| {
            let name = column.name.clone();
            Expr::Column(column).alias(name)
        });
        let plan = LogicalPlanBuilder::from(table.clone())
            .filter(own(AS_OF_DATE).eq(day(link.as_of_date)))?
            .project(columns.collect::<Vec<_>>())?;
        Ok(plan.build()?)
    }

    /// The newest row of each key.
    fn newest_of(&self, rows: LogicalPlanBuilder) -> Result<LogicalPlan> {
        let place = row_number()
            .partition_by(self.key.iter().map(|name| exact(name)).collect())
            .order_by(vec![own(AS_OF_DATE).sort(false, false)])
            .build()?;
        let rows = rows
            .window(vec![place.alias(PLACE)])?
            .filter(own(PLACE).eq(lit(1_u64)))?;
        Ok(rows.build()?)
    }

    /// The columns that are read, of the rows that are shown.
    fn shown(&self, rows: &LogicalPlan, condition: Expr, date: Expr) -> Result<LogicalPlan> {
        let has = |name: &str| rows.schema().has_column_with_unqualified_name(name);
        let columns = self.schema.fields().iter().map(|field| {
            let name = field.name();
            // Partitions of older programs have fewer columns.
            let value = if has(name) {
                exact(name)
            } else {
                cast(lit(ScalarValue::Null), field.data_type().clone())
            };
            value.alias(name)
        });
        let columns = columns.chain([date.alias(AS_OF_DATE)]);
        let is_shown = if self.with_removed || !has(IS_REMOVED) {
            condition
        } else {
            condition.and(own(IS_REMOVED).is_not_true())
        };
        let plan = LogicalPlanBuilder::from(rows.clone())
            .filter(is_shown)?
            .project(columns.collect::<Vec<_>>())?
            .build()?;
        to_stored(plan)
    }
}

impl Staged {
    /// The rows that are shown: of an incremental table those that are not marked as removed.
    pub fn shown(&self, session: &SessionContext) -> Result<Arc<dyn TableProvider>> {
        let all = self.provider();
        if all.schema().column_with_name(IS_REMOVED).is_none() {
            return Ok(all);
        }
        let frame = session.read_table(all)?;
        Ok(frame.filter(own(IS_REMOVED).is_not_true())?.into_view())
    }
}

fn gone(link: &Link) -> LakeError {
    LakeError::new(
        ErrorKind::NotFound,
        format!(
            "rows build on the partition of {}, which was made again since, and what it held is \
             cleaned up",
            link.as_of_date
        ),
    )
    .hint("run the dates after it again: `cdp-jobs run --as-of DATE`")
}

impl SnapshotTable {
    /// The dates that filters let through.
    fn wanted(&self, state: &dyn Session, filters: &[Expr]) -> datafusion::common::Result<Chains> {
        let days: ArrayRef = Arc::new(Date32Array::from_iter_values(
            self.chains.keys().map(|date| date.epoch_day()),
        ));
        let schema = Arc::new(Schema::new(vec![Field::new(
            AS_OF_DATE,
            DataType::Date32,
            true,
        )]));
        let batch = RecordBatch::try_new(schema.clone(), vec![days])?;
        let schema = DFSchema::try_from(schema)?;
        let mut is_wanted = vec![true; self.chains.len()];
        for filter in filters.iter().filter(|filter| is_of_date(filter)) {
            let filter = state.create_physical_expr(filter.clone(), &schema)?;
            let passes = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
            for (is_wanted, passes) in is_wanted.iter_mut().zip(passes.as_boolean()) {
                *is_wanted &= passes == Some(true);
            }
        }
        let chains = self.chains.iter().zip(is_wanted);
        let wanted = chains.filter(|(_, is_wanted)| *is_wanted);
        Ok(wanted
            .map(|((date, chain), _)| (*date, chain.clone()))
            .collect())
    }
}

fn is_of_date(filter: &Expr) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| column.name == AS_OF_DATE)
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let wanted = self.wanted(state, filters)?;
        let external = |error: LakeError| DataFusionError::External(error.into());
        let mut rows = None;
        for (date, chain) in &wanted {
            let of_date = self.parts.rows(day(*date), chain).map_err(external)?;
            rows = Some(match rows {
                None => LogicalPlanBuilder::from(of_date),
                Some(rows) => LogicalPlanBuilder::union(rows, of_date)?,
            });
        }
        let rows = if let Some(rows) = rows {
            rows
        } else {
            let no_date = lit(ScalarValue::Date32(None));
            LogicalPlanBuilder::from(self.parts.rows(no_date, &[]).map_err(external)?)
        };
        let rows = match conjunction(filters.iter().cloned()) {
            Some(filter) => rows.filter(filter)?,
            None => rows,
        };
        let fields = self.schema.fields();
        let all: Vec<usize> = (0..fields.len()).collect();
        let columns = projection.unwrap_or(&all).iter();
        let columns = columns.map(|place| exact(fields[*place].name()));
        let rows = rows.project(columns.collect::<Vec<_>>())?;
        let rows = rows.limit(0, limit)?;
        let plan = state.create_physical_plan(&rows.build()?).await?;
        Ok(Arc::new(Sealed::new(plan)?))
    }
}
