//! What a model needs to know about its features: fitted once on the training rows, applied the
//! same way ever after.

use ndarray::{Array2, ShapeBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::{CategoricalEncoding, Encoding, NumericEncoding, Transform};
use crate::feature_table::{FeatureColumn, FeatureKind, FeatureTable};
use crate::order_feature::OrderFeature;
use crate::training_set::TrainingSet;

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
    /// What a model of orders says of a row, which no table holds.
    orders: Option<OrderFeature>,
}

impl FeatureSpec {
    /// Learns the encoding of every column. The order of rows and columns does not matter.
    pub fn fit(table: &FeatureTable) -> Result<Self, SpecError> {
        Self::fit_with(table, None)
    }

    /// The same with what a model of orders says of each row.
    pub(crate) fn fit_with(
        table: &FeatureTable,
        orders: Option<OrderFeature>,
    ) -> Result<Self, SpecError> {
        if table.rows() == 0 {
            return Err(SpecError::Empty);
        }
        let columns = table.columns().map(|(name, column)| ColumnSpec {
            name: name.to_owned(),
            encoding: match column {
                FeatureColumn::Numeric(values) => {
                    Encoding::Numeric(NumericEncoding::fit(values, Transform::SignedLog))
                }
                FeatureColumn::Categorical(levels) => {
                    Encoding::Categorical(CategoricalEncoding::fit(levels))
                }
            },
        });
        Ok(Self {
            columns: columns.collect(),
            orders,
        })
    }

    /// The matrix of a table: one row for each of its rows, one column for each of
    /// [`FeatureSpec::output_columns`], column-major, without missing values.
    pub fn transform(&self, table: &FeatureTable) -> Result<Array2<f64>, SpecError> {
        let mut matrix = self.matrix(table)?;
        self.impute(&mut matrix);
        Ok(matrix)
    }

    /// The same, NaN where a number is missing.
    pub(crate) fn matrix(&self, table: &FeatureTable) -> Result<Array2<f64>, SpecError> {
        self.fill(table, |orders| orders.values(table))
    }

    /// The matrix of rows of cut-offs, each with the model of orders of its cut-off; NaN where a number
    /// is missing.
    pub(crate) fn matrix_of(&self, rows: &TrainingSet) -> Result<Array2<f64>, SpecError> {
        self.fill(rows.features(), |orders| orders.tell(rows))
    }

    /// Puts medians in the place of what is missing.
    pub(crate) fn impute(&self, matrix: &mut Array2<f64>) {
        let stand_ins = self.columns.iter().flat_map(|spec| match &spec.encoding {
            Encoding::Numeric(encoding) => encoding.imputed().collect(),
            Encoding::Categorical(encoding) => vec![None; encoding.outputs(&spec.name).len()],
        });
        let of_orders = self
            .orders
            .iter()
            .flat_map(|orders| orders.encoding().imputed());
        let columns = matrix.columns_mut().into_iter();
        for (mut column, stand_in) in columns.zip(stand_ins.chain(of_orders)) {
            if let Some(stand_in) = stand_in {
                column.mapv_inplace(|cell| if cell.is_nan() { stand_in } else { cell });
            }
        }
    }

    /// The same specification with the model of orders of other rows.
    pub(crate) fn with_orders_of(mut self, table: &FeatureTable) -> Self {
        self.orders = self.orders.map(|orders| orders.fitted_on(table));
        self
    }

    fn fill(
        &self,
        table: &FeatureTable,
        tell: impl Fn(&OrderFeature) -> Vec<f64>,
    ) -> Result<Array2<f64>, SpecError> {
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
        if let Some(orders) = &self.orders {
            orders.encoding().append(&tell(orders), &mut cells);
        }
        let matrix = Array2::from_shape_vec((table.rows(), width).f(), cells);
        Ok(matrix.expect("every encoding appends as many columns as it names"))
    }

    /// The features, sorted by name.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.columns
    }

    /// What a model of orders adds to the features.
    pub fn orders(&self) -> Option<&OrderFeature> {
        self.orders.as_ref()
    }

    /// The names of everything that a score may be explained by: the features, sorted by name, and
    /// what a model of orders adds to them.
    pub(crate) fn explaining(&self) -> Vec<String> {
        let names = self.columns.iter().map(|column| column.name.clone());
        let orders = self.orders.iter().map(|_| OrderFeature::NAME.to_owned());
        names.chain(orders).collect()
    }

    /// For each column of the matrix, which of [`FeatureSpec::explaining`] it comes from.
    pub(crate) fn origins(&self) -> Vec<usize> {
        let names = self.explaining();
        let outputs = self.output_columns().into_iter();
        let origin = |output: OutputColumn| names.iter().position(|name| *name == output.feature);
        outputs.filter_map(origin).collect()
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
        let orders = self.orders.iter().flat_map(OrderFeature::outputs);
        self.columns
            .iter()
            .flat_map(outputs)
            .chain(orders)
            .collect()
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

    /// Whether a table has the columns of the specification, and no others.
    pub fn fits(&self, table: &FeatureTable) -> Result<(), SpecError> {
        self.match_columns(table).map(|_| ())
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
