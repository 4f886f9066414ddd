//! Profile ids that last.
//!
//! A profile id belongs to the identifier that founded it, for ever. A cluster is named after the
//! oldest id that any of its identifiers founded, of equally old ones the smaller. So the oldest
//! wins when profiles merge, the side with the founding identifier keeps the id when one is split,
//! and an id that was retired by a merge comes back when the merge is undone. A cluster in which
//! no identifier founded an id gets a new one, made from its founding identifier.
//!
//! An id that was minted on the day of the resolution does not last yet: it is minted anew, so that
//! a day can be resolved again, or piece by piece.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::evidence::EvidenceTable;
use crate::graph::Graph;
use crate::previous::PreviousMap;
use crate::rules::IdentityRules;
use crate::texts::{Texts, to_number};
use crate::violation::NONE;

/// How many ids are tried when it is asked whether an identifier founded one. The second is only
/// ever used when the first was taken, which next to never happens.
const MINTS_RECOGNISED: u32 = 3;

/// The names of clusters.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The profile id of each cluster.
    pub(crate) ids: Texts,
    /// The day on which it was minted.
    pub(crate) since: Vec<i32>,
    /// The node that founded it.
    pub(crate) founders: Vec<u32>,
    /// Ids that are not in use, by the node that founded them, with the day of their minting.
    pub(crate) retired: HashMap<u32, (String, i32)>,
}

/// What names clusters.
pub(crate) struct Namer<'n> {
    pub(crate) rules: &'n IdentityRules,
    pub(crate) table: &'n EvidenceTable,
    pub(crate) graph: &'n Graph,
    pub(crate) previous: &'n PreviousMap,
    /// For each node its row in the map of before, or none.
    pub(crate) rows: &'n [u32],
    pub(crate) today: i32,
}

impl Namer<'_> {
    /// Names the cluster of each node. Nodes outside have none.
    pub(crate) fn name(&self, cluster_of: &[u32], clusters: usize) -> Names {
        let founder_of_id = self.founders_of_ids(cluster_of);
        let mut best = vec![NONE; clusters];
        for (id, founder) in (0..).zip(&founder_of_id) {
            if *founder != NONE {
                let best = &mut best[cluster_of[*founder as usize] as usize];
                if *best == NONE || self.age(id) < self.age(*best) {
                    *best = id;
                }
            }
        }
        let mut names = self.name_all(cluster_of, &best, &founder_of_id);
        for (id, founder) in (0..).zip(&founder_of_id) {
            if *founder == NONE || best[cluster_of[*founder as usize] as usize] == id {
                continue;
            }
            // One that founded the id in use needs no other.
            if names.founders[cluster_of[*founder as usize] as usize] != *founder {
                let entry = names.retired.entry(*founder);
                let text = (
                    self.previous.text(id).to_owned(),
                    self.previous.since[id as usize],
                );
                entry
                    .and_modify(|known| {
                        if (text.1, &text.0) < (known.1, &known.0) {
                            known.clone_from(&text);
                        }
                    })
                    .or_insert(text);
            }
        }
        names
    }

    fn name_all(&self, cluster_of: &[u32], best: &[u32], founder_of_id: &[u32]) -> Names {
        let mut names = Names {
            founders: self.founders(cluster_of, best.len()),
            ..Names::default()
        };
        let mut minted = HashSet::new();
        let hashes = self.hashes(best, &names.founders);
        for (cluster, id) in best.iter().enumerate() {
            if *id == NONE {
                let founder = self.table.identifier(names.founders[cluster]);
                let mut attempt = 0;
                let mut hash = hashes[cluster];
                while self.is_taken(hash) || !minted.insert(hash) {
                    attempt += 1;
                    hash = mint(founder, attempt);
                }
                names.ids.push(&profile_id(hash));
                names.since.push(self.today);
            } else {
                names.ids.push(self.previous.text(*id));
                names.since.push(self.previous.since[*id as usize]);
                names.founders[cluster] = founder_of_id[*id as usize];
            }
        }
        names
    }

    /// The first hash to try for each cluster that has no id.
    fn hashes(&self, best: &[u32], founders: &[u32]) -> Vec<u64> {
        let mut hashes = vec![0; best.len()];
        let half = best.len() / 2 + 1;
        std::thread::scope(|scope| {
            for (part, hashes) in hashes.chunks_mut(half).enumerate() {
                let begin = part * half;
                scope.spawn(move || {
                    for (place, hash) in (begin..).zip(hashes) {
                        if best[place] == NONE {
                            *hash = mint(self.table.identifier(founders[place]), 0);
                        }
                    }
                });
            }
        });
        hashes
    }

    /// An id of before is never given to others, unless it does not last yet.
    fn is_taken(&self, hash: u64) -> bool {
        if self.previous.is_empty() {
            return false;
        }
        let known = self.previous.ids.find(&profile_id(hash));
        known.is_some_and(|id| self.lasts(id))
    }

    fn lasts(&self, id: u32) -> bool {
        self.previous.since[id as usize] < self.today
    }

    /// Smaller is older.
    fn age(&self, id: u32) -> (i32, &str) {
        (self.previous.since[id as usize], self.previous.text(id))
    }

    /// The founding identifier of each cluster.
    fn founders(&self, cluster_of: &[u32], clusters: usize) -> Vec<u32> {
        let order = |node: u32| self.graph.founding_order(self.rules, node);
        let mut founders = vec![NONE; clusters];
        for (node, cluster) in (0..)
            .zip(cluster_of)
            .filter(|(_, cluster)| **cluster != NONE)
        {
            let founder = &mut founders[*cluster as usize];
            if *founder == NONE || order(node) < order(*founder) {
                *founder = node;
            }
        }
        founders
    }

    /// The node that founded each id of before, or none when it is gone. A map of before that does
    /// not tell is asked which identifier an id was made from, or who in the profile came first.
    fn founders_of_ids(&self, cluster_of: &[u32]) -> Vec<u32> {
        let mut founders = vec![NONE; self.previous.ids.len()];
        let nodes = || {
            let nodes = (0..to_number(cluster_of.len())).zip(self.rows);
            let rows = nodes.filter(|(node, _)| cluster_of[*node as usize] != NONE);
            rows.filter_map(|(node, row)| Some((node, self.previous.row(*row)?)))
        };
        let order = |node: u32| self.graph.founding_order(self.rules, node);
        for (node, row) in nodes().filter(|(_, row)| row.founded != NONE) {
            let founder = &mut founders[row.founded as usize];
            if self.lasts(row.founded) && (*founder == NONE || order(node) < order(*founder)) {
                *founder = node;
            }
        }
        let is_told: Vec<bool> = founders.iter().map(|founder| *founder != NONE).collect();
        let mut is_proven = vec![false; founders.len()];
        for (node, row) in nodes() {
            let id = row.profile as usize;
            if is_told[id] || is_proven[id] || !self.lasts(row.profile) {
                continue;
            }
            is_proven[id] = self.made(node, row.profile);
            let founder = &mut founders[id];
            if is_proven[id] || *founder == NONE || order(node) < order(*founder) {
                *founder = node;
            }
        }
        founders
    }

    /// Whether an id was made from the identifier of a node.
    fn made(&self, node: u32, id: u32) -> bool {
        let identifier = self.table.identifier(node);
        let id = self.previous.text(id);
        (0..MINTS_RECOGNISED).any(|attempt| profile_id(mint(identifier, attempt)) == id)
    }
}

/// What the id of a profile that an identifier founds is made of. Attempts after the first are for
/// when it is taken.
fn mint(founder: &str, attempt: u32) -> u64 {
    let mut hash = Sha256::new();
    hash.update(founder);
    if attempt > 0 {
        // No identifier contains a control character, so this is the hash of nobody else.
        hash.update(format!("\0{attempt}"));
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn profile_id(hash: u64) -> String {
    format!("p_{hash:016x}")
}

/// A lasting number for the component whose smallest identifier this is.
pub(crate) fn component_id(smallest: &str) -> i64 {
    let hash: [u8; 32] = Sha256::digest(smallest).into();
    let number = hash.iter().skip(8).take(8);
    number.fold(0, |number: i64, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_start_of_the_hash_of_its_founder() {
        // printf email:jane@shop.de | sha256sum
        assert_eq!(
            profile_id(mint("email:jane@shop.de", 0)),
            "p_c6d6f81b142badae"
        );
        assert_ne!(mint("email:jane@shop.de", 1), mint("email:jane@shop.de", 0));
    }
}
