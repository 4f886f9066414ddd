//! What the rows of one cut-off share beyond what their features tell: above all the season of its
//! horizon.
//!
//! Thousands of rows of one cut-off are one look at its season. Left out, seasons are taken for effects
//! of whatever else differs between cut-offs: tenures, and every count that grows with the history. So
//! each cut-off has an effect on the log-odds, drawn from a normal distribution about zero: the random
//! intercepts of a mixed-effects logistic regression (Laird and Ware 1982). A cut-off that is yet to
//! come has the expected one, zero.
//!
//! Found in two steps, as in a meta-analysis: differences between cut-offs and their covariance, from a
//! fit in which they are free; then the spread that makes those most likely, given that only
//! differences are known (restricted maximum likelihood), and the expected effects given both. There are
//! none where the Bayesian information criterion (Schwarz 1978) does not want the spread: what differs
//! but little between cut-offs may as well be a drift that features follow.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis, ShapeBuilder, Slice};
use serde::{Deserialize, Serialize};

use crate::fit_error::FitError;
use crate::logit::{GRADIENT_AIM, ITERATIONS_MAX, L2_UNTRIED, check_gradient};
use crate::solver::{Cholesky, LogitRows, Penalty, minimise};

/// What stands in the column of a cut-off, so that the penalty leaves its coefficient all but free.
const LOOSE: f64 = 10.0;
/// The spreads that are tried beside none: each a tenth more than the one before.
const SPREAD_MIN: f64 = 0.005;
const SPREAD_FACTOR: f64 = 1.1;
const SPREADS: i32 = 70;

/// The effect of a cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffEffect {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// What its rows have more of, in log-odds of churn, than their features tell.
    pub log_odds: f64,
}

/// The effects of the cut-offs that a model has learned from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffEffects {
    /// The standard deviation between cut-offs; zero where there are no effects.
    pub spread: f64,
    /// One per cut-off, oldest first; none where the spread is zero.
    pub effects: Vec<CutoffEffect>,
}

impl CutoffEffects {
    /// Of rows with gaps filled, their labels and their cut-offs.
    pub(crate) fn of(
        matrix: &Array2<f64>,
        churned: &[bool],
        cutoff_days: &[i32],
    ) -> Result<Self, FitError> {
        let Some(free) = Differences::of(matrix, churned, cutoff_days)? else {
            return Ok(Self::default());
        };
        let spread = free.spread();
        if spread == 0.0 {
            return Ok(Self::default());
        }
        let effects = free.cutoff_days.iter().zip(free.expected(spread));
        let effects = effects.map(|(cutoff_day, log_odds)| CutoffEffect {
            cutoff_day: *cutoff_day,
            log_odds,
        });
        Ok(Self {
            spread,
            effects: effects.collect(),
        })
    }

    /// Whether the spread is worth one more parameter.
    pub(crate) fn are_wanted(
        matrix: &Array2<f64>,
        churned: &[bool],
        cutoff_days: &[i32],
    ) -> Result<bool, FitError> {
        let free = Differences::of(matrix, churned, cutoff_days)?;
        Ok(free.is_some_and(|free| free.are_worth_a_parameter(churned.len())))
    }

    /// The effect of the cut-off of each row; nothing where there are none.
    pub(crate) fn offset(&self, cutoff_days: &[i32]) -> Option<Array1<f64>> {
        let known = self.effects.iter();
        let known: BTreeMap<i32, f64> = known.map(|e| (e.cutoff_day, e.log_odds)).collect();
        let of = |day: &i32| known.get(day).copied().unwrap_or(0.0);
        (!known.is_empty()).then(|| cutoff_days.iter().map(of).collect())
    }
}

/// By how much the later cut-offs differ from the first, as far as it is known.
struct Differences {
    /// All cut-offs, oldest first.
    cutoff_days: Vec<i32>,
    /// One less than there are cut-offs.
    found: Array1<f64>,
    covariance: Array2<f64>,
}

impl Differences {
    /// Nothing of fewer than two cut-offs, or where rounding leaves the covariance unknown.
    fn of(
        matrix: &Array2<f64>,
        churned: &[bool],
        cutoff_days: &[i32],
    ) -> Result<Option<Self>, FitError> {
        let mut days = cutoff_days.to_vec();
        days.sort_unstable();
        days.dedup();
        let columns = matrix.ncols();
        if days.len() < 2 || columns == 0 {
            return Ok(None);
        }
        let count = days.len() - 1;
        let wide = with_cutoffs(matrix, &days, cutoff_days);
        let labels = Array1::from(churned.to_vec());
        let rows = LogitRows {
            matrix: wide.view(),
            labels: labels.view(),
            weights: None,
            offset: None,
        };
        let penalty = Penalty {
            l1: 0.0,
            l2: L2_UNTRIED,
        };
        let end = minimise(&rows, penalty, GRADIENT_AIM, ITERATIONS_MAX);
        check_gradient(end.gradient)?;
        let curvature = end.curvature * churned.len() as f64;
        let Some(factor) = Cholesky::of(&curvature, 0.0) else {
            return Ok(None);
        };
        let place = |index: usize| columns + index;
        let mut covariance = Array2::zeros((count, count));
        for (index, mut column) in covariance.columns_mut().into_iter().enumerate() {
            let mut unit = Array1::zeros(columns + count + 1);
            unit[place(index)] = LOOSE * LOOSE;
            let solved = factor.solve(&unit);
            column
                .iter_mut()
                .enumerate()
                .for_each(|(row, cell)| *cell = solved[place(row)]);
        }
        let found = (0..count).map(|index| LOOSE * end.at[place(index)]);
        Ok(Some(Self {
            cutoff_days: days,
            found: found.collect(),
            covariance,
        }))
    }

    /// The covariance of what is found when effects have this spread.
    fn variance(&self, spread: f64) -> Array2<f64> {
        let between = spread * spread;
        let count = self.found.len();
        // Every difference is to the same first cut-off, whose effect they share.
        let own: Array2<f64> = Array2::eye(count) * between;
        own + between + &self.covariance
    }

    /// How likely what is found is, as a logarithm, up to a constant.
    fn likelihood(&self, spread: f64) -> f64 {
        let Some(factor) = Cholesky::of(&self.variance(spread), 0.0) else {
            return f64::NEG_INFINITY;
        };
        let squares = self.found.dot(&factor.solve(&self.found));
        -0.5 * (factor.log_determinant() + squares)
    }

    /// The spread that makes what is found most likely.
    fn spread(&self) -> f64 {
        let mut best = (0.0, self.likelihood(0.0));
        for spread in (0..SPREADS).map(|step| SPREAD_MIN * SPREAD_FACTOR.powi(step)) {
            let there = self.likelihood(spread);
            if there > best.1 {
                best = (spread, there);
            }
        }
        best.0
    }

    /// The Bayesian information criterion.
    fn are_worth_a_parameter(&self, rows: usize) -> bool {
        let gain = self.likelihood(self.spread()) - self.likelihood(0.0);
        gain > 0.5 * (rows as f64).ln()
    }

    /// The expected effects, of the first cut-off and those that it is compared with.
    fn expected(&self, spread: f64) -> Vec<f64> {
        let between = spread * spread;
        let factor = Cholesky::of(&self.variance(spread), 0.0);
        let solved = factor.map(|factor| between * factor.solve(&self.found));
        let solved = solved.unwrap_or_else(|| Array1::zeros(self.found.len()));
        [-solved.sum()].into_iter().chain(solved).collect()
    }
}

/// A matrix with a column behind it for each of the distinct `days` but the first.
fn with_cutoffs(matrix: &Array2<f64>, days: &[i32], cutoff_days: &[i32]) -> Array2<f64> {
    let (rows, columns) = matrix.dim();
    let mut wide = Array2::zeros((rows, columns + days.len() - 1).f());
    wide.slice_axis_mut(Axis(1), Slice::from(..columns))
        .assign(matrix);
    for (row, day) in cutoff_days.iter().enumerate() {
        match days.binary_search(day) {
            Ok(place) if place > 0 => wide[(row, columns + place - 1)] = LOOSE,
            _ => {}
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::Differences;
    use ndarray::{Array1, Array2};

    /// Means of groups that are each known with the same variance, as differences to the first.
    fn differences(means: &[f64], variance: f64) -> Differences {
        let found: Array1<f64> = means[1..].iter().map(|mean| mean - means[0]).collect();
        let count = found.len();
        let covariance = Array2::eye(count) * variance + variance;
        Differences {
            cutoff_days: (0..).take(means.len()).collect(),
            found,
            covariance,
        }
    }

    #[test]
    fn equally_well_known_cutoffs_have_the_effects_of_the_textbook() {
        // Searle, Casella and McCulloch (1992): between groups the variance is that of the means less
        // that within, and each effect is the mean's deviation, held back by their ratio.
        let means = [0.3, -0.1, 0.5, -0.3];
        let of_means = 0.4 / 3.0;
        let found = differences(&means, 0.02);
        let spread = found.spread();
        let expected = (of_means - 0.02_f64).sqrt();
        assert!(
            (spread / expected - 1.0).abs() < 0.05,
            "{spread} {expected}"
        );
        let held_back = expected * expected / of_means;
        for (effect, mean) in found.expected(expected).iter().zip(means) {
            assert!(
                (effect - held_back * (mean - 0.1)).abs() < 1e-12,
                "{effect}"
            );
        }
    }

    #[test]
    fn effects_are_for_cutoffs_that_surely_differ() {
        let means = [0.3, -0.1, 0.5, -0.3];
        assert!(differences(&means, 0.2).spread() <= 0.0);
        // Two cut-offs whose difference is known with a variance of 1/14: that the spread explains it
        // makes it more likely by (14 - 1 - ln 14) / 2, which is half the logarithm of 31,600.
        let two = differences(&[0.0, 1.0], 1.0 / 28.0);
        assert!(two.are_worth_a_parameter(29_000));
        assert!(!two.are_worth_a_parameter(33_000));
        let two = differences(&[0.0, 1.0], 0.001);
        let spread = two.spread();
        assert!((spread / 0.5_f64.sqrt() - 1.0).abs() < 0.05, "{spread}");
        let effects = two.expected(spread);
        assert!((effects[0] + 0.5).abs() < 0.01 && (effects[1] - 0.5).abs() < 0.01);
    }
}
