//! A sidecar against the columns that its query returns.

use std::sync::Arc;

use arrow::datatypes::Schema;
use cdp_plan::{Fault, Model, Rule, nearest_hint, nearest_name};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;

use crate::check as checks;
use crate::words;

/// The grain, the described columns and the checks of a model name columns that it has. Returns the
/// described columns that its query does not return; for those, one fault says it all.
pub(crate) fn check(
    session: &SessionContext,
    model: &Model,
    schema: &Schema,
    faults: &mut Vec<Fault>,
) -> Vec<String> {
    let lacking = described(model, schema, faults);
    let known = || schema.fields().iter().map(|field| field.name().as_str());
    let mut expect = |what: &str, path: &[&str], column: &str| {
        if known().any(|name| name == column) || lacking.iter().any(|name| name == column) {
            return;
        }
        faults.push(
            Fault::new(format!(
                "{what} names `{column}`, which `{}` has not",
                model.name
            ))
            .hint(nearest_hint(column, known()))
            .at_text(&model.sidecar, path, column),
        );
    };
    for column in &model.grain {
        expect("the grain", &["grain"], column);
    }
    if model.materialization.is_dated() {
        expect(
            "a model with partitions",
            &["materialization"],
            "as_of_date",
        );
    }
    for check in &model.checks {
        let severity = check.severity.name();
        match &check.rule {
            // The grain was looked at above.
            Rule::NotNull(column) if model.grain.contains(column) => {}
            Rule::Unique(columns) if *columns == model.grain => {}
            Rule::NotNull(column) => expect("a check", &["checks", severity, "not_null"], column),
            Rule::Unique(columns) => columns
                .iter()
                .for_each(|column| expect("a check", &["checks", severity, "unique"], column)),
            Rule::Expression(_) | Rule::MinRows(_) | Rule::MaxRows(_) => {}
        }
    }
    for check in &model.checks {
        let Rule::Expression(text) = &check.rule else {
            continue;
        };
        let Err(error) = condition(session, text, schema) else {
            continue;
        };
        if lacking.iter().any(|column| text.contains(column.as_str())) {
            continue;
        }
        let path = ["checks", check.severity.name(), "expressions"];
        faults.push(
            Fault::new(format!("check `{text}`: {}", words::plain(&error)))
                .hint(nearest_column(&error, schema))
                .at_text(&model.sidecar, &path, text),
        );
    }
    lacking
}

/// Columns that `[columns]` describes and the query does not return.
fn described(model: &Model, schema: &Schema, faults: &mut Vec<Fault>) -> Vec<String> {
    let is_described = |column: &str| model.columns.iter().any(|(name, _)| name == column);
    let mut lacking = Vec::new();
    for (column, _) in &model.columns {
        if schema.field_with_name(column).is_ok() {
            continue;
        }
        // A slip of the pen stands beside a column that nobody describes.
        let free = schema.fields().iter().map(|field| field.name().as_str());
        let near = nearest_name(column, free.filter(|name| !is_described(name)));
        if let Some(near) = near {
            let name = &model.name;
            faults.push(
                Fault::new(format!(
                    "`[columns]` names `{column}`, which `{name}` has not"
                ))
                .hint(format!("did you mean `{near}`?"))
                .at_key(&model.sidecar, &["columns", column]),
            );
            continue;
        }
        let Some(statement) = model.statement() else {
            continue;
        };
        let file = statement.file();
        faults.push(
            Fault::new(format!(
                "`{}` does not return `{column}`, which `{}` describes",
                file.path(),
                model.sidecar.path()
            ))
            .hint(without_column(column))
            .in_file(file),
        );
        lacking.push(column.clone());
    }
    lacking
}

/// What to write for a column that one's own tables do not have.
pub(crate) fn without_column(column: &str) -> String {
    format!(
        "add it to the `select`; where you have no such data, `cast(null as varchar) as {column}` \
         (or the type that it has)"
    )
}

/// A hint for a condition that names no column.
pub(crate) fn nearest_column(error: &DataFusionError, schema: &Schema) -> String {
    let text = words::plain(error);
    let quoted = text.split('`').nth(1).unwrap_or_default();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    match nearest_name(quoted, names) {
        Some(near) if near != quoted => format!("did you mean `{near}`?"),
        _ => "it is a SQL condition over the columns of its table".to_owned(),
    }
}

/// Whether a text is a condition over some columns.
pub(crate) fn condition(
    session: &SessionContext,
    text: &str,
    schema: &Schema,
) -> Result<(), DataFusionError> {
    let rows = MemTable::try_new(Arc::new(schema.clone()), vec![vec![]])?;
    let frame = session.read_table(Arc::new(rows))?;
    let condition = checks::condition(session, text, schema)?;
    let plan = frame.filter(condition.is_false())?.into_unoptimized_plan();
    session.state().optimize(&plan)?;
    Ok(())
}
