//! The result: one row for each identifier, in columns.

use std::hint::black_box;
use std::ops::Range;

use crate::evidence::EvidenceTable;
use crate::graph::{AMBIGUOUS, BLOCKED, Graph, QUARANTINED, identifier_type};
use crate::overrides::Override;
use crate::previous::{PreviousMap, PreviousRow};
use crate::rules::IdentityRules;
use crate::stable_id::Names;
use crate::texts::to_number;
use crate::violation::{Breach, NONE, Rule, Violation};

/// So many rows wait for memory together.
const ROWS_AT_ONCE: usize = 512;

/// Who is who: each identifier once, sorted by identifier. Texts stand in one place and are lent.
#[derive(Debug)]
pub struct ProfileMap {
    pub(crate) rules: IdentityRules,
    pub(crate) table: EvidenceTable,
    pub(crate) graph: Graph,
    pub(crate) overrides: Vec<Override>,
    /// The nodes of the rows.
    pub(crate) rows: Vec<u32>,
    pub(crate) cluster_of: Vec<u32>,
    pub(crate) names: Names,
    pub(crate) component_of: Vec<u32>,
    pub(crate) component_ids: Vec<i64>,
    /// For each node its row in the map of before, or none.
    pub(crate) rows_before: Vec<u32>,
    pub(crate) effective_at: Vec<i32>,
    pub(crate) today: i32,
}

/// One identifier and its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRow<'m> {
    /// The identifier.
    pub identifier: &'m str,
    /// The part of the identifier before its first `:`.
    pub identifier_type: &'m str,
    /// The profile it belongs to.
    pub profile_id: &'m str,
    /// The day on which that profile id was minted, in days since 1970.
    pub profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub effective_at: i32,
    /// When the identifier was seen first, in microseconds since 1970.
    pub first_seen: i64,
    /// When the identifier was seen last, in microseconds since 1970.
    pub last_seen: i64,
    /// How often the identifier was seen, over all evidence that names it.
    pub evidence_count: u64,
    /// The component of evidence that the identifier hangs together with.
    pub component_id: i64,
    /// The profile id that the identifier founded, in use or retired by a merge, and the day on
    /// which it was minted. With it an id comes back when its merge is undone.
    pub founded: Option<(&'m str, i32)>,
    /// Whether the identifier is nobody: blocked by a person, or seen with too many others.
    pub is_blocked: bool,
    /// Whether several people share the identifier, so that it has a profile of its own.
    pub is_ambiguous: bool,
    /// Whether the component is so large that its identifiers keep the profiles they had.
    pub is_quarantined: bool,
}

impl ProfileMap {
    /// How many identifiers there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rules that it was made by.
    pub fn rules(&self) -> &IdentityRules {
        &self.rules
    }

    /// Whether there is no identifier.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many profiles there are.
    pub fn profile_count(&self) -> usize {
        self.names.since.len()
    }

    /// The row at a place below [`Self::len`].
    pub fn row(&self, index: usize) -> MapRow<'_> {
        self.row_of_node(self.rows[index])
    }

    /// The rows at some places. What they need is brought near first, so that the waits for memory
    /// overlap.
    pub fn rows(&self, places: Range<usize>) -> impl Iterator<Item = MapRow<'_>> {
        let nodes = &self.rows[places];
        nodes.chunks(ROWS_AT_ONCE).flat_map(|nodes| {
            self.bring_near(nodes);
            nodes.iter().map(|node| self.row_of_node(*node))
        })
    }

    /// How many identifiers are nobody.
    pub fn blocked_count(&self) -> usize {
        let is_blocked = |node: &&u32| self.graph.is(**node, BLOCKED);
        self.rows.iter().filter(is_blocked).count()
    }

    /// Every row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = MapRow<'_>> {
        self.rows.iter().map(|node| self.row_of_node(*node))
    }

    /// The place of an identifier's row, below [`Self::len`].
    pub fn place(&self, identifier: &str) -> Option<usize> {
        let by_identifier = |node: &u32| self.table.identifier(*node).cmp(identifier);
        self.rows.binary_search_by(by_identifier).ok()
    }

    /// The row of an identifier.
    pub fn find(&self, identifier: &str) -> Option<MapRow<'_>> {
        let node = self.table.node(identifier)?;
        (self.cluster_of[node as usize] != NONE).then(|| self.row_of_node(node))
    }

    /// The row of the identifier at a place of the scope that was resolved with an
    /// [`EvidenceTable::of`] it.
    pub fn find_place(&self, place: usize) -> Option<MapRow<'_>> {
        let node = to_number(place);
        self.has_place(place).then(|| self.row_of_node(node))
    }

    /// Whether that identifier has a row.
    pub fn has_place(&self, place: usize) -> bool {
        let is_of_scope = self.table.place_in_scope(to_number(place)).is_some();
        is_of_scope && self.cluster_of[place] != NONE
    }

    /// The place in such a scope of the identifier of a row; `None` when it has none there.
    pub fn place_in_scope(&self, index: usize) -> Option<usize> {
        self.table.place_in_scope(self.rows[index])
    }

    /// What was not done, and why, in no particular order.
    pub fn violations(&self) -> impl ExactSizeIterator<Item = Violation<'_>> {
        self.graph
            .breaches
            .iter()
            .map(|breach| self.violation(breach))
    }

    /// What was not done, and why, sorted, each once.
    pub fn sorted_violations(&self) -> Vec<Violation<'_>> {
        let mut violations: Vec<_> = self.violations().collect();
        violations.sort_unstable();
        violations.dedup();
        violations
    }

    /// Whether what became of each component depends on nothing outside it. It does where weak
    /// evidence is left out because it would tie too much together.
    pub fn is_local(&self) -> bool {
        let mut breaches = self.graph.breaches.iter();
        !breaches.any(|breach| breach.rule == Rule::ComponentSize && breach.right != NONE)
    }

    /// The profile ids that were given on the day of the resolution, to others than nobody.
    pub fn minted(&self) -> impl Iterator<Item = &str> {
        let ids = self.names.ids.iter().zip(&self.names.since);
        let ids = ids.zip(self.nobody());
        ids.filter(|((_, since), is_nobody)| **since == self.today && !is_nobody)
            .map(|((id, _), _)| id)
    }

    /// The rows as the map of before for a later resolution.
    pub fn to_previous(&self) -> PreviousMap {
        let mut previous = PreviousMap::new();
        for row in self.iter() {
            previous.push(row.as_previous());
        }
        previous
    }

    fn bring_near(&self, nodes: &[u32]) {
        self.table.identifiers().bring_near(nodes);
        let mut near = 0;
        for node in nodes {
            near ^= self.graph.seen[*node as usize].first;
            near ^= i64::from(self.component_of[*node as usize]);
            near ^= i64::from(self.effective_at[*node as usize]);
        }
        black_box(near);
        let clusters = nodes.iter().map(|node| self.cluster_of[*node as usize]);
        self.names.ids.bring_near(&clusters.collect::<Vec<_>>());
    }

    fn row_of_node(&self, node: u32) -> MapRow<'_> {
        let place = node as usize;
        let identifier = self.table.identifier(node);
        let cluster = self.cluster_of[place] as usize;
        let profile_id = self.names.ids.get(cluster);
        let profile_since = self.names.since[cluster];
        let founded = if self.names.founders[cluster] == node {
            Some((profile_id, profile_since))
        } else {
            let retired = self.names.retired.get(&node);
            retired.map(|(id, since)| (id.as_str(), *since))
        };
        let seen = self.graph.seen[place];
        MapRow {
            identifier,
            identifier_type: identifier_type(identifier),
            profile_id,
            profile_since,
            effective_at: self.effective_at[place],
            first_seen: seen.first,
            last_seen: seen.last,
            evidence_count: seen.count,
            component_id: self.component_ids[self.component_of[place] as usize],
            founded,
            is_blocked: self.graph.is(node, BLOCKED),
            is_ambiguous: self.graph.is(node, AMBIGUOUS),
            is_quarantined: self.graph.is(node, QUARANTINED),
        }
    }

    /// None for who is nobody.
    pub(crate) fn profile_id(&self, node: u32) -> Option<&str> {
        let cluster = *self.cluster_of.get(node as usize)?;
        let is_known = cluster != NONE && !self.graph.is(node, BLOCKED);
        is_known.then(|| self.names.ids.get(cluster as usize))
    }

    pub(crate) fn type_name(&self, type_index: Option<usize>) -> &str {
        type_index.map_or("", |index| &self.rules.types()[index].name)
    }

    pub(crate) fn violation(&self, breach: &Breach) -> Violation<'_> {
        let said = breach
            .overrides
            .iter()
            .map(|index| &self.overrides[*index as usize]);
        let said: Vec<_> = said.collect();
        let identifier = |node: u32| (node != NONE).then(|| self.table.identifier(node));
        let component = self.component_of.get(breach.left as usize);
        let component = component.filter(|component| **component != NONE);
        let (mut left, mut right) = (breach.left, breach.right);
        if right != NONE && self.graph.rank[left as usize] > self.graph.rank[right as usize] {
            (left, right) = (right, left);
        }
        let unknown = said.first().map_or("", |one| one.left.as_str());
        Violation {
            rule: breach.rule,
            identifier_type: self.type_name(breach.type_index),
            left: identifier(left).unwrap_or(unknown),
            right: identifier(right).or_else(|| {
                let one = said.first().filter(|_| left == NONE)?;
                one.right.as_deref()
            }),
            left_profile: self.profile_id(left),
            right_profile: self.profile_id(right),
            source: if breach.source == NONE {
                ""
            } else {
                self.table.source(breach.source)
            },
            size: breach.size,
            override_ids: said.iter().map(|one| one.override_id.as_str()).collect(),
            component_id: component.map(|component| self.component_ids[*component as usize]),
        }
    }
}

impl<'m> MapRow<'m> {
    /// The row as a row of the map of before, for a later resolution.
    pub fn as_previous(&self) -> PreviousRow<'m> {
        PreviousRow {
            identifier: self.identifier,
            profile_id: self.profile_id,
            profile_since: self.profile_since,
            effective_at: self.effective_at,
            founded: self.founded,
            is_blocked: self.is_blocked,
        }
    }
}
