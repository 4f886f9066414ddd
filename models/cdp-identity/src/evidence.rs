//! Evidence in columns: every text once, every row a few numbers.

use crate::affected::Scope;
use crate::texts::{Interner, Texts, to_number};

/// How many rows wait before their texts are looked up together.
const ROWS_WAITING_MAX: usize = 512;

/// What was seen together, row by row. Ten million rows over five million identifiers of thirty
/// bytes are about 600 MiB.
///
/// Empty texts name nobody: a row with one speaks for its other side alone.
#[derive(Clone, Debug, Default)]
pub struct EvidenceTable {
    identifiers: Interner,
    sources: Interner,
    left: Vec<u32>,
    /// The left one again, for an identifier that was seen alone.
    right: Vec<u32>,
    source: Vec<u32>,
    first_seen: Vec<i64>,
    last_seen: Vec<i64>,
    count: Vec<u64>,
    /// The texts of the rows that have no `left` and `right` yet.
    waiting: Texts,
    scratch: [Vec<u32>; 2],
    /// For each identifier of a scope whether a row names it. No other identifier is there without
    /// a row.
    is_named: Vec<bool>,
}

/// One row of evidence in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) source: u32,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) count: u64,
}

impl EvidenceTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table that knows the identifiers of a scope by their places in it, see
    /// [`Self::push_places`]. What is resolved with it is as if it knew none.
    pub fn of(scope: &Scope) -> Self {
        Self {
            is_named: vec![false; scope.len()],
            identifiers: scope.inside().clone(),
            ..Self::default()
        }
    }

    /// Adds a row of identifiers by their places in the scope, so that no text has to be looked up.
    /// An identifier that stood alone is given twice.
    pub fn push_places(
        &mut self,
        [left, right]: [u32; 2],
        source: &str,
        first_seen: i64,
        last_seen: i64,
        count: u64,
    ) {
        // Rows keep their order.
        self.look_up();
        self.add_ends([left, right]);
        self.push_rest(source, first_seen, last_seen, count);
    }

    /// Adds a row: two identifiers that stood together in a source, or one that stood alone, when
    /// first and last (microseconds since 1970), and how often.
    pub fn push(
        &mut self,
        left: &str,
        right: Option<&str>,
        source: &str,
        first_seen: i64,
        last_seen: i64,
        count: u64,
    ) {
        let (left, right) = match (left, right.unwrap_or_default()) {
            ("", "") => return,
            ("", alone) | (alone, "") => (alone, alone),
            pair => pair,
        };
        self.waiting.push(left);
        self.waiting.push(right);
        self.push_rest(source, first_seen, last_seen, count);
        if self.waiting.len() >= 2 * ROWS_WAITING_MAX {
            self.look_up();
        }
    }

    fn push_rest(&mut self, source: &str, first_seen: i64, last_seen: i64, count: u64) {
        let source = match self.source.last() {
            Some(last) if self.sources.texts.get(*last as usize) == source => *last,
            _ => self.sources.number(source),
        };
        self.source.push(source);
        self.first_seen.push(first_seen);
        self.last_seen.push(last_seen);
        self.count.push(count);
    }

    fn add_ends(&mut self, [left, right]: [u32; 2]) {
        self.left.push(left);
        self.right.push(right);
        for end in [left, right] {
            if let Some(is_named) = self.is_named.get_mut(end as usize) {
                *is_named = true;
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Gives the rows that wait the numbers of their texts. No row may wait when rows are read.
    pub(crate) fn look_up(&mut self) {
        if self.waiting.len() == 0 {
            return;
        }
        let [mut tags, mut numbers] = std::mem::take(&mut self.scratch);
        self.identifiers
            .numbers(&self.waiting, &mut tags, &mut numbers);
        for pair in numbers.as_chunks::<2>().0 {
            self.add_ends(*pair);
        }
        self.waiting.clear();
        self.scratch = [tags, numbers];
    }

    pub(crate) fn row(&self, index: usize) -> Row {
        Row {
            left: self.left[index],
            right: self.right[index],
            source: self.source[index],
            first_seen: self.first_seen[index],
            last_seen: self.last_seen[index],
            count: self.count[index],
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The two ends of every row.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.left.iter().copied().zip(self.right.iter().copied())
    }

    pub(crate) fn node_count(&self) -> u32 {
        to_number(self.identifiers.len())
    }

    pub(crate) fn identifiers(&self) -> &Texts {
        &self.identifiers.texts
    }

    pub(crate) fn identifier(&self, node: u32) -> &str {
        self.identifiers.texts.get(node as usize)
    }

    /// An identifier that a row names.
    pub(crate) fn node(&self, identifier: &str) -> Option<u32> {
        let node = self.identifiers.find(identifier);
        node.filter(|node| self.is_named(*node))
    }

    /// Whether a row names an identifier.
    pub(crate) fn is_named(&self, node: u32) -> bool {
        self.is_named.get(node as usize).copied().unwrap_or(true)
    }

    /// Whether an identifier is resolved when what is in a scope is.
    pub(crate) fn is_within(&self, scope: &Scope, node: u32) -> bool {
        let is_named = self.is_named.get(node as usize).copied();
        is_named.unwrap_or_else(|| scope.holds(self.identifier(node)))
    }

    /// The place of an identifier in the scope that the table is of.
    pub(crate) fn place_in_scope(&self, node: u32) -> Option<usize> {
        let place = node as usize;
        (place < self.is_named.len()).then_some(place)
    }

    /// Calls back with the place and the node of each text that is an identifier here.
    pub(crate) fn find_all(&self, texts: &Texts, found: impl FnMut(u32, u32)) {
        self.identifiers.find_all(texts, found);
    }

    pub(crate) fn sources(&self) -> &Texts {
        &self.sources.texts
    }

    pub(crate) fn source(&self, source: u32) -> &str {
        self.sources.texts.get(source as usize)
    }
}
