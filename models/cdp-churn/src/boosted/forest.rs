//! Trees laid out for many rows: the places of all trees in one line, and no row has to ask whether it
//! has reached an end, since ends lead to themselves.

use ndarray::{ArrayView2, Axis, Slice};
use rayon::prelude::*;

use super::tree::{Tree, TreeStep};

/// Rows that are walked through together.
const BLOCK: usize = 256;

/// The trees of a model.
pub(super) struct Forest {
    places: Vec<Place>,
    trees: Vec<Walk>,
}

/// Where a tree begins, and how many questions there are at most on a way through it.
struct Walk {
    root: u32,
    steps: u32,
}

/// A place of a tree; indices are those of all places.
#[derive(Clone, Copy)]
struct Place {
    /// Smaller values go left; at an end, what is told there.
    value: f64,
    column: u32,
    left: u32,
    right: u32,
    missing_left: bool,
}

impl Forest {
    pub(super) fn of(trees: &[Tree]) -> Self {
        let mut forest = Self {
            places: Vec::new(),
            trees: Vec::with_capacity(trees.len()),
        };
        for tree in trees {
            let root = index(forest.places.len());
            let places = tree.nodes().iter().zip(root..);
            forest
                .places
                .extend(places.map(|(node, at)| match &node.step {
                    TreeStep::Leaf(log_odds) => Place {
                        value: *log_odds,
                        column: 0,
                        left: at,
                        right: at,
                        missing_left: false,
                    },
                    TreeStep::Split(split) => Place {
                        value: split.below,
                        column: index(split.column),
                        left: root + index(split.left),
                        right: root + index(split.right),
                        missing_left: split.missing_left,
                    },
                }));
            let steps = index(tree.depth_below(0));
            forest.trees.push(Walk { root, steps });
        }
        forest
    }

    /// Adds what the trees tell of each row of a matrix.
    pub(super) fn add(&self, matrix: ArrayView2<'_, f64>, told: &mut [f64]) {
        let width = matrix.ncols().max(1);
        let blocks = told.par_chunks_mut(BLOCK).enumerate();
        let new_cells = || vec![0.0; BLOCK * width];
        blocks.for_each_init(new_cells, |cells, (block, told)| {
            let first = block * BLOCK;
            let rows = matrix.slice_axis(Axis(0), Slice::from(first..first + told.len()));
            for (column, values) in rows.columns().into_iter().enumerate() {
                let cells = cells.iter_mut().skip(column).step_by(width);
                cells.zip(values).for_each(|(cell, value)| *cell = *value);
            }
            for (told, row) in told.iter_mut().zip(cells.chunks_exact(width)) {
                *told += self
                    .trees
                    .iter()
                    .map(|tree| self.walk(tree, row))
                    .sum::<f64>();
            }
        });
    }

    fn walk(&self, tree: &Walk, row: &[f64]) -> f64 {
        let mut at = tree.root;
        for _ in 0..tree.steps {
            let place = &self.places[at as usize];
            let value = row[place.column as usize];
            // Without a branch: which way a row goes is as good as chance.
            let is_left = (value < place.value) | (place.missing_left & value.is_nan());
            at = if is_left { place.left } else { place.right };
        }
        self.places[at as usize].value
    }
}

/// Trees have far fewer places than that.
fn index(place: usize) -> u32 {
    u32::try_from(place).expect("fewer places than fit into memory")
}
