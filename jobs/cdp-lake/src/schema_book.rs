//! The columns of every table, found by planning all queries over empty tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_plan::{BoundStatement, Fault, Manifest, Model, Source, Step, Supplied, TableName};
use datafusion::common::SchemaError;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;

use crate::catalog::reference;
use crate::engine::Engine;
use crate::error::{ErrorKind, LakeError, Result};
use crate::query_fault::{identifier_faults, planned, query_fault};
use crate::sidecar_fault;
use crate::types::{source_schema, stored_schema};
use crate::words;

/// The most columns that are missed of one query.
const MISSED_MAX: usize = 50;

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
        supplied: &Supplied,
        step_schema: impl Fn(Step) -> SchemaRef,
        faults: &mut Vec<Fault>,
    ) -> Result<Self> {
        let session = engine.session()?;
        {
            let state = session.state_ref();
            let mut state = state.write();
            let options = state.config_mut().options_mut();
            options.sql_parser.collect_spans = true;
            // What is at fault shows the first time; only a plan that is run gets better.
            options.optimizer.max_passes = 1;
        }
        let mut writer = Writer {
            engine,
            manifest,
            supplied,
            session,
            book: Self::default(),
            missed: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            faults,
        };
        for source in manifest.sources() {
            writer.source(source)?;
        }
        for model in manifest.models() {
            // The same query over other rows; its faults are told of the model it stands for.
            if let Some(main) = &model.stands_for {
                if let Ok(schema) = writer.book.of(main) {
                    writer.add(&model.name, schema)?;
                }
                continue;
            }
            let schema = match model.step() {
                Some(step) => Some(step_schema(step)),
                None => writer.query(model).await?,
            };
            if let Some(schema) = schema {
                writer.model(model, schema)?;
            }
        }
        Ok(writer.finish())
    }

    /// The columns of a table.
    pub fn of(&self, name: &TableName) -> Result<SchemaRef> {
        self.schemas.get(name).cloned().ok_or_else(|| {
            LakeError::new(ErrorKind::NotFound, format!("there is no table `{name}`"))
        })
    }
}

struct Writer<'a> {
    engine: &'a Engine,
    manifest: &'a Manifest,
    supplied: &'a Supplied,
    session: SessionContext,
    book: SchemaBook,
    /// Columns that a query of the project does not return, and the built-in models that read them.
    missed: BTreeMap<(TableName, String), Vec<TableName>>,
    /// Models that lack a column, and all that read them: a fault there may only follow from that.
    doubtful: BTreeSet<TableName>,
    faults: &'a mut Vec<Fault>,
}

impl Writer<'_> {
    fn add(&mut self, name: &TableName, schema: SchemaRef) -> Result<()> {
        self.session.deregister_table(reference(name))?;
        let table = MemTable::try_new(schema.clone(), vec![vec![]])?;
        self.session
            .register_table(reference(name), Arc::new(table))?;
        self.book.schemas.insert(name.clone(), schema);
        Ok(())
    }

    fn source(&mut self, source: &Source) -> Result<()> {
        let schema = source_schema(source);
        for (rule, text) in &source.rules {
            if let Err(error) = sidecar_fault::condition(&self.session, text, &schema) {
                let name = source.name.name();
                let message = format!("rule `{rule}` of source `{name}`: {}", words::plain(&error));
                let path = ["sources", name, "rules", rule];
                self.faults.push(
                    Fault::new(message)
                        .hint(sidecar_fault::nearest_column(&error, &schema))
                        .at_key(&source.file, &path),
                );
            }
        }
        self.add(&source.name, schema)
    }

    /// The columns that a query returns; `None` when it is at fault.
    async fn query(&mut self, model: &Model) -> Result<Option<SchemaRef>> {
        let Some(statement) = model.statement() else {
            return Ok(None);
        };
        let file = statement.file();
        let mut values = model.param_values();
        values.extend(self.supplied.of(&model.definition).clone());
        let bound = match statement.bind(&values) {
            Ok(bound) => bound,
            Err(message) => {
                self.faults.push(Fault::new(message).in_file(file));
                return Ok(None);
            }
        };
        identifier_faults(self.engine.identity(), file, &bound, self.faults);
        for (table, _) in statement.tables() {
            // What it reads is at fault, and that was told already.
            if !self.session.table_exist(reference(table))? {
                return Ok(None);
            }
        }
        let plan = self.planned(model, &bound).await?;
        if statement
            .tables()
            .iter()
            .any(|(table, _)| self.doubtful.contains(table))
        {
            self.doubtful.insert(model.name.clone());
        }
        let is_doubtful = self.doubtful.contains(&model.name);
        let fault = match plan {
            Ok(plan) => match stored_schema(plan.schema().as_arrow()) {
                Ok(schema) => return Ok(Some(schema)),
                Err(error) => Fault::new(error.to_string())
                    .hint(error.hint_text().unwrap_or_default())
                    .in_file(file),
            },
            Err(_) if is_doubtful => return Ok(None),
            Err(error) => query_fault(&self.session, file, &bound, &error).await,
        };
        if !is_doubtful {
            self.faults.push(fault);
        }
        Ok(None)
    }

    /// Plans a query. A column that a built-in query misses in one of the project is noted, and then
    /// taken to be there, so that all are found.
    async fn planned(
        &mut self,
        model: &Model,
        bound: &BoundStatement,
    ) -> Result<std::result::Result<datafusion::logical_expr::LogicalPlan, DataFusionError>> {
        let mut plan = planned(&self.session, bound).await;
        for _ in 0..MISSED_MAX {
            let Some((table, column)) = plan.as_ref().err().and_then(|e| self.missing(model, e))
            else {
                break;
            };
            let schema = self.book.of(&table)?;
            let schema = with_columns(&schema, std::slice::from_ref(&column));
            self.add(&table, schema)?;
            self.doubtful.insert(table.clone());
            let readers = self.missed.entry((table, column)).or_default();
            readers.push(model.name.clone());
            plan = planned(&self.session, bound).await;
        }
        Ok(plan)
    }

    /// The table of the project that lacks a column which a built-in query reads.
    fn missing(&self, model: &Model, error: &DataFusionError) -> Option<(TableName, String)> {
        let DataFusionError::SchemaError(error, _) = error.find_root() else {
            return None;
        };
        let SchemaError::FieldNotFound {
            field,
            valid_fields,
        } = error.as_ref()
        else {
            return None;
        };
        let statement = model.statement().filter(|s| s.file().is_builtin())?;
        let mut found = statement.tables().iter().filter_map(|(table, _)| {
            let is_own = self
                .manifest
                .model(table)
                .and_then(Model::statement)
                .is_some_and(|statement| !statement.file().is_builtin());
            let schema = self.book.schemas.get(table).filter(|_| is_own)?;
            let names = |relation: &Option<_>| -> BTreeSet<&str> {
                let of_it = valid_fields.iter().filter(|f| f.relation == *relation);
                of_it.map(|field| field.name.as_str()).collect()
            };
            let own: BTreeSet<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            let is_read = valid_fields
                .iter()
                .filter(|valid| field.relation.is_none() || valid.relation == field.relation)
                .any(|valid| names(&valid.relation) == own);
            is_read.then(|| (table.clone(), field.name().to_owned()))
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Checks the sidecar of a model against its columns.
    fn model(&mut self, model: &Model, schema: SchemaRef) -> Result<()> {
        let lacking = sidecar_fault::check(&self.session, model, &schema, self.faults);
        if lacking.is_empty() {
            return self.add(&model.name, schema);
        }
        self.doubtful.insert(model.name.clone());
        self.add(&model.name, with_columns(&schema, &lacking))
    }

    fn finish(self) -> SchemaBook {
        for ((table, column), readers) in self.missed {
            let Some(statement) = self.manifest.model(&table).and_then(Model::statement) else {
                continue;
            };
            let others = match readers.len() {
                1 => String::new(),
                2 => format!(" and `{}`", readers[1]),
                more => format!(" and {} more", more - 1),
            };
            let file = statement.file();
            self.faults.push(
                Fault::new(format!(
                    "`{}` does not return `{column}`, which `{}`{others} read{}",
                    file.path(),
                    readers[0],
                    if readers.len() == 1 { "s" } else { "" },
                ))
                .hint(sidecar_fault::without_column(&column))
                .in_file(file),
            );
        }
        self.book
    }
}

/// A schema with more columns, which are always null.
fn with_columns(schema: &Schema, more: &[String]) -> SchemaRef {
    let mut fields: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    let new = more
        .iter()
        .filter(|name| schema.field_with_name(name).is_err());
    fields.extend(new.map(|name| Field::new(name, DataType::Null, true)));
    Arc::new(Schema::new(fields))
}
