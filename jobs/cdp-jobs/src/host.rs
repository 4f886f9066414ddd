//! The clock, the process's memory and names for runs: what only the binary may look at.

use cdp_runner::Host;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// This process on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThisProcess;

impl Host for ThisProcess {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// Linux tells; elsewhere it stays unknown.
    fn peak_memory_bytes(&self) -> u64 {
        std::fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| peak_in(&status))
            .unwrap_or(0)
    }
}

/// The line `VmHWM:   123456 kB` in bytes.
fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// A name for a run; names sort by when they were made.
pub(crate) fn new_run_id() -> String {
    Uuid::now_v7().to_string()
}

/// A name for an override that is made at a time. Names sort by day.
pub(crate) fn new_override_id(now: DateTime<Utc>) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("ov-{}-{}", now.format("%Y%m%d"), &random[..6])
}

/// The program as it was called, so that the commands it suggests can be typed as they stand.
pub(crate) fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if called.contains(std::path::MAIN_SEPARATOR) {
        called
    } else {
        "cdp-jobs".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_found_among_other_lines() {
        assert_eq!(
            peak_in("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(peak_in("Name:\tx\n"), None);
    }
}
