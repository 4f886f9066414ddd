//! From evidence to profiles.

use crate::clusters::{Refusal, Rule, link};
use crate::graph::{Graph, identifier_type};
use crate::rules::IdentityRules;
use crate::stable_id::{Previous, name_clusters};

/// One source says that two identifiers belong to one person, or that one identifier exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// An identifier as [`IdentityRules::identifier`] gives it.
    pub left: String,
    /// The other identifier, or nothing for an identifier that was seen alone.
    pub right: Option<String>,
    /// Where this was seen.
    pub source: String,
    /// When it was seen first, in microseconds since 1970.
    pub first_seen: i64,
    /// When it was seen last, in microseconds since 1970.
    pub last_seen: i64,
    /// How often it was seen.
    pub count: u64,
}

/// What an earlier resolution said of one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousAssignment {
    /// The identifier.
    pub identifier: String,
    /// The profile it belonged to.
    pub profile_id: String,
    /// The day on which that profile id was minted, in days since 1970.
    pub profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub effective_at: i32,
}

/// The profile of one identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The identifier.
    pub identifier: String,
    /// The part of the identifier before its first `:`.
    pub identifier_type: String,
    /// The profile it belongs to.
    pub profile_id: String,
    /// The day on which that profile id was minted, in days since 1970.
    pub profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub effective_at: i32,
    /// When the identifier was seen first, in microseconds since 1970.
    pub first_seen: i64,
    /// When the identifier was seen last, in microseconds since 1970.
    pub last_seen: i64,
    /// How often the identifier was seen, over all evidence that names it.
    pub evidence_count: u64,
}

/// A link that evidence speaks for and a limit speaks against. Ordered by its identifiers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedLink {
    /// The smaller of the two identifiers.
    pub left: String,
    /// The larger of the two identifiers.
    pub right: String,
    /// Where the link was seen. Of several sources, the smallest.
    pub source: String,
    /// The limit that the link would have broken.
    pub rule: Rule,
    /// The type whose limit it is. For [`Rule::ClusterSize`], the type of the weaker identifier.
    /// Empty when the rules do not declare that type.
    pub identifier_type: String,
}

/// Who is who.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Every identifier that the evidence names, once, sorted by identifier.
    pub assignments: Vec<Assignment>,
    /// Every link that was refused, sorted.
    pub refused: Vec<RefusedLink>,
}

/// Gives each identifier of the evidence its profile.
///
/// Links are taken by strength: first those whose weaker end is trusted most, then those whose
/// stronger end is, then those seen first, then by identifier. A link that would break a limit is
/// refused. Identifiers of undeclared types are the weakest of all, and without a limit.
///
/// A profile of before keeps its id. When it was split, the side with the founding identifier
/// keeps it. When profiles were merged, the oldest id stays, of equally old ones the smaller. All
/// other profiles get an id made from the founding identifier, which is the one seen first, then
/// the most trusted, then the smallest. The id of a profile of before is never given to another.
#[expect(
    clippy::needless_pass_by_value,
    reason = "millions of rows are handed over so that a caller cannot keep them by mistake"
)]
pub fn resolve(
    rules: &IdentityRules,
    evidence: Vec<Evidence>,
    previous: &[PreviousAssignment],
    as_of_day: i32,
) -> Resolution {
    let graph = Graph::new(rules, &evidence);
    let (clusters, refusals) = link(rules, &graph);
    let previous = Previous::new(&graph, previous);
    let profiles = name_clusters(&graph, &clusters, &previous, as_of_day);

    let identifiers = graph.identifiers.iter().enumerate();
    let assignments = identifiers.map(|(node, identifier)| {
        let profile = &profiles[clusters.of_node[node] as usize];
        let seen = &graph.nodes[node];
        Assignment {
            identifier: (*identifier).to_owned(),
            identifier_type: identifier_type(identifier).to_owned(),
            profile_id: profile.id.clone(),
            profile_since: profile.since,
            effective_at: previous.effective_at(node, &profile.id, as_of_day),
            first_seen: seen.first_seen,
            last_seen: seen.last_seen,
            evidence_count: seen.evidence_count,
        }
    });
    let refused = refusals
        .iter()
        .map(|refusal| refused_link(rules, &graph, refusal));
    let mut refused: Vec<_> = refused.collect();
    refused.sort_unstable();
    Resolution {
        assignments: assignments.collect(),
        refused,
    }
}

fn refused_link(rules: &IdentityRules, graph: &Graph<'_>, refusal: &Refusal) -> RefusedLink {
    let Refusal {
        edge,
        rule,
        type_index,
    } = refusal;
    let identifier_type = type_index.map_or("", |index| &rules.types()[index].name);
    RefusedLink {
        left: graph.identifiers[edge.left as usize].to_owned(),
        right: graph.identifiers[edge.right as usize].to_owned(),
        source: graph.sources[edge.source as usize].to_owned(),
        rule: *rule,
        identifier_type: identifier_type.to_owned(),
    }
}
