//! Rows of a file of JSON lines: one object per line.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use cdp_plan::Source;
use serde_json::{Map, Value};

use super::NewFile;
use super::convert::Chunk;
use crate::error::{ErrorKind, LakeError, Result};
use crate::quarantine::BadRow;

const ROWS_PER_CHUNK: usize = 8192;

/// Reads a file chunk by chunk.
pub(super) struct JsonRows {
    file: String,
    reader: BufReader<Box<dyn Read + Send>>,
    columns: Vec<String>,
    line: i64,
    text: String,
    /// Keys that the source does not declare.
    pub(super) unknown: BTreeSet<String>,
}

impl JsonRows {
    pub(super) fn open(source: &Source, file: &NewFile) -> Result<Self> {
        Ok(Self {
            file: file.shown(),
            reader: BufReader::with_capacity(1 << 20, file.open()?),
            columns: source
                .columns
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
            line: 0,
            text: String::new(),
            unknown: BTreeSet::new(),
        })
    }

    /// The next rows; `None` at the end. Lines that are no rows at all are added to `bad`.
    pub(super) fn next(&mut self, bad: &mut Vec<BadRow>) -> Result<Option<Chunk>> {
        let mut builders: Vec<StringBuilder> =
            self.columns.iter().map(|_| StringBuilder::new()).collect();
        let mut lines = Vec::with_capacity(ROWS_PER_CHUNK);
        let mut ended = false;
        while lines.len() < ROWS_PER_CHUNK {
            self.text.clear();
            let read = self.reader.read_line(&mut self.text).map_err(|error| {
                LakeError::new(
                    ErrorKind::Input,
                    format!(
                        "cannot read `{}`, line {}: {error}",
                        self.file,
                        self.line + 1
                    ),
                )
            })?;
            if read == 0 {
                ended = true;
                break;
            }
            self.line += 1;
            let text = self.text.trim();
            if text.is_empty() {
                continue;
            }
            match serde_json::from_str::<Map<String, Value>>(text) {
                Ok(object) => {
                    self.append(&object, &mut builders);
                    lines.push(self.line);
                }
                Err(error) => bad.push(BadRow {
                    key: format!("{}:{}", self.file, self.line),
                    reason: format!("the line is not a JSON object: {error}"),
                    row: text.to_owned(),
                }),
            }
        }
        if ended && lines.is_empty() {
            return Ok(None);
        }
        let columns = builders
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef)
            .collect();
        Ok(Some(Chunk { columns, lines }))
    }

    fn append(&mut self, object: &Map<String, Value>, builders: &mut [StringBuilder]) {
        let mut found = 0;
        for (column, builder) in self.columns.iter().zip(builders) {
            let value = object.get(column);
            found += usize::from(value.is_some());
            match value {
                None | Some(Value::Null) => builder.append_null(),
                Some(Value::String(text)) if text.is_empty() => builder.append_null(),
                Some(Value::String(text)) => builder.append_value(text),
                Some(other) => builder.append_value(other.to_string()),
            }
        }
        if found < object.len() {
            let unknown = object.keys().filter(|key| !self.columns.contains(key));
            self.unknown.extend(unknown.cloned());
        }
    }
}
