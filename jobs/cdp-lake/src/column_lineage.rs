//! Which tables the values of a column come from.

use std::collections::{BTreeMap, BTreeSet};

use cdp_plan::{Model, TableName};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::catalog::Catalog;
use crate::error::Result;

impl Catalog {
    /// For each column of a model's query the tables that its values are computed from. Rows that are
    /// joined or filtered by are not among them, only what enters the value.
    pub async fn column_tables(
        &self,
        model: &Model,
    ) -> Result<BTreeMap<String, BTreeSet<TableName>>> {
        let plan = self.plan(model).await?;
        let columns = plan.schema().columns().into_iter();
        let traced = columns.map(|column| {
            let mut found = BTreeSet::new();
            trace(&plan, &column, &mut found);
            (column.name, found)
        });
        Ok(traced.collect())
    }
}

fn trace(plan: &LogicalPlan, column: &Column, found: &mut BTreeSet<TableName>) {
    let place = || plan.schema().index_of_column(column).ok();
    match plan {
        LogicalPlan::TableScan(scan) => found.extend(table(&scan.table_name)),
        LogicalPlan::SubqueryAlias(alias) => {
            // A view is inlined, and stands under its name.
            if let Some(name) = table(&alias.alias) {
                found.insert(name);
            } else if let Some(place) = place() {
                trace(&alias.input, &alias.input.schema().columns()[place], found);
            }
        }
        LogicalPlan::Projection(projection) => {
            if let Some(place) = place() {
                of_expression(&projection.expr[place], &projection.input, found);
            }
        }
        LogicalPlan::Aggregate(aggregate) => {
            let mut made = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
            if let Some(made) = place().and_then(|place| made.nth(place)) {
                of_expression(made, &aggregate.input, found);
            }
        }
        LogicalPlan::Window(window) => {
            let given = window.input.schema().columns();
            match place() {
                Some(place) if place < given.len() => trace(&window.input, &given[place], found),
                Some(place) => {
                    let made = &window.window_expr[place - given.len()];
                    of_expression(made, &window.input, found);
                }
                None => {}
            }
        }
        LogicalPlan::Union(union) => {
            let Some(place) = place() else { return };
            for input in &union.inputs {
                trace(input, &input.schema().columns()[place], found);
            }
        }
        other => {
            for input in other.inputs() {
                if input.schema().has_column(column) {
                    trace(input, column, found);
                }
            }
        }
    }
}

/// What an expression is computed from; one without columns, such as a count of rows, from all there
/// is below.
fn of_expression(made: &Expr, input: &LogicalPlan, found: &mut BTreeSet<TableName>) {
    let columns = made.column_refs();
    let counts_rows = columns.is_empty() && matches!(made, Expr::AggregateFunction(_));
    if counts_rows {
        for column in input.schema().columns() {
            trace(input, &column, found);
        }
    }
    for column in columns {
        trace(input, column, found);
    }
}

/// `layer.name`, when a reference says it.
fn table(reference: &TableReference) -> Option<TableName> {
    let layer = reference.schema()?;
    format!("{layer}.{}", reference.table()).parse().ok()
}
