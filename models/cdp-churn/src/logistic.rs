//! A fitted logistic regression as an artefact keeps it: by the names of its columns.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::feature_spec::FeatureSpec;
use crate::logit::{ChurnLogit, FitReport, log_odds};

/// The weight of one column of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    /// Name of the column, see [`crate::OutputColumn`].
    pub column: String,
    /// Log-odds of churn per unit of the column.
    pub weight: f64,
    /// Mean of the column over the training rows.
    pub mean: f64,
}

/// Weights of columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticModel {
    intercept: f64,
    coefficients: Vec<Coefficient>,
    fit: FitReport,
    l2: f64,
}

impl LogisticModel {
    /// Names what was fitted on a matrix.
    pub(crate) fn new(
        spec: &FeatureSpec,
        logit: &ChurnLogit,
        matrix: &Array2<f64>,
        l2: f64,
    ) -> Self {
        let columns = spec.output_columns().into_iter();
        let means = matrix
            .axis_iter(Axis(1))
            .map(|column| column.sum() / matrix.nrows() as f64);
        let weights = logit.weights();
        let coefficients = columns.zip(weights).zip(means);
        let coefficients = coefficients.map(|((column, &weight), mean)| Coefficient {
            column: column.name,
            weight,
            mean,
        });
        Self {
            intercept: logit.intercept(),
            coefficients: coefficients.collect(),
            fit: *logit.report(),
            l2,
        }
    }

    /// Log-odds of churn where every column of the matrix is zero.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The weights, in the order of [`FeatureSpec::output_columns`].
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// How the fit was found.
    pub fn fit_report(&self) -> &FitReport {
        &self.fit
    }

    /// Weight of half the squared coefficients beside the loss summed over the training rows.
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// The log-odds of each row of a matrix.
    pub(crate) fn log_odds(&self, matrix: ArrayView2<'_, f64>) -> Array1<f64> {
        let weights = self.coefficients.iter().map(|c| c.weight);
        log_odds(matrix, weights, self.intercept)
    }

    /// What each column adds to the log-odds of each row, `weight * (value - mean)`, and the log-odds
    /// of a row that is average in everything.
    pub(crate) fn contributions(&self, mut matrix: Array2<f64>) -> (f64, Array2<f64>) {
        let mut base = self.intercept;
        for (mut cells, coefficient) in matrix.columns_mut().into_iter().zip(&self.coefficients) {
            let Coefficient { weight, mean, .. } = coefficient;
            base += weight * mean;
            cells.mapv_inplace(|cell| weight * (cell - mean));
        }
        (base, matrix)
    }

    /// The first coefficient, by index, that is not for the column that stands there; with what it is
    /// for and what stands there.
    pub(crate) fn misplaced(&self, spec: &FeatureSpec) -> Option<(usize, String, String)> {
        let expected = spec.output_columns();
        let count = expected.len().max(self.coefficients.len());
        (0..count).find_map(|index| {
            let expected = expected.get(index).map_or("", |column| &column.name);
            let found = self.coefficients.get(index).map_or("", |c| &c.column);
            (expected != found).then(|| (index, found.to_owned(), expected.to_owned()))
        })
    }
}
