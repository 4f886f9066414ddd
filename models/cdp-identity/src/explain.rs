//! Why two identifiers are one person, or are not.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::links::{Link, all_between, strongest_first};
use crate::profile_map::ProfileMap;
use crate::union_find::UnionFind;
use crate::violation::{Breach, NONE, Rule, Violation};

/// One step from an identifier to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<'m> {
    /// Where the step begins.
    pub from: &'m str,
    /// Where it leads.
    pub to: &'m str,
    /// What links the two: types and source such as `email+user_id@orders`, `override:17`, `hash`.
    pub rule: String,
    /// Where they were seen together. Empty when no evidence links them.
    pub source: &'m str,
    /// When they were seen together first, if evidence links them.
    pub first_seen: Option<i64>,
    /// When they were seen together last, if evidence links them.
    pub last_seen: Option<i64>,
    /// How often they were seen together in that source.
    pub count: u64,
    /// Why the step was not taken, if it was not.
    pub refused: Option<Rule>,
}

/// How two identifiers hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'m> {
    /// Whether the two have one profile.
    pub is_one_profile: bool,
    /// The strongest way from one to the other: no other has a stronger weakest step. For two
    /// profiles it has as few refused steps as can be. Empty when nothing leads there.
    pub hops: Vec<Hop<'m>>,
    /// Everything that was refused to an identifier on the way, sorted.
    pub refused: Vec<Violation<'m>>,
}

/// How the identifiers of one profile hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree<'m> {
    /// The identifier that founded the profile.
    pub founder: &'m str,
    /// The strongest links that lead from it to the others, each after the one it goes on from.
    pub branches: Vec<Branch<'m>>,
    /// Identifiers that no link leads to: a component that is too large keeps what it had.
    pub kept: Vec<&'m str>,
    /// Everything that was refused to an identifier of the profile, sorted.
    pub refused: Vec<Violation<'m>>,
}

/// A link with the number of links before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch<'m> {
    /// How many links lie between it and the founding identifier.
    pub depth: usize,
    /// The link.
    pub hop: Hop<'m>,
}

impl ProfileMap {
    /// How all that is in the profile of an identifier hangs together, or nothing when the
    /// identifier is not known.
    pub fn tree(&self, identifier: &str) -> Option<Tree<'_>> {
        let cluster = self.cluster_of[self.known_node(identifier)? as usize];
        let founder = self.names.founders[cluster as usize];
        let tree = tree(self, strongest_first(self, |one| one == cluster));
        let mut branches = Vec::new();
        let mut reached = HashSet::from([founder]);
        // The last one is followed next, so the strongest are put there last.
        let mut open: Vec<(usize, u32, u32, Link)> = Vec::new();
        let follow = |node: u32, depth: usize, open: &mut Vec<_>| {
            let links = tree.get(&node).into_iter().flatten().rev();
            open.extend(links.map(|(other, link)| (depth, node, *other, *link)));
        };
        follow(founder, 0, &mut open);
        while let Some((depth, from, to, link)) = open.pop() {
            if reached.insert(to) {
                let hop = self.hop(from, to, &link, None);
                branches.push(Branch { depth, hop });
                follow(to, depth + 1, &mut open);
            }
        }
        let members = self.rows.iter().copied();
        let members = members.filter(|node| self.cluster_of[*node as usize] == cluster);
        let members: HashSet<u32> = members.collect();
        let mut kept: Vec<_> = members.difference(&reached).copied().collect();
        kept.sort_unstable_by_key(|node| self.graph.rank[*node as usize]);
        Some(Tree {
            founder: self.table.identifier(founder),
            branches,
            kept: kept
                .into_iter()
                .map(|node| self.table.identifier(node))
                .collect(),
            refused: self.refused_to(&members),
        })
    }

    /// What was refused to any of these nodes, sorted.
    fn refused_to(&self, nodes: &HashSet<u32>) -> Vec<Violation<'_>> {
        let mut refused: Vec<_> = self
            .breaches_of(nodes)
            .map(|breach| self.violation(breach))
            .collect();
        refused.sort_unstable();
        refused.dedup();
        refused
    }

    fn breaches_of<'s>(&'s self, nodes: &'s HashSet<u32>) -> impl Iterator<Item = &'s Breach> {
        self.graph.breaches.iter().filter(|breach| {
            nodes.contains(&breach.left) || (breach.right != NONE && nodes.contains(&breach.right))
        })
    }

    /// The way from one identifier to another, or nothing when one of them is not known.
    pub fn path(&self, from: &str, to: &str) -> Option<Path<'_>> {
        let (from, to) = (self.known_node(from)?, self.known_node(to)?);
        let component = self.component_of[from as usize];
        let is_inside = |left: u32, right: u32| {
            left != right
                && self.component_of[left as usize] == component
                && self.component_of[right as usize] == component
        };
        let mut links = all_between(self, is_inside);
        // The sort is stable, so the strongest still come first among the taken and the others.
        links.sort_by_key(|link| !self.is_one(link.left, link.right));
        let tree = tree(self, links);
        let way = way(&tree, from, to);
        let on_way: HashSet<u32> = [from, to]
            .into_iter()
            .chain(way.iter().flat_map(|(_, _, link)| [link.left, link.right]))
            .collect();
        let mut rules = HashMap::new();
        for breach in self.breaches_of(&on_way) {
            rules.insert((breach.left, breach.right), breach.rule);
            rules.insert((breach.right, breach.left), breach.rule);
        }
        let hops = way.into_iter().map(|(one, other, link)| {
            let rule = rules.get(&(one, other)).copied();
            self.hop(one, other, &link, rule)
        });
        Some(Path {
            is_one_profile: self.is_one(from, to),
            hops: hops.collect(),
            refused: self.refused_to(&on_way),
        })
    }

    fn hop(&self, from: u32, to: u32, link: &Link, rule: Option<Rule>) -> Hop<'_> {
        let is_seen = link.source != NONE;
        Hop {
            from: self.table.identifier(from),
            to: self.table.identifier(to),
            rule: self.rule_of(link),
            source: if is_seen {
                self.table.source(link.source)
            } else {
                ""
            },
            first_seen: is_seen.then_some(link.first_seen),
            last_seen: is_seen.then_some(link.last_seen),
            count: link.count,
            refused: rule.filter(|_| !self.is_one(from, to)),
        }
    }

    fn known_node(&self, identifier: &str) -> Option<u32> {
        let node = self.table.node(identifier)?;
        (self.cluster_of[node as usize] != NONE).then_some(node)
    }

    fn is_one(&self, left: u32, right: u32) -> bool {
        self.cluster_of[left as usize] == self.cluster_of[right as usize]
    }
}

/// The links that join something, by the nodes at their ends.
fn tree(map: &ProfileMap, links: Vec<Link>) -> HashMap<u32, Vec<(u32, Link)>> {
    let mut sets = UnionFind::new(map.table.node_count());
    let mut tree: HashMap<u32, Vec<(u32, Link)>> = HashMap::new();
    for link in links {
        if sets.union(link.left, link.right) {
            tree.entry(link.left).or_default().push((link.right, link));
            tree.entry(link.right).or_default().push((link.left, link));
        }
    }
    tree
}

/// The only way through a tree.
fn way(tree: &HashMap<u32, Vec<(u32, Link)>>, from: u32, to: u32) -> Vec<(u32, u32, Link)> {
    // Found backwards, so that it can be told forwards.
    let mut next: HashMap<u32, (u32, Link)> = HashMap::new();
    let mut queue = VecDeque::from([to]);
    while let Some(node) = queue.pop_front() {
        if node == from {
            break;
        }
        for (other, link) in tree.get(&node).into_iter().flatten() {
            if *other != to && !next.contains_key(other) {
                next.insert(*other, (node, *link));
                queue.push_back(*other);
            }
        }
    }
    let mut way = Vec::new();
    let mut node = from;
    while let Some((other, link)) = next.get(&node) {
        way.push((node, *other, *link));
        node = *other;
    }
    way
}
