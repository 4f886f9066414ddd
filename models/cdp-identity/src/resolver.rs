//! From evidence to profiles.

use crate::affected::Scope;
use crate::components::Components;
use crate::evidence::EvidenceTable;
use crate::graph::{Graph, numbered};
use crate::overrides::{Override, Rulings};
use crate::previous::PreviousMap;
use crate::profile_map::ProfileMap;
use crate::rules::IdentityRules;
use crate::stable_id::{Namer, component_id};
use crate::violation::{Breach, NONE, Rule};

const THREADS: usize = 2;

/// Gives each identifier of evidence its profile.
///
/// Links are taken by strength: first those whose weaker end is trusted most, then those whose
/// stronger end is, then those seen first, then by identifier. A link that would break a limit is
/// refused. Links of weak sources come after all others, whatever they link, and take nothing away
/// from them. Identifiers of undeclared types are the weakest of all, and without a limit. Before
/// all of them come what people say ([`Override`]) and what a hash proves.
#[derive(Clone, Debug)]
pub struct Resolver<'r> {
    rules: &'r IdentityRules,
    overrides: &'r [Override],
    scope: Option<&'r Scope>,
    threads: usize,
    today: i32,
}

impl<'r> Resolver<'r> {
    /// A resolution as of a day, in days since 1970.
    pub fn new(rules: &'r IdentityRules, today: i32) -> Self {
        Self {
            rules,
            overrides: &[],
            scope: None,
            threads: THREADS,
            today,
        }
    }

    /// What people say. All of it, also when the resolution is for some components only.
    #[must_use]
    pub fn overrides(mut self, overrides: &'r [Override]) -> Self {
        self.overrides = overrides;
        self
    }

    /// Resolves only what is in a scope. Other identifiers may stand at the other end of evidence:
    /// they get no row.
    #[must_use]
    pub fn only(mut self, scope: &'r Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// How many threads may work at once where it pays. No result depends on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Resolves evidence, given who was who before.
    pub fn resolve(&self, table: EvidenceTable, previous: &PreviousMap) -> ProfileMap {
        self.resolve_watched(table, previous, |_| {})
    }

    /// As [`Self::resolve`]; says what was done as soon as it is done.
    pub fn resolve_watched(
        &self,
        mut table: EvidenceTable,
        previous: &PreviousMap,
        mut done: impl FnMut(&'static str),
    ) -> ProfileMap {
        table.look_up();
        let table = table;
        // Of several that say the same the one with the least name is told, in whatever order they
        // are given.
        let mut overrides = self.overrides.to_vec();
        overrides.sort_by(Override::order);
        let rows_before = previous.rows_of_nodes(&table);
        let row_of = |node: u32| previous.row(rows_before[node as usize]);
        let is_outside = |node: u32| {
            let scope = self.scope;
            scope.is_some_and(|scope| !table.is_within(scope, node))
        };
        done("found the rows of before");
        let mut rulings = Rulings::new(&table, &overrides, self.today, self.scope);
        let mut graph = Graph::new(self.rules, &table, &rulings, is_outside);
        report_overrides(&mut rulings, &mut graph);
        done("sorted identifiers, connected components");

        let components = Components::new(&graph);
        let profile_before = |node: u32| {
            let profile = row_of(node)?.profile;
            (previous.since[profile as usize] < self.today).then_some(profile)
        };
        let (rules, threads) = (self.rules, self.threads);
        let roots = components.settle(rules, &table, &mut graph, &rulings, profile_before, threads);
        let (cluster_of, firsts) = numbered(graph.inside(), &roots);
        drop(roots);
        done("settled clusters");
        let names = Namer {
            rules: self.rules,
            table: &table,
            graph: &graph,
            previous,
            rows: &rows_before,
            today: self.today,
        }
        .name(&cluster_of, firsts.len());
        let since = |node: u32| {
            let name = cluster_of[node as usize];
            let row = row_of(node).filter(|_| name != NONE)?;
            let is_same = previous.text(row.profile) == names.ids.get(name as usize);
            is_same.then_some(row.effective_at)
        };
        let nodes = 0..table.node_count();
        let effective_at = nodes
            .map(|node| since(node).unwrap_or(self.today))
            .collect();
        let component_ids = component_ids(&table, &components.firsts);
        done("named profiles");
        ProfileMap {
            rules: self.rules.clone(),
            overrides,
            rows: graph.inside().collect(),
            cluster_of,
            names,
            component_of: components.of_node,
            component_ids,
            effective_at,
            rows_before,
            today: self.today,
            table,
            graph,
        }
    }
}

/// What overrides say of identifiers outside is told by the resolution of those.
fn report_overrides(rulings: &mut Rulings, graph: &mut Graph) {
    for breach in rulings.breaches.drain(..) {
        if breach.rule == Rule::OverrideUnused || graph.is_resolved(&breach) {
            graph.breaches.push(breach);
        }
    }
}

impl Graph {
    /// Whether the left end of a breach is resolved here.
    fn is_resolved(&self, breach: &Breach) -> bool {
        !self.is(breach.left, crate::graph::OUTSIDE)
    }
}

fn component_ids(table: &EvidenceTable, firsts: &[u32]) -> Vec<i64> {
    let mut ids = vec![0; firsts.len()];
    let half = firsts.len() / 2 + 1;
    std::thread::scope(|scope| {
        for (firsts, ids) in firsts.chunks(half).zip(ids.chunks_mut(half)) {
            scope.spawn(move || {
                for (first, id) in firsts.iter().zip(ids) {
                    *id = component_id(table.identifier(*first));
                }
            });
        }
    });
    ids
}
