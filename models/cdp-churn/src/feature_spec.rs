//! What a model needs to know about its features: fitted once on the training rows, applied the
//! same way ever after.

use ndarray::{Array2, ShapeBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::{CategoricalEncoding, Encoding, NumericEncoding};
use crate::feature_table::{FeatureColumn, FeatureKind, FeatureTable};

/// Why a table does not fit a specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// There is nothing to learn from.
    #[error("a feature specification needs at least one row and one column")]
    Empty,
    /// A column of the specification is not in the table.
    #[error("feature `{name}` is missing from the table")]
    MissingColumn {
        /// The name.
        name: String,
    },
    /// A column of the table is not in the specification.
    #[error("feature `{name}` is not known to the model")]
    ExtraColumn {
        /// The name.
        name: String,
    },
    /// A column holds another kind of values than the one that was fitted.
    #[error("feature `{name}` is {found}, the model was fitted on {expected} values", found = found.as_str(), expected = expected.as_str())]
    Kind {
        /// The name.
        name: String,
        /// The kind that was fitted.
        expected: FeatureKind,
        /// The kind in the table.
        found: FeatureKind,
    },
}

/// One feature and how it is encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Name of the feature.
    pub name: String,
    /// How it becomes columns of the matrix.
    pub encoding: Encoding,
}

impl ColumnSpec {
    /// The kind of values the feature holds.
    pub fn kind(&self) -> FeatureKind {
        match self.encoding {
            Encoding::Numeric(_) => FeatureKind::Numeric,
            Encoding::Categorical(_) => FeatureKind::Categorical,
        }
    }
}

/// One column of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// `feature`, `feature:missing`, `feature=level` or `feature:other`.
    pub name: String,
    /// The feature it comes from.
    pub feature: String,
}

/// The fitted encoding of every feature, sorted by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    columns: Vec<ColumnSpec>,
}

impl FeatureSpec {
    /// Learns the encoding of every column. The order of rows and columns does not matter.
    pub fn fit(table: &FeatureTable) -> Result<Self, SpecError> {
        if table.rows() == 0 {
            return Err(SpecError::Empty);
        }
        let columns = table.columns().map(|(name, column)| ColumnSpec {
            name: name.to_owned(),
            encoding: match column {
                FeatureColumn::Numeric(values) => Encoding::Numeric(NumericEncoding::fit(values)),
                FeatureColumn::Categorical(levels) => {
                    Encoding::Categorical(CategoricalEncoding::fit(levels))
                }
            },
        });
        Ok(Self {
            columns: columns.collect(),
        })
    }

    /// The matrix of a table: one row for each of its rows, one column for each of
    /// [`FeatureSpec::output_columns`], column-major, without missing values.
    pub fn transform(&self, table: &FeatureTable) -> Result<Array2<f64>, SpecError> {
        let columns = self.match_columns(table)?;
        let width = self.output_columns().len();
        let mut cells = Vec::with_capacity(table.rows() * width);
        for (spec, column) in columns {
            match (&spec.encoding, column) {
                (Encoding::Numeric(encoding), FeatureColumn::Numeric(values)) => {
                    encoding.append(values, &mut cells);
                }
                (Encoding::Categorical(encoding), FeatureColumn::Categorical(levels)) => {
                    encoding.append(levels, &mut cells);
                }
                _ => unreachable!("kinds were compared when columns were matched"),
            }
        }
        let matrix = Array2::from_shape_vec((table.rows(), width).f(), cells);
        Ok(matrix.expect("every encoding appends as many columns as it names"))
    }

    /// The features, sorted by name.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.columns
    }

    /// The columns of the matrix, in order. Columns that did not vary are not among them.
    pub fn output_columns(&self) -> Vec<OutputColumn> {
        let outputs = |spec: &ColumnSpec| {
            let names = match &spec.encoding {
                Encoding::Numeric(encoding) => encoding.outputs(&spec.name),
                Encoding::Categorical(encoding) => encoding.outputs(&spec.name),
            };
            let feature = spec.name.clone();
            names.into_iter().map(move |name| OutputColumn {
                name,
                feature: feature.clone(),
            })
        };
        self.columns.iter().flat_map(outputs).collect()
    }

    /// SHA-256, in hexadecimal, over the names and kinds of the features. Two specifications with
    /// the same fingerprint accept the same tables.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for spec in &self.columns {
            hash.update(spec.name.as_bytes());
            hash.update(b":");
            hash.update(spec.kind().as_str().as_bytes());
            hash.update(b"\n");
        }
        format!("{:x}", hash.finalize())
    }

    /// The columns of the table in the order of the specification.
    fn match_columns<'a>(
        &'a self,
        table: &'a FeatureTable,
    ) -> Result<Vec<(&'a ColumnSpec, &'a FeatureColumn)>, SpecError> {
        let known = |name: &str| self.columns.iter().any(|spec| spec.name == name);
        let pair = |spec: &'a ColumnSpec| {
            let name = || spec.name.clone();
            let column = table
                .column(&spec.name)
                .ok_or_else(|| SpecError::MissingColumn { name: name() })?;
            if column.kind() == spec.kind() {
                Ok((spec, column))
            } else {
                Err(SpecError::Kind {
                    name: name(),
                    expected: spec.kind(),
                    found: column.kind(),
                })
            }
        };
        let pairs = self.columns.iter().map(pair).collect::<Result<_, _>>()?;
        match table.columns().find(|(name, _)| !known(name)) {
            Some((name, _)) => Err(SpecError::ExtraColumn {
                name: name.to_owned(),
            }),
            None => Ok(pairs),
        }
    }
}
