//! Coordinate descent on the quadratic approximation of a Newton step with an L1 penalty (Friedman,
//! Hastie, Tibshirani: Regularization Paths for Generalized Linear Models via Coordinate Descent,
//! 2010).
//!
//! Sweeps find out which coefficients are zero and the signs of the others; with these known, the
//! others are the solution of a linear system, which ends what sweeps would creep to when columns
//! are nearly collinear.

use ndarray::{Array1, Array2};

use crate::solver::cholesky::Cholesky;

/// Sweeps between two attempts to solve for the coefficients that are not zero.
const SWEEPS: usize = 20;
/// Most such attempts.
const ROUNDS_MAX: usize = 50;

/// A quadratic function of a step from `from`, with an L1 penalty on where it leads; the last
/// coefficient is the intercept, which is free.
pub(crate) struct Quadratic<'a> {
    pub(crate) from: &'a Array1<f64>,
    pub(crate) gradient: &'a Array1<f64>,
    pub(crate) curvature: &'a Array2<f64>,
    pub(crate) l1: f64,
}

impl Quadratic<'_> {
    /// Where the function is least, up to `tolerance` in each entry of its subgradient, or as near
    /// as the rounds lead.
    pub(crate) fn minimise(&self, tolerance: f64) -> Array1<f64> {
        let mut to = self.from.clone();
        let mut slope = self.gradient.clone();
        for _ in 0..ROUNDS_MAX {
            for _ in 0..SWEEPS {
                self.sweep(&mut to, &mut slope);
                if self.steepest(&to, &slope) <= tolerance {
                    return to;
                }
            }
            if let Some(solved) = self.solve_signed(&to) {
                to = solved;
                slope = self.gradient + &self.curvature.dot(&(&to - self.from));
                if self.steepest(&to, &slope) <= tolerance {
                    return to;
                }
            }
        }
        to
    }

    /// Minimises along each coordinate in turn.
    fn sweep(&self, to: &mut Array1<f64>, slope: &mut Array1<f64>) {
        let intercept = to.len() - 1;
        for index in 0..to.len() {
            let curvature = self.curvature[(index, index)];
            if curvature.is_nan() || curvature <= 0.0 {
                continue;
            }
            let l1 = if index == intercept { 0.0 } else { self.l1 };
            let best = soft(to[index] * curvature - slope[index], l1) / curvature;
            let change = best - to[index];
            if change.abs() > 0.0 {
                to[index] = best;
                slope.scaled_add(change, &self.curvature.row(index));
            }
        }
    }

    /// The largest entry of the subgradient that is nearest to zero.
    fn steepest(&self, to: &Array1<f64>, slope: &Array1<f64>) -> f64 {
        steepest(to, slope, self.l1)
    }

    /// The minimum among steps that keep zeros and signs; `None` when it has other signs.
    fn solve_signed(&self, to: &Array1<f64>) -> Option<Array1<f64>> {
        let intercept = to.len() - 1;
        let is_free = |index: &usize| *index == intercept || to[*index].abs() > 0.0;
        let free: Vec<usize> = (0..to.len()).filter(is_free).collect();
        let system = Array2::from_shape_fn((free.len(), free.len()), |(row, column)| {
            self.curvature[(free[row], free[column])]
        });
        let here = self.gradient + &self.curvature.dot(&(to - self.from));
        let right = free.iter().map(|&index| {
            let l1 = if index == intercept { 0.0 } else { self.l1 };
            here[index] + l1 * to[index].signum()
        });
        let step = Cholesky::of(&system, 0.0)?.solve(&right.collect());
        let mut solved = to.clone();
        for (&index, change) in free.iter().zip(&step) {
            solved[index] -= change;
        }
        let kept = |index: &usize| *index == intercept || solved[*index] * to[*index] > 0.0;
        free.iter().all(kept).then_some(solved)
    }
}

/// The largest entry of that subgradient of a function with an L1 penalty which is nearest to zero:
/// zero exactly at its minimum. The last coefficient is free.
pub(crate) fn steepest(at: &Array1<f64>, slope: &Array1<f64>, l1: f64) -> f64 {
    let intercept = at.len() - 1;
    let entries = at.iter().zip(slope).enumerate();
    let entries = entries.map(|(index, (value, slope))| {
        if index == intercept {
            slope.abs()
        } else if value.abs() > 0.0 {
            (slope + l1 * value.signum()).abs()
        } else {
            soft(*slope, l1).abs()
        }
    });
    // `max` would pass over NaN.
    entries.fold(
        0.0,
        |largest: f64, entry| {
            if entry <= largest { largest } else { entry }
        },
    )
}

/// A value drawn towards zero.
fn soft(value: f64, by: f64) -> f64 {
    value.signum() * (value.abs() - by).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn without_coupling_it_is_soft_thresholding() {
        let quadratic = Quadratic {
            from: &array![0.0, 0.0, 0.0],
            gradient: &array![-3.0, 0.5, 1.0],
            curvature: &array![[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 4.0]],
            l1: 1.0,
        };
        let gaps = quadratic.minimise(1e-12) - array![1.0, 0.0, -0.25];
        assert!(gaps.iter().all(|gap| gap.abs() < 1e-12), "{gaps}");
    }

    #[test]
    fn nearly_collinear_columns_are_solved_for() {
        let near = 1.0 - 1e-9;
        let quadratic = Quadratic {
            from: &array![0.0, 0.0, 0.0],
            gradient: &array![-3.0, -3.0 + 1e-9, 0.0],
            curvature: &array![[1.0, near, 0.0], [near, 1.0, 0.0], [0.0, 0.0, 1.0]],
            l1: 1.0,
        };
        let to = quadratic.minimise(1e-12);
        let slope = quadratic.gradient + &quadratic.curvature.dot(&to);
        assert!(steepest(&to, &slope, 1.0) <= 1e-12, "{to}");
    }
}
