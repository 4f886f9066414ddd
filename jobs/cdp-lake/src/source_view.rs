//! How a query sees a raw table: typed, without the rows that are set aside, and without the rows of
//! the future.

use std::sync::Arc;

use arrow::datatypes::DataType;
use cdp_plan::Source;
use datafusion::catalog::TableProvider;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, is_true, lit, try_cast};

use crate::catalog::{Catalog, empty};
use crate::error::{ErrorKind, LakeError, Result};
use crate::new_rows::{Part, came_since, midnight};
use crate::types::{arrow_type, exact, source_schema, type_name};

/// Which rows of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Valid,
    SetAside,
    All,
}

impl Catalog {
    /// A source as queries see it.
    pub(crate) async fn source(
        &self,
        source: &Source,
        rows: Rows,
    ) -> Result<Arc<dyn TableProvider>> {
        match self.source_plan(source, rows).await? {
            Some(plan) => Ok(Arc::new(ViewTable::new(plan, None))),
            None => empty(source_schema(source)),
        }
    }

    /// The rows of a source that were known before the date: those that are sound, or those that
    /// are set aside.
    pub(crate) async fn source_plan(
        &self,
        source: &Source,
        rows: Rows,
    ) -> Result<Option<LogicalPlan>> {
        let mut whole: Option<LogicalPlanBuilder> = None;
        for part in self.source_parts(source).await? {
            let plan = self.known_rows(source, rows, part)?;
            whole = Some(match whole {
                Some(before) => before.union(plan)?,
                None => LogicalPlanBuilder::from(plan),
            });
        }
        Ok(whole.map(LogicalPlanBuilder::build).transpose()?)
    }

    /// The same of one part of its files.
    fn known_rows(&self, source: &Source, rows: Rows, part: Part) -> Result<LogicalPlan> {
        columns_fit(source, &part.scan)?;
        let mut builder = typed(source, part.scan)?;
        let sound = self.sound(source, builder.plan())?;
        builder = match rows {
            Rows::Valid => builder.filter(sound)?,
            Rows::SetAside => builder.filter(Expr::IsNotTrue(Box::new(sound)))?,
            Rows::All => builder,
        };
        if let Some(date) = part.unknown_at {
            builder = builder.filter(came_since(source, date))?;
        }
        if let Some(date) = self.as_of_date() {
            let before = lit(midnight(date));
            let event = exact(&source.event_time);
            let known = match rows {
                Rows::Valid => event.lt(before.clone()),
                // A row without a time is at fault on every date.
                Rows::SetAside | Rows::All => event.clone().lt(before.clone()).or(event.is_null()),
            };
            builder = builder.filter(known)?;
            if let Some(column) = &source.ingest_time {
                let arrived = exact(column);
                let known = arrived.clone().lt(before).or(arrived.is_null());
                builder = builder.filter(known)?;
            }
        }
        Ok(builder.build()?)
    }

    /// Columns of a source whose stored type does not fit the declared one for every value.
    pub async fn other_types(&self, source: &Source) -> Result<Vec<String>> {
        let Some(scan) = self.source_scan(source).await? else {
            return Ok(Vec::new());
        };
        let other = source.columns.iter().filter_map(|(name, column_type)| {
            let field = scan.schema().field_with_unqualified_name(name).ok()?;
            let (found, wanted) = (field.data_type(), arrow_type(*column_type));
            (!always_fits(found, &wanted)).then(|| {
                format!(
                    "`{}`: the column `{name}` is {} in the table and declared {column_type}; a value \
                     that does not fit is read as null",
                    source.name,
                    type_name(found)
                )
            })
        });
        Ok(other.collect())
    }

    async fn source_parts(&self, source: &Source) -> Result<Vec<Part>> {
        if let Some(since) = &self.since
            && let Some(table) = self.tables().source(source).await?
        {
            return self.new_parts(source, &table, since).await;
        }
        let scan = self.source_scan(source).await?;
        Ok(scan.map(Part::whole).into_iter().collect())
    }

    async fn source_scan(&self, source: &Source) -> Result<Option<LogicalPlan>> {
        if let Some(given) = &self.given {
            let Some(rows) = given.get(&source.name) else {
                return Ok(None);
            };
            let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?;
            let frame = self.session().read_table(Arc::new(table))?;
            return Ok(Some(frame.into_unoptimized_plan()));
        }
        match self.tables().source(source).await? {
            Some(table) => Ok(Some(self.scan(&source.name, &table).await?)),
            None => Ok(None),
        }
    }

    /// The condition that a sound row meets.
    fn sound(&self, source: &Source, plan: &LogicalPlan) -> Result<Expr> {
        let mut sound = lit(true);
        for column in &source.required {
            sound = sound.and(exact(column).is_not_null());
        }
        for (rule, text) in &source.rules {
            let condition = self
                .session()
                .state()
                .create_logical_expr(text, plan.schema())
                .map_err(|error| {
                    LakeError::from(error)
                        .with("source", &source.name)
                        .with("rule", rule)
                        .hint("a rule is a SQL condition over the columns of its source")
                })?;
            sound = sound.and(is_true(condition.clone()).or(condition.is_null()));
        }
        Ok(sound)
    }
}

/// The declared columns in their declared types.
fn typed(source: &Source, scan: LogicalPlan) -> Result<LogicalPlanBuilder> {
    let typed: Vec<Expr> = source
        .columns
        .iter()
        .map(|(name, column_type)| {
            let wanted = arrow_type(*column_type);
            let same = scan
                .schema()
                .field_with_unqualified_name(name)
                .is_ok_and(|field| *field.data_type() == wanted);
            let column = exact(name);
            if same {
                column
            } else {
                try_cast(column, wanted).alias(name)
            }
        })
        .collect();
    Ok(LogicalPlanBuilder::from(scan).project(typed)?)
}

/// Whether every value of a type has its like in another.
fn always_fits(found: &DataType, wanted: &DataType) -> bool {
    let is_int = matches!(
        found,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64
    );
    match (found, wanted) {
        (found, wanted) if found == wanted => true,
        (DataType::Decimal128(p, s), DataType::Decimal128(more, scale)) => {
            s <= scale && i16::from(*p) - i16::from(*s) <= i16::from(*more) - i16::from(*scale)
        }
        (_, DataType::Utf8) => !found.is_nested(),
        (_, DataType::Int64 | DataType::Float64 | DataType::Decimal128(_, _)) if is_int => true,
        (DataType::Float32, DataType::Float64) | (DataType::Date32, DataType::Timestamp(_, _)) => {
            true
        }
        _ => false,
    }
}

/// Every declared column must be there; all that are missing are named.
fn columns_fit(source: &Source, scan: &LogicalPlan) -> Result<()> {
    let schema = scan.schema();
    let missing: Vec<String> = source
        .columns
        .iter()
        .filter(|(name, _)| schema.field_with_unqualified_name(name).is_err())
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let found: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    Err(LakeError::new(
        ErrorKind::Schema,
        format!(
            "the table of `{}` lacks {}",
            source.name,
            missing.join(", ")
        ),
    )
    .with("it has", found.join(", "))
    .hint(format!(
        "correct `[sources.{}.columns]` in sql/sources.toml and the staging query that reads it",
        source.name.name()
    )))
}
