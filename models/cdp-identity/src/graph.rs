//! What is known of each identifier before anything is linked, and which of them hang together.
//!
//! Identifiers are nodes, numbered as they came. `rank` tells their order as texts.

use crate::evidence::{EvidenceTable, Row};
use crate::hashed::twins;
use crate::overrides::Rulings;
use crate::rules::IdentityRules;
use crate::texts::{sorted, to_number};
use crate::union_find::UnionFind;
use crate::violation::{Breach, NONE, Rule};

/// Evidence of the node with others does not count.
pub(crate) const CUT: u8 = 1;
/// The node is nobody: a person said so, or it was seen with too many others.
pub(crate) const BLOCKED: u8 = 2;
/// Nothing links the node, not even a person.
pub(crate) const NOBODY: u8 = 4;
/// The node is not resolved here, it only stands at the other end of evidence.
pub(crate) const OUTSIDE: u8 = 8;
/// The node is the hash of another one that is known, and counts as one with it.
pub(crate) const TWIN: u8 = 16;
/// The node is shared by several people.
pub(crate) const AMBIGUOUS: u8 = 32;
/// The node hangs together with too many others.
pub(crate) const QUARANTINED: u8 = 64;

/// When and how often an identifier was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) count: u64,
}

const UNSEEN: Seen = Seen {
    first: i64::MAX,
    last: i64::MIN,
    count: 0,
};

/// Identifiers, and what is known of them.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The nodes in the order of their identifiers.
    pub(crate) order: Vec<u32>,
    /// The place of each node in that order.
    pub(crate) rank: Vec<u32>,
    pub(crate) seen: Vec<Seen>,
    /// The place of each node's type in the rules, or `u16::MAX`.
    types: Vec<u16>,
    pub(crate) flags: Vec<u8>,
    /// Plain identifiers with their hashes.
    pub(crate) twins: Vec<(u32, u32)>,
    /// For each node one node of the component that it hangs together with.
    pub(crate) component: Vec<u32>,
    pub(crate) breaches: Vec<Breach>,
    /// Whether the evidence of each source is weak.
    is_weak: Vec<bool>,
}

impl Graph {
    /// `is_outside` says which nodes are not to be resolved.
    pub(crate) fn new(
        rules: &IdentityRules,
        table: &EvidenceTable,
        rulings: &Rulings,
        is_outside: impl Fn(u32) -> bool + Sync,
    ) -> Self {
        // Texts are sorted beside all that does not need their order.
        std::thread::scope(|scope| {
            let order = scope.spawn(|| {
                let order = sorted(table.identifiers());
                let mut rank = vec![0; order.len()];
                for (place, node) in (0..).zip(&order) {
                    rank[*node as usize] = place;
                }
                (order, rank)
            });
            let mut graph = Self::unsorted(rules, table, rulings, is_outside);
            match order.join() {
                Ok((order, rank)) => (graph.order, graph.rank) = (order, rank),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            graph
        })
    }

    fn unsorted(
        rules: &IdentityRules,
        table: &EvidenceTable,
        rulings: &Rulings,
        is_outside: impl Fn(u32) -> bool,
    ) -> Self {
        let types = table.identifiers().iter().map(|identifier| {
            let index = rules.type_index(identifier_type(identifier));
            index.map_or(u16::MAX, |index| u16::try_from(index).unwrap_or(u16::MAX))
        });
        let nodes = table.node_count() as usize;
        let mut graph = Self {
            order: Vec::new(),
            rank: Vec::new(),
            seen: vec![UNSEEN; nodes],
            types: types.collect(),
            flags: vec![0; nodes],
            twins: twins(table),
            component: Vec::new(),
            breaches: Vec::new(),
            is_weak: table
                .sources()
                .iter()
                .map(|one| rules.is_weak(one))
                .collect(),
        };
        for node in 0..table.node_count() {
            if is_outside(node) {
                graph.set(node, OUTSIDE | CUT);
            }
        }
        graph.see(table);
        graph.rule(rulings);
        graph.block_hubs(rules, table);
        graph.treat_twins_alike();
        graph.connect(rules, table, rulings);
        graph
    }

    /// Weak evidence says when an identifier was seen only where no other does.
    fn see(&mut self, table: &EvidenceTable) {
        let (is_weak, seen) = (&self.is_weak, &mut self.seen);
        let mut add = |row: Row, is_asked: &dyn Fn(u32) -> bool| {
            let right = Some(row.right).filter(|right| *right != row.left);
            for node in std::iter::once(row.left).chain(right) {
                if is_asked(node) {
                    seen[node as usize].add(row.first_seen, row.last_seen, row.count);
                }
            }
        };
        let mut is_known = vec![!is_weak.contains(&true); table.node_count() as usize];
        for row in table.rows().filter(|row| !is_weak[row.source as usize]) {
            is_known[row.left as usize] = true;
            is_known[row.right as usize] = true;
            add(row, &|_| true);
        }
        for row in table.rows().filter(|row| is_weak[row.source as usize]) {
            add(row, &|node| !is_known[node as usize]);
        }
    }

    fn rule(&mut self, rulings: &Rulings) {
        for node in &rulings.detached {
            self.set(*node, CUT);
        }
        for node in &rulings.blocked {
            self.set(*node, CUT | BLOCKED | NOBODY);
        }
    }

    /// Blocks identifiers that were seen with too many others. All evidence but the weak counts for
    /// that, also what is ignored for other reasons, so a degree never falls while it is added.
    fn block_hubs(&mut self, rules: &IdentityRules, table: &EvidenceTable) {
        let mut rows_of = vec![0_u32; self.flags.len()];
        for (left, right) in self.strong_pairs(table) {
            rows_of[left as usize] += 1;
            rows_of[right as usize] += 1;
        }
        let max_of = |node: u32| rules.degree_max(self.type_index(node));
        let may_be = |node| rows_of[node as usize] > max_of(node) && !self.is(node, OUTSIDE);
        let nodes = 0..to_number(rows_of.len());
        let mut is_suspect: Vec<bool> = nodes.map(may_be).collect();
        if !is_suspect.contains(&true) {
            return;
        }
        let mut neighbours = Vec::new();
        for (left, right) in self.strong_pairs(table) {
            for (node, other) in [(left, right), (right, left)] {
                if is_suspect[node as usize] {
                    neighbours.push((node, other));
                }
            }
        }
        neighbours.sort_unstable();
        neighbours.dedup();
        is_suspect.clear();
        for of_node in neighbours.chunk_by(|left, right| left.0 == right.0) {
            let node = of_node[0].0;
            let type_index = self.type_index(node);
            if of_node.len() > rules.degree_max(type_index) as usize {
                self.set(node, CUT | BLOCKED);
                let breach = Breach::of_node(Rule::DegreeMax, type_index, node, of_node.len());
                self.breaches.push(breach);
            }
        }
    }

    /// What holds of a value holds of its hash.
    fn treat_twins_alike(&mut self) {
        for (plain, hashed) in std::mem::take(&mut self.twins) {
            let both = self.flags[plain as usize] | self.flags[hashed as usize];
            if both & OUTSIDE == 0 {
                self.set(plain, both);
                self.set(hashed, both | TWIN);
                self.twins.push((plain, hashed));
            }
        }
    }

    fn connect(&mut self, rules: &IdentityRules, table: &EvidenceTable, rulings: &Rulings) {
        let mut sets = UnionFind::new(table.node_count());
        for (left, right) in self.strong_pairs(table) {
            if !self.is(left, CUT) && !self.is(right, CUT) {
                sets.union(left, right);
            }
        }
        for (plain, hashed) in &self.twins {
            sets.union(*plain, *hashed);
        }
        for ruling in rulings.pairs.iter().filter(|ruling| ruling.is_link) {
            if self.may_link(ruling.left, ruling.right) {
                sets.union(ruling.left, ruling.right);
            }
        }
        if self.is_weak.contains(&true) {
            self.connect_weakly(rules, table, &mut sets);
        }
        self.component = sets.into_roots();
    }

    /// Weak evidence connects what hangs together, unless that would be too much: then it is left
    /// out there, so that it never puts a component in quarantine.
    fn connect_weakly(
        &mut self,
        rules: &IdentityRules,
        table: &EvidenceTable,
        sets: &mut UnionFind,
    ) {
        let rows = table.rows().filter(|row| {
            let is_link = row.left != row.right && self.is_weak(row.source);
            is_link && !self.is(row.left, CUT) && !self.is(row.right, CUT)
        });
        let rows: Vec<_> = rows.collect();
        let mut all = sets.clone();
        for row in &rows {
            all.union(row.left, row.right);
        }
        let roots = all.into_roots();
        let mut sizes = vec![0_u32; roots.len()];
        for (node, root) in (0..).zip(&roots) {
            sizes[*root as usize] += u32::from(!self.is(node, TWIN));
        }
        let (kept, left_out): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| sizes[roots[row.left as usize] as usize] <= rules.component_size_max);
        for row in kept {
            sets.union(row.left, row.right);
        }
        for row in left_out {
            if sets.find(row.left) != sets.find(row.right) {
                let size = sizes[roots[row.left as usize] as usize] as usize;
                let is_sorted = table.identifier(row.left) < table.identifier(row.right);
                self.breaches.push(Breach {
                    right: if is_sorted { row.right } else { row.left },
                    source: row.source,
                    ..Breach::of_node(
                        Rule::ComponentSize,
                        None,
                        if is_sorted { row.left } else { row.right },
                        size,
                    )
                });
            }
        }
    }

    /// Every two nodes of evidence that is not weak.
    fn strong_pairs<'t>(&'t self, table: &'t EvidenceTable) -> impl Iterator<Item = (u32, u32)> {
        let rows = table.rows().filter(|row| !self.is_weak(row.source));
        rows.map(|row| (row.left, row.right))
            .filter(|(left, right)| left != right)
    }

    /// Whether evidence of a source is weaker than that of others.
    pub(crate) fn is_weak(&self, source: u32) -> bool {
        self.is_weak[source as usize]
    }

    /// Whether a person may link two nodes.
    pub(crate) fn may_link(&self, left: u32, right: u32) -> bool {
        !self.is(left, NOBODY | OUTSIDE) && !self.is(right, NOBODY | OUTSIDE)
    }

    pub(crate) fn is(&self, node: u32, any_of: u8) -> bool {
        self.flags[node as usize] & any_of != 0
    }

    pub(crate) fn set(&mut self, node: u32, flags: u8) {
        self.flags[node as usize] |= flags;
    }

    pub(crate) fn type_index(&self, node: u32) -> Option<usize> {
        let index = self.types[node as usize];
        (index != u16::MAX).then_some(usize::from(index))
    }

    /// The nodes that are resolved, in the order of their identifiers.
    pub(crate) fn inside(&self) -> impl Iterator<Item = u32> {
        let order = self.order.iter().copied();
        order.filter(|node| !self.is(*node, OUTSIDE))
    }

    /// The founding identifier among several is the one that is smallest by this: seen first, then
    /// trusted most, then the smaller text.
    pub(crate) fn founding_order(&self, rules: &IdentityRules, node: u32) -> (i64, u32, u32) {
        let first = self.seen[node as usize].first;
        let priority = rules.priority(self.type_index(node));
        (first, priority, self.rank[node as usize])
    }
}

impl Seen {
    fn add(&mut self, first: i64, last: i64, count: u64) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        self.count = self.count.saturating_add(count);
    }
}

/// The part of an identifier before its first `:`, or nothing when it has none.
pub fn identifier_type(identifier: &str) -> &str {
    identifier.split_once(':').map_or("", |(name, _)| name)
}

/// Numbers groups in the order in which their members come. The group of each, and the first of
/// each group.
pub(crate) fn numbered(nodes: impl Iterator<Item = u32>, root_of: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut of_root = vec![NONE; root_of.len()];
    let mut of_node = vec![NONE; root_of.len()];
    let mut firsts = Vec::new();
    for node in nodes {
        let number = &mut of_root[root_of[node as usize] as usize];
        if *number == NONE {
            *number = to_number(firsts.len());
            firsts.push(node);
        }
        of_node[node as usize] = *number;
    }
    (of_node, firsts)
}
