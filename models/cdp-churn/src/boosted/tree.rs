//! One regression tree: what is kept of a fit, and how a row walks through it.

use forust_ml::tree::Tree as FittedTree;
use serde::{Deserialize, Serialize};

/// A place in a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeNode {
    /// How much was learned from: the second derivative of the loss, summed over its rows.
    pub cover: f64,
    /// What is asked or told there.
    pub step: TreeStep,
}

/// What a row does at a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeStep {
    /// It ends, and these log-odds are added.
    Leaf(f64),
    /// It goes on.
    Split(Split),
}

/// A question about one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Index of the column of the matrix.
    pub column: usize,
    /// Smaller values go left, others right.
    pub below: f64,
    /// The index of the place for smaller values.
    pub left: usize,
    /// The index of the place for other values.
    pub right: usize,
    /// Whether a missing value goes left.
    pub missing_left: bool,
}

impl Split {
    /// Whether a value goes left.
    pub(super) fn goes_left(&self, value: f64) -> bool {
        if value.is_nan() {
            self.missing_left
        } else {
            value < self.below
        }
    }
}

/// A tree, its root first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tree {
    nodes: Vec<TreeNode>,
}

impl Tree {
    pub(super) fn of(fitted: &FittedTree) -> Self {
        let nodes = fitted.nodes.iter().map(|node| TreeNode {
            cover: f64::from(node.hessian_sum),
            step: if node.is_leaf {
                TreeStep::Leaf(f64::from(node.weight_value))
            } else {
                TreeStep::Split(Split {
                    column: node.split_feature,
                    below: node.split_value,
                    left: node.left_child,
                    right: node.right_child,
                    missing_left: node.missing_node == node.left_child,
                })
            },
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// The places, the root first.
    pub fn nodes(&self) -> &[TreeNode] {
        &self.nodes
    }

    /// Questions on the longest way from a place on. Only of trees that are sound.
    pub(super) fn depth_below(&self, at: usize) -> usize {
        match &self.nodes[at].step {
            TreeStep::Leaf(_) => 0,
            TreeStep::Split(split) => {
                1 + self
                    .depth_below(split.left)
                    .max(self.depth_below(split.right))
            }
        }
    }

    /// Whether every walk of a row of so many columns ends: the root is there, and every question is
    /// about one of the columns and leads further down.
    pub(super) fn is_sound(&self, columns: usize) -> bool {
        let further = |at: usize, next: usize| next > at && next < self.nodes.len();
        let is_sound = |(at, node): (usize, &TreeNode)| match &node.step {
            TreeStep::Leaf(log_odds) => log_odds.is_finite(),
            TreeStep::Split(split) => {
                split.column < columns && further(at, split.left) && further(at, split.right)
            }
        };
        !self.nodes.is_empty() && self.nodes.iter().enumerate().all(is_sound)
    }
}
