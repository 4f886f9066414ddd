//! Where words go: results to standard output, talk to standard error.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

pub(crate) use cdp_report::{count, counted};
use serde::Serialize;

use crate::cli::{Common, Format};
use crate::env_vars;
use crate::failure::{Failure, Result};

/// How the program speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// How results are written.
    pub(crate) format: Format,
    /// Nothing but results and errors.
    pub(crate) quiet: bool,
    /// More than usual.
    pub(crate) verbose: bool,
}

impl Output {
    /// As asked for on the command line.
    pub(crate) fn new(common: &Common) -> Self {
        Self {
            format: common.format,
            quiet: common.quiet,
            verbose: common.verbose,
        }
    }

    /// Whether results are for machines.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// One line of talk, unless silence was asked for.
    pub(crate) fn say(self, line: impl fmt::Display) {
        if !self.quiet {
            say(&format!("{line}\n"));
        }
    }

    /// One line of talk for who wants to know more.
    pub(crate) fn say_more(self, line: impl fmt::Display) {
        if self.verbose {
            say(&format!("{line}\n"));
        }
    }
}

/// A failure, once.
pub(crate) fn print_failure(failure: &Failure) {
    say(&failure.message(colours()));
}

/// A value as JSON, on standard output.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Text on standard output.
pub(crate) fn print_text(text: &str) -> Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Standard output, to be flushed by who writes.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// Whether messages have colours.
pub(crate) fn colours() -> bool {
    io::stderr().is_terminal() && env_vars::allows_colours()
}

/// Text on standard error; when nobody can read it there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Rows in columns that line up.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// A table; the columns at these places are numbers and stand to the right.
    pub(crate) fn new(right: &[usize]) -> Self {
        Self {
            rows: Vec::new(),
            right: right.to_vec(),
        }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(str::to_owned).to_vec());
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                line.push_str(if column == 0 { "  " } else { "   " });
                if self.right.contains(&column) {
                    let _ = write!(line, "{cell:>width$}");
                } else {
                    let _ = write!(line, "{cell:<width$}");
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Milliseconds as `0.3 s` or `2 min 5 s`.
pub(crate) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    if seconds >= 60 {
        return format!("{} min {} s", seconds / 60, seconds % 60);
    }
    format!("{seconds}.{} s", milliseconds % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(duration(1_350), "1.3 s");
        assert_eq!(duration(125_000), "2 min 5 s");
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[1]);
        table.row(["table", "rows"]);
        table.row(["raw.orders", "12"]);
        assert_eq!(
            table.to_string(),
            "  table        rows\n  raw.orders     12\n"
        );
    }
}
