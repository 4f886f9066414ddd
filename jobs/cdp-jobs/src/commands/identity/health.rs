//! `identity health`: how sound the profiles are, in words that fit 80 columns.

use std::fmt::Write;

use cdp_plan::Severity;
use cdp_runner::{HealthFigure, IdentityHealth};

use crate::output::{Table, count};

/// How many lines of a list a person gets.
const LIST_MAX: usize = 5;
/// How long the name of a line may be.
const NAME_MAX: usize = 34;

/// Lists of the report: the figure, the heading, whether its items are looked at one by one.
const LISTS: [(&str, &str); 8] = [
    ("profile_size", "identifiers of a profile, by percentile"),
    (
        "largest_profile",
        "largest profiles, with their identifiers",
    ),
    ("busiest_identifier", "identifiers seen with most others"),
    (
        "bridge",
        "links that alone hold two halves together, with the lesser half",
    ),
    ("identifiers_of_type", "identifiers by type"),
    (
        "singleton_share",
        "share of a type that is alone in its profile",
    ),
    ("unions", "what joined profiles"),
    ("never_meet", "types that were never seen together"),
];
const TOTALS: [(&str, &str); 5] = [
    ("identifiers", "identifiers"),
    ("profiles", "profiles"),
    ("consolidation_rate", "consolidation rate"),
    ("bridges", "bridge links"),
    ("violations", "violations"),
];

/// The report.
pub(super) fn told(health: &IdentityHealth) -> String {
    let date = health.as_of_date.to_string();
    let before = health.previous_date.map(|date| date.to_string());
    let before = before.unwrap_or_default();
    let mut text = format!("identity health as of {date}");
    let _ = match health.previous_date {
        Some(previous) => writeln!(text, ", next to {previous}"),
        None => writeln!(text, ", the first date"),
    };
    let mut table = Table::new(&[1, 2, 3]);
    if health.previous_date.is_some() {
        table.row(["", before.as_str(), date.as_str(), "change", ""]);
    }
    for (figure, name) in TOTALS {
        let found = health.figures.iter().find(|one| one.figure == figure);
        if let Some(found) = found {
            add(&mut table, name, found, health.previous_date.is_some());
        }
    }
    let _ = write!(text, "{table}");
    for (figure, heading) in LISTS {
        add_list(&mut text, health, figure, heading);
    }
    text += &thresholds(health);
    text
}

fn add_list(text: &mut String, health: &IdentityHealth, figure: &str, heading: &str) {
    let all = || health.figures.iter().filter(|one| one.figure == figure);
    let total = all().count();
    if total == 0 {
        return;
    }
    let _ = writeln!(text, "{heading}");
    if figure == "never_meet" {
        for one in all().take(LIST_MAX * 4) {
            let is_new = one.previous_value.is_none() && health.previous_date.is_some();
            let new = if is_new { "   new" } else { "" };
            let _ = writeln!(text, "  {}{new}", one.item);
        }
        return;
    }
    let mut items: Vec<&HealthFigure> = all().collect();
    if figure == "profile_size" {
        items.sort_by_key(|one| percent(&one.item));
    }
    let is_long = ["largest_profile", "busiest_identifier", "bridge", "unions"].contains(&figure);
    // What breaks a threshold is told however long the list is.
    let shown = items.iter().enumerate();
    let shown = shown.filter(|(place, one)| !is_long || *place < LIST_MAX || one.breaks.is_some());
    let mut table = Table::new(&[1, 2, 3]);
    let mut lines = 0;
    for (_, one) in shown {
        add(&mut table, &one.item, one, health.previous_date.is_some());
        lines += 1;
    }
    let _ = write!(text, "{table}");
    if total > lines {
        let _ = writeln!(
            text,
            "  and {} more, `--format json` has all",
            total - lines
        );
    }
}

fn percent(item: &str) -> u32 {
    item.trim_start_matches('p').parse().unwrap_or(u32::MAX)
}

fn add(table: &mut Table, name: &str, one: &HealthFigure, has_before: bool) {
    let previous = one.previous_value;
    let change = previous.map(|before| change(one.value - before));
    let before = previous.map_or_else(|| if has_before { "-" } else { "" }.to_owned(), number);
    let mark = match one.breaks {
        Some(Severity::Fail) => "FAILS",
        Some(Severity::Warn) => "warns",
        None => "",
    };
    table.row([
        &shortened(name),
        &before,
        &number(one.value),
        &change.unwrap_or_default(),
        mark,
    ]);
}

/// Whole numbers in groups, shares with three digits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count below 2^53"
)]
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value >= 0.0 {
        return count(value as u64);
    }
    format!("{value:.3}")
}

fn change(difference: f64) -> String {
    if difference.abs() < 0.0005 {
        return "=".to_owned();
    }
    let sign = if difference < 0.0 { "-" } else { "+" };
    format!("{sign}{}", number(difference.abs()))
}

fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_MAX {
        return name.to_owned();
    }
    let half = NAME_MAX / 2;
    let head: String = name.chars().take(half).collect();
    let tail: String = name.chars().skip(length - (NAME_MAX - half - 1)).collect();
    format!("{head}…{tail}")
}

fn thresholds(health: &IdentityHealth) -> String {
    let mut text = String::new();
    for check in &health.broken_checks {
        let word = match check.severity {
            Severity::Fail => "FAILS",
            Severity::Warn => "warns",
        };
        let _ = writeln!(text, "{word} ({} figures): {}", check.figures, check.rule);
    }
    if health.broken_checks.is_empty() {
        text += "no threshold is passed\n";
    }
    let file = &health.thresholds;
    let _ = match file.strip_prefix("builtin:") {
        Some(file) => writeln!(
            text,
            "thresholds: the checks of {file}; a copy of it in the project sets others"
        ),
        None => writeln!(text, "thresholds: the checks of {file}"),
    };
    text
}
