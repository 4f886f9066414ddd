//! Newton's method for the penalised logistic loss, with steps halved until the loss falls (Hastie,
//! Tibshirani, Friedman: The Elements of Statistical Learning, 4.4.1).
//!
//! Many rows are begun on a sixteenth of them, which costs little and ends near by. The last steps,
//! over which the curvature hardly changes, use the one of the step before: then a pass over the
//! rows has only the gradient to sum.

use std::ops::Range;

use ndarray::{Array1, Array2, Axis, Slice};

use crate::solver::blocks::{LogitRows, Sums, Want, sums};
use crate::solver::cholesky::Cholesky;
use crate::solver::coordinate::{Quadratic, steepest};

/// How often a step that does not lower the loss is halved.
const HALVINGS: usize = 30;
/// A step must lower the loss by this share of what its slope promises.
const SUFFICIENT: f64 = 1e-4;
/// Below this share of the loss a change of it is rounding.
const ROUNDING: f64 = 1e-13;
/// A step that promises to lower the mean loss by less hardly changes the curvature.
const HARDLY: f64 = 1e-6;
/// A step with an older curvature that leaves more than this share of the gradient was a poor one.
const POOR: f64 = 0.1;
/// One block of so many is what a start is made on, and the fewest blocks that have one.
const SAMPLE: usize = 16;
const SAMPLED_BLOCKS_MIN: usize = 128;
/// The start ends at this gradient of the mean loss: the noise of a sample is larger.
const SAMPLE_AIM: f64 = 1e-5;
/// Added to the diagonal, as a share of it, when rounding has made a curvature not positive.
const DAMPINGS: [f64; 7] = [0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-3, 1.0];
/// The quadratic approximation is minimised up to this share of the gradient.
const INNER: f64 = 1e-3;

/// The weights of the penalty beside the loss summed over rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Penalty {
    /// Of the sum of absolute coefficients.
    pub(crate) l1: f64,
    /// Of half the sum of squared coefficients.
    pub(crate) l2: f64,
}

/// Where the walk ended.
pub(crate) struct End {
    pub(crate) at: Array1<f64>,
    /// Steps over all rows.
    pub(crate) iterations: u64,
    /// Largest entry of the subgradient of the penalised mean loss that is nearest to zero.
    pub(crate) gradient: f64,
    /// Second derivative of the penalised mean loss, at the last point where it was needed.
    pub(crate) curvature: Array2<f64>,
    pub(crate) separated: bool,
}

/// Walks until the largest entry of the mean gradient is below the aim, the steps are used up, or
/// rounding leaves nothing to gain.
pub(crate) fn minimise(rows: &LogitRows<'_>, penalty: Penalty, aim: f64, steps_max: u64) -> End {
    let blocks = rows.blocks();
    let whole = Stage {
        rows,
        blocks: &blocks,
        penalty,
    };
    let null = null_point(rows);
    let from = sampled_start(&whole, &null).unwrap_or(null);
    whole.walk(from, aim, steps_max)
}

/// What the curvature and gradient are at a point that another solver found.
pub(crate) fn end_at(rows: &LogitRows<'_>, penalty: Penalty, at: Array1<f64>) -> End {
    let blocks = rows.blocks();
    let stage = Stage {
        rows,
        blocks: &blocks,
        penalty,
    };
    stage.walk(at, f64::INFINITY, 0)
}

/// Zero coefficients, and the intercept that says the base rate.
fn null_point(rows: &LogitRows<'_>) -> Array1<f64> {
    let mut counts = [0.0; 2];
    let mut offset = 0.0;
    for (row, &churned) in rows.labels.iter().enumerate() {
        let weight = rows.weights.map_or(1.0, |weights| weights[row]);
        counts[usize::from(churned)] += weight;
        offset += weight * rows.offset.map_or(0.0, |offset| offset[row]);
    }
    let [retained, churned] = counts;
    let mut at = Array1::zeros(rows.columns() + 1);
    let intercept = (churned / retained).ln() - offset / (churned + retained);
    at[rows.columns()] = if intercept.is_finite() {
        intercept
    } else {
        0.0
    };
    at
}

/// The minimum over a sample of the blocks of many rows, when it is a better start than none.
fn sampled_start(whole: &Stage<'_, '_>, null: &Array1<f64>) -> Option<Array1<f64>> {
    if whole.blocks.len() < SAMPLED_BLOCKS_MIN {
        return None;
    }
    let blocks: Vec<Range<usize>> = whole.blocks.iter().step_by(SAMPLE).cloned().collect();
    let of_all = whole.sums(null, Want::Loss);
    let of_sample = sums(whole.rows, &blocks, null.view(), Want::Loss);
    let share = of_sample.weight / of_all.weight;
    if !(share > 0.0 && share.is_finite()) {
        return None;
    }
    let Penalty { l1, l2 } = whole.penalty;
    let stage = Stage {
        rows: whole.rows,
        blocks: &blocks,
        penalty: Penalty {
            l1: l1 * share,
            l2: l2 * share,
        },
    };
    let start = stage.walk(null.clone(), SAMPLE_AIM, 15).at;
    let there = whole.sums(&start, Want::Loss);
    let is_better = there.loss + whole.penalty_at(&start) < of_all.loss + whole.penalty_at(null);
    is_better.then_some(start)
}

/// The penalised loss over some blocks of rows.
struct Stage<'s, 'a> {
    rows: &'s LogitRows<'a>,
    blocks: &'s [Range<usize>],
    penalty: Penalty,
}

/// A point and what is known there.
struct Place {
    at: Array1<f64>,
    objective: f64,
    /// Of the loss and the squares, summed over rows.
    slope: Array1<f64>,
    /// Of the penalised mean loss.
    gradient: f64,
    curvature: Option<Array2<f64>>,
    weight: f64,
    separated: bool,
}

/// A step, and by how much the slope promises to lower the penalised loss.
struct Step {
    by: Array1<f64>,
    fall: f64,
}

impl Stage<'_, '_> {
    fn walk(&self, from: Array1<f64>, aim: f64, steps_max: u64) -> End {
        let mut here = self.place(from, Want::Curvature);
        let mut curvature = here.curvature.take().unwrap_or_default();
        let mut is_fresh = true;
        let mut was_poor = false;
        let mut iterations = 0;
        while iterations < steps_max && here.gradient > aim {
            let step = self.step(&here, &curvature, aim);
            let want = if was_poor || step.fall > HARDLY * here.weight {
                Want::Curvature
            } else {
                Want::Slope
            };
            iterations += 1;
            match self.further(&here, &step, want) {
                Some(mut next) => {
                    was_poor = !is_fresh && next.gradient > POOR * here.gradient;
                    is_fresh = next.curvature.is_some();
                    if let Some(of_next) = next.curvature.take() {
                        curvature = of_next;
                    }
                    here = next;
                }
                None if is_fresh => break,
                None => {
                    here = self.place(here.at, Want::Curvature);
                    curvature = here.curvature.take().unwrap_or_default();
                    is_fresh = true;
                }
            }
        }
        End {
            iterations,
            gradient: here.gradient,
            curvature: curvature / here.weight,
            separated: here.separated,
            at: here.at,
        }
    }

    fn sums(&self, at: &Array1<f64>, want: Want) -> Sums {
        sums(self.rows, self.blocks, at.view(), want)
    }

    fn penalty_at(&self, at: &Array1<f64>) -> f64 {
        let weights = at.slice_axis(Axis(0), Slice::from(..self.rows.columns()));
        let absolute: f64 = weights.iter().map(|weight| weight.abs()).sum();
        self.penalty.l1 * absolute + 0.5 * self.penalty.l2 * weights.dot(&weights)
    }

    fn place(&self, at: Array1<f64>, want: Want) -> Place {
        let Sums {
            weight,
            loss,
            gradient: mut slope,
            mut curvature,
            separated,
        } = self.sums(&at, want);
        for column in 0..self.rows.columns() {
            slope[column] += self.penalty.l2 * at[column];
            if let Some(curvature) = &mut curvature {
                curvature[(column, column)] += self.penalty.l2;
            }
        }
        Place {
            objective: loss + self.penalty_at(&at),
            gradient: steepest(&at, &slope, self.penalty.l1) / weight,
            at,
            slope,
            curvature,
            weight,
            separated,
        }
    }

    /// The step to the minimum of the quadratic approximation.
    fn step(&self, here: &Place, curvature: &Array2<f64>, aim: f64) -> Step {
        let l1 = self.penalty.l1;
        let by = if l1 > 0.0 {
            let quadratic = Quadratic {
                from: &here.at,
                gradient: &here.slope,
                curvature,
                l1,
            };
            let tolerance = (INNER * here.gradient).max(0.1 * aim) * here.weight;
            quadratic.minimise(tolerance) - &here.at
        } else {
            -downhill(curvature, &here.slope)
        };
        let weights = self.rows.columns();
        let absolute = here.at.iter().zip(&by).take(weights);
        let absolute: f64 = absolute.map(|(at, by)| (at + by).abs() - at.abs()).sum();
        Step {
            fall: -(here.slope.dot(&by) + l1 * absolute),
            by,
        }
    }

    /// The place a step further, halved until the loss is low enough there. When the loss cannot
    /// tell for rounding, the whole step is taken if it makes the gradient smaller.
    fn further(&self, here: &Place, step: &Step, want: Want) -> Option<Place> {
        let is_rounding = step.fall <= ROUNDING * here.objective.abs();
        let mut length = 1.0;
        for _ in 0..if is_rounding { 1 } else { HALVINGS } {
            let next = self.place(&here.at + &(length * &step.by), want);
            let is_lower = next.objective <= here.objective - SUFFICIENT * length * step.fall;
            let is_flatter = next.gradient < here.gradient;
            if if is_rounding { is_flatter } else { is_lower } {
                return Some(next);
            }
            length *= 0.5;
        }
        None
    }
}

/// Newton's direction. A curvature that is not positive is damped, as much as it takes; where even
/// that fails, each coefficient goes by its own curvature alone.
fn downhill(curvature: &Array2<f64>, slope: &Array1<f64>) -> Array1<f64> {
    let mut factors = DAMPINGS
        .iter()
        .filter_map(|damping| Cholesky::of(curvature, *damping));
    if let Some(factor) = factors.next() {
        return factor.solve(slope);
    }
    let own = curvature.diag();
    let largest = own.iter().fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
    slope / &own.mapv(|value| if value > 0.0 { value } else { largest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn there_is_a_way_down_whatever_the_curvature() {
        let slope = array![1.0, -2.0];
        for curvature in [
            array![[1.0, 1.0], [1.0, 1.0]],
            array![[1.0, 2.0], [2.0, 1.0]],
            array![[0.0, 0.0], [0.0, 0.0]],
            array![[1e300, 0.0], [0.0, 1e-300]],
        ] {
            let way = downhill(&curvature, &slope);
            assert!(
                way.iter().all(|value| !value.is_nan()),
                "{curvature}: {way}"
            );
            assert!(way.dot(&slope) > 0.0, "{curvature}: {way}");
        }
    }
}
