//! What became of the profiles of before, and why.

use std::collections::{BTreeMap, HashMap};

use crate::graph::{AMBIGUOUS, BLOCKED, CUT};
use crate::links::{Link, strongest_first};
use crate::previous::PreviousMap;
use crate::profile_map::ProfileMap;
use crate::union_find::UnionFind;
use crate::violation::{NONE, Rule};

/// How a profile came, went, or passed something on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A profile of identifiers that had none before.
    Created,
    /// A profile is gone and lives on in another.
    Merged,
    /// A profile lives on, and a part of it is another one now.
    Split,
    /// A profile lives on without an identifier that is nobody's now, or that stands alone.
    Detached,
    /// A profile lives on, and a part of it got back the id that it had before a merge.
    Restored,
    /// A profile is gone, for there is no evidence of its identifiers any more.
    Gone,
}

impl ChangeKind {
    /// The name of the kind in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Detached => "detached",
            Self::Restored => "restored",
            Self::Gone => "gone",
        }
    }
}

/// One change. Ordered by its kind and its profiles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The profile of before. None for one that was created.
    pub from: Option<String>,
    /// The profile of now. None for one that is gone, and for what is nobody's now.
    pub to: Option<String>,
    /// Why: a rule of evidence such as `email+user_id@orders`, a limit such as `unique_type`, an
    /// override such as `override:17`, `hash`, or `evidence` when it merely came or went.
    pub reason: String,
}

/// Identifiers of one profile of before that are in one cluster now.
struct Move {
    profile: u32,
    cluster: u32,
    /// The one of them with the smallest identifier.
    node: u32,
}

impl ProfileMap {
    /// What changed since the map of before, the one that it was resolved with, sorted. For a resolution of some components it tells
    /// of their profiles only.
    pub fn changes(&self, previous: &PreviousMap) -> Vec<Change> {
        let is_nobody = self.nobody();
        // The cluster that has the id of each profile of before now.
        let mut heir = vec![NONE; previous.ids.len()];
        let mut known = vec![NONE; self.names.since.len()];
        for (cluster, id) in (0..).zip(self.names.ids.iter()) {
            if let Some(profile) = previous.ids.find(id)
                && !is_nobody[cluster as usize]
            {
                heir[profile as usize] = cluster;
                known[cluster as usize] = profile;
            }
        }
        let rows = &self.rows_before;
        let moves = self.moves(previous, rows, &heir);
        let mut why = Reasons::new(self, &heir, known.len());
        if !moves.is_empty() {
            why.find_apart();
            why.find_united(previous, rows, &moves, &known);
        }
        let mut changes = Vec::new();
        let mut is_reached = is_nobody.clone();
        let mut lives_on: Vec<_> = heir.iter().map(|cluster| *cluster != NONE).collect();
        for one in moves.iter().filter(|one| !is_nobody[one.cluster as usize]) {
            lives_on[one.profile as usize] = true;
        }
        for one in &moves {
            if is_nobody[one.cluster as usize] {
                let is_rest = lives_on[one.profile as usize];
                changes.push(why.loss(one, is_rest, previous.text(one.profile)));
                continue;
            }
            is_reached[one.cluster as usize] = true;
            let known = known[one.cluster as usize];
            let kind = if heir[one.profile as usize] == NONE {
                ChangeKind::Merged
            } else if why.is_alone(one) && self.graph.is(one.node, CUT | AMBIGUOUS) {
                ChangeKind::Detached
            } else if known != NONE && !previous.is_living[known as usize] {
                ChangeKind::Restored
            } else {
                ChangeKind::Split
            };
            let to = self.names.ids.get(one.cluster as usize).to_owned();
            changes.push(Change {
                kind,
                from: Some(previous.text(one.profile).to_owned()),
                to: Some(to),
                reason: why.reason(one, kind),
            });
        }
        for (cluster, id) in self.names.ids.iter().enumerate() {
            let was_living = known[cluster] != NONE && previous.is_living[known[cluster] as usize];
            if !was_living && !is_reached[cluster] {
                changes.push(lone(ChangeKind::Created, None, Some(id)));
            }
        }
        for profile in gone(previous, rows, &heir, &moves) {
            changes.push(lone(ChangeKind::Gone, Some(previous.text(profile)), None));
        }
        changes.sort_unstable();
        // Several identifiers may have left one profile to be nobody's.
        changes.dedup_by(|next, kept| {
            (next.kind, &next.from, &next.to) == (kept.kind, &kept.from, &kept.to)
        });
        changes
    }

    /// For each cluster whether it is nobody: all that it holds is blocked.
    pub(crate) fn nobody(&self) -> Vec<bool> {
        let mut is_nobody = vec![true; self.names.since.len()];
        for node in &self.rows {
            let cluster = self.cluster_of[*node as usize] as usize;
            is_nobody[cluster] &= self.graph.is(*node, BLOCKED);
        }
        is_nobody
    }

    /// What moved from a profile of before to a cluster with another id.
    fn moves(&self, previous: &PreviousMap, rows: &[u32], heir: &[u32]) -> Vec<Move> {
        let mut first_of: HashMap<(u32, u32), u32> = HashMap::new();
        let rank = |node: u32| self.graph.rank[node as usize];
        for (node, row) in (0..).zip(rows) {
            let cluster = self.cluster_of[node as usize];
            let Some(row) = previous.row(*row).filter(|_| cluster != NONE) else {
                continue;
            };
            if heir[row.profile as usize] != cluster && previous.is_living[row.profile as usize] {
                let first = first_of.entry((row.profile, cluster)).or_insert(node);
                if rank(node) < rank(*first) {
                    *first = node;
                }
            }
        }
        let moves = first_of.into_iter();
        let mut moves: Vec<_> = moves
            .map(|((profile, cluster), node)| Move {
                profile,
                cluster,
                node,
            })
            .collect();
        moves.sort_unstable_by_key(|one| (one.profile, one.cluster));
        moves
    }
}

/// The profiles of before of which nothing is left, here or in what is not resolved here.
fn gone(previous: &PreviousMap, rows: &[u32], heir: &[u32], moves: &[Move]) -> Vec<u32> {
    let is_living = previous.is_living.iter();
    let mut is_here: Vec<_> = is_living.map(|is_living| !is_living).collect();
    for (profile, cluster) in heir.iter().enumerate() {
        is_here[profile] |= *cluster != NONE;
    }
    for one in moves {
        is_here[one.profile as usize] = true;
    }
    for row in rows {
        if let Some(row) = previous.row(*row) {
            is_here[row.profile as usize] = true;
        }
    }
    (0..)
        .zip(is_here)
        .filter(|(_, is_here)| !is_here)
        .map(|(profile, _)| profile)
        .collect()
}

fn lone(kind: ChangeKind, from: Option<&str>, to: Option<&str>) -> Change {
    Change {
        kind,
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        reason: "evidence".to_owned(),
    }
}

/// Why profiles changed.
struct Reasons<'m> {
    map: &'m ProfileMap,
    heir: &'m [u32],
    sizes: Vec<u32>,
    /// For two clusters what kept them apart.
    apart: HashMap<(u32, u32), (Rule, String)>,
    /// For a profile of before and the cluster it merged into, what linked them, and whether that
    /// led to the profile that lives on.
    united: BTreeMap<(u32, u32), (bool, String)>,
}

impl<'m> Reasons<'m> {
    fn new(map: &'m ProfileMap, heir: &'m [u32], clusters: usize) -> Self {
        let mut sizes = vec![0; clusters];
        for cluster in map.cluster_of.iter().filter(|cluster| **cluster != NONE) {
            sizes[*cluster as usize] += 1;
        }
        Self {
            map,
            heir,
            sizes,
            apart: HashMap::new(),
            united: BTreeMap::new(),
        }
    }

    /// What is nobody's now left a profile, which lives on or does not.
    fn loss(&self, one: &Move, lives_on: bool, from: &str) -> Change {
        let reason = self.why_alone(one);
        Change {
            kind: if lives_on {
                ChangeKind::Detached
            } else {
                ChangeKind::Gone
            },
            from: Some(from.to_owned()),
            to: None,
            reason: reason.unwrap_or_else(|| "evidence".to_owned()),
        }
    }

    fn is_alone(&self, one: &Move) -> bool {
        self.sizes[one.cluster as usize] == 1
    }

    fn reason(&self, one: &Move, kind: ChangeKind) -> String {
        if kind == ChangeKind::Merged {
            let united = self.united.get(&(one.profile, one.cluster));
            return united.map_or_else(|| "evidence".to_owned(), |(_, reason)| reason.clone());
        }
        if let Some(alone) = self.why_alone(one).filter(|_| kind == ChangeKind::Detached) {
            return alone;
        }
        let heir = self.heir[one.profile as usize];
        let pair = (one.cluster.min(heir), one.cluster.max(heir));
        let apart = self.apart.get(&pair);
        apart.map_or_else(|| "evidence".to_owned(), |(_, reason)| reason.clone())
    }

    /// Why a node stands alone.
    fn why_alone(&self, one: &Move) -> Option<String> {
        let graph = &self.map.graph;
        if graph.is(one.node, AMBIGUOUS) {
            return Some(Rule::Ambiguous.as_str().to_owned());
        }
        let identifier = self.map.table.identifier(one.node);
        let said = self.map.overrides.iter().filter(|said| {
            said.left == identifier && !said.kind.has_right() && said.valid_from <= self.map.today
        });
        if let Some(id) = said.map(|said| said.override_id.as_str()).min() {
            return Some(format!("override:{id}"));
        }
        let is_hub = graph.is(one.node, BLOCKED);
        is_hub.then(|| Rule::DegreeMax.as_str().to_owned())
    }

    fn find_apart(&mut self) {
        for breach in &self.map.graph.breaches {
            let ends = [breach.left, breach.right];
            let clusters = ends.map(|node| self.map.cluster_of.get(node as usize).copied());
            let [Some(left), Some(right)] = clusters else {
                continue;
            };
            if left == right || left == NONE || right == NONE {
                continue;
            }
            let violation = self.map.violation(breach);
            let reason = match violation.override_ids.first() {
                Some(id) if breach.rule == Rule::NeverLink => format!("override:{id}"),
                _ => breach.rule.as_str().to_owned(),
            };
            let pair = (left.min(right), left.max(right));
            let found = (breach.rule, reason);
            let best = self.apart.entry(pair).or_insert_with(|| found.clone());
            if found < *best {
                *best = found;
            }
        }
    }

    /// Links once more what is in a cluster with profiles that merged, the strongest first, and
    /// keeps for each of them the link that brought it to the profile that lives on.
    fn find_united(&mut self, previous: &PreviousMap, rows: &[u32], moves: &[Move], known: &[u32]) {
        let mut is_merged = vec![false; known.len()];
        for one in moves {
            is_merged[one.cluster as usize] |= self.heir[one.profile as usize] == NONE;
        }
        let map = self.map;
        let links = strongest_first(map, |cluster| is_merged[cluster as usize]);
        let mut sets = UnionFind::new(map.table.node_count());
        let mut held: HashMap<u32, Vec<u32>> = HashMap::new();
        for (node, row) in (0..).zip(rows) {
            let cluster = map.cluster_of[node as usize];
            if cluster != NONE
                && is_merged[cluster as usize]
                && let Some(row) = previous.row(*row)
            {
                held.insert(node, vec![row.profile]);
            }
        }
        for link in links {
            let (left, right) = (sets.find(link.left), sets.find(link.right));
            if !sets.union(left, right) {
                continue;
            }
            let left = held.remove(&left).unwrap_or_default();
            let mut right = held.remove(&right).unwrap_or_default();
            self.unite(&link, &left, &right, known);
            self.unite(&link, &right, &left, known);
            right.extend(left);
            right.sort_unstable();
            right.dedup();
            held.insert(sets.find(link.left), right);
        }
    }

    fn unite(&mut self, link: &Link, ones: &[u32], others: &[u32], known: &[u32]) {
        let cluster = self.map.cluster_of[link.left as usize];
        let survivor = known[cluster as usize];
        // One that came back was not there before: the first other one will do.
        let is_last = others.contains(&survivor);
        if others.is_empty() || (!is_last && ones.contains(&survivor)) {
            return;
        }
        for profile in ones.iter().filter(|profile| **profile != survivor) {
            let known = self.united.get(&(*profile, cluster));
            if known.is_none_or(|(was_last, _)| is_last && !was_last) {
                let reason = (is_last, self.map.rule_of(link));
                self.united.insert((*profile, cluster), reason);
            }
        }
    }
}
