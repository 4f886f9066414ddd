//! Logistic regression behind a guard, as a type of linfa.
//!
//! The probability is always that of churn, and a fit whose gradient is not zero is an error, whatever
//! the solver says. linfa-logistic 0.8.1, which names the more frequent class positive and reports
//! success whatever it did, is one of the solvers.

use linfa::DatasetBase;
use linfa::dataset::AsSingleTargets;
use linfa::prelude::{Fit, ParamGuard, PredictInplace};
use ndarray::{Array1, ArrayBase, ArrayView1, ArrayView2, ArrayViewMut1, Axis, Data, Ix2};
use serde::{Deserialize, Serialize};

use crate::class_counts::ClassCounts;
use crate::fit_error::FitError;
use crate::solver::{LogitRows, Penalty, Solver, condition, end_at, minimise, solve_by_linfa};

/// Largest entry of the gradient of the mean loss with which a fit passes.
const GRADIENT_MAX: f64 = 1e-5;
/// The largest entry that a fit aims at.
pub(crate) const GRADIENT_AIM: f64 = 1e-10;

/// The most iterations of a solver, if nothing is said.
pub(crate) const ITERATIONS_MAX: u64 = 500;
/// An L2 weight that nothing was tried for: of all rows together, as a prior of about 0.3 for a
/// coefficient.
pub(crate) const L2_UNTRIED: f64 = 10.0;

/// Settings of the fit, unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnLogitParams(ValidChurnLogitParams);

/// Settings of the fit, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidChurnLogitParams {
    l1: f64,
    l2: f64,
    solver: Solver,
    rows_min: usize,
    iterations_max: u64,
}

impl Default for ChurnLogitParams {
    fn default() -> Self {
        Self(ValidChurnLogitParams {
            l1: 0.0,
            l2: 1.0,
            solver: Solver::Newton,
            rows_min: 1,
            iterations_max: ITERATIONS_MAX,
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

    /// Weight of the sum of absolute coefficients beside the loss summed over rows: with `l2` the
    /// elastic net. Must be finite and not negative. Defaults to 0.0.
    #[must_use]
    pub fn l1(mut self, l1: f64) -> Self {
        self.0.l1 = l1;
        self
    }

    /// What minimises the loss. Defaults to [`Solver::Newton`].
    #[must_use]
    pub fn solver(mut self, solver: Solver) -> Self {
        self.0.solver = solver;
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

impl ParamGuard for ChurnLogitParams {
    type Checked = ValidChurnLogitParams;
    type Error = FitError;

    fn check_ref(&self) -> Result<&Self::Checked, FitError> {
        let setting = |name, value, expected| FitError::Setting {
            name,
            value,
            expected,
        };
        let ValidChurnLogitParams { l1, l2, .. } = self.0;
        if !(l2.is_finite() && l2 > 0.0) {
            return Err(setting("l2", l2, "a finite number above 0"));
        }
        if !(l1.is_finite() && l1 >= 0.0) {
            return Err(setting("l1", l1, "a finite number of at least 0"));
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, FitError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// How a fit was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitReport {
    /// What found it.
    pub solver: Solver,
    /// Passes over all rows that moved it; nothing of linfa-logistic, which does not tell.
    pub iterations: Option<u64>,
    /// Largest entry of the gradient of the penalised mean loss (with an L1 penalty, of the
    /// subgradient that is nearest to zero).
    pub gradient: f64,
    /// Largest eigenvalue of the second derivative of the penalised mean loss over its smallest.
    pub condition: f64,
    /// Whether the log-odds of every churned row are above those of every retained one: then only
    /// the penalty keeps the coefficients finite.
    pub separated: bool,
}

/// A fitted logistic regression whose probabilities are those of churn.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnLogit {
    weights: Array1<f64>,
    intercept: f64,
    report: FitReport,
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = bool>> Fit<ArrayBase<D, Ix2>, T, FitError>
    for ValidChurnLogitParams
{
    type Object = ChurnLogit;

    /// Fits P(churn) on records of shape rows x columns, standardised by the caller, and one label
    /// per row, true for churn; with the weights of the dataset, if it has any.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<ChurnLogit, FitError> {
        let weights = dataset.weights();
        let weights: Option<Array1<f64>> =
            weights.map(|weights| weights.iter().map(|weight| f64::from(*weight)).collect());
        self.fit_rows(&LogitRows {
            matrix: dataset.records().view(),
            labels: dataset.targets().as_single_targets(),
            weights: weights.as_ref().map(Array1::view),
            offset: None,
        })
    }
}

impl ValidChurnLogitParams {
    /// Fits P(churn) on rows with weights and an offset, which linfa's datasets have only in part.
    /// A column-major matrix is used as it is, others are copied.
    pub fn fit_rows(&self, rows: &LogitRows<'_>) -> Result<ChurnLogit, FitError> {
        let transposed = rows.matrix.t();
        let columns = transposed.as_standard_layout();
        let rows = &LogitRows {
            matrix: columns.t(),
            labels: rows.labels.view(),
            weights: rows.weights.as_ref().map(ArrayView1::view),
            offset: rows.offset.as_ref().map(ArrayView1::view),
        };
        self.check_rows(rows)?;
        let (l1, l2) = (self.l1, self.l2);
        let penalty = Penalty { l1, l2 };
        let (end, iterations) = match self.solver {
            Solver::Newton => {
                let end = minimise(rows, penalty, GRADIENT_AIM, self.iterations_max);
                let iterations = end.iterations;
                (end, Some(iterations))
            }
            Solver::Linfa => {
                let at = solve_by_linfa(rows, l2, self.iterations_max)?;
                (end_at(rows, penalty, at), None)
            }
        };
        let report = FitReport {
            solver: self.solver,
            iterations,
            gradient: end.gradient,
            condition: condition(&end.curvature),
            separated: end.separated,
        };
        check_gradient(report.gradient)?;
        let width = rows.matrix.ncols();
        Ok(ChurnLogit {
            weights: end.at.iter().take(width).copied().collect(),
            intercept: end.at[width],
            report,
        })
    }

    fn check_rows(&self, given: &LogitRows<'_>) -> Result<(), FitError> {
        let (rows, columns) = given.matrix.dim();
        let labels = given.labels;
        if rows != labels.len() {
            return Err(FitError::Rows {
                rows,
                labels: labels.len(),
            });
        }
        if columns == 0 {
            return Err(FitError::NoFeatures);
        }
        check_finite(given.matrix)?;
        self.check_extras(given)?;
        let is_there = |row: &usize| given.weights.is_none_or(|weights| weights[*row] > 0.0);
        let have = ClassCounts::of((0..rows).filter(is_there).map(|row| labels[row]));
        if have.rarer() == 0 && have.rows() > 0 {
            return Err(FitError::OneClass {
                churned: have.churned > 0,
                rows,
            });
        }
        let need = self.rows_min.max(1);
        if have.rarer() < need {
            return Err(FitError::TooFewRows { have, need });
        }
        Ok(())
    }

    /// Weights and offsets are numbers, one per row, and the solver knows what is asked for.
    fn check_extras(&self, given: &LogitRows<'_>) -> Result<(), FitError> {
        let rows = given.matrix.nrows();
        let any_number: fn(f64) -> bool = f64::is_finite;
        let not_negative: fn(f64) -> bool = |value| value.is_finite() && value >= 0.0;
        let weights = (given.weights, "weight", "weights", not_negative);
        let offset = (given.offset, "offset", "offsets", any_number);
        for (values, name, names, is_sound) in [weights, offset] {
            let Some(values) = values else { continue };
            if values.len() != rows {
                return Err(FitError::RowCount {
                    name: names,
                    found: values.len(),
                    rows,
                });
            }
            if let Some(row) = values.iter().position(|value| !is_sound(*value)) {
                return Err(FitError::RowValue {
                    name,
                    row,
                    value: values[row],
                    expected: if name == "weight" {
                        "a finite number of at least 0"
                    } else {
                        "a finite number"
                    },
                });
            }
        }
        let asked = [
            ("weights", given.weights.is_some()),
            ("offset", given.offset.is_some()),
            ("L1 penalty", self.l1 > 0.0),
        ];
        match asked.into_iter().find(|(_, is_asked)| *is_asked) {
            Some((what, _)) if self.solver == Solver::Linfa => Err(FitError::Unsupported {
                solver: self.solver,
                what,
            }),
            _ => Ok(()),
        }
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

    /// How it was found.
    pub fn report(&self) -> &FitReport {
        &self.report
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
    let mut log_odds = Array1::zeros(matrix.nrows());
    log_odds_into(log_odds.view_mut(), matrix, weights, intercept);
    log_odds
}

/// [`log_odds`] into a place that is there already.
pub(crate) fn log_odds_into(
    mut log_odds: ArrayViewMut1<'_, f64>,
    matrix: ArrayView2<'_, f64>,
    weights: impl IntoIterator<Item = f64>,
    intercept: f64,
) {
    log_odds.fill(intercept);
    for (column, weight) in matrix.axis_iter(Axis(1)).zip(weights) {
        log_odds.scaled_add(weight, &column);
    }
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

/// Whether a fit that ended with this largest entry of the gradient passes.
pub(crate) fn check_gradient(gradient: f64) -> Result<(), FitError> {
    // Also what is not a number.
    if gradient.is_nan() || gradient > GRADIENT_MAX {
        return Err(FitError::NotConverged {
            gradient,
            limit: GRADIENT_MAX,
        });
    }
    Ok(())
}

fn check_finite(matrix: ArrayView2<'_, f64>) -> Result<(), FitError> {
    for (column, values) in matrix.axis_iter(Axis(1)).enumerate() {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(FitError::NotFinite { row, column });
        }
    }
    Ok(())
}
