//! How good churn probabilities are: in f64, with ties shared exactly, and never NaN.
//!
//! Every function takes one label per row, true for churn, and one finite score per row, higher
//! meaning likelier churn. Rows with equal scores are never told apart, so the order of rows
//! changes nothing but the last digit of a sum.

use serde::{Deserialize, Serialize};

use crate::logit::logistic;

/// Probabilities are kept this far from 0 and 1 before a logarithm is taken.
const CLAMP: f64 = 1e-15;
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

/// Area under the ROC curve: the chance that a churned row scores above a retained one, ties
/// counting half (Mann and Whitney 1947).
pub fn roc_auc(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let groups = tie_groups(labels, scores)?;
    let churned: usize = groups.iter().map(|group| group.churned).sum();
    let retained = labels.len() - churned;
    if churned == 0 || retained == 0 {
        return Err(MetricError::OneClass);
    }
    let mut above = 0_usize;
    let mut wins = 0.0;
    for group in &groups {
        let group_retained = group.rows - group.churned;
        wins += group_retained as f64 * (above as f64 + group.churned as f64 / 2.0);
        above += group.churned;
    }
    Ok(wins / (churned as f64 * retained as f64))
}

/// Average precision: precision at each distinct score, weighted by the recall gained there
/// (scikit-learn's `average_precision_score`).
pub fn pr_auc(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let groups = tie_groups(labels, scores)?;
    let churned: usize = groups.iter().map(|group| group.churned).sum();
    if churned == 0 {
        return Err(MetricError::OneClass);
    }
    let (mut rows, mut hits, mut area) = (0_usize, 0_usize, 0.0);
    for group in &groups {
        rows += group.rows;
        hits += group.churned;
        area += group.churned as f64 * hits as f64 / rows as f64;
    }
    Ok(area / churned as f64)
}

/// Mean of minus the logarithm of the probability given to what happened, in nats.
pub fn log_loss(labels: &[bool], probabilities: &[f64]) -> Result<f64, MetricError> {
    check_probabilities(labels, probabilities)?;
    let loss = |(&churned, &p): (&bool, &f64)| {
        let given = if churned { p } else { 1.0 - p };
        -given.clamp(CLAMP, 1.0 - CLAMP).ln()
    };
    let sum: f64 = labels.iter().zip(probabilities).map(loss).sum();
    Ok(sum / labels.len() as f64)
}

/// Mean squared distance of the probability from what happened, 1 for churn and 0 otherwise
/// (Brier 1950, the form that runs from 0 to 1).
pub fn brier(labels: &[bool], probabilities: &[f64]) -> Result<f64, MetricError> {
    check_probabilities(labels, probabilities)?;
    let square = |(&churned, &p): (&bool, &f64)| {
        let distance = p - f64::from(u8::from(churned));
        distance * distance
    };
    let sum: f64 = labels.iter().zip(probabilities).map(square).sum();
    Ok(sum / labels.len() as f64)
}

/// Expected calibration error over `bins` bins of equal mass: the mean over bins of the distance
/// between mean probability and churn rate. Tied rows that straddle a border are divided between
/// both bins in proportion, each part with the churn rate of the tie.
pub fn ece(labels: &[bool], probabilities: &[f64], bins: usize) -> Result<f64, MetricError> {
    check_probabilities(labels, probabilities)?;
    if bins == 0 || bins > labels.len() {
        return Err(MetricError::Setting {
            name: "bins",
            value: bins as f64,
            expected: "from 1 to the number of rows",
        });
    }
    let groups = tie_groups(labels, probabilities)?;
    let rows = labels.len() as f64;
    let border = |bin: usize| rows * bin as f64 / bins as f64;
    let (mut bin, mut filled, mut distance, mut sum) = (0, 0.0, 0.0, 0.0);
    for group in &groups {
        let gap = group.score - group.churned as f64 / group.rows as f64;
        let end = filled + group.rows as f64;
        while bin + 1 < bins && border(bin + 1) <= end {
            sum += f64::abs(distance + gap * (border(bin + 1) - filled));
            filled = border(bin + 1);
            distance = 0.0;
            bin += 1;
        }
        distance += gap * (end - filled);
        filled = end;
    }
    Ok((sum + distance.abs()) / rows)
}

/// Churn rate among the given share of rows that score highest, over the churn rate of all. Rows
/// tied on the border are counted in part, with the churn rate of the tie.
pub fn lift_at(labels: &[bool], scores: &[f64], share: f64) -> Result<f64, MetricError> {
    let groups = tie_groups(labels, scores)?;
    if !(share > 0.0 && share <= 1.0) {
        return Err(MetricError::Setting {
            name: "share",
            value: share,
            expected: "above 0 and up to 1",
        });
    }
    let churned = count_churned(labels) as f64;
    if churned == 0.0 {
        return Err(MetricError::OneClass);
    }
    let wanted = share * labels.len() as f64;
    let (mut left, mut hits) = (wanted, 0.0);
    for group in &groups {
        let part = (left / group.rows as f64).min(1.0);
        hits += group.churned as f64 * part;
        left -= group.rows as f64 * part;
    }
    Ok(hits / wanted / (churned / labels.len() as f64))
}

/// Cox's calibration line: the logistic regression of the outcome on the log-odds that were given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoxCalibration {
    /// 1 is perfect; below 1 the probabilities are too extreme, above 1 too timid.
    pub slope: f64,
    /// 0 is perfect, together with a slope of 1.
    pub intercept: f64,
}

/// Fits Cox's calibration line (Cox 1958) by Newton's method.
pub fn cox_calibration(
    labels: &[bool],
    probabilities: &[f64],
) -> Result<CoxCalibration, MetricError> {
    check_probabilities(labels, probabilities)?;
    let churned = count_churned(labels);
    if churned == 0 || churned == labels.len() {
        return Err(MetricError::OneClass);
    }
    let log_odds = |p: &f64| {
        let p = p.clamp(CLAMP, 1.0 - CLAMP);
        (p / (1.0 - p)).ln()
    };
    let given: Vec<f64> = probabilities.iter().map(log_odds).collect();
    let mean = given.iter().sum::<f64>() / given.len() as f64;
    let (mut slope, mut level) = (0.0, 0.0);
    for _ in 0..100 {
        let step = newton_step(labels, &given, mean, slope, level)?;
        slope += step.0;
        level += step.1;
        if step.0.abs() < 1e-12 * slope.abs().max(1.0)
            && step.1.abs() < 1e-12 * level.abs().max(1.0)
        {
            let intercept = level - slope * mean;
            return Ok(CoxCalibration { slope, intercept });
        }
    }
    Err(MetricError::NoCalibrationLine)
}

/// One Newton step of `level + slope * (given - mean)`, halved until it is at most 2 long, which
/// keeps the first steps from overshooting.
fn newton_step(
    labels: &[bool],
    given: &[f64],
    mean: f64,
    slope: f64,
    level: f64,
) -> Result<(f64, f64), MetricError> {
    let [
        mut g_slope,
        mut g_level,
        mut h_slope,
        mut h_both,
        mut h_level,
    ] = [0.0; 5];
    for (&churned, z) in labels.iter().zip(given) {
        let z = z - mean;
        let p = logistic(level + slope * z);
        let residual = f64::from(u8::from(churned)) - p;
        let weight = p * (1.0 - p);
        g_slope += residual * z;
        g_level += residual;
        h_slope += weight * z * z;
        h_both += weight * z;
        h_level += weight;
    }
    let determinant = h_slope * h_level - h_both * h_both;
    if !(determinant > 1e-12 * h_slope * h_level && determinant > 1e-300) {
        return Err(MetricError::NoCalibrationLine);
    }
    let step_slope = (g_slope * h_level - g_level * h_both) / determinant;
    let step_level = (g_level * h_slope - g_slope * h_both) / determinant;
    let shrink = (2.0 / step_slope.abs().max(step_level.abs()).max(2.0)).min(1.0);
    Ok((step_slope * shrink, step_level * shrink))
}

/// All metrics of one set of probabilities; `None` where a metric has no value on these rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// See [`roc_auc`].
    pub roc_auc: Option<f64>,
    /// See [`pr_auc`].
    pub pr_auc: Option<f64>,
    /// See [`log_loss`].
    pub log_loss: f64,
    /// See [`brier`].
    pub brier: f64,
    /// See [`ece`], over 10 bins.
    pub ece: Option<f64>,
    /// See [`lift_at`], for a tenth of the rows.
    pub lift_at_tenth: Option<f64>,
    /// See [`cox_calibration`].
    pub cox: Option<CoxCalibration>,
}

impl Metrics {
    /// Measures probabilities of churn against what happened.
    pub fn of(labels: &[bool], probabilities: &[f64]) -> Result<Self, MetricError> {
        Ok(Self {
            roc_auc: roc_auc(labels, probabilities).ok(),
            pr_auc: pr_auc(labels, probabilities).ok(),
            log_loss: log_loss(labels, probabilities)?,
            brier: brier(labels, probabilities)?,
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
