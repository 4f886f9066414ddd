//! Why there is no fit.

use linfa::error::Error as LinfaError;

use crate::class_counts::ClassCounts;
use crate::solver::Solver;

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
    /// Another number of weights or offsets than of rows.
    #[error("there are {found} {name} for {rows} rows")]
    RowCount {
        /// `weights` or `offsets`.
        name: &'static str,
        /// How many there are.
        found: usize,
        /// Rows of the matrix.
        rows: usize,
    },
    /// A weight or an offset that is none.
    #[error("the {name} of row {row} is {value}, expected {expected}")]
    RowValue {
        /// `weight` or `offset`.
        name: &'static str,
        /// Index of the row.
        row: usize,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// The solver does not know what is asked for.
    #[error("the solver `{solver}` knows no {what}: use `newton`")]
    Unsupported {
        /// The solver.
        solver: Solver,
        /// What it does not know.
        what: &'static str,
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
    /// forust-ml refused.
    #[error("forust-ml: {0}")]
    Boosting(String),
    /// linfa refused.
    #[error("linfa: {0}")]
    Linfa(#[from] LinfaError),
}
