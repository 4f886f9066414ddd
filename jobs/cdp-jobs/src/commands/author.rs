//! Who decides something, and why: what is decided by people is never without a name.

use cdp_plan::Fault;

use crate::env_vars;
use crate::failure::{Failure, Result};

/// The author and the reason that were given, or who is logged in. What is not written needs no
/// author.
pub(super) fn author_and_reason(
    author: Option<&str>,
    reason: &str,
    dry_run: bool,
) -> Result<(String, String)> {
    let reason = reason.trim();
    if reason.is_empty() {
        let fault = Fault::new("`--reason` is empty");
        let hint = "say why, for whoever reads it in a year";
        return Err(Failure::usage(fault.hint(hint)));
    }
    let author = author.map(str::to_owned).or_else(env_vars::user);
    let author = author.as_deref().map(str::trim).unwrap_or_default();
    if author.is_empty() && !dry_run {
        let fault = Fault::new("nobody says so: the environment names no user");
        return Err(Failure::usage(fault.hint("say who with `--author NAME`")));
    }
    Ok((author.to_owned(), reason.to_owned()))
}
