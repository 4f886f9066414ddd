//! Rows of a CSV file with a header.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use cdp_plan::Source;
use csv::{ByteRecord, Reader, ReaderBuilder};

use super::NewFile;
use super::convert::Chunk;
use crate::error::{ErrorKind, LakeError, Result};
use crate::quarantine::BadRow;

const ROWS_PER_CHUNK: usize = 8192;

/// Reads a file chunk by chunk.
pub(super) struct CsvRows {
    file: String,
    reader: Reader<Box<dyn Read + Send>>,
    /// For each declared column its position in the file.
    positions: Vec<usize>,
    width: usize,
    record: ByteRecord,
    /// Columns of the file that the source does not declare.
    pub(super) unknown: Vec<String>,
}

impl CsvRows {
    pub(super) fn open(source: &Source, file: &NewFile) -> Result<Self> {
        let shown = file.shown();
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .from_reader(file.open()?);
        let header = reader.headers().map_err(|error| {
            let format = if file.gzip { "gzipped CSV" } else { "CSV" };
            LakeError::new(
                ErrorKind::Input,
                format!("`{shown}` is not {format}: {error}"),
            )
        })?;
        let names: Vec<String> = header
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}').to_owned())
            .collect();
        if names.iter().all(String::is_empty) {
            return Err(
                LakeError::new(ErrorKind::Input, format!("`{shown}` is empty"))
                    .hint("the first line of a CSV file names its columns"),
            );
        }
        let find = |column: &str| names.iter().position(|name| name == column);
        let missing: Vec<String> = source
            .columns
            .iter()
            .filter(|(column, _)| find(column).is_none())
            .map(|(column, _)| format!("`{column}`"))
            .collect();
        if !missing.is_empty() {
            return Err(LakeError::new(
                ErrorKind::Input,
                format!("`{shown}`, line 1: the header lacks {}", missing.join(", ")),
            )
            .with("it has", names.join(", "))
            .hint(missing_hint(source, &names)));
        }
        let declared = |name: &&String| source.column(name).is_none();
        Ok(Self {
            positions: source
                .columns
                .iter()
                .filter_map(|(column, _)| find(column))
                .collect(),
            width: names.len(),
            unknown: names.iter().filter(declared).cloned().collect(),
            file: shown,
            reader,
            record: ByteRecord::new(),
        })
    }

    /// The next rows; `None` at the end. Lines that are no rows at all are added to `bad`.
    pub(super) fn next(&mut self, bad: &mut Vec<BadRow>) -> Result<Option<Chunk>> {
        let mut builders: Vec<StringBuilder> = self
            .positions
            .iter()
            .map(|_| StringBuilder::new())
            .collect();
        let mut lines = Vec::with_capacity(ROWS_PER_CHUNK);
        while lines.len() < ROWS_PER_CHUNK {
            let more = self
                .reader
                .read_byte_record(&mut self.record)
                .map_err(|error| {
                    LakeError::new(
                        ErrorKind::Input,
                        format!("`{}` is not CSV: {error}", self.file),
                    )
                })?;
            if !more {
                break;
            }
            let line = self.record.position().map_or(0, csv::Position::line);
            if let Some(reason) = self.unreadable() {
                bad.push(BadRow {
                    key: format!("{}:{line}", self.file),
                    reason,
                    row: self.text(),
                });
                continue;
            }
            for (builder, position) in builders.iter_mut().zip(&self.positions) {
                // `unreadable` has seen that every field is UTF-8.
                match std::str::from_utf8(&self.record[*position]).unwrap_or_default() {
                    "" => builder.append_null(),
                    value => builder.append_value(value),
                }
            }
            lines.push(i64::try_from(line).unwrap_or(0));
        }
        if lines.is_empty() && bad.is_empty() && self.reader.is_done() {
            return Ok(None);
        }
        let done = lines.is_empty() && self.reader.is_done();
        let columns = builders
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef)
            .collect();
        Ok((!done).then_some(Chunk { columns, lines }))
    }

    fn unreadable(&self) -> Option<String> {
        if self.record.len() != self.width {
            return Some(format!(
                "the line has {} fields, the header has {}",
                self.record.len(),
                self.width
            ));
        }
        let faulty = self
            .record
            .iter()
            .find(|field| std::str::from_utf8(field).is_err());
        faulty.map(|_| "the line is not UTF-8".to_owned())
    }

    fn text(&self) -> String {
        let fields: Vec<_> = self.record.iter().map(String::from_utf8_lossy).collect();
        fields.join(",")
    }
}

/// Why columns may be missing: mostly because the file is separated by something else.
fn missing_hint(source: &Source, names: &[String]) -> String {
    let separators = [(";", "`;`"), ("\t", "tabs"), ("|", "`|`")];
    let separated = |header: &String| {
        let mut known = separators.iter().filter(|(mark, _)| header.contains(mark));
        known.next().map(|(_, shown)| *shown)
    };
    match names
        .first()
        .filter(|_| names.len() == 1)
        .and_then(separated)
    {
        Some(shown) => format!(
            "the file seems to be separated by {shown}, expected `,`: export it again with commas"
        ),
        None => format!(
            "the columns of `{}` are declared in sql/sources.toml",
            source.name.name()
        ),
    }
}
