//! A profile, in words.

use std::fmt::Write;

use cdp_runner::{HistoryRow, Member, ProfileExplanation, ProfileStanding};

use super::text::{LINES_MAX, evidence, moment, outdated, refusal, rule};
use crate::output::{Table, counted};

/// What the profile is made of, since when and why.
pub(super) fn told(found: &ProfileExplanation) -> String {
    let mut text = String::new();
    let (id, date) = (&found.profile_id, found.as_of_date);
    if let Some(former) = &found.former {
        let change = former.change.as_ref();
        let when = change.map(|one| format!(" on {}: {}", one.as_of_date, one.reason));
        let when = when.unwrap_or_default();
        let _ = writeln!(
            text,
            "{} was merged into {}{when}",
            former.profile_id, former.lives_on_in
        );
    }
    let identifiers = counted(found.members.len() as u64, "identifier");
    let _ = writeln!(
        text,
        "{id} as of {date}: made {}, {identifiers}",
        found.profile_since
    );
    if found.is_shared {
        text += "  several people share its identifier, so it has a profile of its own\n";
    }
    if found.is_quarantined {
        text += "  too many identifiers hang together: each keeps the profile it had\n";
    }
    text += "identifiers, each below the one that ties it to the profile\n";
    for member in found.members.iter().take(LINES_MAX) {
        text += &told_member(member);
    }
    add_more(&mut text, found.members.len());
    if !found.refused.is_empty() {
        text += "what was refused\n";
        for one in found.refused.iter().take(LINES_MAX) {
            let _ = writeln!(text, "  {}", refusal(one));
        }
        add_more(&mut text, found.refused.len());
    }
    add_history(&mut text, &found.history, id);
    add_standing(&mut text, &found.standing);
    if found.is_outdated {
        text += &outdated(date);
    }
    text
}

fn told_member(member: &Member) -> String {
    let indent = "  ".repeat(member.depth + 1);
    let (first, last) = (moment(member.first_seen_at), moment(member.last_seen_at));
    let mut text = format!(
        "{indent}{}   belongs to it since {}\n{indent}    seen {first} to {last}",
        member.identifier, member.effective_at
    );
    if let Some(link) = &member.link {
        let _ = write!(text, "\n{indent}    {} by {}", rule(link), evidence(link));
    }
    text + "\n"
}

fn add_more(text: &mut String, count: usize) {
    if count > LINES_MAX {
        let more = count - LINES_MAX;
        let _ = writeln!(text, "  and {more} more, `--format json` has all");
    }
}

fn add_history(text: &mut String, history: &[HistoryRow], id: &str) {
    if history.is_empty() {
        return;
    }
    *text += "history\n";
    let mut table = Table::new(&[]);
    for row in history.iter().rev().take(LINES_MAX).rev() {
        let from = row.from_profile_id.as_deref();
        let to = row.to_profile_id.as_deref();
        let other = match (from, to) {
            (Some(from), Some(to)) if from == id => format!("to {to}"),
            (Some(from), _) if from != id => format!("from {from}"),
            _ => String::new(),
        };
        let date = row.as_of_date.to_string();
        table.row([&date, &row.change_type, &other, &row.reason]);
    }
    let _ = write!(text, "{table}");
    add_more(text, history.len());
}

fn add_standing(text: &mut String, standing: &ProfileStanding) {
    if !standing.fields.is_empty() {
        *text += "golden record\n";
        let mut table = Table::new(&[]);
        for field in &standing.fields {
            let at = field.at.as_deref().and_then(|at| at.get(..10));
            let source = field.source.as_deref().unwrap_or_default();
            table.row([&field.field, &field.value, source, at.unwrap_or_default()]);
        }
        let _ = write!(text, "{table}");
    }
    if let Some(sources) = &standing.sources {
        let _ = writeln!(text, "known to {sources}");
    }
    if !standing.consents.is_empty() {
        *text += "consent\n";
        let mut table = Table::new(&[]);
        for one in &standing.consents {
            let at = one.decided_at.as_deref().and_then(|at| at.get(..10));
            let channel = &one.channel;
            table.row([channel, &one.purpose, &one.status, at.unwrap_or_default()]);
        }
        let _ = write!(text, "{table}");
    }
    let segments = match standing.segments.as_slice() {
        [] => "none".to_owned(),
        segments => segments.join(", "),
    };
    let _ = writeln!(text, "segments: {segments}");
    let score = match (standing.churn_probability, &standing.not_scored_reason) {
        (Some(probability), _) => {
            let band = standing.risk_band.as_deref().unwrap_or_default();
            format!("{probability:.3} ({band})")
        }
        (None, Some(reason)) => match &standing.risk_band {
            Some(band) => format!("none: {reason} ({band} by the time since the last order)"),
            None => format!("none: {reason}"),
        },
        (None, None) => "none".to_owned(),
    };
    let _ = writeln!(text, "churn score: {score}");
}
