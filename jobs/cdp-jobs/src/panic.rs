//! A panic is a bug in the program, and is told as one.

use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::output::say;

/// Whether the command has ended, and what still runs is being cut off.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Replaces the message of the standard library.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        if !ENDED.load(Ordering::Relaxed) {
            say(&message(info));
        }
    }));
}

/// From here on nothing is told: work that is cut off may panic where it waits, which is no bug.
pub(crate) fn ended() {
    ENDED.store(true, Ordering::Relaxed);
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("for an unknown reason");
    let place = info.location().map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file(), place.line())
    });
    format!(
        "error: this is a bug in cdp-jobs {}: {what}{place}\n\
         hint: report it with the command that you typed; the lake holds only whole commits, so \
         running again is safe\n",
        env!("CARGO_PKG_VERSION"),
    )
}
