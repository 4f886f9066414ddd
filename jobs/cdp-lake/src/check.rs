//! Runs the checks of a model over its rows: before they are published, or before anybody reads them.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use cdp_plan::{Check, Model, Rule, Severity};
use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use futures::TryStreamExt;
use serde::Serialize;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::types::{exact, own};
use crate::unique::Keys;

/// How many offending rows a message names.
const SAMPLE: usize = 3;
/// A column of ours beside those of a model.
const COPIES: &str = "cdp_copies";

/// A check that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// What follows from it.
    pub severity: Severity,
    /// What should hold.
    pub rule: String,
    /// How many rows (or groups of rows) break it.
    pub rows: u64,
    /// Some of them, by the columns of the grain.
    pub sample: Vec<String>,
}

/// What a look at all rows of a model found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many rows there are.
    pub rows: u64,
    /// Every check that they break.
    pub breaches: Vec<Breach>,
}

impl Catalog {
    /// Checks the rows of a model that is not stored, as its readers see them.
    pub async fn check(&self, model: &Model) -> Result<Checked> {
        let rows = self.provider(&model.name).await?;
        check(self.session(), model, rows, None)
            .await
            .map_err(|error| error.with("model", &model.name))
    }
}

impl Catalog {
    /// The rows that a model's query gives now, and beside them for each check about one row, in the
    /// order of all checks, whether the row breaks it: `breaks_0`, `breaks_1`, …
    pub async fn rows_with_checks(&self, model: &Model) -> Result<Vec<RecordBatch>> {
        let staged = self.stage_model(model).await?;
        let mut frame = self.session().read_table(staged.provider())?;
        let schema = frame.schema().as_arrow().clone();
        for (place, check) in model.checks.iter().enumerate() {
            if let Some(broken) = broken(self.session(), &check.rule, &schema)? {
                frame = frame.with_column(&format!("breaks_{place}"), broken)?;
            }
        }
        Ok(frame.collect().await?)
    }
}

/// Runs every check of a model over its rows. They are read once; again only for the rows that break
/// a check. Of rows that are only those that changed, it is told how many there are in all.
pub async fn check(
    session: &SessionContext,
    model: &Model,
    rows: Arc<dyn TableProvider>,
    in_all: Option<u64>,
) -> Result<Checked> {
    let frame = session.read_table(rows)?;
    let (rows, counts) = count_broken(session, model, &frame).await?;
    let rows = in_all.unwrap_or(rows);
    let mut breaches = Vec::new();
    for (check, count) in model.checks.iter().zip(counts) {
        let broken = match (&check.rule, count) {
            (Rule::MinRows(least), _) => u64::from(rows < *least),
            (Rule::MaxRows(most), _) => u64::from(rows > *most),
            (Rule::Unique(columns), Count::Unclear) => {
                repeated(&frame, columns)?.count().await? as u64
            }
            (_, Count::Rows(rows)) => rows,
            (_, Count::Unclear) => 0,
        };
        if broken > 0 {
            breaches.push(Breach {
                severity: check.severity,
                rule: describe(check, rows),
                rows: broken,
                sample: sample(session, model, &check.rule, &frame).await?,
            });
        }
    }
    Ok(Checked { rows, breaches })
}

fn describe(check: &Check, rows: u64) -> String {
    match check.rule {
        Rule::MinRows(_) | Rule::MaxRows(_) => format!("expected {}, found {rows}", check.rule),
        _ => check.rule.to_string(),
    }
}

/// What the one look at all rows says of a check.
#[derive(Debug, Clone, Copy)]
enum Count {
    /// So many rows break it.
    Rows(u64),
    /// Some rows may be alike.
    Unclear,
}

/// The number of rows, and of those that break each check.
async fn count_broken(
    session: &SessionContext,
    model: &Model,
    frame: &DataFrame,
) -> Result<(u64, Vec<Count>)> {
    let mut columns = Vec::new();
    let mut tests = Vec::new();
    for check in &model.checks {
        let first = columns.len();
        match &check.rule {
            Rule::Unique(names) => columns.extend(names.iter().map(|name| exact(name))),
            rule => columns.extend(broken(session, rule, frame.schema().as_arrow())?),
        }
        let keys = match &check.rule {
            Rule::Unique(_) => Some(Keys::new(session)),
            _ => None,
        };
        tests.push((first..columns.len(), keys, 0));
    }
    let named = columns.into_iter().enumerate();
    let named = named.map(|(place, column)| column.alias(format!("c{place}")));
    let frame = frame.clone().select(named.collect::<Vec<_>>())?;
    let mut stream = frame.execute_stream().await?;
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        rows += batch.num_rows() as u64;
        for (places, keys, broken) in &mut tests {
            let columns = &batch.columns()[places.clone()];
            if let Some(keys) = keys {
                keys.add(columns, batch.num_rows())?;
            } else if let Some(broke) = columns.first().and_then(|column| column.as_boolean_opt()) {
                *broken += broke.true_count() as u64;
            }
        }
    }
    let counts = tests.into_iter().map(|(_, keys, broken)| {
        let differ = keys.is_none_or(Keys::all_differ);
        if differ {
            Count::Rows(broken)
        } else {
            Count::Unclear
        }
    });
    Ok((rows, counts.collect()))
}

/// The condition that a row meets which breaks a rule; none for a rule about more than one row.
fn broken(
    session: &SessionContext,
    rule: &Rule,
    schema: &Schema,
) -> std::result::Result<Option<Expr>, DataFusionError> {
    Ok(match rule {
        Rule::NotNull(column) => Some(exact(column).is_null()),
        Rule::Expression(text) => Some(condition(session, text, schema)?.is_false()),
        Rule::Unique(_) | Rule::MinRows(_) | Rule::MaxRows(_) => None,
    })
}

/// A condition over the columns of one row.
pub(crate) fn condition(
    session: &SessionContext,
    text: &str,
    schema: &Schema,
) -> std::result::Result<Expr, DataFusionError> {
    // Without the name of a table, which would only stand in messages.
    let schema = &DFSchema::try_from(schema.clone())?;
    let expr = session.state().create_logical_expr(text, schema)?;
    let many = expr.exists(|part| {
        let many = matches!(
            part,
            Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
        );
        Ok(many)
    })?;
    if many {
        let told = "it is about several rows, and a condition is looked at row by row";
        return Err(DataFusionError::Plan(told.to_owned()));
    }
    let found = expr.get_type(schema)?;
    if found != DataType::Boolean {
        let told = format!("it is of type {found}, and a condition is true or false");
        return Err(DataFusionError::Plan(told));
    }
    Ok(expr)
}

/// The groups of rows that agree in some columns.
fn repeated(frame: &DataFrame, columns: &[String]) -> Result<DataFrame> {
    let keys: Vec<Expr> = columns.iter().map(|name| exact(name)).collect();
    let copies = count(lit(1)).alias(COPIES);
    Ok(frame
        .clone()
        .aggregate(keys.clone(), vec![copies])?
        .filter(own(COPIES).gt(lit(1)))?
        .select(keys)?)
}

async fn sample(
    session: &SessionContext,
    model: &Model,
    rule: &Rule,
    frame: &DataFrame,
) -> Result<Vec<String>> {
    let (found, columns) = match rule {
        Rule::Unique(columns) => (repeated(frame, columns)?, columns),
        rule => match broken(session, rule, frame.schema().as_arrow())? {
            Some(condition) => (frame.clone().filter(condition)?, &model.grain),
            None => return Ok(Vec::new()),
        },
    };
    let columns: Vec<Expr> = columns.iter().map(|name| exact(name)).collect();
    let order = columns
        .iter()
        .map(|column| column.clone().sort(true, false));
    let batches = found
        .select(columns.clone())?
        .sort(order.collect())?
        .limit(0, Some(SAMPLE))?
        .collect()
        .await?;
    Ok(batches.iter().flat_map(rows).collect())
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    (0..batch.num_rows())
        .map(|row| {
            let values = batch.columns().iter().map(|column| {
                array_value_to_string(column, row).unwrap_or_else(|_| "?".to_owned())
            });
            values.collect::<Vec<_>>().join(", ")
        })
        .collect()
}
