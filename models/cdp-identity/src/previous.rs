//! Who was who according to an earlier resolution.

use crate::evidence::EvidenceTable;
use crate::texts::{Interner, Texts, to_number};
use crate::violation::NONE;

/// What an earlier resolution said of one identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviousRow<'a> {
    /// The identifier.
    pub identifier: &'a str,
    /// The profile it belonged to.
    pub profile_id: &'a str,
    /// The day on which that profile id was minted, in days since 1970.
    pub profile_since: i32,
    /// The day since when the identifier belongs to the profile, in days since 1970.
    pub effective_at: i32,
    /// The profile id that the identifier founded, in use or retired, and when it was minted.
    pub founded: Option<(&'a str, i32)>,
    /// Whether the identifier was nobody: then the profile id was in no use.
    pub is_blocked: bool,
}

/// The map of an earlier resolution.
#[derive(Clone, Debug, Default)]
pub struct PreviousMap {
    identifiers: Texts,
    rows: Vec<Row>,
    /// Profile ids, in use or retired.
    pub(crate) ids: Interner,
    /// For each profile id the earliest day that a row gives for it.
    pub(crate) since: Vec<i32>,
    /// Whether a profile of that id was in use.
    pub(crate) is_living: Vec<bool>,
}

/// A row in numbers of profile ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) profile: u32,
    pub(crate) effective_at: i32,
    pub(crate) founded: u32,
}

impl PreviousMap {
    /// A map of nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. Of several rows for one identifier the latest counts, of equally late ones the
    /// one with the smaller profile id.
    pub fn push(&mut self, row: PreviousRow<'_>) {
        let profile = self.id(row.profile_id, row.profile_since);
        self.is_living[profile as usize] |= !row.is_blocked;
        let founded = row.founded.map_or(NONE, |(id, since)| self.id(id, since));
        self.identifiers.push(row.identifier);
        self.rows.push(Row {
            profile,
            effective_at: row.effective_at,
            founded,
        });
    }

    /// Gives back the memory of what only a resolution needs. Do it when that is done.
    pub fn forget_identifiers(&mut self) {
        self.identifiers = Texts::default();
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn row(&self, index: u32) -> Option<&Row> {
        self.rows.get(index as usize)
    }

    pub(crate) fn text(&self, id: u32) -> &str {
        self.ids.texts.get(id as usize)
    }

    /// For each node its row, or none.
    pub(crate) fn rows_of_nodes(&self, table: &EvidenceTable) -> Vec<u32> {
        let mut of_node = vec![NONE; table.node_count() as usize];
        if self.is_empty() {
            return of_node;
        }
        table.find_all(&self.identifiers, |index, node| {
            let known = &mut of_node[node as usize];
            if self.is_later(index, *known) {
                *known = index;
            }
        });
        of_node
    }

    fn is_later(&self, index: u32, known: u32) -> bool {
        let (Some(new), Some(old)) = (self.row(index), self.row(known)) else {
            return true;
        };
        let order = |row: &Row| (-i64::from(row.effective_at), self.text(row.profile));
        order(new) < order(old)
    }

    fn id(&mut self, text: &str, since: i32) -> u32 {
        let id = self.ids.number(text);
        if id == to_number(self.since.len()) {
            self.since.push(since);
            self.is_living.push(false);
        }
        let known = &mut self.since[id as usize];
        *known = since.min(*known);
        id
    }
}
