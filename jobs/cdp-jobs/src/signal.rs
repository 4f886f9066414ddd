//! Waits for the work, or for a signal that ends it.

use tokio::task::JoinHandle;

use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{print_failure, say};
use crate::panic;

/// The status of the work; when the program is told to stop, the work is dropped where it waits,
/// which leaves whole commits only.
pub(crate) async fn unless_stopped(work: JoinHandle<Result>) -> ExitStatus {
    let stop = work.abort_handle();
    tokio::select! {
        result = work => match result {
            Ok(Ok(status)) => status,
            Ok(Err(failure)) => {
                print_failure(&failure);
                failure.status()
            }
            // The panic hook has told it.
            Err(_) => ExitStatus::Bug,
        },
        () = stopped() => {
            panic::ended();
            stop.abort();
            say("error: stopped\nhint: run the same again: what was finished stays\n");
            ExitStatus::Interrupted
        }
    }
}

#[cfg(unix)]
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn stopped() {
    interrupted().await;
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
