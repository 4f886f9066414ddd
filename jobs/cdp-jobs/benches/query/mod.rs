//! Queries of a project, through the program as users run it.

use std::io;
use std::path::Path;

use crate::shop::cdp_jobs;

/// The rows of a query, as known on a date.
pub(crate) fn sql(project: &Path, as_of: &str, query: &str) -> io::Result<Vec<csv::StringRecord>> {
    let ask = [
        "sql", "--format", "csv", "--limit", "0", "--as-of", as_of, query,
    ]
    .map(AsRef::as_ref);
    let told = cdp_jobs(&[&ask[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    let mut reader = csv::Reader::from_reader(told.as_slice());
    reader
        .records()
        .map(|row| row.map_err(io::Error::from))
        .collect()
}
