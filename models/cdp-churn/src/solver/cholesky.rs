//! Symmetric positive systems: Cholesky's method, and how badly such a system is conditioned.

use ndarray::{Array1, Array2, Axis, Slice};

/// Most steps of an iteration for an extreme eigenvalue, and the relative change that ends it.
const EIGENVALUE_STEPS_MAX: usize = 300;
const EIGENVALUE_CHANGE: f64 = 1e-6;

/// A matrix as `S L L' S`, with S diagonal, so that the units of columns do not matter.
pub(crate) struct Cholesky {
    lower: Array2<f64>,
    scale: Array1<f64>,
}

impl Cholesky {
    /// Of a matrix whose diagonal is made larger by a factor of `1 + damping`; `None` when it is not
    /// positive.
    pub(crate) fn of(matrix: &Array2<f64>, damping: f64) -> Option<Self> {
        let scale = matrix.diag().mapv(f64::sqrt);
        if !scale.iter().all(|value| value.is_finite() && *value > 0.0) {
            return None;
        }
        let size = scale.len();
        let mut lower = Array2::zeros((size, size));
        for row in 0..size {
            for column in 0..=row {
                let left = lower.row(row).split_at(Axis(0), column).0;
                let known: f64 = left.dot(&lower.row(column).split_at(Axis(0), column).0);
                let value = if row == column {
                    1.0 + damping - known
                } else {
                    matrix[(row, column)] / (scale[row] * scale[column]) - known
                };
                if row != column {
                    lower[(row, column)] = value / lower[(column, column)];
                } else if value > f64::EPSILON {
                    lower[(row, row)] = value.sqrt();
                } else {
                    // Also what is not a number.
                    return None;
                }
            }
        }
        Some(Self { lower, scale })
    }

    /// The natural logarithm of the determinant.
    pub(crate) fn log_determinant(&self) -> f64 {
        let factors = self.lower.diag().into_iter().zip(&self.scale);
        factors.map(|(own, scale)| 2.0 * (own * scale).ln()).sum()
    }

    pub(crate) fn solve(&self, right: &Array1<f64>) -> Array1<f64> {
        let mut solved = right / &self.scale;
        let size = solved.len();
        for row in 0..size {
            let known = self
                .lower
                .row(row)
                .split_at(Axis(0), row)
                .0
                .dot(&solved.slice_axis(Axis(0), Slice::from(..row)));
            solved[row] = (solved[row] - known) / self.lower[(row, row)];
        }
        for row in (0..size).rev() {
            let value = solved[row] / self.lower[(row, row)];
            solved[row] = value;
            let left = self.lower.row(row).split_at(Axis(0), row).0;
            solved
                .slice_axis_mut(Axis(0), Slice::from(..row))
                .scaled_add(-value, &left);
        }
        solved / &self.scale
    }
}

/// The condition number of a symmetric matrix: its largest eigenvalue by power iteration, divided by
/// its smallest one by inverse iteration. One that is not positive, as far as rounding can tell, has
/// `1 / f64::EPSILON`, and none has more.
pub(crate) fn condition(matrix: &Array2<f64>) -> f64 {
    let worst = 1.0 / f64::EPSILON;
    let Some(factor) = Cholesky::of(matrix, 0.0) else {
        return worst;
    };
    let largest = extreme(matrix.nrows(), |vector| matrix.dot(vector));
    let of_inverse = extreme(matrix.nrows(), |vector| factor.solve(vector));
    // `min` would also pass over what is not a number.
    (largest * of_inverse).min(worst)
}

/// The largest eigenvalue of a positive map, from a start that is no eigenvector by chance.
fn extreme(size: usize, map: impl Fn(&Array1<f64>) -> Array1<f64>) -> f64 {
    let mut vector = Array1::from_shape_fn(size, |index| 1.0 + (index as f64 + 1.0).sin());
    let mut found = 0.0;
    for _ in 0..EIGENVALUE_STEPS_MAX {
        vector /= vector.dot(&vector).sqrt();
        let mapped = map(&vector);
        let next = mapped.dot(&mapped).sqrt();
        let done = (next - found).abs() <= EIGENVALUE_CHANGE * next;
        (found, vector) = (next, mapped);
        if done {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_small_system_is_solved() {
        let factor = Cholesky::of(&array![[4.0, 2.0], [2.0, 3.0]], 0.0).expect("it is positive");
        assert!((factor.log_determinant() - 8.0_f64.ln()).abs() < 1e-12);
        let gaps = factor.solve(&array![8.0, 8.0]) - array![1.0, 2.0];
        assert!(gaps.iter().all(|gap| gap.abs() < 1e-12), "{gaps}");
        let not_positive = array![[1.0, 2.0], [2.0, 1.0]];
        assert!(Cholesky::of(&not_positive, 0.0).is_none());
        assert!(Cholesky::of(&not_positive, 2.0).is_some());
        assert!(Cholesky::of(&array![[f64::NAN]], 0.0).is_none());
    }

    #[test]
    fn the_condition_is_the_ratio_of_the_extreme_eigenvalues() {
        // Eigenvalues 1 and 3, and 1 and 1e6.
        assert!((condition(&array![[2.0, 1.0], [1.0, 2.0]]) - 3.0).abs() < 1e-3);
        assert!((condition(&array![[1.0, 0.0], [0.0, 1e6]]) / 1e6 - 1.0).abs() < 1e-3);
        let singular = condition(&array![[1.0, 1.0], [1.0, 1.0]]);
        assert!((singular * f64::EPSILON - 1.0).abs() < 1e-3);
    }
}
