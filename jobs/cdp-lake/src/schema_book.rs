//! The columns of every table, found by planning all queries over empty tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use cdp_plan::{
    Fault, Manifest, Model, ParamValue, Rule, SourceFile, Step, TableName, nearest_hint,
};
use datafusion::common::diagnostic::Diagnostic;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::sql::parser::Statement as DfStatement;

use crate::catalog::reference;
use crate::check;
use crate::engine::Engine;
use crate::error::{ErrorKind, LakeError, Result};
use crate::types::{source_schema, stored_schema};

/// The columns of every source and model.
#[derive(Debug, Clone, Default)]
pub struct SchemaBook {
    schemas: BTreeMap<TableName, SchemaRef>,
}

impl SchemaBook {
    /// Plans every query of a manifest; faults are added to the list. No lake is touched.
    pub async fn write(
        engine: &Engine,
        manifest: &Manifest,
        supplied: &BTreeMap<String, ParamValue>,
        step_schema: impl Fn(Step) -> SchemaRef,
        faults: &mut Vec<Fault>,
    ) -> Result<Self> {
        let session = engine.session()?;
        session
            .state_ref()
            .write()
            .config_mut()
            .options_mut()
            .sql_parser
            .collect_spans = true;
        let mut book = Self::default();
        for source in manifest.sources() {
            book.add(&session, &source.name, source_schema(source))?;
            for (rule, text) in &source.rules {
                let schema = source_schema(source);
                if let Err(error) = condition(&session, text, &schema) {
                    faults.push(Fault::new(format!(
                        "rule `{rule}` of source `{}`: {}",
                        source.name.name(),
                        error.strip_backtrace()
                    )));
                }
            }
        }
        for model in manifest.models() {
            let schema = match model.step() {
                Some(step) => Ok(step_schema(step)),
                None => query_schema(&session, model, supplied).await,
            };
            match schema {
                Ok(schema) => {
                    check_columns(&session, model, &schema, faults);
                    book.add(&session, &model.name, schema)?;
                }
                Err(Some(fault)) => faults.push(*fault),
                // What it reads is at fault, and that was told already.
                Err(None) => {}
            }
        }
        Ok(book)
    }

    /// The columns of a table.
    pub fn of(&self, name: &TableName) -> Result<SchemaRef> {
        self.schemas.get(name).cloned().ok_or_else(|| {
            LakeError::new(ErrorKind::NotFound, format!("there is no table `{name}`"))
        })
    }

    fn add(&mut self, session: &SessionContext, name: &TableName, schema: SchemaRef) -> Result<()> {
        let table = MemTable::try_new(schema.clone(), vec![vec![]])?;
        session.register_table(reference(name), Arc::new(table))?;
        self.schemas.insert(name.clone(), schema);
        Ok(())
    }
}

type SchemaOrFault = std::result::Result<SchemaRef, Option<Box<Fault>>>;

async fn query_schema(
    session: &SessionContext,
    model: &Model,
    supplied: &BTreeMap<String, ParamValue>,
) -> SchemaOrFault {
    let Some(statement) = model.statement() else {
        return Err(None);
    };
    for (table, _) in statement.tables() {
        if !session.table_exist(reference(table)).unwrap_or(false) {
            return Err(None);
        }
    }
    let mut values = model.param_values();
    values.extend(supplied.clone());
    let bound = statement
        .bind(&values)
        .map_err(|message| Some(Box::new(Fault::new(message).in_file(statement.file()))))?;
    let planned = session
        .state()
        .statement_to_plan(DfStatement::Statement(Box::new(bound)))
        .await;
    let plan = match planned {
        Ok(plan) => session.state().optimize(&plan).map(|_| plan),
        Err(error) => Err(error),
    };
    let plan = plan.map_err(|error| Some(Box::new(query_fault(statement.file(), &error))))?;
    stored_schema(plan.schema().as_arrow()).map_err(|error| {
        let fault = Fault::new(error.to_string()).in_file(statement.file());
        Some(Box::new(fault.hint(error.hint_text().unwrap_or_default())))
    })
}

/// An error of the planner, placed where its diagnostic says.
fn query_fault(file: &SourceFile, error: &DataFusionError) -> Fault {
    let Some(Diagnostic {
        message,
        span,
        notes,
        helps,
        ..
    }) = error.diagnostic()
    else {
        return Fault::new(plain(error)).in_file(file);
    };
    let mut fault = Fault::new(message.clone());
    let more: Vec<&str> = helps
        .iter()
        .map(|help| help.message.as_str())
        .chain(notes.iter().map(|note| note.message.as_str()))
        .collect();
    if !more.is_empty() {
        fault = fault.hint(more.join("; "));
    }
    match span {
        Some(span) => {
            let start = file.offset(span.start.line, span.start.column);
            let end = file.offset(span.end.line, span.end.column).max(start);
            fault.at(file, start..end)
        }
        None => fault.in_file(file),
    }
}

/// What the planner says, without its names for kinds of errors.
fn plain(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::SQL(error, _) => format!("syntax error in SQL: {error}"),
        root => root.strip_backtrace(),
    };
    let lines = text.lines().map(str::trim);
    let first = lines
        .clone()
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let kinds = [
        "Error during planning: ",
        "Schema error: ",
        "Internal error: ",
        "sql parser error: ",
    ];
    kinds
        .iter()
        .fold(first.to_owned(), |text, kind| text.replace(kind, ""))
}

/// Plans a condition as it will be looked at.
fn condition(
    session: &SessionContext,
    text: &str,
    schema: &Schema,
) -> std::result::Result<(), DataFusionError> {
    let rows = MemTable::try_new(Arc::new(schema.clone()), vec![vec![]])?;
    let frame = session.read_table(Arc::new(rows))?;
    let condition = check::condition(session, text, schema)?;
    let plan = frame.filter(condition.is_false())?.into_unoptimized_plan();
    session.state().optimize(&plan)?;
    Ok(())
}

/// The grain, the described columns and the checks of a model name columns that it has.
fn check_columns(
    session: &SessionContext,
    model: &Model,
    schema: &Schema,
    faults: &mut Vec<Fault>,
) {
    let known = || schema.fields().iter().map(|field| field.name().as_str());
    let mut expect = |what: &str, column: &str| {
        if known().any(|name| name == column) {
            return;
        }
        let range = model.sidecar.find(column).unwrap_or(0..0);
        faults.push(
            Fault::new(format!(
                "{what} names `{column}`, which `{}` has not",
                model.name
            ))
            .hint(nearest_hint(column, known()))
            .at(&model.sidecar, range),
        );
    };
    for column in &model.grain {
        expect("the grain", column);
    }
    for (column, _) in &model.columns {
        expect("`[columns]`", column);
    }
    let mut conditions = Vec::new();
    for check in &model.checks {
        match &check.rule {
            // The grain was looked at above.
            Rule::NotNull(column) if model.grain.contains(column) => {}
            Rule::Unique(columns) if *columns == model.grain => {}
            Rule::NotNull(column) => expect("a check", column),
            Rule::Unique(columns) => columns.iter().for_each(|column| expect("a check", column)),
            Rule::Expression(text) => conditions.push(text),
            Rule::MinRows(_) | Rule::MaxRows(_) => {}
        }
    }
    if model.materialization == cdp_plan::Materialization::Partition {
        expect("a `partition` model", "as_of_date");
    }
    for text in conditions {
        if let Err(error) = condition(session, text, schema) {
            let range = model.sidecar.find(text).unwrap_or(0..0);
            faults.push(
                Fault::new(format!("check `{text}`: {}", plain(&error))).at(&model.sidecar, range),
            );
        }
    }
}
