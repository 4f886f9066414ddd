//! `completions`: what a shell needs to complete our verbs and flags.

use std::io::Write;

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output;

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result {
    // The generator panics when its output goes away, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cdp-jobs", &mut script);
    let mut out = output::stdout();
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitStatus::Done)
}
