//! Two identifiers, in words.

use std::fmt::Write;

use cdp_runner::{LinkExplanation, Presence, Whereabouts};

use super::text::{LINES_MAX, evidence, moment, outdated, refusal, rule};

/// Why the two are one person or are not, and what can be done about it.
pub(super) fn told(found: &LinkExplanation, flags: &str) -> String {
    let (left, right) = (&found.left, &found.right);
    let (one, other) = (&left.identifier, &right.identifier);
    let date = found.as_of_date;
    let mut text = if found.is_one_profile {
        let id = left.profile_id.as_deref().unwrap_or_default();
        format!("as of {date} {one} and {other} are one person: {id}\n")
    } else {
        format!("as of {date} {one} and {other} are not one person\n")
    };
    for end in [left, right] {
        text += &whereabouts(end);
    }
    text += &path(found);
    text += &refused(found);
    if !found.is_one_profile {
        text += &advice(found, flags);
    } else if found.path.len() == 1 && found.path[0].said.is_some() {
        let id = found.path[0]
            .said
            .as_ref()
            .map_or("", |said| &said.override_id);
        let _ = writeln!(
            text,
            "if it is wrong: `cdp-jobs identity revoke{flags} {id}`"
        );
    } else {
        let _ = writeln!(
            text,
            "if it is wrong: `cdp-jobs identity unlink{flags} {one} {other}`"
        );
    }
    if found.is_outdated {
        text += &outdated(date);
    }
    text
}

fn whereabouts(one: &Whereabouts) -> String {
    let id = one.profile_id.as_deref().unwrap_or("nobody");
    let since = one.effective_at.map(|date| format!(" since {date}"));
    let since = since.unwrap_or_default();
    let place = match one.presence {
        Presence::Member => format!("in {id}{since}"),
        Presence::Shared => format!("shared by several people, so in {id} of its own{since}"),
        Presence::Quarantined => format!("in {id}{since}, with too many others to be resolved"),
        Presence::Nobody => {
            let because = one.because.as_deref().unwrap_or("nothing says who");
            format!("nobody: {because}")
        }
    };
    let (first, last) = (moment(one.first_seen_at), moment(one.last_seen_at));
    format!(
        "  {}: {place}\n    seen {first} to {last}\n",
        one.identifier
    )
}

fn path(found: &LinkExplanation) -> String {
    if found.path.is_empty() {
        return "nothing that was seen leads from one to the other\n".to_owned();
    }
    let mut text = if found.is_one_profile {
        "what ties them together\n".to_owned()
    } else {
        "what leads from one to the other\n".to_owned()
    };
    let _ = writeln!(text, "  {}", found.path[0].from);
    for step in found.path.iter().take(LINES_MAX) {
        let refused = step.refused_by.map(|rule| format!("   REFUSED: {rule}"));
        let refused = refused.unwrap_or_default();
        let _ = writeln!(text, "  └ {}   {}{refused}", step.to, rule(step));
        let _ = writeln!(text, "      {}", evidence(step));
    }
    text += &more(found.path.len());
    text
}

fn refused(found: &LinkExplanation) -> String {
    if found.refused.is_empty() {
        return String::new();
    }
    let mut text = "what was refused on the way\n".to_owned();
    for one in found.refused.iter().take(LINES_MAX) {
        let _ = writeln!(text, "  {}", refusal(one));
    }
    text += &more(found.refused.len());
    text
}

fn more(count: usize) -> String {
    if count > LINES_MAX {
        return format!(
            "  and {} more, `--format json` has all\n",
            count - LINES_MAX
        );
    }
    String::new()
}

fn advice(found: &LinkExplanation, flags: &str) -> String {
    let (one, other) = (&found.left.identifier, &found.right.identifier);
    let ends = [&found.left, &found.right];
    if let Some(end) = ends.iter().find(|end| end.presence == Presence::Nobody) {
        return format!(
            "who is nobody is linked to nobody: if {} is somebody, revoke the override or raise \
             the limit\n",
            end.identifier
        );
    }
    let said = found.refused.iter().flat_map(|refused| &refused.said);
    if let Some(said) = said.into_iter().find(|said| said.kind == "never_link") {
        return format!(
            "if they are one person: `cdp-jobs identity revoke{flags} {}`\n",
            said.override_id
        );
    }
    format!("if they are one person: `cdp-jobs identity link{flags} {one} {other}`\n")
}
