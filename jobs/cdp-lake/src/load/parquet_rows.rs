//! Rows of a Parquet file.

use std::fs::File;

use arrow::array::ArrayRef;
use cdp_plan::Source;
use datafusion::parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::NewFile;
use super::convert::Chunk;
use crate::error::{ErrorKind, LakeError, Result};

/// Reads a file batch by batch.
pub(super) struct ParquetRows {
    file: String,
    reader: ParquetRecordBatchReader,
    columns: Vec<String>,
    row: i64,
    /// Columns of the file that the source does not declare.
    pub(super) unknown: Vec<String>,
}

impl ParquetRows {
    pub(super) fn open(source: &Source, file: &NewFile) -> Result<Self> {
        let shown = file.shown();
        let not_parquet = |error: &dyn std::fmt::Display| {
            LakeError::new(
                ErrorKind::Input,
                format!("`{shown}` is not Parquet: {error}"),
            )
        };
        let opened = File::open(&file.path).map_err(|error| not_parquet(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(opened)
            .map_err(|error| not_parquet(&error))?;
        let names: Vec<String> = builder
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let columns: Vec<String> = source
            .columns
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let missing: Vec<String> = columns
            .iter()
            .filter(|column| !names.contains(column))
            .map(|column| format!("`{column}`"))
            .collect();
        if !missing.is_empty() {
            return Err(LakeError::new(
                ErrorKind::Input,
                format!("`{shown}` lacks the columns {}", missing.join(", ")),
            )
            .with("it has", names.join(", "))
            .hint(format!(
                "the columns of `{}` are declared in sql/sources.toml",
                source.name.name()
            )));
        }
        let reader = builder
            .with_batch_size(8192)
            .build()
            .map_err(|error| not_parquet(&error))?;
        let unknown = names
            .into_iter()
            .filter(|name| !columns.contains(name))
            .collect();
        Ok(Self {
            file: shown,
            reader,
            columns,
            row: 0,
            unknown,
        })
    }

    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        let batch = batch.map_err(|error| {
            LakeError::new(
                ErrorKind::Input,
                format!("cannot read `{}`: {error}", self.file),
            )
        })?;
        let first = self.row + 1;
        self.row += i64::try_from(batch.num_rows()).unwrap_or(0);
        let columns: Vec<ArrayRef> = self
            .columns
            .iter()
            .filter_map(|name| batch.column_by_name(name).cloned())
            .collect();
        let lines = (first..=self.row).collect();
        Ok(Some(Chunk { columns, lines }))
    }
}
