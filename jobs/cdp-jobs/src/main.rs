//! `cdp-jobs`: turns words into calls, and results into words and an exit code.

mod builtin;
mod cli;
mod commands;
mod env_vars;
mod examples;
mod exit_status;
mod failure;
mod host;
mod output;
mod panic;
mod progress;
mod project;
mod rows;
mod settings;
mod signal;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::cli::Cli;
use crate::exit_status::ExitStatus;

/// Planning a deep query recurses deeply, most of all in a build that is not optimised.
const STACK_BYTES: usize = 8 << 20;
/// How long work that was stopped may take to let go.
const GRACE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    panic::install();
    let cli = Cli::parse();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&failure::lines(
                &format!("cannot start: {error}"),
                None,
                false,
            ));
            return ExitStatus::Unreachable.into();
        }
    };
    // On a thread of the runtime, which has the deep stack; the main thread only waits.
    let work = runtime.spawn(commands::dispatch(cli));
    let status = runtime.block_on(signal::unless_stopped(work));
    panic::ended();
    runtime.shutdown_timeout(GRACE);
    status.into()
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
}
