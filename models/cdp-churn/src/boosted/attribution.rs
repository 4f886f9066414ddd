//! What each column adds to a sum of trees: Shapley values of the game in which a column that is not
//! in the coalition sends a row both ways, in the shares of the training rows (path-dependent
//! TreeSHAP, Lundberg et al. 2020). In f64 and leaf by leaf, so that the parts add up to the sum.
//!
//! A leaf pays its log-odds times, for each column on its path, 1 or 0 (whether the row keeps to the
//! path there) when the column is in the coalition, and otherwise the share of the rows that do. So a
//! leaf knows all it may ever pay beforehand, and so do leaves that lie together: one line for each way
//! in which the questions on their paths can be answered.

use std::collections::BTreeSet;

use super::tree::{Split, Tree, TreeStep};

/// Leaves lie together that are so many questions or fewer below one place. The higher that is, the
/// fewer lines are read for a row, and the more there are.
const HEIGHT: usize = 2;

/// All trees, ready to be asked.
pub(super) struct Attribution {
    /// What the trees tell when no column is known.
    pub(super) base: f64,
    trees: Vec<TreeParts>,
}

struct TreeParts {
    splits: Vec<Split>,
    groups: Vec<GroupParts>,
}

/// What leaves that lie together pay.
struct GroupParts {
    /// The splits on the way to any of them, by index.
    questions: Vec<usize>,
    columns: Vec<usize>,
    /// What the columns add, for each way to answer; answers are a binary number, 1 for left.
    parts: Vec<f64>,
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
                groups: Vec::new(),
            };
            let leaves = parts.descend(tree, 0, &[], &mut base);
            parts.group(&leaves);
            parts
        });
        let trees = trees.collect();
        Self { base, trees }
    }

    /// Adds what each column gives a row to the places of the columns. `answers` is room to work in.
    pub(super) fn add(&self, row: &[f64], sums: &mut [f64], answers: &mut Vec<usize>) {
        for tree in &self.trees {
            answers.clear();
            let goes_left = |split: &Split| usize::from(split.goes_left(row[split.column]));
            answers.extend(tree.splits.iter().map(goes_left));
            for group in &tree.groups {
                group.add(answers, sums);
            }
        }
    }
}

impl TreeParts {
    /// Gathers the leaves below a place that is reached by a path: those that are left to be grouped
    /// are returned.
    fn descend(
        &mut self,
        tree: &Tree,
        at: usize,
        path: &[ColumnPath],
        base: &mut f64,
    ) -> Vec<LeafParts> {
        let node = &tree.nodes()[at];
        match &node.step {
            TreeStep::Leaf(log_odds) => {
                *base += log_odds * path.iter().map(|column| column.share).product::<f64>();
                vec![LeafParts::of(*log_odds, path)]
            }
            TreeStep::Split(split) => {
                let index = self.splits.len();
                self.splits.push(split.clone());
                let [left, right] = [(split.left, true), (split.right, false)].map(|child| {
                    let (child, is_left) = child;
                    let share = tree.nodes()[child].cover / covers(tree, split);
                    let path = turned(path, split.column, (index, is_left), share);
                    self.descend(tree, child, &path, base)
                });
                if tree.depth_below(at) > HEIGHT {
                    self.group(&left);
                    self.group(&right);
                    return Vec::new();
                }
                left.into_iter().chain(right).collect()
            }
        }
    }

    fn group(&mut self, leaves: &[LeafParts]) {
        if !leaves.is_empty() {
            self.groups.push(GroupParts::of(leaves));
        }
    }
}

/// A path with one more turn.
fn turned(path: &[ColumnPath], column: usize, turn: (usize, bool), share: f64) -> Vec<ColumnPath> {
    let mut path = path.to_vec();
    match path.iter_mut().find(|known| known.column == column) {
        Some(known) => {
            known.turns.push(turn);
            known.share *= share;
        }
        None => path.push(ColumnPath {
            column,
            turns: vec![turn],
            share,
        }),
    }
    path
}

impl GroupParts {
    fn of(leaves: &[LeafParts]) -> Self {
        let paths = || leaves.iter().flat_map(|leaf| &leaf.paths);
        let turns = paths().flat_map(|path| &path.turns);
        let questions: BTreeSet<usize> = turns.map(|(split, _)| *split).collect();
        let columns: BTreeSet<usize> = paths().map(|path| path.column).collect();
        let questions: Vec<usize> = questions.into_iter().collect();
        let columns: Vec<usize> = columns.into_iter().collect();
        let mut parts = vec![0.0; columns.len() << questions.len()];
        for (answers, parts) in parts.chunks_mut(columns.len().max(1)).enumerate() {
            let is_left = |split: usize| answers >> place(&questions, split) & 1 == 1;
            for (column, part) in leaves.iter().flat_map(|leaf| leaf.pay(is_left)) {
                parts[place(&columns, column)] += part;
            }
        }
        Self {
            questions,
            columns,
            parts,
        }
    }

    fn add(&self, answers: &[usize], sums: &mut [f64]) {
        let questions = self.questions.iter().enumerate();
        let line = questions.fold(0, |line, (place, split)| line | answers[*split] << place);
        let parts = &self.parts[line * self.columns.len()..];
        for (column, part) in self.columns.iter().zip(parts) {
            sums[*column] += part;
        }
    }
}

/// Where one of the sorted questions or columns of a group stands.
fn place(all: &[usize], one: usize) -> usize {
    let place = all.binary_search(&one);
    place.expect("a group has the questions and columns of its leaves")
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

    /// What each column adds, for a row that goes left at some splits.
    fn pay(&self, is_left: impl Fn(usize) -> bool) -> impl Iterator<Item = (usize, f64)> {
        let keeps = |path: &ColumnPath| {
            let mut turns = path.turns.iter();
            turns.all(|(split, left)| is_left(*split) == *left)
        };
        let mut kept = 0;
        for (place, path) in self.paths.iter().enumerate() {
            kept |= usize::from(keeps(path)) << place;
        }
        let columns = self.paths.iter().map(|path| path.column);
        columns.zip(self.parts[kept * self.paths.len()..].iter().copied())
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
