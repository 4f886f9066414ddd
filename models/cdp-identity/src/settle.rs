//! One component in which something speaks against linking all of it.
//!
//! Links are taken by strength, and what breaks a limit is refused. Clusters only grow, so what is
//! refused once would be refused ever after: one pass is enough. It is repeated only when a shared
//! identifier turns up, without that identifier.

use std::collections::{BTreeSet, VecDeque};

use crate::limits::Limit;
use crate::linker::{Linker, Member, Objection};
use crate::overrides::Ruling;
use crate::rules::IdentityRules;
use crate::texts::to_number;
use crate::violation::Rule;

/// All evidence for one pair of members, or a reason of another kind to link them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Which component.
    pub(crate) case: u32,
    /// The end with the smaller identifier. Ends are places among the members.
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// The place of its smallest source among the sorted sources.
    pub(crate) source: u32,
    pub(crate) first_seen: i64,
    /// How little the weaker end, and then the stronger end, is trusted.
    pub(crate) class: u32,
    /// Whether nothing but weak evidence speaks for it.
    pub(crate) is_weak: bool,
}

impl Edge {
    /// Smaller is stronger. No two edges of a component are equally strong.
    pub(crate) fn strength(&self) -> (bool, u32, i64, u32, u32) {
        (
            self.is_weak,
            self.class,
            self.first_seen,
            self.left,
            self.right,
        )
    }
}

/// Edges between the same two members become one: seen first at the earliest, by the smallest
/// source. Weak evidence adds nothing to other. They end in the order of their components, the strongest first.
pub(crate) fn unite(edges: &mut Vec<Edge>) {
    edges.sort_unstable_by_key(|edge| (edge.case, edge.left, edge.right, edge.is_weak));
    edges.dedup_by(|next, kept| {
        let ends = |edge: &Edge| (edge.case, edge.left, edge.right);
        let is_same = ends(next) == ends(kept);
        if is_same && kept.is_weak == next.is_weak {
            kept.first_seen = kept.first_seen.min(next.first_seen);
            kept.source = kept.source.min(next.source);
        }
        is_same
    });
    edges.sort_unstable_by_key(|edge| (edge.case, edge.strength()));
}

/// One component. Members are numbered in the order of their identifiers.
#[derive(Debug, Default)]
pub(crate) struct Case<'c> {
    /// The place of each member's type in the rules.
    pub(crate) types: Vec<Option<usize>>,
    pub(crate) first_seen: Vec<i64>,
    /// The members that are the hash of another one.
    pub(crate) is_twin: Vec<bool>,
    pub(crate) twins: Vec<(u32, u32)>,
    /// Links of people and their opposites, the ones that win first.
    pub(crate) rulings: Vec<Ruling>,
    /// Links that stay without regard to limits.
    pub(crate) kept: Vec<(u32, u32)>,
    /// The strongest first.
    pub(crate) edges: &'c [Edge],
}

/// What came of a component.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// For each member the first member of its cluster.
    pub(crate) clusters: Vec<u32>,
    pub(crate) ambiguous: BTreeSet<u32>,
    pub(crate) refused: Vec<Refused>,
    /// The overrides that gave way, each with those that it gave way to.
    pub(crate) conflicts: Vec<(Ruling, Vec<u32>)>,
}

/// A link that was not taken.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// As in an edge, or none.
    pub(crate) source: Option<u32>,
    pub(crate) rule: Rule,
    pub(crate) type_index: Option<usize>,
    pub(crate) by: Option<u32>,
}

/// Edges that one pass refused, and how firmly members were tied in it.
struct Pass {
    objections: Vec<(usize, Objection)>,
    /// For each member the place of the strongest edge that was taken.
    firmest: Vec<usize>,
}

impl Case<'_> {
    pub(crate) fn settle(&self, rules: &IdentityRules, limits: &[Limit]) -> Settled {
        let slots = Limit::slots(limits, rules);
        let members = (0..self.types.len()).map(|member| Member {
            slot: self.types[member].and_then(|index| slots[index]),
            first_seen: self.first_seen[member],
            counts: !self.is_twin[member],
        });
        let mut linker = Linker::new(limits, rules.cluster_size_max, members);
        let mut settled = Settled::default();
        let links = self.obey(&mut linker, &mut settled);
        let mut linked_by_people = vec![false; self.types.len()];
        for link in &links {
            linked_by_people[link.left as usize] = true;
            linked_by_people[link.right as usize] = true;
        }
        let pass = loop {
            let mut attempt = linker.clone();
            let pass = self.pass(&mut attempt, &settled.ambiguous);
            let shared = self.shared(rules, limits, &pass, &linked_by_people);
            if shared.is_empty() {
                linker = attempt;
                break pass;
            }
            settled.ambiguous.extend(shared);
        };
        self.report(rules, limits, &pass, &mut settled);
        settled.clusters = clusters(&mut linker, self.types.len());
        settled
    }

    /// What needs no strength: hashes, the words of people, and links that stay. Gives the links of
    /// people that did not give way.
    fn obey(&self, linker: &mut Linker<'_>, settled: &mut Settled) -> Vec<Ruling> {
        for (left, right) in &self.twins {
            // Nothing can object before the first override.
            let _ = linker.force(*left, *right);
        }
        let mut links = Vec::new();
        for ruling in &self.rulings {
            let Ruling { left, right, .. } = *ruling;
            if ruling.is_link {
                match linker.force(left, right) {
                    Err(Objection::Never(by)) => settled.conflicts.push((*ruling, vec![by])),
                    _ => links.push(*ruling),
                }
            } else if linker.find(left) == linker.find(right) {
                let between = links_between(&links, &self.twins, left, right);
                settled.conflicts.push((*ruling, between));
            } else {
                linker.never(left, right, ruling.index);
            }
        }
        for (left, right) in &self.kept {
            if let Err(Objection::Never(by)) = linker.force(*left, *right) {
                settled.refused.push(Refused {
                    left: *left,
                    right: *right,
                    source: None,
                    rule: Rule::NeverLink,
                    type_index: None,
                    by: Some(by),
                });
            }
        }
        links
    }

    fn pass(&self, linker: &mut Linker<'_>, ambiguous: &BTreeSet<u32>) -> Pass {
        let mut pass = Pass {
            objections: Vec::new(),
            firmest: vec![usize::MAX; self.types.len()],
        };
        for (place, edge) in self.edges.iter().enumerate() {
            if ambiguous.contains(&edge.left) || ambiguous.contains(&edge.right) {
                continue;
            }
            match linker.link(edge.left, edge.right) {
                // What only resembles each other is not firmly tied.
                Ok(_) if edge.is_weak => {}
                Ok(_) => {
                    for end in [edge.left, edge.right] {
                        let firmest = &mut pass.firmest[end as usize];
                        *firmest = place.min(*firmest);
                    }
                }
                Err(objection) => pass.objections.push((place, objection)),
            }
        }
        pass
    }

    /// The members that evidence ties to two people. Of two ends that may be shared it is the one
    /// that is less firmly tied to its own person.
    fn shared(
        &self,
        rules: &IdentityRules,
        limits: &[Limit],
        pass: &Pass,
        linked_by_people: &[bool],
    ) -> BTreeSet<u32> {
        let objections = pass.objections.iter();
        let conflicts =
            objections.filter(|(_, objection)| objection.rule(limits).tells_people_apart());
        let edges = conflicts.map(|(place, _)| &self.edges[*place]);
        let shared = edges.filter(|edge| !edge.is_weak).filter_map(|edge| {
            let ends = [edge.left, edge.right].into_iter();
            ends.filter(|end| {
                let end = *end as usize;
                rules.is_shareable(self.types[end]) && !linked_by_people[end]
            })
            .max_by_key(|end| pass.firmest[*end as usize])
        });
        shared.collect()
    }

    fn report(&self, rules: &IdentityRules, limits: &[Limit], pass: &Pass, settled: &mut Settled) {
        let refused = |edge: &Edge, rule, type_index, by| Refused {
            left: edge.left,
            right: edge.right,
            source: Some(edge.source),
            rule,
            type_index,
            by,
        };
        for (place, objection) in &pass.objections {
            let edge = &self.edges[*place];
            let (type_index, by) = match *objection {
                Objection::Limit(slot) => (Some(limits[slot].type_index), None),
                Objection::Never(by) => (None, Some(by)),
                Objection::Size => (self.weaker_type(rules, edge), None),
            };
            let rule = objection.rule(limits);
            settled.refused.push(refused(edge, rule, type_index, by));
        }
        for edge in self.edges {
            let mut ends = [edge.left, edge.right].into_iter();
            if let Some(shared) = ends.find(|end| settled.ambiguous.contains(end)) {
                let type_index = self.types[shared as usize];
                let link = refused(edge, Rule::Ambiguous, type_index, None);
                settled.refused.push(link);
            }
        }
    }

    fn weaker_type(&self, rules: &IdentityRules, edge: &Edge) -> Option<usize> {
        let [left, right] = [edge.left, edge.right].map(|end| self.types[end as usize]);
        if rules.priority(left) > rules.priority(right) {
            left
        } else {
            right
        }
    }
}

fn clusters(linker: &mut Linker<'_>, members: usize) -> Vec<u32> {
    let mut first_of = vec![u32::MAX; members];
    let clusters = (0..to_number(members)).map(|member| {
        let first = &mut first_of[linker.find(member) as usize];
        *first = member.min(*first);
        *first
    });
    clusters.collect()
}

/// The overrides that lead from one member to the other.
fn links_between(links: &[Ruling], twins: &[(u32, u32)], from: u32, to: u32) -> Vec<u32> {
    let by_people = links
        .iter()
        .map(|link| (link.left, link.right, Some(link.index)));
    let by_hash = twins.iter().map(|(left, right)| (*left, *right, None));
    let steps: Vec<_> = by_people.chain(by_hash).collect();
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([(from, Vec::new())]);
    while let Some((member, path)) = queue.pop_front() {
        if member == to {
            return path;
        }
        for (left, right, index) in &steps {
            let next = match member {
                end if end == *left => *right,
                end if end == *right => *left,
                _ => continue,
            };
            if seen.insert(next) {
                let mut longer = path.clone();
                longer.extend(*index);
                queue.push_back((next, longer));
            }
        }
    }
    Vec::new()
}
