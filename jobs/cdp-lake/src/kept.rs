//! Rows between two queries of a step, which no model names.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cdp_plan::{Model, TableName};
use datafusion::common::TableReference;

use crate::catalog::{Catalog, reference};
use crate::error::Result;
use crate::new_rows::Since;
use crate::scratch::Staged;

impl Catalog {
    /// Computes a query of ours once per run and date, like a scratch model; from then on queries of
    /// this catalog can read its rows under a name that no model has. Gives how many there are.
    pub async fn keep(&self, name: &TableName, sql: &str) -> Result<u64> {
        let since = self.since.as_ref().map(Since::date);
        let key = (name.clone(), self.as_of_date(), since);
        let known = self.tables().staged.lock().await.get(&key).cloned();
        let staged = if let Some(staged) = known {
            staged
        } else {
            let staged = self.stage_sql(sql).await?;
            let mut all = self.tables().staged.lock().await;
            all.insert(key, staged.clone());
            staged
        };
        self.keep_staged(name, &staged)
    }

    /// The same with rows that are there already; only this catalog knows them.
    pub fn keep_rows(
        &self,
        name: &TableName,
        schema: SchemaRef,
        rows: Vec<RecordBatch>,
    ) -> Result<u64> {
        self.keep_staged(name, &Staged::from_batches(schema, rows)?)
    }

    /// Computes a model's rows; from then on queries of this catalog read them under a name, which may
    /// be that of the model itself, in place of what is stored.
    pub async fn make_anew(&self, model: &Model, name: &TableName) -> Result<u64> {
        let staged = self.stage_model(model).await?;
        self.keep_staged(name, &staged)
    }

    pub(crate) fn keep_staged(&self, name: &TableName, staged: &Staged) -> Result<u64> {
        if !self.session().table_exist(reference(name))? {
            self.register(name, staged.provider())?;
        }
        Ok(staged.rows)
    }

    /// From now on joins sort both sides, and spill, and hold none in memory.
    pub fn join_by_sorting(&self) {
        let state = self.session().state_ref();
        let mut state = state.write();
        let options = state.config_mut().options_mut();
        options.optimizer.prefer_hash_join = false;
    }

    /// Whether a table that no model names was kept.
    pub(crate) fn is_kept(&self, table: &TableReference) -> Result<bool> {
        let Some(schema) = table.schema() else {
            return Ok(false);
        };
        let Ok(name) = format!("{schema}.{}", table.table()).parse::<TableName>() else {
            return Ok(false);
        };
        let manifest = self.tables().manifest();
        let is_ours = manifest.model(&name).is_none() && manifest.source(&name).is_none();
        Ok(is_ours && self.session().table_exist(reference(&name))?)
    }
}
