//! Links that alone hold two parts of a cluster together.

use crate::texts::to_number;
use crate::violation::NONE;

/// A link without which what it links falls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bridge {
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// How many nodes of weight there are on the side with fewer of them.
    pub(crate) smaller_side: u32,
}

/// The neighbours of each node, one after the other.
struct Neighbours {
    starts: Vec<u32>,
    all: Vec<u32>,
}

impl Neighbours {
    /// No pair may be there twice.
    fn new(nodes: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0; nodes + 1];
        for (left, right) in pairs {
            starts[*left as usize + 1] += 1;
            starts[*right as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut all = vec![0; pairs.len() * 2];
        for (left, right) in pairs {
            for (node, other) in [(left, right), (right, left)] {
                all[next[*node as usize] as usize] = *other;
                next[*node as usize] += 1;
            }
        }
        Self { starts, all }
    }

    fn at(&self, node: u32, place: u32) -> Option<u32> {
        let index = self.starts[node as usize] + place;
        (index < self.starts[node as usize + 1]).then(|| self.all[index as usize])
    }
}

/// A walk through all nodes, in depth first (Tarjan), without recursion.
struct Walk {
    /// When each node was reached, or none.
    reached: Vec<u32>,
    /// The earliest node that can be reached from below each node without the way there.
    low: Vec<u32>,
    /// How many nodes of weight are below each node, itself included.
    weight: Vec<u32>,
    clock: u32,
}

/// The bridges that have a node of weight on both sides. No pair may be there twice.
pub(crate) fn bridges(
    nodes: usize,
    pairs: &[(u32, u32)],
    has_weight: impl Fn(u32) -> bool,
) -> Vec<Bridge> {
    let neighbours = Neighbours::new(nodes, pairs);
    let mut walk = Walk {
        reached: vec![NONE; nodes],
        low: vec![NONE; nodes],
        weight: (0..to_number(nodes))
            .map(|node| u32::from(has_weight(node)))
            .collect(),
        clock: 0,
    };
    let mut bridges = Vec::new();
    for root in 0..to_number(nodes) {
        if walk.reached[root as usize] == NONE && neighbours.at(root, 0).is_some() {
            let first = bridges.len();
            walk.from(root, &neighbours, &mut bridges);
            let all = walk.weight[root as usize];
            for bridge in &mut bridges[first..] {
                bridge.smaller_side = bridge.smaller_side.min(all - bridge.smaller_side);
            }
        }
    }
    bridges.retain(|bridge| bridge.smaller_side > 0);
    bridges
}

impl Walk {
    /// Adds the bridges below a root, each with the weight below it.
    fn from(&mut self, root: u32, neighbours: &Neighbours, bridges: &mut Vec<Bridge>) {
        self.reach(root);
        // A node, where it was reached from, and which of its neighbours is next.
        let mut stack = vec![(root, NONE, 0)];
        while let Some((node, parent, place)) = stack.last_mut() {
            let (node, parent) = (*node, *parent);
            if let Some(other) = neighbours.at(node, *place) {
                *place += 1;
                if self.reached[other as usize] == NONE {
                    self.reach(other);
                    stack.push((other, node, 0));
                } else if other != parent {
                    let low = &mut self.low[node as usize];
                    *low = self.reached[other as usize].min(*low);
                }
                continue;
            }
            stack.pop();
            if parent == NONE {
                continue;
            }
            let weight = self.weight[node as usize];
            self.weight[parent as usize] += weight;
            let low = self.low[node as usize];
            self.low[parent as usize] = low.min(self.low[parent as usize]);
            if low > self.reached[parent as usize] {
                bridges.push(Bridge {
                    left: parent,
                    right: node,
                    smaller_side: weight,
                });
            }
        }
    }

    fn reach(&mut self, node: u32) {
        self.reached[node as usize] = self.clock;
        self.low[node as usize] = self.clock;
        self.clock += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::union_find::connected_components;

    proptest! {
        #[test]
        fn a_bridge_is_what_parts_two_sides_of_weight(
            pairs in prop::collection::btree_set((0..9_u32, 0..9_u32), 0..14),
            heavy in prop::collection::btree_set(0..9_u32, 0..6),
        ) {
            let pairs: BTreeSet<_> = pairs
                .into_iter()
                .filter(|(left, right)| left != right)
                .map(|(left, right)| (left.min(right), left.max(right)))
                .collect();
            let pairs: Vec<_> = pairs.into_iter().collect();
            let mut found: Vec<_> = bridges(9, &pairs, |node| heavy.contains(&node))
                .into_iter()
                .map(|one| (one.left.min(one.right), one.left.max(one.right), one.smaller_side))
                .collect();
            found.sort_unstable();
            let expected = pairs.iter().filter_map(|cut| {
                let rest = pairs.iter().filter(|pair| *pair != cut);
                let side = connected_components(9, rest.copied());
                let weight = |end: u32| {
                    let all = heavy.iter().filter(|node| side[**node as usize] == side[end as usize]);
                    to_number(all.count())
                };
                let smaller = weight(cut.0).min(weight(cut.1));
                let is_bridge = side[cut.0 as usize] != side[cut.1 as usize] && smaller > 0;
                is_bridge.then_some((cut.0, cut.1, smaller))
            });
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }
}
