//! The program as users run it, and what the environment says of a benchmark.

use std::ffi::OsStr;
use std::io;
use std::process::Command;
use std::str::FromStr;

/// What the environment says, or else the default.
pub(crate) fn setting<T: FromStr>(name: &str, default: T) -> T {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own program")]
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// What the program writes to its standard output.
pub(crate) fn cdp_jobs(arguments: &[&OsStr]) -> io::Result<Vec<u8>> {
    let output = Command::new(env!("CARGO_BIN_EXE_cdp-jobs"))
        .args(arguments)
        .output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    let last = &lines[lines.len().saturating_sub(5)..];
    Err(io::Error::other(format!(
        "{arguments:?}: {}",
        last.join("\n")
    )))
}
