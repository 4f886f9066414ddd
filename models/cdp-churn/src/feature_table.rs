//! A table of features, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Numbers.
    Numeric,
    /// Names of levels.
    Categorical,
}

impl FeatureKind {
    /// The name as it stands in messages and fingerprints: `numeric` or `categorical`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
        }
    }
}

/// The values of one column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureColumn {
    /// Numbers; NaN means that the value is missing.
    Numeric(Vec<f64>),
    /// Levels; `None` means that the value is missing.
    Categorical(Vec<Option<String>>),
}

impl FeatureColumn {
    /// What the column holds.
    pub fn kind(&self) -> FeatureKind {
        match self {
            Self::Numeric(_) => FeatureKind::Numeric,
            Self::Categorical(_) => FeatureKind::Categorical,
        }
    }

    /// How many rows the column has.
    pub fn rows(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Categorical(levels) => levels.len(),
        }
    }

    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numeric(values) => Self::Numeric(rows.iter().map(|&r| values[r]).collect()),
            Self::Categorical(levels) => {
                Self::Categorical(rows.iter().map(|&r| levels[r].clone()).collect())
            }
        }
    }
}

/// Why a column cannot join a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureTableError {
    /// The name is empty, or holds a character that the names of model columns use.
    #[error("feature name `{name}` must not be empty and must not contain `=` or `:`")]
    Name {
        /// The name.
        name: String,
    },
    /// A column of this name is there already.
    #[error("feature `{name}` appears twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The column is longer or shorter than the table.
    #[error("feature `{name}` has {rows} rows, the table has {expected}")]
    Rows {
        /// The name.
        name: String,
        /// Rows of the column.
        rows: usize,
        /// Rows of the table.
        expected: usize,
    },
    /// A number is infinite. Missing numbers are NaN, not infinity.
    #[error("feature `{name}` is infinite in row {row}")]
    Infinite {
        /// The name.
        name: String,
        /// Index of the first such row.
        row: usize,
    },
}

/// Columns of equal length, kept by name; the order in which they are added has no meaning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureTable {
    rows: usize,
    columns: BTreeMap<String, FeatureColumn>,
}

impl FeatureTable {
    /// A table without columns. Its first column sets the number of rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table of the given columns.
    pub fn from_columns(
        columns: impl IntoIterator<Item = (String, FeatureColumn)>,
    ) -> Result<Self, FeatureTableError> {
        let mut table = Self::new();
        for (name, column) in columns {
            table.insert(name, column)?;
        }
        Ok(table)
    }

    /// The table with one more numeric column; NaN means missing.
    pub fn with_numeric(
        mut self,
        name: impl Into<String>,
        values: Vec<f64>,
    ) -> Result<Self, FeatureTableError> {
        self.insert(name, FeatureColumn::Numeric(values))?;
        Ok(self)
    }

    /// The table with one more categorical column; `None` means missing.
    pub fn with_categorical(
        mut self,
        name: impl Into<String>,
        levels: Vec<Option<String>>,
    ) -> Result<Self, FeatureTableError> {
        self.insert(name, FeatureColumn::Categorical(levels))?;
        Ok(self)
    }

    /// Adds a column.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        column: FeatureColumn,
    ) -> Result<(), FeatureTableError> {
        let name = name.into();
        if name.is_empty() || name.contains(['=', ':']) {
            return Err(FeatureTableError::Name { name });
        }
        if self.columns.contains_key(&name) {
            return Err(FeatureTableError::Duplicate { name });
        }
        if !self.columns.is_empty() && column.rows() != self.rows {
            return Err(FeatureTableError::Rows {
                name,
                rows: column.rows(),
                expected: self.rows,
            });
        }
        if let FeatureColumn::Numeric(values) = &column
            && let Some(row) = values.iter().position(|value| value.is_infinite())
        {
            return Err(FeatureTableError::Infinite { name, row });
        }
        self.rows = column.rows();
        self.columns.insert(name, column);
        Ok(())
    }

    /// How many rows every column has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names and columns, sorted by name.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &FeatureColumn)> {
        self.columns
            .iter()
            .map(|(name, column)| (name.as_str(), column))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&FeatureColumn> {
        self.columns.get(name)
    }

    /// The values of the numeric column of this name.
    pub fn numeric(&self, name: &str) -> Option<&[f64]> {
        match self.columns.get(name)? {
            FeatureColumn::Numeric(values) => Some(values),
            FeatureColumn::Categorical(_) => None,
        }
    }

    /// The levels of the categorical column of this name.
    pub fn categorical(&self, name: &str) -> Option<&[Option<String>]> {
        match self.columns.get(name)? {
            FeatureColumn::Categorical(levels) => Some(levels),
            FeatureColumn::Numeric(_) => None,
        }
    }

    /// Takes columns out and gives their names.
    pub(crate) fn take_out(&mut self, unwanted: impl Fn(&str) -> bool) -> Vec<String> {
        let names: Vec<String> = self
            .columns
            .keys()
            .filter(|name| unwanted(name))
            .cloned()
            .collect();
        self.columns.retain(|name, _| !names.contains(name));
        names
    }

    /// The given rows, in the given order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.len(),
            columns: self
                .columns
                .iter()
                .map(|(name, column)| (name.clone(), column.select(rows)))
                .collect(),
        }
    }
}
