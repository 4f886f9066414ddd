//! What people read about overrides.

use std::fmt::Write;

use cdp_plan::AsOfDate;
use cdp_runner::{
    AffectedProfile, Change, ChangeType, KnownOverride, Obstacle, OverrideKind, OverrideRow,
    Preview, Related, Relation, TakenBack,
};
use chrono::{DateTime, Utc};

use crate::output::{Table, counted};

/// How many lines of a kind a person gets.
const LINES_MAX: usize = 20;

/// What an override says and changes.
pub(super) fn preview(row: &OverrideRow, preview: &Preview) -> String {
    let mut text = format!("{}\n", headline(row));
    for related in &preview.related {
        let _ = writeln!(text, "  {}", related_line(row, related));
    }
    let Some(date) = preview.map_date else {
        text += "  what it changes can't be shown: there is no identity.profile_map yet\n";
        return text;
    };
    let unknown = preview.standing.iter().filter(|one| !one.is_known);
    for one in unknown {
        let _ = writeln!(
            text,
            "  warning: nothing before {date} names `{}`, so far it has nothing to act on",
            one.identifier
        );
    }
    for obstacle in &preview.violations {
        let told = |id: &String| {
            let mut related = preview.related.iter();
            *id == row.override_id || related.any(|one| one.row.override_id == *id)
        };
        let is_told =
            obstacle.rule == "override_conflict" && obstacle.override_ids.iter().all(told);
        if let Some(line) = obstacle_line(row, obstacle).filter(|_| !is_told) {
            let _ = writeln!(text, "  {line}");
        }
    }
    if preview.moves.is_empty() {
        let _ = writeln!(
            text,
            "as of {date} it changes nothing{}",
            why_not(row, preview)
        );
        return text;
    }
    let _ = writeln!(text, "as of {date} it changes");
    let size = |id: &str| preview.profiles.iter().find(|one| one.profile_id == id);
    let changes = preview.changes.iter().map(|one| change_cells(one, size));
    add_table(&mut text, changes);
    text += "identifiers\n";
    let moves = preview.moves.iter().map(|one| {
        let from = one.from_profile_id.as_deref().unwrap_or("nobody");
        let to = one.to_profile_id.as_deref().unwrap_or("nobody");
        let shown = shown(&one.identifier, row);
        [shown, format!("{from} → {to}"), String::new()]
    });
    add_table(&mut text, moves);
    let _ = writeln!(text, "what stands as of {date}");
    add_table(&mut text, preview.profiles.iter().filter_map(profile_cells));
    text
}

fn add_table(text: &mut String, rows: impl Iterator<Item = [String; 3]>) {
    let rows: Vec<_> = rows.collect();
    let mut table = Table::new(&[]);
    for row in rows.iter().take(LINES_MAX) {
        table.row(row.each_ref().map(String::as_str));
    }
    let _ = write!(text, "{table}");
    if let Some(more) = rows.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more, `--format json` has all");
    }
}

fn headline(row: &OverrideRow) -> String {
    let left = &row.left_identifier;
    let right = row.right_identifier.as_deref().unwrap_or_default();
    let said = match row.kind {
        OverrideKind::Link => format!("{left} and {right} are one person"),
        OverrideKind::NeverLink => format!("{left} and {right} are two people"),
        OverrideKind::Detach => format!("evidence of {left} with others counts for nothing"),
        OverrideKind::BlockValue => format!("{left} is nobody"),
    };
    if row.is_active {
        return said;
    }
    format!("no longer: {said} ({})", row.override_id)
}

fn related_line(row: &OverrideRow, related: &Related) -> String {
    let other = &related.row;
    let id = &other.override_id;
    let said = format!(
        "`{id}` by {}, since {},",
        other.author,
        moment(other.valid_from)
    );
    let why = if [row.kind, other.kind].contains(&OverrideKind::BlockValue) {
        "nobody is linked to nobody"
    } else if row.counts_from() == other.counts_from() {
        "of two of one day the more careful one holds"
    } else {
        "the later one holds"
    };
    match related.relation {
        Relation::Same => format!("note: {said} says so already"),
        Relation::GivesWay => format!("note: {said} says the opposite and gives way: {why}"),
        Relation::Wins => {
            format!("warning: {said} says the opposite and wins: {why}; revoke it if it is wrong")
        }
    }
}

/// What has to do with identifiers that are unknown was told already.
fn obstacle_line(row: &OverrideRow, obstacle: &Obstacle) -> Option<String> {
    let left = shown(&obstacle.left_identifier, row);
    let right = obstacle.right_identifier.as_deref();
    let right = right.map(|right| shown(right, row)).unwrap_or_default();
    let name = |id: &String| {
        if *id == row.override_id {
            "this one".to_owned()
        } else {
            format!("`{id}`")
        }
    };
    let names: Vec<String> = obstacle.override_ids.iter().map(name).collect();
    Some(match (obstacle.rule, names.as_slice()) {
        ("override_unused", _) => return None,
        ("override_conflict", [loser, winners @ ..]) if !winners.is_empty() => {
            format!(
                "note: they contradict each other: {loser} gives way to {}",
                winners.join(", ")
            )
        }
        ("never_link", _) => format!("note: evidence links {left} and {right}, which is refused"),
        (rule, _) => format!("note: {rule}: {left} {right}")
            .trim_end()
            .to_owned(),
    })
}

fn why_not(row: &OverrideRow, preview: &Preview) -> String {
    if !row.is_active || preview.standing.iter().any(|one| !one.is_known) {
        return String::new();
    }
    let profiles: Vec<Option<&str>> = preview
        .standing
        .iter()
        .map(|one| one.profile_id.as_deref())
        .collect();
    match (row.kind, profiles.as_slice()) {
        (OverrideKind::Link, [Some(one), Some(two)]) if one == two => {
            format!(": both are in {one} already")
        }
        (OverrideKind::NeverLink, [Some(one), Some(two)]) if one != two => {
            format!(": they are in {one} and {two} already")
        }
        (OverrideKind::BlockValue, [None]) => ": it is nobody already".to_owned(),
        _ => String::new(),
    }
}

fn change_cells<'p>(
    change: &Change,
    profile: impl Fn(&str) -> Option<&'p AffectedProfile>,
) -> [String; 3] {
    let sized = |id: &Option<String>| {
        let id = id.as_deref().unwrap_or("nobody");
        let size = profile(id).map(|one| (one.identifiers_before, one.identifiers_after));
        match size {
            Some((0, after)) => format!("{id} (new, {})", identifiers(after)),
            Some((before, 0)) => format!("{id} (gone, had {})", identifiers(before)),
            Some((before, after)) => format!("{id} ({before} → {})", identifiers(after)),
            None => id.to_owned(),
        }
    };
    let (word, joint) = match change.change_type {
        ChangeType::Merged => ("merged", "into"),
        ChangeType::Split => ("split", "off to"),
        ChangeType::Renamed => ("renamed", "to"),
        ChangeType::Blocked => ("blocked", "now"),
        ChangeType::Unblocked => ("unblocked", "now in"),
    };
    let (from, to) = (sized(&change.from_profile_id), sized(&change.to_profile_id));
    [word.to_owned(), from, format!("{joint} {to}")]
}

fn identifiers(count: usize) -> String {
    counted(count as u64, "identifier")
}

/// A profile that is new is in no table, unless another override is about to end it.
fn profile_cells(profile: &AffectedProfile) -> Option<[String; 3]> {
    let has_score = profile.churn_probability.is_some() || profile.not_scored_reason.is_some();
    if profile.identifiers_before == 0 && profile.segments.is_empty() && !has_score {
        return None;
    }
    let segments = match profile.segments.as_slice() {
        [] => "in no segment".to_owned(),
        segments => segments.join(", "),
    };
    let score = match (profile.churn_probability, &profile.not_scored_reason) {
        (Some(probability), _) => {
            let band = profile.risk_band.as_deref().unwrap_or_default();
            format!("churn {probability:.3} ({band})")
        }
        (None, Some(reason)) => format!("no churn score: {reason}"),
        (None, None) => "no churn score".to_owned(),
    };
    Some([profile.profile_id.clone(), score, segments])
}

/// What was typed as it is, anything else shortened.
fn shown(identifier: &str, row: &OverrideRow) -> String {
    if row.identifiers().any(|one| one == identifier) {
        return identifier.to_owned();
    }
    let (name, value) = identifier.split_once(':').unwrap_or(("", identifier));
    let chars: Vec<char> = value.chars().collect();
    let head: String = chars.iter().take(2).collect();
    let tail: String = chars.iter().skip(chars.len().max(8) - 4).collect();
    format!("{name}:{head}…{tail}")
}

/// What came of it, and from when on it counts.
pub(super) fn outcome(
    row: &OverrideRow,
    map_date: Option<AsOfDate>,
    dry_run: bool,
    project_flag: &str,
) -> String {
    let from = row.counts_from();
    let id = &row.override_id;
    let mut text = match (dry_run, row.is_active) {
        (true, _) => "nothing was written; it would count".to_owned(),
        (false, true) => format!("wrote {id} by {}; it counts", row.author),
        (false, false) => format!("took back {id} by {}; that counts", row.author),
    };
    let again = map_date.filter(|made| *made >= from);
    let date = again.unwrap_or(from);
    let why = again.map_or("", |_| ", which makes again what stands");
    let _ = writeln!(
        text,
        " from the run for {from} on: `cdp-jobs run{project_flag} --as-of {date}`{why}"
    );
    text
}

/// That there is nothing to take back.
pub(super) fn taken_back(id: &str, taken_back: &TakenBack) -> String {
    let TakenBack {
        author,
        reason,
        valid_from,
    } = taken_back;
    let since = moment(*valid_from);
    format!("nothing to do: `{id}` was taken back by {author} on {since}: {reason}")
}

/// A time to the minute.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// All overrides in columns.
pub(super) fn list(known: &[KnownOverride]) -> String {
    let mut table = Table::new(&[]);
    table.row([
        "override",
        "kind",
        "identifiers",
        "since (UTC)",
        "by",
        "reason",
        "",
    ]);
    for one in known {
        let row = &one.row;
        let identifiers: Vec<&str> = row.identifiers().collect();
        let back = one.taken_back.as_ref().map(|back| {
            format!(
                "taken back by {} on {}: {}",
                back.author,
                moment(back.valid_from),
                back.reason
            )
        });
        table.row([
            &row.override_id,
            row.kind.as_str(),
            &identifiers.join(" "),
            &moment(row.valid_from),
            &row.author,
            &row.reason,
            back.as_deref().unwrap_or("stands"),
        ]);
    }
    table.to_string()
}
