//! Queries over a catalog: those of steps, and those of analysts.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cdp_plan::{Layer, Model, TableName, nearest_hint};
use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Ast;
use futures::TryStreamExt;

use crate::catalog::Catalog;
use crate::engine::only_reads;
use crate::error::{ErrorKind, LakeError, Result};
use crate::scratch::Staged;

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, as many as were asked for.
    pub batches: Vec<RecordBatch>,
    /// Whether there are more rows.
    pub more: bool,
}

fn is_query(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => matches!(
            **statement,
            Ast::Query(_)
                | Ast::ShowTables { .. }
                | Ast::ShowColumns { .. }
                | Ast::ExplainTable { .. }
        ),
        Statement::Explain(explain) => is_query(&explain.statement),
        _ => false,
    }
}

impl Catalog {
    /// The rows of a query, no more than asked for.
    pub async fn query(&self, sql: &str, rows_max: Option<usize>) -> Result<QueryResult> {
        let frame = self.sql_frame(sql).await?;
        let schema: SchemaRef = frame.schema().inner().clone();
        let most = rows_max.unwrap_or(usize::MAX);
        let mut stream = frame.execute_stream().await?;
        let (mut batches, mut rows, mut more) = (Vec::new(), 0, false);
        while let Some(batch) = stream.try_next().await? {
            let room = most - rows;
            if batch.num_rows() > room {
                batches.push(batch.slice(0, room));
                more = true;
                break;
            }
            rows += batch.num_rows();
            batches.push(batch);
        }
        Ok(QueryResult {
            schema,
            batches,
            more,
        })
    }

    /// All rows of a query of ours.
    pub async fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        Ok(self.query(sql, None).await?.batches)
    }

    /// Hands on all rows of a query of ours, a batch at a time.
    pub async fn each_batch(
        &self,
        sql: &str,
        mut take: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let mut stream = self.sql_frame(sql).await?.execute_stream().await?;
        while let Some(batch) = stream.try_next().await? {
            take(&batch)?;
        }
        Ok(())
    }

    /// The rows of a query of ours, kept on disk.
    pub async fn stage_sql(&self, sql: &str) -> Result<Staged> {
        let plan = self.sql_frame(sql).await?.into_unoptimized_plan();
        self.stage(plan).await
    }

    /// The rows of a model's query, kept on disk.
    pub async fn stage_model(&self, model: &Model) -> Result<Staged> {
        let plan = self.plan(model).await?;
        self.stage(plan)
            .await
            .map_err(|error| error.with("model", &model.name))
    }

    /// The rows of a model's query, in memory.
    pub async fn model_rows(&self, model: &Model) -> Result<Vec<RecordBatch>> {
        let plan = crate::types::to_stored(self.plan(model).await?)?;
        Ok(DataFrame::new(self.session().state(), plan)
            .collect()
            .await?)
    }

    pub(crate) async fn stage(&self, plan: LogicalPlan) -> Result<Staged> {
        self.tables().scratch().stage(self.session(), plan).await
    }

    pub(crate) async fn sql_frame(&self, sql: &str) -> Result<DataFrame> {
        let state = self.session().state();
        let dialect = state.config_options().sql_parser.dialect;
        let mut statement = state.sql_to_statement(sql, &dialect)?;
        if !is_query(&statement) {
            return Err(LakeError::new(
                ErrorKind::Query,
                "only queries are run here, this is none",
            )
            .hint("write one `select`; tables are written by `cdp-jobs run`"));
        }
        if let Statement::Statement(query) = &mut statement {
            let instances = self.tables().manifest().instances(&self.definition);
            cdp_plan::rename_tables(query, instances);
        }
        for table in state.resolve_table_references(&statement)? {
            if let Some(name) = self.known(&table)? {
                self.ensure(&name).await?;
            }
        }
        let plan = state.statement_to_plan(statement).await?;
        only_reads(&plan)?;
        Ok(DataFrame::new(self.session().state(), plan))
    }

    /// The table that a query names; `None` for what the engine itself knows.
    fn known(&self, table: &TableReference) -> Result<Option<TableName>> {
        if table.schema() == Some("information_schema") || self.is_kept(table)? {
            return Ok(None);
        }
        let manifest = self.tables().manifest();
        let written = match table.schema() {
            Some(schema) => format!("{schema}.{}", table.table()),
            None => table.table().to_owned(),
        };
        if let Ok(name) = written.parse::<TableName>()
            && (manifest.model(&name).is_some()
                || manifest.source(&name).is_some()
                || self.log_of(&name).is_some()
                || name.layer() == Layer::Ops)
        {
            return Ok(Some(name));
        }
        let names: Vec<String> = manifest
            .models()
            .map(|model| model.name.to_string())
            .chain(manifest.sources().map(|source| source.name.to_string()))
            .chain(["ops.runs".to_owned(), "ops.quarantine".to_owned()])
            .collect();
        Err(
            LakeError::new(ErrorKind::Query, format!("there is no table `{written}`"))
                .hint(nearest_hint(&written, names.iter().map(String::as_str))),
        )
    }
}
