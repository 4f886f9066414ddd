//! Tests of the models of orders.

mod bad_input;
mod cdnow;
mod degenerate;
mod formulas;
mod laws;
mod online_retail;
mod public_data;
mod simulation;
mod story;
mod values;

/// What was read, or nothing, with the reason told; an error where nothing may be skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn or_say_why_not<T>(read: Result<T, String>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(reason) => {
            let strict = std::env::var_os("CDP_SKIP_NOTHING").is_some();
            assert!(!strict, "nothing may be skipped, and: {reason}");
            eprintln!("{reason}");
            None
        }
    }
}
