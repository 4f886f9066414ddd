//! Rows of a query through a function of ours, batch by batch: memory does not grow with the rows.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cdp_plan::TableName;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::scratch::Staged;

type Map = dyn Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync;

impl Catalog {
    /// Computes a query, gives every batch of its rows to a function, and keeps what that makes of
    /// it, rows of `schema`. Batches come in any order, several at once.
    pub async fn through(
        &self,
        sql: &str,
        schema: SchemaRef,
        map: impl Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> Result<Staged> {
        let frame = self.sql_frame(sql).await?;
        let map: Arc<Map> = Arc::new(map);
        let parts = frame.execute_stream_partitioned().await?.into_iter();
        let parts = parts.map(|rows| -> Arc<dyn PartitionStream> {
            Arc::new(Through {
                schema: schema.clone(),
                rows: Mutex::new(Some(rows)),
                map: map.clone(),
            })
        });
        let table = StreamingTable::try_new(schema.clone(), parts.collect())?;
        let frame = self.session().read_table(Arc::new(table))?;
        self.stage(frame.into_unoptimized_plan()).await
    }

    /// The same, from then on known to queries of this catalog under a name that no model has.
    pub async fn keep_through(
        &self,
        name: &TableName,
        sql: &str,
        schema: SchemaRef,
        map: impl Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> Result<u64> {
        let staged = self.through(sql, schema, map).await?;
        self.keep_staged(name, &staged)
    }
}

/// One stream of a query, which can be read once, and what is made of it.
struct Through {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
    map: Arc<Map>,
}

impl std::fmt::Debug for Through {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rows through a function")
    }
}

impl PartitionStream for Through {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rows) = { rows }.take() else {
            let twice = DataFusionError::Internal("these rows were read already".to_owned());
            let twice = futures::stream::iter([Err(twice)]);
            return Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), twice));
        };
        let map = self.map.clone();
        let made = rows.map(move |batch| {
            map(&batch?).map_err(|error| DataFusionError::External(error.into()))
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), made))
    }
}
