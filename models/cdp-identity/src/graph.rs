//! Evidence as a graph of numbers. Nodes are numbered in the order of their identifiers, and
//! sources in the order of their names, so to compare numbers is to compare texts.

use std::collections::HashMap;

use crate::resolve::Evidence;
use crate::rules::IdentityRules;

/// What is known of one identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The place of its type in the rules, or none when the rules do not declare the type.
    pub(crate) type_index: Option<usize>,
    pub(crate) priority: u32,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) evidence_count: u64,
}

/// All evidence for one pair of identifiers, as one edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// The end with the smaller identifier.
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// The smallest of its sources.
    pub(crate) source: u32,
    first_seen: i64,
    /// The priority of the end that is trusted less. A larger number is a weaker type.
    weaker: u32,
    stronger: u32,
}

impl Edge {
    /// Smaller is stronger. No two edges of a graph are equally strong.
    fn strength(&self) -> (u32, u32, i64, u32, u32) {
        let Self {
            weaker,
            stronger,
            first_seen,
            left,
            right,
            ..
        } = *self;
        (weaker, stronger, first_seen, left, right)
    }
}

/// Identifiers and what links them.
#[derive(Debug)]
pub(crate) struct Graph<'e> {
    /// The identifiers by node.
    pub(crate) identifiers: Vec<&'e str>,
    pub(crate) nodes: Vec<Node>,
    /// At most one for each pair of nodes, the strongest first.
    pub(crate) edges: Vec<Edge>,
    /// The names of the sources.
    pub(crate) sources: Vec<&'e str>,
    node_of: HashMap<&'e str, u32>,
}

impl<'e> Graph<'e> {
    /// An empty text is no identifier: evidence with one speaks for its other side alone.
    pub(crate) fn new(rules: &IdentityRules, evidence: &'e [Evidence]) -> Self {
        let mut identifiers = Interner::default();
        let mut sources = Interner::default();
        let mut rows = Vec::with_capacity(evidence.len());
        for row in evidence {
            let right = row.right.as_deref().unwrap_or_default();
            let (left, right) = match (row.left.as_str(), right) {
                ("", "") => continue,
                ("", alone) | (alone, "") => (alone, alone),
                pair => pair,
            };
            let ends = (identifiers.number(left), identifiers.number(right));
            rows.push((ends, sources.number(&row.source), row));
        }
        let (identifiers, node_of, node_rank) = identifiers.sorted();
        let (sources, _, source_rank) = sources.sorted();

        let mut nodes: Vec<_> = identifiers
            .iter()
            .map(|name| Node::new(rules, name))
            .collect();
        let mut edges = Vec::new();
        for ((left, right), source, row) in rows {
            let (left, right) = (node_rank[left as usize], node_rank[right as usize]);
            nodes[left as usize].see(row);
            if left != right {
                nodes[right as usize].see(row);
                let ends = [
                    nodes[left as usize].priority,
                    nodes[right as usize].priority,
                ];
                edges.push(Edge {
                    left: left.min(right),
                    right: left.max(right),
                    source: source_rank[source as usize],
                    first_seen: row.first_seen,
                    weaker: ends[0].max(ends[1]),
                    stronger: ends[0].min(ends[1]),
                });
            }
        }
        unite_duplicates(&mut edges);
        edges.sort_unstable_by_key(Edge::strength);
        Self {
            identifiers,
            nodes,
            edges,
            sources,
            node_of,
        }
    }

    /// The node of an identifier, if there is evidence of it.
    pub(crate) fn node(&self, identifier: &str) -> Option<u32> {
        self.node_of.get(identifier).copied()
    }

    /// The number of nodes.
    pub(crate) fn node_count(&self) -> u32 {
        to_number(self.nodes.len())
    }

    /// The founding identifier among several is the one that is smallest by this: seen first, then
    /// trusted most, then the smaller text.
    pub(crate) fn founding_order(&self, node: u32) -> (i64, u32, u32) {
        let Node {
            first_seen,
            priority,
            ..
        } = self.nodes[node as usize];
        (first_seen, priority, node)
    }
}

impl Node {
    fn new(rules: &IdentityRules, identifier: &str) -> Self {
        let type_index = rules.type_index(identifier_type(identifier));
        Self {
            type_index,
            priority: type_index.map_or(u32::MAX, |index| rules.types()[index].priority),
            first_seen: i64::MAX,
            last_seen: i64::MIN,
            evidence_count: 0,
        }
    }

    fn see(&mut self, row: &Evidence) {
        self.first_seen = self.first_seen.min(row.first_seen);
        self.last_seen = self.last_seen.max(row.last_seen);
        self.evidence_count = self.evidence_count.saturating_add(row.count);
    }
}

/// The part of an identifier before its first `:`, or nothing when it has none.
pub(crate) fn identifier_type(identifier: &str) -> &str {
    identifier.split_once(':').map_or("", |(name, _)| name)
}

/// Edges between the same two nodes become one: seen first at the earliest, by the smallest source.
fn unite_duplicates(edges: &mut Vec<Edge>) {
    edges.sort_unstable_by_key(|edge| (edge.left, edge.right));
    edges.dedup_by(|next, kept| {
        let is_same = (next.left, next.right) == (kept.left, kept.right);
        if is_same {
            kept.first_seen = kept.first_seen.min(next.first_seen);
            kept.source = kept.source.min(next.source);
        }
        is_same
    });
}

/// Gives each text a number, first in the order they come, in the end in their own order.
#[derive(Default)]
struct Interner<'e> {
    number_of: HashMap<&'e str, u32>,
    texts: Vec<&'e str>,
}

impl<'e> Interner<'e> {
    fn number(&mut self, text: &'e str) -> u32 {
        let next = to_number(self.texts.len());
        let number = *self.number_of.entry(text).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        number
    }

    /// The sorted texts, the number of each, and from the number given first to the one that counts.
    fn sorted(mut self) -> (Vec<&'e str>, HashMap<&'e str, u32>, Vec<u32>) {
        // Texts are sorted with their numbers beside them, for numbers alone would be chased
        // through memory at every comparison.
        let mut order: Vec<(&str, u32)> = self.texts.into_iter().zip(0..).collect();
        order.sort_unstable();
        let mut rank = vec![0; order.len()];
        for (place, (_, number)) in (0..).zip(&order) {
            rank[*number as usize] = place;
        }
        for number in self.number_of.values_mut() {
            *number = rank[*number as usize];
        }
        let texts = order.into_iter().map(|(text, _)| text);
        (texts.collect(), self.number_of, rank)
    }
}

fn to_number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than four billion identifiers fit into memory")
}
