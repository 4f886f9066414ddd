//! What turns features into log-odds, whatever its kind.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

use crate::boosted::BoostedTrees;
use crate::feature_spec::{FeatureSpec, SpecError};
use crate::feature_table::FeatureTable;
use crate::logistic::LogisticModel;
use crate::model_kind::ModelKind;

/// A fitted model of any kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// See [`ModelKind::Logistic`].
    Logistic(LogisticModel),
    /// See [`ModelKind::Boosted`].
    Boosted(BoostedTrees),
    /// See [`ModelKind::Blend`].
    Blend(LogisticModel, BoostedTrees),
}

/// What adds up to the log-odds of rows: a base, and a part for each row and feature.
pub(crate) struct Parts {
    pub(crate) base: f64,
    pub(crate) parts: Array2<f64>,
}

impl Scorer {
    /// Its kind.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Logistic(_) => ModelKind::Logistic,
            Self::Boosted(_) => ModelKind::Boosted,
            Self::Blend(..) => ModelKind::Blend,
        }
    }

    /// The logistic regression, or that of the blend.
    pub fn logistic(&self) -> Option<&LogisticModel> {
        match self {
            Self::Logistic(logistic) | Self::Blend(logistic, _) => Some(logistic),
            Self::Boosted(_) => None,
        }
    }

    /// The boosted trees, or those of the blend.
    pub fn boosted(&self) -> Option<&BoostedTrees> {
        match self {
            Self::Boosted(boosted) | Self::Blend(_, boosted) => Some(boosted),
            Self::Logistic(_) => None,
        }
    }

    /// The log-odds of each row of a matrix of the specification, NaN where a number is missing.
    pub(crate) fn log_odds(&self, spec: &FeatureSpec, mut matrix: Array2<f64>) -> Vec<f64> {
        let log_odds = match self {
            Self::Logistic(logistic) => {
                spec.impute(&mut matrix);
                logistic.log_odds(matrix.view())
            }
            Self::Boosted(boosted) => boosted.log_odds(matrix.view()),
            Self::Blend(logistic, boosted) => {
                let by_trees = boosted.log_odds(matrix.view());
                spec.impute(&mut matrix);
                blend(logistic.log_odds(matrix.view()).view(), by_trees.view())
            }
        };
        log_odds.to_vec()
    }

    /// What each of [`FeatureSpec::explaining`] adds to the log-odds of each row.
    pub(crate) fn parts(
        &self,
        spec: &FeatureSpec,
        table: &FeatureTable,
    ) -> Result<Parts, SpecError> {
        let by_feature = |(base, columns): (f64, Array2<f64>)| Parts {
            base,
            parts: gather(spec, &columns),
        };
        let mut matrix = spec.matrix(table)?;
        Ok(match self {
            Self::Logistic(logistic) => {
                spec.impute(&mut matrix);
                by_feature(logistic.contributions(matrix))
            }
            Self::Boosted(boosted) => by_feature(boosted.contributions(matrix.view())),
            Self::Blend(logistic, boosted) => {
                let by_trees = by_feature(boosted.contributions(matrix.view()));
                spec.impute(&mut matrix);
                let by_logistic = by_feature(logistic.contributions(matrix));
                Parts {
                    base: 0.5 * (by_logistic.base + by_trees.base),
                    parts: 0.5 * (by_logistic.parts + by_trees.parts),
                }
            }
        })
    }
}

/// The mean of two models' log-odds.
pub(crate) fn blend(one: ArrayView1<'_, f64>, other: ArrayView1<'_, f64>) -> Array1<f64> {
    0.5 * (&one + &other)
}

/// The columns of the matrix, summed by what they come from.
fn gather(spec: &FeatureSpec, columns: &Array2<f64>) -> Array2<f64> {
    let mut parts = Array2::zeros((columns.nrows(), spec.explaining().len()));
    for (origin, column) in spec.origins().into_iter().zip(columns.axis_iter(Axis(1))) {
        let mut sum = parts.column_mut(origin);
        sum += &column;
    }
    parts
}
