//! Logistic regression by linfa-logistic, behind a guard, with Newton steps where it creeps.
//!
//! linfa-logistic 0.8.1 names the more frequent class positive and reports success whatever the
//! solver did. Here the probability is always that of churn, and a fit whose gradient is not zero
//! is an error.

use linfa::dataset::AsSingleTargets;
use linfa::prelude::{Fit, ParamGuard, PredictInplace};
use linfa::{DatasetBase, error::Error as LinfaError};
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2};

use crate::class_counts::ClassCounts;
use crate::newton::{self, Point};

/// Largest entry of the gradient of the mean loss with which a fit passes.
const GRADIENT_MAX: f64 = 1e-5;
/// The solver stops at this gradient (length) of the mean loss. At a smaller one, rounding of the
/// summed loss leaves its line search nothing to go by: 200,000 rows took four times as long at 1e-9.
const GRADIENT_AIM: f64 = 1e-8;

/// Why a logistic regression could not be fitted or applied.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A setting is out of bounds.
    #[error("`{name}` is {value}, expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// As many labels as rows are needed.
    #[error("the matrix has {rows} rows and there are {labels} labels")]
    Rows {
        /// Rows of the matrix.
        rows: usize,
        /// Number of labels.
        labels: usize,
    },
    /// The matrix to predict for is narrower or wider than the one that was fitted.
    #[error("the matrix has {found} columns, the model was fitted on {expected}")]
    Columns {
        /// Columns of the matrix.
        found: usize,
        /// Columns of the training matrix.
        expected: usize,
    },
    /// There is no column that varies.
    #[error("no feature varies over the training rows")]
    NoFeatures,
    /// A cell is NaN or infinite.
    #[error("column {column} is not finite in row {row}")]
    NotFinite {
        /// Index of the row.
        row: usize,
        /// Index of the column.
        column: usize,
    },
    /// There is nothing to tell apart.
    #[error("all {rows} training rows {}", if *churned { "churned" } else { "were retained" })]
    OneClass {
        /// The class that is there.
        churned: bool,
        /// Number of rows.
        rows: usize,
    },
    /// A class is too rare.
    #[error("{} churned and {} retained training rows, need at least {need} of each", have.churned, have.retained)]
    TooFewRows {
        /// What there is.
        have: ClassCounts,
        /// Fewest rows of each class.
        need: usize,
    },
    /// The solver stopped before the minimum.
    #[error("the fit did not converge: gradient of the mean loss {gradient:e}, limit {limit:e}")]
    NotConverged {
        /// Largest entry of the gradient of the penalised mean loss.
        gradient: f64,
        /// Largest entry with which a fit passes.
        limit: f64,
    },
    /// linfa-logistic refused.
    #[error("linfa-logistic: {0}")]
    Solver(#[from] linfa_logistic::error::Error),
    /// linfa refused.
    #[error("linfa: {0}")]
    Linfa(#[from] LinfaError),
}

/// Settings of the fit, unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnLogitParams(ValidChurnLogitParams);

/// Settings of the fit, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidChurnLogitParams {
    l2: f64,
    rows_min: usize,
    iterations_max: u64,
    newton_steps_max: usize,
}

impl Default for ChurnLogitParams {
    fn default() -> Self {
        Self(ValidChurnLogitParams {
            l2: 1.0,
            rows_min: 1,
            iterations_max: 500,
            newton_steps_max: 0,
        })
    }
}

impl ChurnLogitParams {
    /// Weight of half the sum of squared coefficients beside the loss summed over rows; the
    /// intercept is free. Must be positive and finite. Defaults to 1.0.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.0.l2 = l2;
        self
    }

    /// Fewest rows of each class. Defaults to 1.
    #[must_use]
    pub fn rows_min(mut self, rows_min: usize) -> Self {
        self.0.rows_min = rows_min;
        self
    }

    /// Most iterations of the solver. Defaults to 500.
    #[must_use]
    pub fn iterations_max(mut self, iterations_max: u64) -> Self {
        self.0.iterations_max = iterations_max;
        self
    }
}

impl ChurnLogitParams {
    /// Most Newton steps from where the solver stopped. Defaults to 0.
    #[must_use]
    pub fn newton_steps_max(mut self, newton_steps_max: usize) -> Self {
        self.0.newton_steps_max = newton_steps_max;
        self
    }
}

impl ParamGuard for ChurnLogitParams {
    type Checked = ValidChurnLogitParams;
    type Error = FitError;

    fn check_ref(&self) -> Result<&Self::Checked, FitError> {
        if self.0.l2.is_finite() && self.0.l2 > 0.0 {
            Ok(&self.0)
        } else {
            Err(FitError::Setting {
                name: "l2",
                value: self.0.l2,
                expected: "a finite number above 0",
            })
        }
    }

    fn check(self) -> Result<Self::Checked, FitError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted logistic regression whose probabilities are those of churn.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnLogit {
    weights: Array1<f64>,
    intercept: f64,
    gradient: f64,
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = bool>> Fit<ArrayBase<D, Ix2>, T, FitError>
    for ValidChurnLogitParams
{
    type Object = ChurnLogit;

    /// Fits P(churn) on records of shape rows x columns, standardised by the caller, and one label
    /// per row, true for churn. Column-major records are used as they are, others are copied.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<ChurnLogit, FitError> {
        let labels = dataset.targets().as_single_targets();
        let transposed = dataset.records().t();
        let columns = transposed.as_standard_layout();
        let matrix = columns.t();
        self.check_rows(matrix, labels)?;

        let rows = matrix.nrows() as f64;
        let solver = LogisticRegression::default()
            .alpha(self.l2)
            .max_iterations(self.iterations_max)
            .gradient_tolerance(GRADIENT_AIM * rows);
        let fitted = solver.fit(&DatasetBase::new(matrix, labels))?;
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };

        let stopped_at = Point {
            weights: fitted.params() * sign,
            intercept: fitted.intercept() * sign,
        };
        let churned = labels.mapv(|churned| f64::from(u8::from(churned)));
        let steps = self.newton_steps_max;
        let Point { weights, intercept } =
            newton::walk(stopped_at, matrix, &churned, self.l2, GRADIENT_AIM, steps);
        let mut logit = ChurnLogit {
            weights,
            intercept,
            gradient: f64::INFINITY,
        };
        logit.gradient = logit.mean_gradient(matrix, labels, self.l2);
        if logit.gradient <= GRADIENT_MAX {
            Ok(logit)
        } else {
            Err(FitError::NotConverged {
                gradient: logit.gradient,
                limit: GRADIENT_MAX,
            })
        }
    }
}

impl ValidChurnLogitParams {
    fn check_rows(
        &self,
        matrix: ArrayView2<'_, f64>,
        labels: ArrayView1<'_, bool>,
    ) -> Result<(), FitError> {
        let (rows, columns) = matrix.dim();
        if rows != labels.len() {
            return Err(FitError::Rows {
                rows,
                labels: labels.len(),
            });
        }
        if columns == 0 {
            return Err(FitError::NoFeatures);
        }
        check_finite(matrix)?;
        let have = ClassCounts::of(labels.iter().copied());
        if have.rarer() == 0 && rows > 0 {
            return Err(FitError::OneClass {
                churned: have.churned > 0,
                rows,
            });
        }
        if have.rarer() < self.rows_min.max(1) {
            return Err(FitError::TooFewRows {
                have,
                need: self.rows_min.max(1),
            });
        }
        Ok(())
    }
}

impl ChurnLogit {
    /// Coefficients, in log-odds of churn per unit of each column.
    pub fn weights(&self) -> ArrayView1<'_, f64> {
        self.weights.view()
    }

    /// Log-odds of churn where every column is zero.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Largest entry of the gradient of the penalised mean loss at the fit.
    pub fn gradient(&self) -> f64 {
        self.gradient
    }

    /// P(churn) for each row of a matrix with the columns of the training matrix.
    pub fn predict_proba<D: Data<Elem = f64>>(
        &self,
        matrix: &ArrayBase<D, Ix2>,
    ) -> Result<Array1<f64>, FitError> {
        if matrix.ncols() != self.weights.len() {
            return Err(FitError::Columns {
                found: matrix.ncols(),
                expected: self.weights.len(),
            });
        }
        check_finite(matrix.view())?;
        Ok(self.log_odds(matrix.view()).mapv_into(logistic))
    }

    fn log_odds(&self, matrix: ArrayView2<'_, f64>) -> Array1<f64> {
        log_odds(matrix, self.weights.iter().copied(), self.intercept)
    }

    /// Largest entry of the gradient of
    /// `(sum of log(1 + exp(-y z)) + l2 / 2 * sum of squared weights) / rows`.
    fn mean_gradient(
        &self,
        matrix: ArrayView2<'_, f64>,
        labels: ArrayView1<'_, bool>,
        l2: f64,
    ) -> f64 {
        let mut residuals = self.log_odds(matrix).mapv_into(logistic);
        residuals.zip_mut_with(&labels, |p, &churned| *p -= f64::from(u8::from(churned)));
        let entries = matrix
            .axis_iter(Axis(1))
            .zip(&self.weights)
            .map(|(column, weight)| column.dot(&residuals) + l2 * weight)
            .chain([residuals.sum()]);
        // `max` would pass over NaN.
        let largest = entries.fold(0.0, |largest: f64, entry| {
            if entry.abs() <= largest {
                largest
            } else {
                entry.abs()
            }
        });
        largest / matrix.nrows() as f64
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for ChurnLogit {
    /// As [`ChurnLogit::predict_proba`], but with linfa's contract: it panics on a matrix of
    /// another width.
    fn predict_inplace<'a>(&'a self, matrix: &'a ArrayBase<D, Ix2>, target: &mut Array1<f64>) {
        assert_eq!(
            matrix.ncols(),
            self.weights.len(),
            "the matrix must have as many columns as the model"
        );
        *target = self.log_odds(matrix.view()).mapv_into(logistic);
    }

    fn default_target(&self, matrix: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(matrix.nrows())
    }
}

/// `intercept + matrix * weights`, added up column by column, so that a row's result does not
/// depend on the rows beside it.
pub(crate) fn log_odds(
    matrix: ArrayView2<'_, f64>,
    weights: impl IntoIterator<Item = f64>,
    intercept: f64,
) -> Array1<f64> {
    let mut log_odds = Array1::from_elem(matrix.nrows(), intercept);
    for (column, weight) in matrix.axis_iter(Axis(1)).zip(weights) {
        log_odds.scaled_add(weight, &column);
    }
    log_odds
}

/// `1 / (1 + exp(-z))`, without overflow.
pub(crate) fn logistic(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let odds = log_odds.exp();
        odds / (1.0 + odds)
    }
}

fn check_finite(matrix: ArrayView2<'_, f64>) -> Result<(), FitError> {
    for (column, values) in matrix.axis_iter(Axis(1)).enumerate() {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(FitError::NotFinite { row, column });
        }
    }
    Ok(())
}
