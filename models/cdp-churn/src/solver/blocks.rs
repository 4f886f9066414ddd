//! Loss, slope and curvature of the logistic loss, summed over blocks of rows on all cores.
//!
//! What belongs together is fixed by the size of the matrix alone, and partial sums are added in
//! their order, so that the number of threads changes no bit of a sum.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, ShapeBuilder, Slice};
use rayon::prelude::*;

use crate::logit::log_odds_into;

/// Cells of a block: with its weighted copy it fits into the cache of a core.
const CELLS: usize = 1 << 15;
/// Bounds of the rows of a block.
const ROWS_MIN: usize = 128;
const ROWS_MAX: usize = 4096;
/// Most partial sums that are held at once.
const PARTS_MAX: usize = 64;
/// Columns of a stripe of the symmetric product; what lies left of a stripe is not computed.
const STRIPE: usize = 24;

/// The rows of a fit.
#[derive(Debug, Clone, Copy)]
pub struct LogitRows<'a> {
    /// One row per customer and one column per feature, standardised by the caller.
    pub matrix: ArrayView2<'a, f64>,
    /// True for churn.
    pub labels: ArrayView1<'a, bool>,
    /// How often a row counts; once if nothing is said.
    pub weights: Option<ArrayView1<'a, f64>>,
    /// What is added to the log-odds of a row; zero if nothing is said.
    pub offset: Option<ArrayView1<'a, f64>>,
}

impl LogitRows<'_> {
    pub(crate) fn columns(&self) -> usize {
        self.matrix.ncols()
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The rows in blocks, as many to each as the number of columns asks for.
    pub(crate) fn blocks(&self) -> Vec<Range<usize>> {
        let rows = self.matrix.nrows();
        let size = (CELLS / (self.columns() + 2)).clamp(ROWS_MIN, ROWS_MAX);
        let starts = (0..rows).step_by(size);
        starts
            .map(|start| start..(start + size).min(rows))
            .collect()
    }
}

/// How much a pass over the rows is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// The loss.
    Loss,
    /// The gradient too.
    Slope,
    /// The second derivative too.
    Curvature,
}

/// Sums over rows, without penalty.
pub(crate) struct Sums {
    /// How often rows count.
    pub(crate) weight: f64,
    pub(crate) loss: f64,
    /// Of each column, and of the intercept behind them; zero if not wanted.
    pub(crate) gradient: Array1<f64>,
    /// X'WX, with the intercept as a last column of ones.
    pub(crate) curvature: Option<Array2<f64>>,
    /// Whether log-odds without offset are higher for every churned row than for any retained one.
    pub(crate) separated: bool,
}

/// Sums over some rows.
struct Part {
    want: Want,
    weight: f64,
    loss: f64,
    /// X' times `[WX, w, r]`, the right upper triangle of it; or only `[r]`, in the last column.
    product: Array2<f64>,
    residual: f64,
    curvature: f64,
    churned_lowest: f64,
    retained_highest: f64,
}

/// What is worked out for the rows of one block.
struct Desk {
    log_odds: Array1<f64>,
    residuals: Array1<f64>,
    curvatures: Array1<f64>,
    /// `[WX, w, r]`, column by column.
    right: Array2<f64>,
}

impl Desk {
    fn new(rows: usize, columns: usize, want: Want) -> Self {
        let width = if want == Want::Curvature {
            columns + 2
        } else {
            0
        };
        Self {
            log_odds: Array1::zeros(rows),
            residuals: Array1::zeros(rows),
            curvatures: Array1::zeros(rows),
            right: Array2::zeros((rows, width).f()),
        }
    }
}

/// Sums over the rows of some blocks, at coefficients with the intercept behind them.
pub(crate) fn sums(
    rows: &LogitRows<'_>,
    blocks: &[Range<usize>],
    at: ArrayView1<'_, f64>,
    want: Want,
) -> Sums {
    let columns = rows.columns();
    let longest = blocks.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let in_part = blocks.len().div_ceil(PARTS_MAX).max(1);
    let parts: Vec<Part> = blocks
        .par_chunks(in_part)
        .map(|blocks| {
            let mut part = Part::new(columns, want);
            let mut desk = Desk::new(longest, columns, want);
            for block in blocks {
                part.add_block(rows, block.clone(), at, &mut desk);
            }
            part
        })
        .collect();
    let mut all = Part::new(columns, want);
    for part in &parts {
        all.add_part(part);
    }
    all.into_sums(columns)
}

impl Part {
    fn new(columns: usize, want: Want) -> Self {
        let width = match want {
            Want::Loss => 0,
            Want::Slope => 1,
            Want::Curvature => columns + 2,
        };
        Self {
            want,
            weight: 0.0,
            loss: 0.0,
            product: Array2::zeros((columns, width)),
            residual: 0.0,
            curvature: 0.0,
            churned_lowest: f64::INFINITY,
            retained_highest: f64::NEG_INFINITY,
        }
    }

    fn add_block(
        &mut self,
        rows: &LogitRows<'_>,
        block: Range<usize>,
        at: ArrayView1<'_, f64>,
        desk: &mut Desk,
    ) {
        let count = block.len();
        let matrix = rows.matrix.slice_axis(Axis(0), Slice::from(block.clone()));
        log_odds_into(
            desk.log_odds.slice_axis_mut(Axis(0), Slice::from(..count)),
            matrix,
            at.iter().take(rows.columns()).copied(),
            at[rows.columns()],
        );
        self.add_rows(rows, block, desk);
        let residuals = desk.residuals.slice_axis(Axis(0), Slice::from(..count));
        match self.want {
            Want::Loss => {}
            Want::Slope => {
                let entries = self.product.iter_mut().zip(matrix.axis_iter(Axis(1)));
                entries.for_each(|(entry, column)| *entry += column.dot(&residuals));
            }
            Want::Curvature => {
                let curvatures = desk.curvatures.slice_axis(Axis(0), Slice::from(..count));
                let mut right = desk.right.slice_axis_mut(Axis(0), Slice::from(..count));
                for (mut into, column) in
                    right.axis_iter_mut(Axis(1)).zip(matrix.axis_iter(Axis(1)))
                {
                    ndarray::Zip::from(&mut into)
                        .and(&column)
                        .and(&curvatures)
                        .for_each(|into, value, curvature| *into = value * curvature);
                }
                let columns = rows.columns();
                right.column_mut(columns).assign(&curvatures);
                right.column_mut(columns + 1).assign(&residuals);
                self.add_product(matrix, right.view());
            }
        }
    }

    /// Loss, residual and curvature of each row.
    fn add_rows(&mut self, rows: &LogitRows<'_>, block: Range<usize>, desk: &mut Desk) {
        for (at, row) in block.enumerate() {
            let weight = rows.weight(row);
            let free = desk.log_odds[at];
            let log_odds = free + rows.offset.map_or(0.0, |offset| offset[row]);
            let churned = rows.labels[row];
            // One exponential serves the probability and the loss, and never overflows.
            let small = (-log_odds.abs()).exp();
            let (likely, unlikely) = (1.0 / (1.0 + small), small / (1.0 + small));
            let expected = churned == (log_odds >= 0.0);
            let miss = if expected { unlikely } else { likely };
            let residual = weight * if churned { -miss } else { miss };
            let curvature = weight * likely * unlikely;
            let excess = if expected { 0.0 } else { log_odds.abs() };
            self.weight += weight;
            self.loss += weight * (excess + small.ln_1p());
            self.residual += residual;
            self.curvature += curvature;
            desk.residuals[at] = residual;
            desk.curvatures[at] = curvature;
            if weight > 0.0 {
                if churned {
                    self.churned_lowest = self.churned_lowest.min(free);
                } else {
                    self.retained_highest = self.retained_highest.max(free);
                }
            }
        }
    }

    /// Adds X' times `[WX, w, r]`, stripe by stripe; X'WX is symmetric, so a stripe begins at its
    /// own first column.
    fn add_product(&mut self, matrix: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) {
        let columns = matrix.ncols();
        for start in (0..columns).step_by(STRIPE) {
            let end = (start + STRIPE).min(columns);
            let stripe = matrix.slice_axis(Axis(1), Slice::from(start..end));
            let right = right.slice_axis(Axis(1), Slice::from(start..));
            let mut rows = self
                .product
                .slice_axis_mut(Axis(0), Slice::from(start..end));
            let mut into = rows.slice_axis_mut(Axis(1), Slice::from(start..));
            general_mat_mul(1.0, &stripe.t(), &right, 1.0, &mut into);
        }
    }

    fn add_part(&mut self, part: &Self) {
        self.weight += part.weight;
        self.loss += part.loss;
        self.product += &part.product;
        self.residual += part.residual;
        self.curvature += part.curvature;
        self.churned_lowest = self.churned_lowest.min(part.churned_lowest);
        self.retained_highest = self.retained_highest.max(part.retained_highest);
    }

    fn into_sums(self, columns: usize) -> Sums {
        let mut gradient = Array1::zeros(columns + 1);
        if let Some(last) = self.product.axis_iter(Axis(1)).next_back() {
            gradient
                .slice_axis_mut(Axis(0), Slice::from(..columns))
                .assign(&last);
        }
        gradient[columns] = self.residual;
        let curvature = (self.want == Want::Curvature).then(|| {
            let cell = |row: usize, column: usize| match (row.min(column), row.max(column)) {
                (low, high) if low < columns => self.product[(low, high)],
                _ => self.curvature,
            };
            Array2::from_shape_fn((columns + 1, columns + 1), |(row, column)| {
                cell(row, column)
            })
        });
        Sums {
            weight: self.weight,
            loss: self.loss,
            gradient,
            curvature,
            separated: self.churned_lowest > self.retained_highest,
        }
    }
}
