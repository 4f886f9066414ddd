//! What depends on the probabilities themselves.

use serde::{Deserialize, Serialize};

use super::{MetricError, base_rate, check_probabilities, count_churned, tie_groups};
use crate::logit::logistic;

/// Probabilities are kept this far from 0 and 1 before a logarithm is taken.
const CLAMP: f64 = 1e-15;
/// Mean of minus the logarithm of the probability given to what happened, in nats.
pub fn log_loss(labels: &[bool], probabilities: &[f64]) -> Result<f64, MetricError> {
    check_probabilities(labels, probabilities)?;
    let sum: f64 = losses(labels, probabilities).iter().sum();
    Ok(sum / labels.len() as f64)
}

/// Minus the logarithm of the probability given to what happened, row by row.
pub(crate) fn losses(labels: &[bool], probabilities: &[f64]) -> Vec<f64> {
    let loss = |(&churned, &p): (&bool, &f64)| {
        let given = if churned { p } else { 1.0 - p };
        -given.clamp(CLAMP, 1.0 - CLAMP).ln()
    };
    labels.iter().zip(probabilities).map(loss).collect()
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

/// The Brier score taken apart (Murphy 1973): `reliability - resolution + uncertainty`, exactly,
/// since rows are grouped by equal probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrierParts {
    /// Mean squared distance of a probability from the churn rate of the rows that have it; 0 is
    /// perfect.
    pub reliability: f64,
    /// Mean squared distance of those churn rates from the base rate; more is better.
    pub resolution: f64,
    /// What the base rate alone scores.
    pub uncertainty: f64,
}

/// The parts of [`brier`].
pub fn brier_parts(labels: &[bool], probabilities: &[f64]) -> Result<BrierParts, MetricError> {
    check_probabilities(labels, probabilities)?;
    let groups = tie_groups(labels, probabilities)?;
    let rows = labels.len() as f64;
    let base = base_rate(labels)?;
    let (mut reliability, mut resolution) = (0.0, 0.0);
    for group in &groups {
        let rate = group.churned as f64 / group.rows as f64;
        reliability += group.rows as f64 * (group.score - rate).powi(2);
        resolution += group.rows as f64 * (rate - base).powi(2);
    }
    Ok(BrierParts {
        reliability: reliability / rows,
        resolution: resolution / rows,
        uncertainty: base * (1.0 - base),
    })
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

/// What [`ece`] is about to be when every probability is right, since so few rows in a bin never
/// churn exactly as often as expected: the mean distance of a normal deviate, bin by bin alike.
pub fn ece_by_chance(probabilities: &[f64], bins: usize) -> f64 {
    let rows = probabilities.len().max(1) as f64;
    let variance: f64 = probabilities.iter().map(|p| p * (1.0 - p)).sum::<f64>() / rows;
    (std::f64::consts::FRAC_2_PI * variance * bins as f64 / rows).sqrt()
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
