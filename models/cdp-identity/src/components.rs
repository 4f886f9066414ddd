//! From what hangs together to clusters.
//!
//! Most components break no limit even when all of them is one cluster, and for those nothing has
//! to be sorted: the component is the cluster. Only the others are settled edge by edge.

use crate::evidence::EvidenceTable;
use crate::graph::{AMBIGUOUS, CUT, Graph, QUARANTINED, TWIN, numbered};
use crate::limits::Limit;
use crate::overrides::{Ruling, Rulings};
use crate::rules::IdentityRules;
use crate::settle::{Case, Edge, Settled, unite};
use crate::texts::{sorted, to_number};
use crate::violation::{Breach, NONE, Rule};

/// What hangs together, limits ignored.
#[derive(Debug)]
pub(crate) struct Components {
    /// The component of each node.
    pub(crate) of_node: Vec<u32>,
    /// The node of each component with the smallest identifier.
    pub(crate) firsts: Vec<u32>,
}

/// The components in which something speaks against linking all of it.
struct Cases {
    /// The case of each component, or none.
    of_component: Vec<u32>,
    /// The members of each case in the order of their identifiers.
    members: Vec<Vec<u32>>,
    /// The place of each node among the members of its case.
    place: Vec<u32>,
    is_quarantined: Vec<bool>,
}

impl Components {
    pub(crate) fn new(graph: &Graph) -> Self {
        let (of_node, firsts) = numbered(graph.inside(), &graph.component);
        Self { of_node, firsts }
    }

    /// The cluster of each node, as one of its nodes. `profile_before` gives the profile that a
    /// node of a quarantined component stays in.
    pub(crate) fn settle(
        &self,
        rules: &IdentityRules,
        table: &EvidenceTable,
        graph: &mut Graph,
        rulings: &Rulings,
        profile_before: impl Fn(u32) -> Option<u32>,
        threads: usize,
    ) -> Vec<u32> {
        let limits = Limit::all(rules);
        let cases = self.cases(rules, graph, rulings, &limits);
        let mut roots = graph.component.clone();
        if cases.members.is_empty() {
            return roots;
        }
        let sources = sorted(table.sources());
        let edges = cases.edges(rules, table, graph, &self.of_node, &sources);
        let mut prepared = cases.prepare(graph, &edges, profile_before);
        for (plain, hashed) in &graph.twins {
            if let Some((case, left, right)) = cases.pair(&self.of_node, *plain, *hashed) {
                prepared[case].twins.push((left, right));
            }
        }
        for ruling in &rulings.pairs {
            let pair = cases.pair(&self.of_node, ruling.left, ruling.right);
            if let Some((case, left, right)) = pair {
                let ruling = Ruling {
                    left,
                    right,
                    ..*ruling
                };
                prepared[case].rulings.push(ruling);
            }
        }
        let settled = in_parallel(&prepared, threads, |case| case.settle(rules, &limits));
        for (case, settled) in settled.into_iter().enumerate() {
            let members = &cases.members[case];
            for (place, cluster) in settled.clusters.iter().enumerate() {
                roots[members[place] as usize] = members[*cluster as usize];
            }
            record(
                graph,
                members,
                &sources,
                cases.is_quarantined[case],
                settled,
            );
        }
        roots
    }

    fn cases(
        &self,
        rules: &IdentityRules,
        graph: &Graph,
        rulings: &Rulings,
        limits: &[Limit],
    ) -> Cases {
        let slots = Limit::slots(limits, rules);
        let mut sizes = vec![0_u32; self.firsts.len()];
        let mut counts = vec![0_u32; self.firsts.len() * limits.len()];
        for (node, component) in (0..).zip(&self.of_node) {
            if *component != NONE && !graph.is(node, TWIN) {
                sizes[*component as usize] += 1;
                if let Some(slot) = graph.type_index(node).and_then(|index| slots[index]) {
                    counts[*component as usize * limits.len() + slot] += 1;
                }
            }
        }
        let is_over = |component: usize| {
            let counts = &counts[component * limits.len()..][..limits.len()];
            sizes[component] > rules.cluster_size_max
                || counts
                    .iter()
                    .zip(limits)
                    .any(|(count, limit)| *count > limit.max)
        };
        let mut is_case: Vec<bool> = (0..self.firsts.len()).map(is_over).collect();
        for ruling in &rulings.pairs {
            let component = self.of_node[ruling.left as usize];
            if component != NONE && component == self.of_node[ruling.right as usize] {
                is_case[component as usize] = true;
            }
        }
        let is_quarantined = |component: usize| sizes[component] > rules.component_size_max;
        Cases::new(graph, &self.of_node, &is_case, is_quarantined)
    }
}

impl Cases {
    fn new(
        graph: &Graph,
        component_of: &[u32],
        is_case: &[bool],
        is_quarantined: impl Fn(usize) -> bool,
    ) -> Self {
        let mut cases = Self {
            of_component: vec![NONE; is_case.len()],
            members: Vec::new(),
            place: Vec::new(),
            is_quarantined: Vec::new(),
        };
        for component in (0..is_case.len()).filter(|component| is_case[*component]) {
            cases.of_component[component] = to_number(cases.is_quarantined.len());
            cases.is_quarantined.push(is_quarantined(component));
        }
        cases.members = vec![Vec::new(); cases.is_quarantined.len()];
        if cases.members.is_empty() {
            return cases;
        }
        cases.place = vec![NONE; component_of.len()];
        for node in graph.inside() {
            let case = cases.of_component[component_of[node as usize] as usize];
            if case != NONE {
                let members = &mut cases.members[case as usize];
                cases.place[node as usize] = to_number(members.len());
                members.push(node);
            }
        }
        cases
    }

    /// The case of two nodes and their places in it, if they are in one.
    fn pair(&self, component_of: &[u32], left: u32, right: u32) -> Option<(usize, u32, u32)> {
        let component = component_of[left as usize];
        if component == NONE || component != component_of[right as usize] {
            return None;
        }
        let case = self.of_component[component as usize];
        let place = |node: u32| self.place[node as usize];
        (case != NONE).then(|| (case as usize, place(left), place(right)))
    }

    /// The evidence within all cases, united and sorted.
    fn edges(
        &self,
        rules: &IdentityRules,
        table: &EvidenceTable,
        graph: &Graph,
        component_of: &[u32],
        sources: &[u32],
    ) -> Vec<Edge> {
        let mut source_rank = vec![0; sources.len()];
        for (rank, source) in (0..).zip(sources) {
            source_rank[*source as usize] = rank;
        }
        let classes = Classes::new(rules);
        let mut edges = Vec::new();
        for row in table.rows() {
            let (left, right) = (row.left, row.right);
            if left == right || graph.is(left, CUT) || graph.is(right, CUT) {
                continue;
            }
            let component = component_of[left as usize];
            // Weak evidence does not always connect.
            if component != component_of[right as usize] {
                continue;
            }
            let case = self.of_component[component as usize];
            if case == NONE || self.is_quarantined[case as usize] {
                continue;
            }
            let places = [left, right].map(|node| self.place[node as usize]);
            edges.push(Edge {
                case,
                left: places[0].min(places[1]),
                right: places[0].max(places[1]),
                source: source_rank[row.source as usize],
                first_seen: row.first_seen,
                class: classes.of(graph.type_index(left), graph.type_index(right)),
                is_weak: graph.is_weak(row.source),
            });
        }
        unite(&mut edges);
        edges
    }

    fn prepare<'e>(
        &self,
        graph: &Graph,
        edges: &'e [Edge],
        profile_before: impl Fn(u32) -> Option<u32>,
    ) -> Vec<Case<'e>> {
        let mut rest = edges;
        let cases = (0..).zip(&self.members).map(|(case, members)| {
            let count = rest.partition_point(|edge| edge.case <= case);
            let (own, others) = rest.split_at(count);
            rest = others;
            let each = || members.iter().copied();
            Case {
                types: each().map(|node| graph.type_index(node)).collect(),
                first_seen: each().map(|node| graph.seen[node as usize].first).collect(),
                is_twin: each().map(|node| graph.is(node, TWIN)).collect(),
                edges: own,
                kept: if self.is_quarantined[case as usize] {
                    kept(graph, members, &profile_before)
                } else {
                    Vec::new()
                },
                ..Case::default()
            }
        });
        cases.collect()
    }
}

/// Members of one profile of before, in pairs that tie them together.
fn kept(
    graph: &Graph,
    members: &[u32],
    profile_before: impl Fn(u32) -> Option<u32>,
) -> Vec<(u32, u32)> {
    let members = (0..)
        .zip(members)
        .filter(|(_, node)| !graph.is(**node, CUT));
    let mut of_profile: Vec<_> = members
        .filter_map(|(place, node)| Some((profile_before(*node)?, place)))
        .collect();
    of_profile.sort_unstable();
    let pairs = of_profile.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    pairs.map(|pair| (pair[0].1, pair[1].1)).collect()
}

fn record(
    graph: &mut Graph,
    members: &[u32],
    sources: &[u32],
    is_quarantined: bool,
    settled: Settled,
) {
    if is_quarantined {
        for node in members {
            graph.set(*node, QUARANTINED);
        }
        let breach = Breach::of_node(Rule::ComponentSize, None, members[0], members.len());
        graph.breaches.push(breach);
    }
    for place in settled.ambiguous {
        graph.set(members[place as usize], AMBIGUOUS);
    }
    for refused in settled.refused {
        graph.breaches.push(Breach {
            rule: refused.rule,
            type_index: refused.type_index,
            left: members[refused.left as usize],
            right: members[refused.right as usize],
            source: refused.source.map_or(NONE, |rank| sources[rank as usize]),
            size: 0,
            overrides: refused.by.into_iter().collect(),
        });
    }
    for (loser, winners) in settled.conflicts {
        let pair = (members[loser.left as usize], members[loser.right as usize]);
        let named = [vec![loser.index], winners].concat();
        let breach = Breach::of_overrides(Rule::OverrideConflict, pair, named);
        graph.breaches.push(breach);
    }
}

/// How strong evidence between two types is: first by the type that is trusted less, then by the
/// other one.
pub(crate) struct Classes {
    /// By the two types, of which the last place is for undeclared ones.
    of_pair: Vec<u32>,
    types: usize,
}

impl Classes {
    pub(crate) fn new(rules: &IdentityRules) -> Self {
        let types = rules.types().len() + 1;
        let priority =
            |place: usize| rules.priority((place < rules.types().len()).then_some(place));
        let pair = |index: usize| {
            let ends = [priority(index / types), priority(index % types)];
            (ends[0].max(ends[1]), ends[0].min(ends[1]))
        };
        let mut pairs: Vec<_> = (0..types * types).map(pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let of_pair = (0..types * types).map(|index| {
            let place = pairs.partition_point(|other| *other < pair(index));
            to_number(place)
        });
        Self {
            of_pair: of_pair.collect(),
            types,
        }
    }

    pub(crate) fn of(&self, left: Option<usize>, right: Option<usize>) -> u32 {
        let [left, right] = [left, right].map(|index| index.unwrap_or(self.types - 1));
        self.of_pair[left * self.types + right]
    }
}

/// Does the same to all of them, on several threads, and keeps their order.
fn in_parallel<'c, R: Send>(
    cases: &[Case<'c>],
    threads: usize,
    settle: impl Fn(&Case<'c>) -> R + Sync,
) -> Vec<R> {
    let weight = |case: &Case<'_>| case.edges.len() + case.types.len();
    let share = cases.iter().map(weight).sum::<usize>() / threads.max(1) + 1;
    let mut parts: Vec<&[Case<'c>]> = Vec::new();
    let (mut begin, mut load) = (0, 0);
    for (index, case) in cases.iter().enumerate() {
        load += weight(case);
        if load >= share || index + 1 == cases.len() {
            parts.push(&cases[begin..=index]);
            (begin, load) = (index + 1, 0);
        }
    }
    std::thread::scope(|scope| {
        let settle = &settle;
        let parts: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || part.iter().map(settle).collect::<Vec<R>>()))
            .collect();
        let mut all = Vec::with_capacity(cases.len());
        for part in parts {
            match part.join() {
                Ok(results) => all.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
