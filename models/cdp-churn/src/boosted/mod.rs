//! Gradient boosted trees by forust-ml: fitted there, kept and applied here, so that an artefact
//! depends on no other crate's form.

mod attribution;
mod forest;
mod tree;

use forust_ml::gradientbooster::EvaluationData;
use forust_ml::{GradientBooster, Matrix};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fit_error::FitError;
use attribution::Attribution;
use forest::Forest;
pub use tree::{Split, Tree, TreeNode, TreeStep};

/// How much of a tree is added.
const LEARNING_RATE: f32 = 0.05;
/// Held against the squares of what leaves tell.
const L2: f32 = 5.0;
/// The least second derivative of the loss in a leaf: some twenty to forty rows.
const LEAF_WEIGHT_MIN: f32 = 5.0;
/// Values of a column are told apart by so many bins.
const BINS: u16 = 255;
/// Nothing is drawn at random; were it, it would be from here.
const SEED: u64 = 7;
/// The most trees, and after so many that do not help it ends.
const TREES_MAX: usize = 400;
const PATIENCE: usize = 25;

/// The size of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boosting {
    /// Questions on the longest way through a tree.
    pub depth: usize,
    /// Number of trees.
    pub trees: usize,
}

impl Default for Boosting {
    /// Without a cut-off to choose on.
    fn default() -> Self {
        Self {
            depth: 3,
            trees: 100,
        }
    }
}

/// A sum of trees whose log-odds are those of churn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostedTrees {
    base: f64,
    size: Boosting,
    trees: Vec<Tree>,
}

/// A matrix, NaN where a value is missing, and whether each row churned.
#[derive(Clone, Copy)]
pub(crate) struct Labelled<'l> {
    pub(crate) matrix: &'l Array2<f64>,
    pub(crate) churned: &'l [bool],
    /// What is known to be in the log-odds of a row and is not for trees to explain.
    pub(crate) offset: Option<ArrayView1<'l, f64>>,
}

impl Labelled<'_> {
    /// How much each row counts. forust-ml knows no offset, but a class that counts more by a factor is
    /// one whose log-odds are higher by its logarithm (Prentice and Pyke 1979): an offset is taken out
    /// by half of it from either class.
    fn weights(&self) -> Vec<f64> {
        let Some(offset) = self.offset else {
            return vec![1.0; self.churned.len()];
        };
        let rows = self.churned.iter().zip(offset);
        let signed = rows.map(|(churned, offset)| if *churned { -offset } else { *offset });
        signed.map(|signed| (0.5 * signed).exp()).collect()
    }
}

impl BoostedTrees {
    /// Fits trees of a given size.
    pub(crate) fn fit(rows: Labelled<'_>, size: Boosting) -> Result<Self, FitError> {
        Self::boost(rows, size, None)
    }

    /// Fits trees of a given depth, as many as foretell the later rows best.
    pub(crate) fn fit_watching(
        rows: Labelled<'_>,
        later: Labelled<'_>,
        depth: usize,
    ) -> Result<Self, FitError> {
        let trees = TREES_MAX;
        Self::boost(rows, Boosting { depth, trees }, Some(later))
    }

    fn boost(
        rows: Labelled<'_>,
        size: Boosting,
        later: Option<Labelled<'_>>,
    ) -> Result<Self, FitError> {
        let columns = rows.matrix.ncols();
        if columns == 0 {
            return Err(FitError::NoFeatures);
        }
        let mut booster = GradientBooster::default()
            .set_iterations(size.trees)
            .set_learning_rate(LEARNING_RATE)
            .set_max_depth(size.depth)
            .set_l2(L2)
            .set_min_leaf_weight(LEAF_WEIGHT_MIN)
            .set_nbins(BINS)
            .set_seed(SEED)
            // Faster by a third; the sums do not depend on the number of threads.
            .set_tiled_histograms(true)
            .set_initialize_base_score(true)
            .set_early_stopping_rounds(later.map(|_| PATIENCE));
        let columnar = ColumnMajor::of(rows);
        let watched = later.map(ColumnMajor::of);
        let watched = watched.as_ref().map(|of_later| {
            let weights = &of_later.weights;
            let watched: EvaluationData<'_> = (of_later.matrix(), &of_later.labels, weights);
            vec![watched]
        });
        let matrix = columnar.matrix();
        booster
            .fit(&matrix, &columnar.labels, &columnar.weights, watched)
            .map_err(|error| FitError::Boosting(error.to_string()))?;
        let count = booster.prediction_iteration.unwrap_or(booster.trees.len());
        let trees: Vec<Tree> = booster.trees.iter().take(count).map(Tree::of).collect();
        Ok(Self {
            base: booster.base_score,
            size: Boosting {
                trees: trees.len(),
                ..size
            },
            trees,
        })
    }

    /// Its size.
    pub fn size(&self) -> Boosting {
        self.size
    }

    /// The trees, in the order in which they were added.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Log-odds of churn before any tree.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The log-odds of each row of a matrix.
    pub(crate) fn log_odds(&self, matrix: ArrayView2<'_, f64>) -> Array1<f64> {
        let mut told = vec![self.base; matrix.nrows()];
        Forest::of(&self.trees).add(matrix, &mut told);
        Array1::from(told)
    }

    /// What each column adds to the log-odds of each row, and what there is without any.
    pub(crate) fn contributions(&self, matrix: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        let attribution = Attribution::of(&self.trees);
        let (rows, columns) = matrix.dim();
        let mut sums = vec![0.0; rows * columns];
        let of_rows = sums.par_chunks_mut(columns.max(1)).enumerate();
        let room = || (vec![0.0; columns], Vec::new());
        of_rows.for_each_init(room, |(cells, answers), (row, sums)| {
            fill(cells, matrix, row);
            attribution.add(cells, sums, answers);
        });
        let sums = Array2::from_shape_vec((rows, columns), sums);
        let sums = sums.expect("as many sums as cells");
        (self.base + attribution.base, sums)
    }

    /// Whether it can be applied to so many columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        self.base.is_finite() && self.trees.iter().all(|tree| tree.is_sound(columns))
    }
}

fn fill(cells: &mut [f64], matrix: ArrayView2<'_, f64>, row: usize) {
    for (cell, value) in cells.iter_mut().zip(matrix.index_axis(Axis(0), row)) {
        *cell = *value;
    }
}

/// Rows as forust-ml wants them.
struct ColumnMajor {
    cells: Vec<f64>,
    shape: (usize, usize),
    labels: Vec<f64>,
    weights: Vec<f64>,
}

impl ColumnMajor {
    fn of(rows: Labelled<'_>) -> Self {
        let churned = rows.churned.iter();
        let columns = rows.matrix.axis_iter(Axis(1));
        Self {
            cells: columns.flat_map(|column| column.to_vec()).collect(),
            shape: rows.matrix.dim(),
            labels: churned
                .map(|churned| f64::from(u8::from(*churned)))
                .collect(),
            weights: rows.weights(),
        }
    }

    fn matrix(&self) -> Matrix<'_, f64> {
        Matrix::new(&self.cells, self.shape.0, self.shape.1)
    }
}
