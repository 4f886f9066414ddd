//! What is wrong in a file a person wrote: where, what was expected, what to do.

use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// A text file as a person wrote it, with the path to show in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    is_builtin: bool,
}

impl SourceFile {
    /// A file by the path to show and its text.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            is_builtin: false,
        }
    }

    /// The same file, known to come with the program and to be unchanged.
    #[must_use]
    pub fn builtin(self) -> Self {
        Self {
            is_builtin: true,
            ..self
        }
    }

    /// The path as shown to people.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it came with the program and is unchanged.
    pub fn is_builtin(&self) -> bool {
        self.is_builtin
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset of a one-based line and column (in characters).
    pub fn offset(&self, line: u64, column: u64) -> usize {
        let mut start = 0;
        for (index, text) in self.text.split_inclusive('\n').enumerate() {
            if index as u64 + 1 == line {
                let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
                return start
                    + text
                        .char_indices()
                        .nth(skip)
                        .map_or(text.len(), |(offset, _)| offset);
            }
            start += text.len();
        }
        self.text.len()
    }

    fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |text| text.chars().count())
            + 1;
        (line, column)
    }
}

/// One fault in the configuration, a sidecar or a query.
#[derive(Debug, Clone, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Fault {
    message: String,
    #[help]
    hint: Option<String>,
    #[source_code]
    source_code: Option<NamedSource<String>>,
    #[label("{label}")]
    span: Option<SourceSpan>,
    label: String,
    place: Option<Place>,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The file, as shown to people.
    pub file: String,
    /// One-based line, when the fault is at one.
    pub line: Option<usize>,
    /// One-based column in characters.
    pub column: Option<usize>,
}

impl Fault {
    /// A fault that no file holds.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            source_code: None,
            span: None,
            label: "here".to_owned(),
            place: None,
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The file as a whole.
    #[must_use]
    pub fn in_file(mut self, file: &SourceFile) -> Self {
        self.place = Some(Place {
            file: file.path().to_owned(),
            line: None,
            column: None,
        });
        self
    }

    /// A byte range of a file.
    #[must_use]
    pub fn at(mut self, file: &SourceFile, range: std::ops::Range<usize>) -> Self {
        let (line, column) = file.line_column(range.start);
        self.place = Some(Place {
            file: file.path().to_owned(),
            line: Some(line),
            column: Some(column),
        });
        self.source_code = Some(NamedSource::new(file.path(), file.text().to_owned()));
        self.span = Some(range.into());
        self
    }

    /// What the marked range is.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The hint alone.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Where it is, when a file holds it.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

/// All faults that were found; never empty.
#[derive(Debug, Clone, thiserror::Error, Diagnostic)]
#[error("{} found, nothing was run", count(.faults.len()))]
pub struct Faults {
    #[related]
    faults: Vec<Fault>,
}

impl Faults {
    /// `Ok` when there are none.
    pub fn check(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by(|a, b| key(a).cmp(&key(b)));
        Err(Self { faults })
    }

    /// Each fault, by file and line.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
        }
    }
}

fn key(fault: &Fault) -> (Option<(&str, Option<usize>)>, &str) {
    let place = fault.place.as_ref();
    (
        place.map(|place| (place.file.as_str(), place.line)),
        &fault.message,
    )
}

fn count(n: usize) -> String {
    if n == 1 {
        "1 fault".to_owned()
    } else {
        format!("{n} faults")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_found_both_ways() {
        let file = SourceFile::new("a.toml", "één = 1\nb = 2\n");
        let offset = file.offset(2, 5);
        assert_eq!(&file.text()[offset..=offset], "2");
        assert_eq!(file.line_column(offset), (2, 5));
    }
}
