//! What lies between two maps of the same evidence.

use std::collections::BTreeMap;

use cdp_identity::{MapRow, ProfileMap};
use serde::Serialize;

/// An identifier that changes its profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Move {
    /// Which.
    pub identifier: String,
    /// The profile it leaves; none when it was nobody's.
    pub from_profile_id: Option<String>,
    /// The profile it comes to; none when it is nobody's.
    pub to_profile_id: Option<String>,
}

/// What becomes of profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    /// `from` is gone and lives on in `to`.
    Merged,
    /// `from` lives on, a part of it is now in `to`.
    Split,
    /// `from` is gone, and `to`, which is new, stands in its place.
    Renamed,
    /// Identifiers of `from` are nobody's.
    Blocked,
    /// Identifiers that were nobody's are in `to`.
    Unblocked,
}

/// Identifiers that go from one profile to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What becomes of the profiles.
    pub change_type: ChangeType,
    /// The profile that loses them.
    pub from_profile_id: Option<String>,
    /// The profile that gains them.
    pub to_profile_id: Option<String>,
    /// How many.
    pub identifiers: usize,
}

/// A profile that gains or loses identifiers.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AffectedProfile {
    /// Which.
    pub profile_id: String,
    /// How many identifiers it holds; none when it is new.
    pub identifiers_before: usize,
    /// How many it will hold; none when it is gone.
    pub identifiers_after: usize,
    /// The segments it is in.
    pub segments: Vec<String>,
    /// Its churn probability, when it was scored.
    pub churn_probability: Option<f64>,
    /// The band of that.
    pub risk_band: Option<String>,
    /// Why it was not scored.
    pub not_scored_reason: Option<String>,
}

/// What changes between two maps.
#[derive(Debug, Default)]
pub(super) struct Diff {
    pub(super) moves: Vec<Move>,
    pub(super) changes: Vec<Change>,
    pub(super) profiles: Vec<AffectedProfile>,
}

impl Diff {
    /// Two maps of the same evidence, which have the same rows in the same order.
    pub(super) fn between(before: &ProfileMap, after: &ProfileMap) -> Self {
        let rows = || before.iter().zip(after.iter());
        let mut moves = Vec::new();
        let mut sizes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (old, new) in rows() {
            let (from, to) = (profile(&old), profile(&new));
            if from != to {
                let touched = from.into_iter().chain(to);
                sizes.extend(touched.map(|profile| (profile, (0, 0))));
                moves.push(Move {
                    identifier: old.identifier.to_owned(),
                    from_profile_id: from.map(str::to_owned),
                    to_profile_id: to.map(str::to_owned),
                });
            }
        }
        for (old, new) in rows().filter(|_| !moves.is_empty()) {
            if let Some((count, _)) = profile(&old).and_then(|id| sizes.get_mut(id)) {
                *count += 1;
            }
            if let Some((_, count)) = profile(&new).and_then(|id| sizes.get_mut(id)) {
                *count += 1;
            }
        }
        moves.sort_unstable();
        let profiles = sizes.iter().map(|(id, (before, after))| AffectedProfile {
            profile_id: (*id).to_owned(),
            identifiers_before: *before,
            identifiers_after: *after,
            ..AffectedProfile::default()
        });
        Self {
            changes: changes(&moves, &sizes),
            profiles: profiles.collect(),
            moves,
        }
    }
}

/// Who is blocked is nobody.
fn profile<'m>(row: &MapRow<'m>) -> Option<&'m str> {
    (!row.is_blocked).then_some(row.profile_id)
}

fn changes(moves: &[Move], sizes: &BTreeMap<&str, (usize, usize)>) -> Vec<Change> {
    let mut counts: BTreeMap<(ChangeType, &Option<String>, &Option<String>), usize> =
        BTreeMap::new();
    for one in moves {
        let (from, to) = (&one.from_profile_id, &one.to_profile_id);
        let size = |id: &String| sizes.get(id.as_str()).copied().unwrap_or_default();
        let change_type = match (from, to) {
            (None, _) => ChangeType::Unblocked,
            (_, None) => ChangeType::Blocked,
            (Some(from), Some(to)) if size(from).1 == 0 => match size(to).0 {
                0 => ChangeType::Renamed,
                _ => ChangeType::Merged,
            },
            _ => ChangeType::Split,
        };
        *counts.entry((change_type, from, to)).or_default() += 1;
    }
    let changes = counts
        .into_iter()
        .map(|((change_type, from, to), count)| Change {
            change_type,
            from_profile_id: from.clone(),
            to_profile_id: to.clone(),
            identifiers: count,
        });
    changes.collect()
}
