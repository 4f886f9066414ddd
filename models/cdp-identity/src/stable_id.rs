//! Profile ids that last: clusters of now are matched with the profiles of before.
//!
//! A profile of before is claimed by one cluster only, the one that holds its founding identifier.
//! A cluster that claims several keeps the oldest. A cluster that claims none gets a new id.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::clusters::Clusters;
use crate::graph::Graph;
use crate::resolve::PreviousAssignment;

/// How many ids are tried when a profile's founding identifier is looked for. The second is
/// only ever used when the first was taken, which next to never happens.
const MINTS_RECOGNISED: u32 = 3;

/// Who is who according to the run before, in the numbers of a graph.
pub(crate) struct Previous<'p> {
    /// The profiles, in the order of their ids.
    profiles: Vec<PreviousProfile<'p>>,
    profile_of_id: HashMap<&'p str, u32>,
    /// The profile of each node and since when it belongs to it.
    of_node: Vec<Option<(u32, i32)>>,
}

struct PreviousProfile<'p> {
    id: &'p str,
    since: i32,
}

/// The id of a profile and the day it was minted.
#[derive(Clone, Debug)]
pub(crate) struct ProfileId {
    pub(crate) id: String,
    pub(crate) since: i32,
}

impl<'p> Previous<'p> {
    /// Of several rows for one identifier the latest counts, of equally late ones the smaller id.
    /// Of several days for one profile the earliest counts.
    pub(crate) fn new(graph: &Graph<'_>, rows: &'p [PreviousAssignment]) -> Self {
        let mut since_of_id: HashMap<&str, i32> = HashMap::new();
        for row in rows {
            let since = since_of_id
                .entry(&row.profile_id)
                .or_insert(row.profile_since);
            *since = row.profile_since.min(*since);
        }
        let mut profiles: Vec<_> = since_of_id
            .into_iter()
            .map(|(id, since)| PreviousProfile { id, since })
            .collect();
        profiles.sort_unstable_by_key(|profile| profile.id);
        let profile_of_id: HashMap<_, _> =
            profiles.iter().map(|profile| profile.id).zip(0..).collect();

        let mut of_node: Vec<Option<(u32, i32)>> = vec![None; graph.nodes.len()];
        for row in rows {
            if let Some(node) = graph.node(&row.identifier) {
                let profile = profile_of_id[row.profile_id.as_str()];
                let known = &mut of_node[node as usize];
                let is_newer = known.is_none_or(|(other, effective_at)| {
                    (row.effective_at, other) > (effective_at, profile)
                });
                if is_newer {
                    *known = Some((profile, row.effective_at));
                }
            }
        }
        Self {
            profiles,
            profile_of_id,
            of_node,
        }
    }

    /// The day since when an identifier belongs to a profile: the day known from before if it
    /// belonged to it then, or else today.
    pub(crate) fn effective_at(&self, node: usize, profile_id: &str, today: i32) -> i32 {
        match self.of_node[node] {
            Some((profile, since)) if self.profiles[profile as usize].id == profile_id => since,
            _ => today,
        }
    }

    /// For each profile the cluster that claims it: the one that holds its founding identifier. A
    /// profile that is gone is claimed by none.
    fn claims(&self, graph: &Graph<'_>, clusters: &Clusters) -> Vec<Option<u32>> {
        let mut is_split = vec![false; self.profiles.len()];
        let mut founders: Vec<Option<u32>> = vec![None; self.profiles.len()];
        let members = || {
            let nodes = (0..).zip(&self.of_node);
            nodes.filter_map(|(node, profile)| profile.map(|(profile, _)| (node, profile as usize)))
        };
        for (node, profile) in members() {
            let founder = *founders[profile].get_or_insert(node);
            is_split[profile] |=
                clusters.of_node[node as usize] != clusters.of_node[founder as usize];
            if graph.founding_order(node) < graph.founding_order(founder) {
                founders[profile] = Some(node);
            }
        }
        // The id itself says which identifier it was minted from, but only hashing tells, so only
        // profiles for which it matters are asked.
        let mut is_proven = vec![false; self.profiles.len()];
        for (node, profile) in members().filter(|(_, profile)| is_split[*profile]) {
            let identifier = graph.identifiers[node as usize];
            let id = self.profiles[profile].id;
            let is_founder = (0..MINTS_RECOGNISED).any(|attempt| mint(identifier, attempt) == id);
            if is_founder && !is_proven[profile] {
                is_proven[profile] = true;
                founders[profile] = Some(node);
            }
        }
        let cluster_of = |node: u32| clusters.of_node[node as usize];
        founders
            .into_iter()
            .map(|founder| founder.map(cluster_of))
            .collect()
    }
}

/// The profile id of each cluster.
pub(crate) fn name_clusters(
    graph: &Graph<'_>,
    clusters: &Clusters,
    previous: &Previous<'_>,
    today: i32,
) -> Vec<ProfileId> {
    let mut kept: Vec<Option<&PreviousProfile<'_>>> = vec![None; clusters.founders.len()];
    let claims = previous.claims(graph, clusters);
    for (profile, claim) in previous.profiles.iter().zip(claims) {
        if let Some(cluster) = claim {
            let oldest = kept[cluster as usize].get_or_insert(profile);
            // Profiles come in the order of their ids, so of equally old ones the smaller id stays.
            if profile.since < oldest.since {
                *oldest = profile;
            }
        }
    }
    let mut minted = HashSet::new();
    let founders = clusters.founders.iter();
    let named = kept.iter().zip(founders).map(|(kept, founder)| {
        if let Some(profile) = kept {
            let id = profile.id.to_owned();
            return ProfileId {
                id,
                since: profile.since,
            };
        }
        let founder = graph.identifiers[*founder as usize];
        let mut attempt = 0;
        let mut id = mint(founder, attempt);
        while previous.profile_of_id.contains_key(id.as_str()) || !minted.insert(id.clone()) {
            attempt += 1;
            id = mint(founder, attempt);
        }
        ProfileId { id, since: today }
    });
    named.collect()
}

/// The profile id that an identifier founds. Attempts after the first are for when it is taken.
fn mint(founder: &str, attempt: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(founder);
    if attempt > 0 {
        // No identifier contains a control character, so this is the hash of nobody else.
        hash.update(format!("\0{attempt}"));
    }
    let mut id = String::with_capacity(18);
    id.push_str("p_");
    for byte in &hash.finalize()[..8] {
        for digit in [byte >> 4, byte & 15] {
            id.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_start_of_the_hash_of_its_founder() {
        // printf email:jane@shop.de | sha256sum
        assert_eq!(mint("email:jane@shop.de", 0), "p_c6d6f81b142badae");
        assert_ne!(mint("email:jane@shop.de", 1), mint("email:jane@shop.de", 0));
    }
}
