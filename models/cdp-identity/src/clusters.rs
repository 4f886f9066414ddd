//! Linking under limits: the strongest edge first, and none that would break a rule.

use crate::graph::{Edge, Graph};
use crate::rules::IdentityRules;
use crate::union_find::UnionFind;

/// The rule that a refused link would have broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Two values of a type of which a person has one.
    UniqueType,
    /// More values of a type than one profile may hold.
    MaxPerProfile,
    /// More identifiers than one profile may hold in all.
    ClusterSize,
}

impl Rule {
    /// The name of the rule in tables: `unique_type`, `max_per_profile` or `cluster_size`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UniqueType => "unique_type",
            Self::MaxPerProfile => "max_per_profile",
            Self::ClusterSize => "cluster_size",
        }
    }
}

/// Which nodes belong together.
#[derive(Debug)]
pub(crate) struct Clusters {
    /// The cluster of each node. Clusters are numbered in the order of their smallest nodes.
    pub(crate) of_node: Vec<u32>,
    /// The founding node of each cluster.
    pub(crate) founders: Vec<u32>,
}

/// An edge that was not taken, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) edge: Edge,
    pub(crate) rule: Rule,
    /// The type whose limit it is, or that of the weaker end of an edge that made too large a
    /// cluster.
    pub(crate) type_index: Option<usize>,
}

/// Takes the edges, the strongest first, and leaves those that would break a limit.
///
/// Clusters only grow, so what is refused once would be refused ever after: one pass is enough.
pub(crate) fn link(rules: &IdentityRules, graph: &Graph<'_>) -> (Clusters, Vec<Refusal>) {
    let mut linker = Linker::new(rules, graph);
    let mut refusals = Vec::new();
    for edge in &graph.edges {
        if let Err((rule, type_index)) = linker.link(graph, edge) {
            refusals.push(Refusal {
                edge: *edge,
                rule,
                type_index,
            });
        }
    }
    (linker.into_clusters(graph), refusals)
}

/// How many values of one type a cluster may hold.
struct Limit {
    type_index: usize,
    max: u32,
    rule: Rule,
}

struct Linker {
    sets: UnionFind,
    limits: Vec<Limit>,
    /// For each root, how many nodes of each limited type its set holds.
    counts: Vec<u32>,
    cluster_size_max: u32,
}

impl Linker {
    fn new(rules: &IdentityRules, graph: &Graph<'_>) -> Self {
        let limits = limits(rules);
        let mut slot_of = vec![None; rules.types().len()];
        for (slot, limit) in limits.iter().enumerate() {
            slot_of[limit.type_index] = Some(slot);
        }
        let mut counts = vec![0; graph.nodes.len() * limits.len()];
        for (node, known) in graph.nodes.iter().enumerate() {
            if let Some(slot) = known.type_index.and_then(|index| slot_of[index]) {
                counts[node * limits.len() + slot] = 1;
            }
        }
        Self {
            sets: UnionFind::new(graph.node_count()),
            limits,
            counts,
            cluster_size_max: saturated(rules.cluster_size_max()),
        }
    }

    fn link(&mut self, graph: &Graph<'_>, edge: &Edge) -> Result<(), (Rule, Option<usize>)> {
        let (left, right) = (self.sets.find(edge.left), self.sets.find(edge.right));
        if left == right {
            return Ok(());
        }
        let (left_counts, right_counts) = (self.counts_at(left), self.counts_at(right));
        for (slot, limit) in self.limits.iter().enumerate() {
            let count = self.counts[left_counts + slot] + self.counts[right_counts + slot];
            if count > limit.max {
                return Err((limit.rule, Some(limit.type_index)));
            }
        }
        if self.sets.size(left) + self.sets.size(right) > self.cluster_size_max {
            let ends = [edge.left, edge.right].map(|node| &graph.nodes[node as usize]);
            let weaker = if ends[0].priority > ends[1].priority {
                ends[0]
            } else {
                ends[1]
            };
            return Err((Rule::ClusterSize, weaker.type_index));
        }
        let (root, below) = self.sets.union(left, right);
        let (into, from) = (self.counts_at(root), self.counts_at(below));
        for slot in 0..self.limits.len() {
            self.counts[into + slot] += self.counts[from + slot];
        }
        Ok(())
    }

    fn counts_at(&self, root: u32) -> usize {
        root as usize * self.limits.len()
    }

    fn into_clusters(mut self, graph: &Graph<'_>) -> Clusters {
        let mut of_root = vec![None; graph.nodes.len()];
        let mut of_node = Vec::with_capacity(graph.nodes.len());
        let mut founders = Vec::new();
        let mut next = 0;
        for node in 0..graph.node_count() {
            let root = self.sets.find(node) as usize;
            let cluster = *of_root[root].get_or_insert_with(|| {
                founders.push(node);
                next += 1;
                next - 1
            });
            let founder = &mut founders[cluster as usize];
            if graph.founding_order(node) < graph.founding_order(*founder) {
                *founder = node;
            }
            of_node.push(cluster);
        }
        Clusters { of_node, founders }
    }
}

/// The limits of all types. Unique types come first, then the sorted names decide.
fn limits(rules: &IdentityRules) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (type_index, known) in rules.types().iter().enumerate() {
        if known.unique {
            limits.push(Limit {
                type_index,
                max: 1,
                rule: Rule::UniqueType,
            });
        } else if let Some(max) = known.max_per_profile {
            let max = saturated(max);
            limits.push(Limit {
                type_index,
                max,
                rule: Rule::MaxPerProfile,
            });
        }
    }
    limits.sort_by_key(|limit| (limit.rule, limit.type_index));
    limits
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
