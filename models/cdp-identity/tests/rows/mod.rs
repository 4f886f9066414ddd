//! Evidence and profiles as rows.

use cdp_identity::{EvidenceTable, IdentityRules, PreviousMap, PreviousRow, Resolver, Rule};

/// One source says that two identifiers belong to one person, or that one identifier exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// An identifier as `IdentityRules::identifier` gives it.
    pub(crate) left: String,
    /// The other identifier, or nothing for an identifier that was seen alone.
    pub(crate) right: Option<String>,
    /// Where this was seen.
    pub(crate) source: String,
    /// When it was seen first, in microseconds since 1970.
    pub(crate) first_seen: i64,
    /// When it was seen last, in microseconds since 1970.
    pub(crate) last_seen: i64,
    /// How often it was seen.
    pub(crate) count: u64,
}

/// What an earlier resolution said of one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreviousAssignment {
    /// The identifier.
    pub(crate) identifier: String,
    /// The profile it belonged to.
    pub(crate) profile_id: String,
    /// The day on which that profile id was minted, in days since 1970.
    pub(crate) profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub(crate) effective_at: i32,
}

/// The profile of one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The identifier.
    pub(crate) identifier: String,
    /// The part of the identifier before its first `:`.
    pub(crate) identifier_type: String,
    /// The profile it belongs to.
    pub(crate) profile_id: String,
    /// The day on which that profile id was minted, in days since 1970.
    pub(crate) profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub(crate) effective_at: i32,
    /// When the identifier was seen first, in microseconds since 1970.
    pub(crate) first_seen: i64,
    /// When the identifier was seen last, in microseconds since 1970.
    pub(crate) last_seen: i64,
    /// How often the identifier was seen, over all evidence that names it.
    pub(crate) evidence_count: u64,
    /// Whether several people share the identifier, so that it has a profile of its own.
    pub(crate) is_ambiguous: bool,
}

/// A link that evidence speaks for and a limit speaks against. Ordered by its identifiers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RefusedLink {
    /// The smaller of the two identifiers.
    pub(crate) left: String,
    /// The larger of the two identifiers.
    pub(crate) right: String,
    /// Where the link was seen. Of several sources, the smallest.
    pub(crate) source: String,
    /// The limit that the link would have broken.
    pub(crate) rule: Rule,
    /// The type whose limit it is. For [`Rule::ClusterSize`], the type of the weaker identifier.
    /// Empty when the rules do not declare that type.
    pub(crate) identifier_type: String,
}

/// Who is who.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Every identifier that the evidence names, once, sorted by identifier.
    pub(crate) assignments: Vec<Assignment>,
    /// Every link that was refused, sorted.
    pub(crate) refused: Vec<RefusedLink>,
}

/// What a [`Resolver`] makes of rows, without overrides.
pub(crate) fn resolve(
    rules: &IdentityRules,
    evidence: impl IntoIterator<Item = Evidence>,
    previous: &[PreviousAssignment],
    as_of_day: i32,
) -> Resolution {
    let mut table = EvidenceTable::new();
    for row in evidence {
        let right = row.right.as_deref();
        let (first, last) = (row.first_seen, row.last_seen);
        table.push(&row.left, right, &row.source, first, last, row.count);
    }
    let mut before = PreviousMap::new();
    for row in previous {
        before.push(PreviousRow {
            identifier: &row.identifier,
            profile_id: &row.profile_id,
            profile_since: row.profile_since,
            effective_at: row.effective_at,
            founded: None,
            is_blocked: false,
        });
    }
    let map = Resolver::new(rules, as_of_day).resolve(table, &before);
    let assignments = map.iter().map(|row| Assignment {
        identifier: row.identifier.to_owned(),
        identifier_type: row.identifier_type.to_owned(),
        profile_id: row.profile_id.to_owned(),
        profile_since: row.profile_since,
        effective_at: row.effective_at,
        first_seen: row.first_seen,
        last_seen: row.last_seen,
        evidence_count: row.evidence_count,
        is_ambiguous: row.is_ambiguous,
    });
    let links = map
        .violations()
        .filter(|violation| !violation.source.is_empty());
    let refused = links.filter_map(|violation| {
        Some(RefusedLink {
            left: violation.left.to_owned(),
            right: violation.right?.to_owned(),
            source: violation.source.to_owned(),
            rule: violation.rule,
            identifier_type: violation.identifier_type.to_owned(),
        })
    });
    let mut refused: Vec<_> = refused.collect();
    refused.sort_unstable();
    Resolution {
        assignments: assignments.collect(),
        refused,
    }
}
