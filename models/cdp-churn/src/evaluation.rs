//! How good a model of this kind was on the newest cut-off whose outcome is known.

use serde::{Deserialize, Serialize};

use crate::class_counts::ClassCounts;
use crate::hiatus::HiatusEvaluation;
use crate::metrics::Metrics;

/// A measurement, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationResult {
    /// What was measured.
    Measured(Box<Evaluation>),
    /// Nothing was measured.
    NotMeasured {
        /// Why not, as a clause: "no rows at the test cut-off".
        reason: String,
    },
}

impl EvaluationResult {
    /// What was measured, if it was.
    pub fn measured(&self) -> Option<&Evaluation> {
        match self {
            Self::Measured(evaluation) => Some(evaluation),
            Self::NotMeasured { .. } => None,
        }
    }

    /// Why nothing was measured, if so.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Measured(_) => None,
            Self::NotMeasured { reason } => Some(reason),
        }
    }
}

/// Metrics on the test cut-off of a model fitted on cut-offs whose label windows had closed by
/// then, and of two baselines fitted on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The test cut-off, in days since 1970-01-01.
    pub test_cutoff_day: i32,
    /// Rows at the test cut-off.
    pub test: ClassCounts,
    /// The training cut-offs that had rows, oldest first.
    pub training_cutoff_days: Vec<i32>,
    /// Rows at the training cut-offs.
    pub training: ClassCounts,
    /// The model.
    pub model: Metrics,
    /// The churn rate of the training rows, given to every row.
    pub base_rate: Metrics,
    /// The best hiatus rule of the training rows.
    pub hiatus: HiatusEvaluation,
}

impl Evaluation {
    /// Whether the model's log loss is below that of both baselines.
    pub fn beats_baselines(&self) -> bool {
        let loss = self.model.log_loss;
        loss < self.base_rate.log_loss && loss < self.hiatus.metrics.log_loss
    }
}
