//! What each column adds to a sum of trees: Shapley values of the game in which a column that is not
//! in the coalition sends a row both ways, in the shares of the training rows (path-dependent
//! TreeSHAP, Lundberg et al. 2020). In f64 and leaf by leaf, so that the parts add up to the sum.
//!
//! A leaf pays its log-odds times, for each column on its path, 1 or 0 (whether the row keeps to the
//! path there) when the column is in the coalition, and otherwise the share of the rows that do. So a
//! leaf knows all it may ever pay beforehand: one line for each set of columns that a row may keep to.

use super::tree::{Split, Tree, TreeStep};

/// All trees, ready to be asked.
pub(super) struct Attribution {
    /// What the trees tell when no column is known.
    pub(super) base: f64,
    trees: Vec<TreeParts>,
}

struct TreeParts {
    splits: Vec<Split>,
    leaves: Vec<LeafParts>,
}

struct LeafParts {
    /// The columns on the path.
    paths: Vec<ColumnPath>,
    /// What the columns add, for each set of columns that a row keeps to; the set is a binary number.
    parts: Vec<f64>,
}

/// One column on the way to a leaf.
#[derive(Clone)]
struct ColumnPath {
    column: usize,
    /// The splits on it, by index, and whether the path goes left there.
    turns: Vec<(usize, bool)>,
    /// The share of the rows before these splits that keep to the path.
    share: f64,
}

impl Attribution {
    pub(super) fn of(trees: &[Tree]) -> Self {
        let mut base = 0.0;
        let trees = trees.iter().map(|tree| {
            let mut parts = TreeParts {
                splits: Vec::new(),
                leaves: Vec::new(),
            };
            parts.descend(tree, 0, &[], &mut base);
            parts
        });
        let trees = trees.collect();
        Self { base, trees }
    }

    /// Adds what each column gives a row to the places of the columns.
    pub(super) fn add(&self, row: &[f64], sums: &mut [f64]) {
        let mut lefts = Vec::new();
        for tree in &self.trees {
            lefts.clear();
            let goes_left = |split: &Split| split.goes_left(row[split.column]);
            lefts.extend(tree.splits.iter().map(goes_left));
            for leaf in &tree.leaves {
                leaf.add(&lefts, sums);
            }
        }
    }
}

impl TreeParts {
    /// Gathers the leaves below a place that is reached by a path.
    fn descend(&mut self, tree: &Tree, at: usize, path: &[ColumnPath], base: &mut f64) {
        let node = &tree.nodes()[at];
        match &node.step {
            TreeStep::Leaf(log_odds) => {
                *base += log_odds * path.iter().map(|column| column.share).product::<f64>();
                self.leaves.push(LeafParts::of(*log_odds, path));
            }
            TreeStep::Split(split) => {
                let index = self.splits.len();
                self.splits.push(split.clone());
                for (child, is_left) in [(split.left, true), (split.right, false)] {
                    let share = tree.nodes()[child].cover / covers(tree, split);
                    let mut path = path.to_vec();
                    match path.iter_mut().find(|known| known.column == split.column) {
                        Some(known) => {
                            known.turns.push((index, is_left));
                            known.share *= share;
                        }
                        None => path.push(ColumnPath {
                            column: split.column,
                            turns: vec![(index, is_left)],
                            share,
                        }),
                    }
                    self.descend(tree, child, &path, base);
                }
            }
        }
    }
}

/// The cover of both places after a split, which is that of the split but for rounding.
fn covers(tree: &Tree, split: &Split) -> f64 {
    tree.nodes()[split.left].cover + tree.nodes()[split.right].cover
}

impl LeafParts {
    fn of(log_odds: f64, path: &[ColumnPath]) -> Self {
        let count = path.len();
        let mut parts = Vec::with_capacity((1 << count) * count);
        for kept in 0_usize..1 << count {
            for column in 0..count {
                parts.push(log_odds * shapley(path, kept, column));
            }
        }
        Self {
            paths: path.to_vec(),
            parts,
        }
    }

    fn add(&self, lefts: &[bool], sums: &mut [f64]) {
        let keeps = |path: &ColumnPath| {
            path.turns
                .iter()
                .all(|(split, left)| lefts[*split] == *left)
        };
        let mut kept = 0;
        for (place, path) in self.paths.iter().enumerate() {
            kept |= usize::from(keeps(path)) << place;
        }
        let first = kept * self.paths.len();
        for (path, part) in self.paths.iter().zip(&self.parts[first..]) {
            sums[path.column] += part;
        }
    }
}

/// What one column adds to a leaf that pays 1, over all orders in which columns become known.
fn shapley(path: &[ColumnPath], kept: usize, column: usize) -> f64 {
    let count = path.len();
    let is_kept = |place: usize| f64::from(u8::from(kept >> place & 1 == 1));
    let gain = is_kept(column) - path[column].share;
    let others = (0_usize..1 << count).filter(|coalition| coalition >> column & 1 == 0);
    let of_coalition = |coalition: usize| {
        let factors = (0..count).filter(|place| *place != column).map(|place| {
            if coalition >> place & 1 == 1 {
                is_kept(place)
            } else {
                path[place].share
            }
        });
        order_share(count, coalition.count_ones()) * factors.product::<f64>()
    };
    gain * others.map(of_coalition).sum::<f64>()
}

/// The share of the orders of `count` columns that begin with a certain set of `known` ones, next
/// followed by a certain column: known! (count - known - 1)! / count!.
fn order_share(count: usize, known: u32) -> f64 {
    let factorial = |n: usize| (1..=n).map(|factor| factor as f64).product::<f64>();
    let known = known as usize;
    factorial(known) * factorial(count - known - 1) / factorial(count)
}
