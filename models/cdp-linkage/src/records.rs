//! Records of cleaned values, column by column, every distinct text stored once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::checked::LinkageConfig;

/// Stands for a missing value.
const MISSING: u32 = u32::MAX;

/// Records of cleaned values.
#[derive(Clone, Debug)]
pub struct Records {
    rows: u32,
    columns: Vec<Vec<u32>>,
    texts: Vec<Arc<str>>,
    known: HashMap<Arc<str>, u32>,
}

impl Records {
    /// No records yet.
    pub fn new(config: &LinkageConfig) -> Self {
        Self {
            rows: 0,
            columns: vec![Vec::new(); config.field_names().len()],
            texts: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Cleans and adds a record. Its raw values stand in the order of
    /// [`LinkageConfig::field_names`]; values that are not there are missing.
    pub fn push(&mut self, config: &LinkageConfig, raw: &[Option<&str>]) {
        for field in 0..self.columns.len() {
            let value = raw.get(field).copied().flatten();
            let cleaned = value.and_then(|value| config.clean(field, value));
            let id = cleaned.map_or(MISSING, |cleaned| self.intern(cleaned));
            self.columns[field].push(id);
        }
        self.rows = self
            .rows
            .checked_add(1)
            .expect("fewer than four thousand million records");
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rows as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The cleaned value of a field of a record.
    pub fn value(&self, row: u32, field: usize) -> Option<&str> {
        self.text(self.columns[field][row as usize])
    }

    /// Puts the cleaned values of a record into `values`, in the order of the fields.
    pub fn read<'a>(&'a self, row: u32, values: &mut Vec<Option<&'a str>>) {
        values.clear();
        values.extend(
            self.columns
                .iter()
                .map(|column| self.text(column[row as usize])),
        );
    }

    /// The number of the value of a field of a record; equal values have equal numbers.
    pub(crate) fn id(&self, row: u32, field: usize) -> Option<u32> {
        Some(self.columns[field][row as usize]).filter(|id| *id != MISSING)
    }

    /// How many distinct texts there are.
    pub(crate) fn text_count(&self) -> usize {
        self.texts.len()
    }

    /// The rows in the order of their values, whatever order they came in. Records with the same
    /// values are interchangeable.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let mut by_text: Vec<usize> = (0..self.texts.len()).collect();
        by_text.sort_unstable_by(|a, b| self.texts[*a].cmp(&self.texts[*b]));
        let mut rank = vec![0; self.texts.len()];
        for (place, id) in by_text.into_iter().enumerate() {
            rank[id] = place;
        }
        let key = |row: u32| {
            let ids = self.columns.iter().map(move |column| column[row as usize]);
            ids.map(|id| rank.get(id as usize).copied())
        };
        let mut rows: Vec<u32> = (0..self.rows).collect();
        rows.sort_by(|a, b| key(*a).cmp(key(*b)));
        rows
    }

    /// The same records in another order.
    pub(crate) fn reordered(&self, rows: &[u32]) -> Self {
        let reorder = |column: &Vec<u32>| rows.iter().map(|row| column[*row as usize]).collect();
        Self {
            columns: self.columns.iter().map(reorder).collect(),
            ..self.clone()
        }
    }

    fn text(&self, id: u32) -> Option<&str> {
        self.texts.get(id as usize).map(|text| &**text)
    }

    fn intern(&mut self, text: String) -> u32 {
        if let Some(id) = self.known.get(text.as_str()) {
            return *id;
        }
        let id = u32::try_from(self.texts.len()).expect("fewer than four thousand million texts");
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, id);
        id
    }
}
