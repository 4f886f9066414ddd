//! Runs the checks of a model over its rows, before they are published.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use cdp_plan::{Check, Model, Rule, Severity};
use datafusion::execution::context::SessionContext;
use serde::Serialize;

use crate::error::Result;
use crate::scratch::Staged;

/// How many offending rows a message names.
const SAMPLE: usize = 3;
const ROWS: &str = "staged_rows";

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

/// Every check of a model that its rows break.
pub async fn breaches(
    session: &SessionContext,
    model: &Model,
    staged: &Staged,
) -> Result<Vec<Breach>> {
    session.deregister_table(ROWS)?;
    session.register_table(ROWS, staged.provider())?;
    let counts = row_counts(session, &model.checks).await?;
    let mut found = Vec::new();
    for (check, counted) in model.checks.iter().zip(counts) {
        let rows = match (&check.rule, counted) {
            (Rule::Unique(columns), _) => duplicates(session, columns).await?,
            (Rule::MinRows(least), _) => u64::from(staged.rows < *least),
            (Rule::MaxRows(most), _) => u64::from(staged.rows > *most),
            (_, rows) => rows,
        };
        if rows > 0 {
            found.push(Breach {
                severity: check.severity,
                rule: describe(check, staged.rows),
                rows,
                sample: sample(session, model, &check.rule).await?,
            });
        }
    }
    session.deregister_table(ROWS)?;
    Ok(found)
}

fn describe(check: &Check, rows: u64) -> String {
    match check.rule {
        Rule::MinRows(_) | Rule::MaxRows(_) => format!("expected {}, found {rows}", check.rule),
        _ => check.rule.to_string(),
    }
}

/// For each check, how many single rows break it; all conditions are counted in one pass.
async fn row_counts(session: &SessionContext, checks: &[Check]) -> Result<Vec<u64>> {
    let counts: Vec<String> = checks
        .iter()
        .map(|check| match broken(&check.rule) {
            Some(condition) => format!("count(*) filter (where {condition})"),
            None => "cast(0 as bigint)".to_owned(),
        })
        .collect();
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = (0..counts.len()).map(|index| format!("c{index}")).collect();
    let columns: Vec<String> = counts
        .iter()
        .zip(&names)
        .map(|(count, name)| format!("{count} as {name}"))
        .collect();
    let query = format!("select count(*) as n, {} from {ROWS}", columns.join(", "));
    let batches = session.sql(&query).await?.collect().await?;
    Ok(names
        .iter()
        .map(|name| batches.first().map_or(0, |batch| first(batch, name)))
        .collect())
}

/// The condition that a row meets which breaks a rule.
fn broken(rule: &Rule) -> Option<String> {
    match rule {
        Rule::NotNull(column) => Some(format!("{column} is null")),
        Rule::Expression(condition) => Some(format!("({condition}) is false")),
        Rule::Unique(_) | Rule::MinRows(_) | Rule::MaxRows(_) => None,
    }
}

async fn duplicates(session: &SessionContext, columns: &[String]) -> Result<u64> {
    let columns = columns.join(", ");
    let query = format!(
        "select count(*) as n from (select {columns} from {ROWS} group by {columns} \
         having count(*) > 1)"
    );
    let batches = session.sql(&query).await?.collect().await?;
    Ok(batches.first().map_or(0, |batch| first(batch, "n")))
}

async fn sample(session: &SessionContext, model: &Model, rule: &Rule) -> Result<Vec<String>> {
    let columns = model.grain.join(", ");
    let query = match rule {
        Rule::Unique(unique) => {
            let unique = unique.join(", ");
            format!(
                "select {unique} from {ROWS} group by {unique} having count(*) > 1 \
                 order by {unique} limit {SAMPLE}"
            )
        }
        rule => match broken(rule) {
            Some(condition) => format!(
                "select {columns} from {ROWS} where {condition} order by {columns} limit {SAMPLE}"
            ),
            None => return Ok(Vec::new()),
        },
    };
    let batches = session.sql(&query).await?.collect().await?;
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

fn first(batch: &RecordBatch, column: &str) -> u64 {
    batch
        .column_by_name(column)
        .and_then(|values| values.as_primitive_opt::<Int64Type>())
        .filter(|values| !values.is_empty())
        .map_or(0, |values| u64::try_from(values.value(0)).unwrap_or(0))
}
