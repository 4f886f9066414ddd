//! How sound a map is: what was joined, by what, and where it looks too much or too little.

use std::collections::{BTreeMap, BTreeSet};

use crate::bridges::bridges;
use crate::graph::{CUT, identifier_type};
use crate::profile_map::ProfileMap;
use crate::violation::NONE;

/// The percentiles of cluster sizes that are told.
const PERCENTILES: [usize; 7] = [25, 50, 75, 90, 95, 99, 100];

/// Figures of a map. Lists are sorted, the most remarkable first, and cut to the length asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health<'m> {
    /// How many identifiers there are.
    pub identifiers: usize,
    /// How many profiles they make.
    pub profiles: usize,
    /// The share of identifiers that another one spared a profile: one less profiles by identifiers.
    pub consolidation_rate: f64,
    /// Percentiles of how many identifiers a profile holds, 100 for the largest.
    pub sizes: Vec<(usize, u32)>,
    /// The largest profiles and how many identifiers they hold.
    pub largest: Vec<(&'m str, u32)>,
    /// The identifiers that were seen with most others, and with how many.
    pub busiest: Vec<(&'m str, u32)>,
    /// Links without which a profile would fall into two that both hold a person's identifier.
    pub bridge_count: usize,
    /// Those with most on both sides: the two ends, and how many there are on the lesser side.
    pub bridges: Vec<(&'m str, &'m str, u32)>,
    /// For each type how many identifiers there are, and how many are alone in their profile.
    pub types: Vec<(&'m str, usize, usize)>,
    /// Declared types of which both were seen, but never together.
    pub strangers: Vec<(&'m str, &'m str)>,
    /// How many unions each rule made, such as `email+user_id@orders`, the most first.
    pub rules: Vec<(String, usize)>,
}

impl ProfileMap {
    /// The figures of the map, with lists of at most so many.
    pub fn health(&self, list_max: usize) -> Health<'_> {
        std::thread::scope(|scope| {
            let unions = scope.spawn(|| self.unions());
            let mut health = self.health_without_rules(list_max);
            match unions.join() {
                Ok(unions) => health.rules = unions,
                Err(panic) => std::panic::resume_unwind(panic),
            }
            health
        })
    }

    fn health_without_rules(&self, list_max: usize) -> Health<'_> {
        let mut sizes = vec![0_u32; self.profile_count()];
        for node in &self.rows {
            sizes[self.cluster_of[*node as usize] as usize] += 1;
        }
        let pairs = self.distinct_pairs();
        let mut health = Health {
            identifiers: self.len(),
            profiles: self.profile_count(),
            types: self.types(&sizes),
            busiest: self.busiest(&pairs, list_max),
            strangers: self.strangers(&pairs),
            ..Health::default()
        };
        if !sizes.is_empty() {
            health.consolidation_rate = 1.0 - sizes.len() as f64 / self.len() as f64;
        }
        self.tell_bridges(pairs, list_max, &mut health);
        let mut largest: Vec<_> = self.names.ids.iter().zip(sizes.iter().copied()).collect();
        largest.sort_unstable_by_key(|(id, size)| (std::cmp::Reverse(*size), *id));
        largest.truncate(list_max);
        health.largest = largest;
        sizes.sort_unstable();
        if let Some(last) = sizes.len().checked_sub(1) {
            // The nearest rank: the smallest size that so many per cent do not pass.
            let at = |percent: usize| (sizes.len() * percent).div_ceil(100).clamp(1, last + 1) - 1;
            health.sizes = PERCENTILES
                .map(|percent| (percent, sizes[at(percent)]))
                .to_vec();
        }
        health
    }

    /// Every two identifiers that evidence names together, once.
    fn distinct_pairs(&self) -> Vec<(u32, u32)> {
        let pairs = self.table.pairs().filter(|(left, right)| left != right);
        let mut pairs: Vec<_> = pairs
            .map(|(left, right)| (left.min(right), left.max(right)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    fn busiest(&self, pairs: &[(u32, u32)], list_max: usize) -> Vec<(&str, u32)> {
        let mut degrees = vec![0_u32; self.graph.flags.len()];
        for (left, right) in pairs {
            degrees[*left as usize] += 1;
            degrees[*right as usize] += 1;
        }
        let key = |node: &u32| {
            let place = *node as usize;
            (std::cmp::Reverse(degrees[place]), self.graph.rank[place])
        };
        let mut nodes = self.rows.clone();
        if nodes.len() > list_max {
            nodes.select_nth_unstable_by_key(list_max, key);
            nodes.truncate(list_max);
        }
        nodes.sort_unstable_by_key(key);
        nodes
            .into_iter()
            .map(|node| (self.table.identifier(node), degrees[node as usize]))
            .collect()
    }

    fn types(&self, sizes: &[u32]) -> Vec<(&str, usize, usize)> {
        let declared = self.rules.types();
        let mut counts = vec![(0, 0); declared.len()];
        let mut types: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for node in &self.rows {
            let (all, alone) = match self.graph.type_index(*node) {
                Some(index) => &mut counts[index],
                None => types
                    .entry(identifier_type(self.table.identifier(*node)))
                    .or_default(),
            };
            *all += 1;
            *alone += usize::from(sizes[self.cluster_of[*node as usize] as usize] == 1);
        }
        let named = declared.iter().map(|one| one.name.as_str()).zip(counts);
        types.extend(named.filter(|(_, (all, _))| *all > 0));
        types
            .into_iter()
            .map(|(name, (all, alone))| (name, all, alone))
            .collect()
    }

    fn strangers(&self, pairs: &[(u32, u32)]) -> Vec<(&str, &str)> {
        let type_of = |node: u32| self.graph.type_index(node);
        let met: BTreeSet<_> = pairs
            .iter()
            .filter_map(|(left, right)| Some((type_of(*left)?, type_of(*right)?)))
            .map(|(left, right)| (left.min(right), left.max(right)))
            .collect();
        let seen: BTreeSet<_> = self.rows.iter().filter_map(|node| type_of(*node)).collect();
        let pairs = seen
            .iter()
            .flat_map(|one| seen.range(one + 1..).map(|other| (*one, *other)));
        let strangers = pairs.filter(|pair| !met.contains(pair));
        strangers
            .map(|(one, other)| (self.type_name(Some(one)), self.type_name(Some(other))))
            .collect()
    }

    fn tell_bridges<'m>(
        &'m self,
        mut pairs: Vec<(u32, u32)>,
        list_max: usize,
        health: &mut Health<'m>,
    ) {
        let graph = &self.graph;
        pairs.retain(|(left, right)| {
            let cluster = self.cluster_of[*left as usize];
            cluster != NONE
                && cluster == self.cluster_of[*right as usize]
                && !graph.is(*left, CUT)
                && !graph.is(*right, CUT)
        });
        let is_person = |node: u32| {
            let type_index = graph.type_index(node);
            type_index.is_some() && !self.rules.is_shareable(type_index)
        };
        let mut found = bridges(graph.flags.len(), &pairs, is_person);
        health.bridge_count = found.len();
        let ends = |left: u32, right: u32| {
            let ranks = [left, right].map(|node| graph.rank[node as usize]);
            (ranks[0].min(ranks[1]), ranks[0].max(ranks[1]))
        };
        found.sort_unstable_by_key(|one| {
            (
                std::cmp::Reverse(one.smaller_side),
                ends(one.left, one.right),
            )
        });
        let told = found.into_iter().take(list_max).map(|one| {
            let (left, right) = ends(one.left, one.right);
            let text = |rank: u32| self.table.identifier(graph.order[rank as usize]);
            (text(left), text(right), one.smaller_side)
        });
        health.bridges = told.collect();
    }
}
