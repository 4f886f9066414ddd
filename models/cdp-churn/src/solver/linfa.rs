//! linfa-logistic, whose probabilities are turned so that they are always those of churn: version
//! 0.8.1 names the more frequent class positive.

use linfa::DatasetBase;
use linfa::prelude::Fit;
use linfa_logistic::LogisticRegression;
use linfa_logistic::error::Error;
use ndarray::Array1;

use crate::solver::blocks::LogitRows;

/// The solver stops at this gradient (length) of the mean loss. At a smaller one, rounding of the
/// summed loss leaves its line search nothing to go by: 200,000 rows took four times as long at 1e-9.
const GRADIENT_AIM: f64 = 1e-8;

/// Coefficients with the intercept behind them. linfa-logistic reports success whatever became of
/// it, so they may be far from the minimum.
pub(crate) fn solve(
    rows: &LogitRows<'_>,
    l2: f64,
    iterations_max: u64,
) -> Result<Array1<f64>, Error> {
    let count = rows.labels.len() as f64;
    let solver = LogisticRegression::default()
        .alpha(l2)
        .max_iterations(iterations_max)
        .gradient_tolerance(GRADIENT_AIM * count);
    let fitted = solver.fit(&DatasetBase::new(rows.matrix, rows.labels))?;
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let coefficients = fitted.params().iter().copied().chain([fitted.intercept()]);
    Ok(coefficients.map(|value| value * sign).collect())
}
