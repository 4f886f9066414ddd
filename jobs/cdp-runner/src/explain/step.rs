//! What an explanation is made of.

use cdp_identity::{Hop, OverrideKind, Rule, Violation};
use cdp_plan::AsOfDate;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::around::Around;

/// How an identifier stands on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It belongs to a profile.
    Member,
    /// Several people share it, so it has a profile of its own.
    Shared,
    /// Too many hang together with it, so it keeps the profile it had.
    Quarantined,
    /// It is nobody: a person blocked it, or it was seen with too many others.
    Nobody,
}

/// An identifier, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    /// Which.
    pub identifier: String,
    /// How it stands.
    pub presence: Presence,
    /// Why it is nobody.
    pub because: Option<String>,
    /// Its profile; none when it is nobody.
    pub profile_id: Option<String>,
    /// The date since when it belongs to that profile.
    pub effective_at: Option<AsOfDate>,
    /// When it was seen first.
    pub first_seen_at: DateTime<Utc>,
    /// When it was seen last.
    pub last_seen_at: DateTime<Utc>,
    /// On how many rows.
    pub evidence_count: u64,
}

/// Who said something, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The override.
    pub override_id: String,
    /// What it says: link, `never_link`, detach or `block_value`.
    pub kind: &'static str,
    /// By whom.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub valid_from: AsOfDate,
}

/// A link from one identifier to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Where it begins.
    pub from: String,
    /// Where it leads.
    pub to: String,
    /// What made it: types and source such as `email+user_id@orders`, `override:ov-…`, `hash`.
    pub rule: String,
    /// The staging model whose rows say it.
    pub source: Option<String>,
    /// The first such row, by its key.
    pub row: Option<Vec<(String, String)>>,
    /// When it was first seen.
    pub first_seen_at: Option<DateTime<Utc>>,
    /// When it was last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// On how many rows of that source.
    pub evidence_count: u64,
    /// The override that says it.
    pub said: Option<Said>,
    /// The rule that refused it, if it was not taken.
    pub refused_by: Option<&'static str>,
}

/// Something that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The rule in the way.
    pub rule: &'static str,
    /// The limit, in words.
    pub because: String,
    /// The identifier, or one of two.
    pub left: String,
    /// Its profile.
    pub left_profile_id: Option<String>,
    /// The other one.
    pub right: Option<String>,
    /// Its profile.
    pub right_profile_id: Option<String>,
    /// The staging model whose rows speak for the link.
    pub source: Option<String>,
    /// With how many others it was seen, or how many hang together.
    pub size: Option<u64>,
    /// The overrides that have to do with it.
    pub said: Vec<Said>,
}

/// A time from microseconds.
pub(super) fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

fn named(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Around {
    /// Where an identifier is; nothing when no row names it before the date.
    pub(super) fn whereabouts(&self, identifier: &str) -> Option<Whereabouts> {
        let found = self.map.find(identifier);
        let mut told = Whereabouts {
            identifier: identifier.to_owned(),
            presence: Presence::Nobody,
            because: None,
            profile_id: None,
            effective_at: None,
            first_seen_at: found.map(|one| time(one.first_seen)).unwrap_or_default(),
            last_seen_at: found.map(|one| time(one.last_seen)).unwrap_or_default(),
            evidence_count: found.map_or(0, |one| one.evidence_count),
        };
        if let Some(row) = self.rows.get(identifier) {
            told.presence = match (row.is_quarantined, row.is_ambiguous) {
                (true, _) => Presence::Quarantined,
                (_, true) => Presence::Shared,
                _ => Presence::Member,
            };
            told.profile_id = Some(row.profile_id.clone());
            told.effective_at = Some(row.effective_at);
            (told.first_seen_at, told.last_seen_at) = (row.first_seen_at, row.last_seen_at);
            told.evidence_count = row.evidence_count;
            return Some(told);
        }
        found?;
        told.because = Some(self.why_nobody(identifier));
        Some(told)
    }

    fn why_nobody(&self, identifier: &str) -> String {
        let blocks = self
            .overrides
            .iter()
            .find(|one| one.kind == OverrideKind::BlockValue && one.left == identifier);
        if let Some(one) = blocks {
            return format!(
                "`{}` by {} says so: {}",
                one.override_id, one.author, one.reason
            );
        }
        let mut broken = self.map.violations();
        let hub = broken.find(|one| one.rule == Rule::DegreeMax && one.left == identifier);
        hub.map_or_else(
            || "its hash, or what it is the hash of, is nobody".to_owned(),
            |one| {
                let limit = self.map.rules().behind(one.rule, one.identifier_type);
                format!("it was seen with {} others; {limit}", one.size)
            },
        )
    }

    pub(super) fn said(&self, override_id: &str) -> Option<Said> {
        let mut all = self.overrides.iter();
        let one = all.find(|one| one.override_id == override_id)?;
        Some(Said {
            override_id: one.override_id.clone(),
            kind: one.kind.as_str(),
            author: one.author.clone(),
            reason: one.reason.clone(),
            valid_from: AsOfDate::from_epoch_day(one.valid_from).unwrap_or(self.dates.as_of),
        })
    }

    pub(super) fn step(&self, hop: &Hop<'_>) -> Step {
        Step {
            from: hop.from.to_owned(),
            to: hop.to.to_owned(),
            rule: hop.rule.clone(),
            source: named(hop.source),
            row: None,
            first_seen_at: hop.first_seen.map(time),
            last_seen_at: hop.last_seen.map(time),
            evidence_count: hop.count,
            said: hop
                .rule
                .strip_prefix("override:")
                .and_then(|id| self.said(id)),
            refused_by: hop.refused.map(Rule::as_str),
        }
    }

    pub(super) fn refusal(&self, violation: &Violation<'_>) -> Refusal {
        let profile = |identifier: &str| self.profile(identifier).map(str::to_owned);
        let overrides = violation.override_ids.iter();
        Refusal {
            rule: violation.rule.as_str(),
            because: self
                .map
                .rules()
                .behind(violation.rule, violation.identifier_type),
            left: violation.left.to_owned(),
            left_profile_id: profile(violation.left),
            right: violation.right.map(str::to_owned),
            right_profile_id: violation.right.and_then(profile),
            source: named(violation.source),
            size: (violation.size > 0).then_some(violation.size),
            said: overrides.filter_map(|id| self.said(id)).collect(),
        }
    }
}
