//! From pairs to clusters.

use std::collections::HashMap;

use crate::link::ScoredPair;
use crate::model::log2_odds;

/// So many records of a cluster speak for it when two clusters are held against each other.
const SPEAKERS_MAX: usize = 16;

/// A pair of a larger weight is as good as certain, and no pair says more than that when many are
/// heard.
const CERTAIN: f64 = 10.0;

/// Clusters of so many records: for each record the lowest record of its cluster.
///
/// Pairs at or above `match_probability` are joined, the likeliest first. Before two groups are
/// joined, all pairs between them are heard, also those that no pair of the list names: on the mean
/// of their weights the groups must be one with at least `bridge_probability`. So one chance
/// resemblance does not weld two people whose other records speak against it. `weight` gives the
/// match weight of any two records.
pub fn clusters(
    records: usize,
    pairs: &[ScoredPair],
    match_probability: f64,
    bridge_probability: f64,
    weight: impl Fn(u32, u32) -> f64,
) -> Vec<u32> {
    let links = pairs
        .iter()
        .filter(|pair| pair.probability >= match_probability);
    let mut links: Vec<&ScoredPair> = links.collect();
    let rows = |pair: &ScoredPair| (pair.left, pair.right);
    links.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(rows(a).cmp(&rows(b))));
    let mut groups = Groups::new(records);
    let mut refused = HashMap::new();
    for link in links {
        let (left, right) = (groups.of(link.left), groups.of(link.right));
        if left == right {
            continue;
        }
        let pair = (left.min(right), left.max(right));
        let sizes = (groups.members(pair.0).len(), groups.members(pair.1).len());
        // Groups that did not grow since would refuse each other again.
        if refused.get(&pair) == Some(&sizes) {
            continue;
        }
        let mean = mean_weight(groups.members(left), groups.members(right), &weight);
        if mean >= log2_odds(bridge_probability) {
            groups.join(pair.0, pair.1);
        } else {
            refused.insert(pair, sizes);
        }
    }
    groups.lowest()
}

fn mean_weight(left: &[u32], right: &[u32], weight: impl Fn(u32, u32) -> f64) -> f64 {
    let (left, right) = (speakers(left), speakers(right));
    let pairs = left
        .iter()
        .flat_map(|one| right.iter().map(|other| (*one, *other)));
    let said = pairs.map(|(one, other)| weight(one, other).clamp(-CERTAIN, CERTAIN));
    let sum: f64 = said.sum();
    sum / (left.len() * right.len()) as f64
}

fn speakers(members: &[u32]) -> &[u32] {
    &members[..members.len().min(SPEAKERS_MAX)]
}

/// Records in groups, the members of each at hand.
struct Groups {
    of: Vec<u32>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    fn new(records: usize) -> Self {
        let rows = (0_u32..).take(records);
        Self {
            of: rows.clone().collect(),
            members: rows.map(|row| vec![row]).collect(),
        }
    }

    fn of(&self, row: u32) -> u32 {
        self.of[row as usize]
    }

    fn members(&self, group: u32) -> &[u32] {
        &self.members[group as usize]
    }

    /// Moves the smaller group over to the larger one.
    fn join(&mut self, left: u32, right: u32) {
        let is_larger = self.members(left).len() >= self.members(right).len();
        let (large, small) = if is_larger {
            (left, right)
        } else {
            (right, left)
        };
        let moved = std::mem::take(&mut self.members[small as usize]);
        for row in &moved {
            self.of[*row as usize] = large;
        }
        self.members[large as usize].extend(moved);
    }

    fn lowest(mut self) -> Vec<u32> {
        for members in &self.members {
            if let Some(lowest) = members.iter().min() {
                for row in members {
                    self.of[*row as usize] = *lowest;
                }
            }
        }
        self.of
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::match_probability;
    use crate::pattern::Pattern;

    fn pair(left: u32, right: u32, weight: f64) -> ScoredPair {
        ScoredPair {
            left,
            right,
            pattern: Pattern::default(),
            weight,
            probability: match_probability(weight),
        }
    }

    #[test]
    fn links_reach_over_records_between() {
        let pairs = [pair(0, 1, 9.0), pair(1, 3, 8.0), pair(2, 4, 1.0)];
        let found = clusters(5, &pairs, 0.95, 0.2, |_, _| 0.0);
        assert_eq!(found, [0, 0, 2, 0, 4]);
        assert_eq!(clusters(5, &pairs, 0.5, 0.2, |_, _| 0.0), [0, 0, 2, 0, 2]);
    }

    #[test]
    fn a_weak_bridge_does_not_weld_two_groups() {
        let pairs = [pair(0, 1, 20.0), pair(2, 3, 19.0), pair(1, 2, 6.0)];
        let strangers = |left: u32, right: u32| {
            let known = pairs
                .iter()
                .find(|pair| (pair.left, pair.right) == (left, right));
            known.map_or(-15.0, |pair| pair.weight)
        };
        assert_eq!(clusters(4, &pairs, 0.95, 0.2, strangers), [0, 0, 2, 2]);
        assert_eq!(clusters(4, &pairs, 0.95, 0.2, |_, _| -1.0), [0, 0, 0, 0]);
    }
}
