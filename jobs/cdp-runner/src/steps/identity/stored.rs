//! Rows of the map as they are stored, to be compared with new ones.

use arrow::array::{Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use cdp_identity::{MapRow, PreviousMap, PreviousRow, Scope};
use cdp_lake::{IS_REMOVED, Result};

use crate::matrix::{bools, days, micros, texts, whole_numbers};

/// The columns that are compared.
pub(super) const COLUMNS: &str = "identifier, profile_id, profile_since, effective_at, first_seen_at, \
    last_seen_at, evidence_count, sources, is_ambiguous, is_quarantined, component_id, \
    founded_profile_id, founded_since, is_removed";

/// Some rows of the map of before, those of identifiers that are nobody too.
#[derive(Debug, Default)]
pub(super) struct StoredRows {
    batches: Vec<Columns>,
    /// The batch and the row of each identifier, by its place in the scope.
    places: Vec<Option<(u32, u32)>>,
}

#[derive(Debug)]
struct Columns {
    identifiers: StringArray,
    profiles: StringArray,
    profile_since: Vec<i32>,
    effective_at: Vec<i32>,
    first_seen: Vec<i64>,
    last_seen: Vec<i64>,
    evidence_count: Int64Array,
    sources: StringArray,
    is_ambiguous: Vec<bool>,
    is_quarantined: Vec<bool>,
    component_ids: Int64Array,
    founded: StringArray,
    founded_since: Vec<i32>,
    is_removed: Vec<bool>,
}

/// A row.
#[derive(Clone, Copy)]
pub(super) struct StoredRow<'s> {
    columns: &'s Columns,
    row: usize,
}

impl StoredRows {
    /// Adds the rows of the components of a scope, and their identifiers to it.
    pub(super) fn add(&mut self, batch: &RecordBatch, scope: &mut Scope) -> Result<()> {
        let columns = Columns::read(batch)?;
        let number = u32::try_from(self.batches.len()).unwrap_or(u32::MAX);
        for (row, identifier) in (0..).zip(&columns.identifiers) {
            let component = columns.component_ids.value(row as usize);
            if let Some(identifier) = identifier
                && scope.components().contains(&component)
            {
                let place = scope.add(identifier);
                if place >= self.places.len() {
                    self.places.resize(place + 1, None);
                }
                self.places[place] = Some((number, row));
            }
        }
        self.batches.push(columns);
        Ok(())
    }

    /// The row of an identifier, given its place in the scope.
    pub(super) fn find(&self, place: usize) -> Option<StoredRow<'_>> {
        let place = *self.places.get(place)?;
        place.map(|place| self.row(place))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Every row with the place of its identifier in the scope.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, StoredRow<'_>)> {
        let rows = self.places.iter().enumerate();
        rows.filter_map(|(place, row)| Some((place, self.row((*row)?))))
    }

    fn row(&self, (batch, row): (u32, u32)) -> StoredRow<'_> {
        StoredRow {
            columns: &self.batches[batch as usize],
            row: row as usize,
        }
    }

    /// The map of before. Who is nobody has no profile to be remembered.
    pub(super) fn previous(&self) -> PreviousMap {
        let mut previous = PreviousMap::new();
        for (_, stored) in self.iter().filter(|(_, stored)| !stored.is_nobody()) {
            let (columns, row) = (stored.columns, stored.row);
            let is_founder = columns.founded.is_valid(row);
            previous.push(PreviousRow {
                identifier: stored.identifier(),
                profile_id: columns.profiles.value(row),
                profile_since: columns.profile_since[row],
                effective_at: columns.effective_at[row],
                founded: is_founder
                    .then(|| (columns.founded.value(row), columns.founded_since[row])),
                is_blocked: false,
            });
        }
        previous
    }
}

impl<'s> StoredRow<'s> {
    pub(super) fn identifier(&self) -> &'s str {
        self.columns.identifiers.value(self.row)
    }

    /// Nothing for who is nobody.
    pub(super) fn profile_id(&self) -> &'s str {
        self.columns.profiles.value(self.row)
    }

    /// Whether the map does not show it.
    pub(super) fn is_nobody(&self) -> bool {
        self.columns.is_removed[self.row]
    }

    /// Whether a new row says the same.
    pub(super) fn is(&self, new: &MapRow<'_>, sources: &str) -> bool {
        let (stored, row) = (self.columns, self.row);
        let is_there = stored.component_ids.value(row) == new.component_id
            && stored.is_removed[row] == new.is_blocked;
        if !is_there || new.is_blocked {
            return is_there;
        }
        let founded = stored.founded.is_valid(row);
        let founded = founded.then(|| (stored.founded.value(row), stored.founded_since[row]));
        stored.profiles.value(row) == new.profile_id
            && stored.profile_since[row] == new.profile_since
            && stored.effective_at[row] == new.effective_at
            && stored.first_seen[row] == new.first_seen
            && stored.last_seen[row] == new.last_seen
            && stored.evidence_count.value(row) == count(new)
            && stored.sources.value(row) == sources
            && stored.is_ambiguous[row] == new.is_ambiguous
            && stored.is_quarantined[row] == new.is_quarantined
            && founded == new.founded
    }
}

/// How often an identifier was seen, as it is stored.
pub(super) fn count(row: &MapRow<'_>) -> i64 {
    i64::try_from(row.evidence_count).unwrap_or(i64::MAX)
}

impl Columns {
    fn read(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            identifiers: texts(batch, "identifier")?,
            profiles: texts(batch, "profile_id")?,
            profile_since: days(batch, "profile_since")?,
            effective_at: days(batch, "effective_at")?,
            first_seen: micros(batch, "first_seen_at")?,
            last_seen: micros(batch, "last_seen_at")?,
            evidence_count: whole_numbers(batch, "evidence_count")?,
            sources: texts(batch, "sources")?,
            is_ambiguous: bools(batch, "is_ambiguous")?,
            is_quarantined: bools(batch, "is_quarantined")?,
            component_ids: whole_numbers(batch, "component_id")?,
            founded: texts(batch, "founded_profile_id")?,
            founded_since: days(batch, "founded_since")?,
            is_removed: bools(batch, IS_REMOVED)?,
        })
    }
}
