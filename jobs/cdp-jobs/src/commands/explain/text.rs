//! Words that explanations share.

use std::fmt::Write;

use cdp_runner::{Refusal, Said, Step};
use chrono::{DateTime, Utc};

use crate::output::counted;

/// How many lines of a kind a person gets.
pub(super) const LINES_MAX: usize = 50;

/// A day and a minute.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// What makes a link: `orders order_id=o17, 2025-03-04 10:11; 3 rows until 2025-09-01`.
pub(super) fn evidence(step: &Step) -> String {
    if let Some(said) = &step.said {
        return said_by(said);
    }
    let Some(source) = &step.source else {
        return if step.rule == "hash" {
            "one is the hash of the other".to_owned()
        } else {
            step.rule.clone()
        };
    };
    let mut text = source.clone();
    for (name, value) in step.row.iter().flatten() {
        let _ = write!(text, " {name}={value}");
    }
    if let Some(first) = step.first_seen_at {
        let _ = write!(text, ", {}", moment(first));
    }
    let last = step.last_seen_at.filter(|_| step.evidence_count > 1);
    if let Some(last) = last {
        let rows = counted(step.evidence_count, "row");
        let _ = write!(text, "; {rows} until {}", day(last));
    }
    text
}

/// The rule behind a link, where the evidence does not say it already.
pub(super) fn rule(step: &Step) -> &str {
    step.rule.split('@').next().unwrap_or(&step.rule)
}

/// `ov-…: link by ann since 2026-01-01: told on the phone`.
pub(super) fn said_by(said: &Said) -> String {
    let Said {
        override_id,
        kind,
        author,
        reason,
        valid_from,
    } = said;
    format!("{override_id}: {kind} by {author} since {valid_from}: {reason}")
}

/// What was refused, and why.
pub(super) fn refusal(one: &Refusal) -> String {
    let mut text = format!("{}: {}", one.rule, one.left);
    if let Some(right) = &one.right {
        let _ = write!(text, " and {right}");
    }
    if let Some(source) = &one.source {
        let _ = write!(text, " ({source})");
    }
    let _ = match (one.rule, one.size) {
        ("degree_max", Some(size)) => {
            write!(text, "\n      seen with {size} others; {}", one.because)
        }
        (_, Some(size)) => write!(text, "\n      {size} hang together; {}", one.because),
        (_, None) => write!(text, "\n      {}", one.because),
    };
    for said in &one.said {
        let _ = write!(text, "\n      {}", said_by(said));
    }
    text
}

/// What to say of a map that would come out another way now.
pub(super) fn outdated(as_of_date: impl std::fmt::Display) -> String {
    format!(
        "note: raw rows, overrides or rules changed since the map of {as_of_date} was made, which \
         would\n  come out another way now: `cdp-jobs run --as-of {as_of_date}` makes it again\n"
    )
}
