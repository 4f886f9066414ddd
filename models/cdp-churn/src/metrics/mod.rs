//! How good churn probabilities are: in f64, with ties shared exactly, and never NaN.
//!
//! Every function takes one label per row, true for churn, and one finite score per row, higher
//! meaning likelier churn. Rows with equal scores are never told apart, so the order of rows
//! changes nothing but the last digit of a sum.

mod bootstrap;
mod curves;
mod probability;
mod profit;
mod ranking;

use serde::{Deserialize, Serialize};

pub(crate) use bootstrap::SplitMix;
pub use bootstrap::{Interval, Intervals, bootstrap};
pub use curves::{CalibrationBin, Curves, RocPoint};
pub(crate) use probability::losses;
pub use probability::{
    BrierParts, CoxCalibration, brier, brier_parts, cox_calibration, ece, ece_by_chance, log_loss,
};
pub use profit::{Economics, EconomicsFault, Profit, expected_profit};
pub use ranking::{
    Gain, Grade, gains, ks, lift_at, lift_quality, pr_auc, pr_auc_retained, roc_auc,
};

/// Bins of the expected calibration error within [`Metrics`].
const BINS: usize = 10;
/// Share of rows for the lift within [`Metrics`].
const TOP_SHARE: f64 = 0.1;

/// Why a metric has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// There are no rows.
    #[error("no rows to measure on")]
    Empty,
    /// As many scores as labels are needed.
    #[error("{labels} labels and {scores} scores")]
    Lengths {
        /// Number of labels.
        labels: usize,
        /// Number of scores.
        scores: usize,
    },
    /// The metric compares classes and there is only one.
    #[error("all rows are of one class")]
    OneClass,
    /// A score is NaN or infinite.
    #[error("the score of row {row} is not finite")]
    NotFinite {
        /// Index of the row.
        row: usize,
    },
    /// A score is not a probability and the metric needs one.
    #[error("the score of row {row} is {score}, expected a probability from 0 to 1")]
    NotAProbability {
        /// Index of the row.
        row: usize,
        /// The score.
        score: f64,
    },
    /// The share of rows, or the number of bins, is out of bounds.
    #[error("`{name}` is {value}, expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// The scores separate the classes, or are all the same, so that there is no finite slope.
    #[error("the calibration line is not identified: scores are constant or separate the classes")]
    NoCalibrationLine,
}

/// Share of rows that churned.
pub fn base_rate(labels: &[bool]) -> Result<f64, MetricError> {
    if labels.is_empty() {
        return Err(MetricError::Empty);
    }
    Ok(count_churned(labels) as f64 / labels.len() as f64)
}

/// All metrics of one set of probabilities; `None` where a metric has no value on these rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// See [`roc_auc`].
    pub roc_auc: Option<f64>,
    /// See [`pr_auc`].
    pub pr_auc: Option<f64>,
    /// See [`pr_auc_retained`].
    pub pr_auc_retained: Option<f64>,
    /// See [`ks`].
    pub ks: Option<f64>,
    /// See [`lift_quality`].
    pub lift_quality: Option<f64>,
    /// See [`log_loss`].
    pub log_loss: f64,
    /// See [`brier`].
    pub brier: f64,
    /// See [`brier_parts`].
    pub brier_parts: BrierParts,
    /// See [`ece`], over 10 bins.
    pub ece: Option<f64>,
    /// See [`lift_at`], for a tenth of the rows.
    pub lift_at_tenth: Option<f64>,
    /// See [`cox_calibration`].
    pub cox: Option<CoxCalibration>,
}

impl Metrics {
    /// What its lift quality is called; `None` where it has none.
    pub fn grade(&self) -> Option<Grade> {
        self.lift_quality.map(Grade::of)
    }

    /// Measures probabilities of churn against what happened.
    pub fn of(labels: &[bool], probabilities: &[f64]) -> Result<Self, MetricError> {
        Ok(Self {
            roc_auc: roc_auc(labels, probabilities).ok(),
            pr_auc: pr_auc(labels, probabilities).ok(),
            pr_auc_retained: pr_auc_retained(labels, probabilities).ok(),
            ks: ks(labels, probabilities).ok(),
            lift_quality: lift_quality(labels, probabilities).ok(),
            log_loss: log_loss(labels, probabilities)?,
            brier: brier(labels, probabilities)?,
            brier_parts: brier_parts(labels, probabilities)?,
            ece: ece(labels, probabilities, BINS).ok(),
            lift_at_tenth: lift_at(labels, probabilities, TOP_SHARE).ok(),
            cox: cox_calibration(labels, probabilities).ok(),
        })
    }
}

/// Rows with equal scores.
struct TieGroup {
    score: f64,
    rows: usize,
    churned: usize,
}

/// The rows grouped by score, highest first.
fn tie_groups(labels: &[bool], scores: &[f64]) -> Result<Vec<TieGroup>, MetricError> {
    check_lengths(labels, scores)?;
    if let Some(row) = scores.iter().position(|score| !score.is_finite()) {
        return Err(MetricError::NotFinite { row });
    }
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // `==` rather than the total order, so that 0.0 and -0.0 are tied.
    let group = |rows: &[(f64, bool)]| TieGroup {
        score: rows[0].0,
        rows: rows.len(),
        churned: rows.iter().filter(|row| row.1).count(),
    };
    #[expect(clippy::float_cmp, reason = "ties are exact")]
    let tied = |a: &(f64, bool), b: &(f64, bool)| a.0 == b.0;
    Ok(rows.chunk_by(tied).map(group).collect())
}

/// How many rows of each class there are, churned first; an error when there are none of one.
fn both_classes(groups: &[TieGroup]) -> Result<(usize, usize), MetricError> {
    let rows: usize = groups.iter().map(|group| group.rows).sum();
    let churned: usize = groups.iter().map(|group| group.churned).sum();
    if churned == 0 || churned == rows {
        return Err(MetricError::OneClass);
    }
    Ok((churned, rows - churned))
}

fn count_churned(labels: &[bool]) -> usize {
    labels.iter().filter(|churned| **churned).count()
}

fn check_lengths(labels: &[bool], scores: &[f64]) -> Result<(), MetricError> {
    if labels.len() != scores.len() {
        return Err(MetricError::Lengths {
            labels: labels.len(),
            scores: scores.len(),
        });
    }
    if labels.is_empty() {
        return Err(MetricError::Empty);
    }
    Ok(())
}

fn check_probabilities(labels: &[bool], probabilities: &[f64]) -> Result<(), MetricError> {
    check_lengths(labels, probabilities)?;
    match probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(row) => Err(MetricError::NotAProbability {
            row,
            score: probabilities[row],
        }),
        None => Ok(()),
    }
}
