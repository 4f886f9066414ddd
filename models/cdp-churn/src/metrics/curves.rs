//! The curves of a set of probabilities, thinned so that they can be kept and drawn.

use serde::{Deserialize, Serialize};

use super::{BINS, Gain, Interval, MetricError, both_classes, check_probabilities, gains};
use super::{TieGroup, tie_groups};
use crate::class_counts::ClassCounts;

/// Points of a gains curve: one for each percent of the rows.
const GAIN_STEPS: usize = 100;
/// Two points of a ROC curve that are kept are this far apart, both rates added, unless one score
/// lies further from the next.
const ROC_STEP: f64 = 0.02;
/// Bands of equal width that probabilities are counted in.
const BANDS: usize = 20;
/// The normal quantile of an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// What a threshold on the probability would get right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RocPoint {
    /// Share of the retained rows at or above it.
    pub retained: f64,
    /// Share of the churned rows at or above it.
    pub churned: f64,
}

/// Rows with much the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationBin {
    /// How many of each class.
    pub rows: ClassCounts,
    /// What they were told on average.
    pub mean_probability: f64,
}

impl CalibrationBin {
    /// The share of them that churned.
    pub fn churn_rate(&self) -> f64 {
        self.rows.churn_rate().unwrap_or(0.0)
    }

    /// Where that share lies with 95 % confidence.
    pub fn interval(&self) -> Interval {
        Interval::of_share(self.rows)
    }
}

/// The curves of one set of probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// From the highest threshold, (0, 0), to the lowest, (1, 1); empty when there is one class.
    pub roc: Vec<RocPoint>,
    /// See [`gains`], one point for each percent of the rows; empty when nobody churned.
    pub gains: Vec<Gain>,
    /// Ten bins of equal size, lowest probabilities first; fewer where equal probabilities, which
    /// are never parted, fill more than one.
    pub calibration: Vec<CalibrationBin>,
    /// Rows by probability, in 20 bands of equal width from 0 to 1.
    pub bands: Vec<ClassCounts>,
}

impl Curves {
    /// The curves of probabilities of churn against what happened.
    pub fn of(labels: &[bool], probabilities: &[f64]) -> Result<Self, MetricError> {
        check_probabilities(labels, probabilities)?;
        let groups = tie_groups(labels, probabilities)?;
        Ok(Self {
            roc: roc(&groups).unwrap_or_default(),
            gains: gains(labels, probabilities, GAIN_STEPS).unwrap_or_default(),
            calibration: calibration(&groups),
            bands: bands(&groups),
        })
    }
}

/// `None` when there are no rows of one class.
fn roc(groups: &[TieGroup]) -> Option<Vec<RocPoint>> {
    let (churned, retained) = both_classes(groups).ok()?;
    let (mut hits, mut misses) = (0, 0);
    let mut kept = vec![RocPoint {
        retained: 0.0,
        churned: 0.0,
    }];
    for group in groups {
        hits += group.churned;
        misses += group.rows - group.churned;
        let point = RocPoint {
            retained: misses as f64 / retained as f64,
            churned: hits as f64 / churned as f64,
        };
        let last = kept.last()?;
        let step = point.retained - last.retained + point.churned - last.churned;
        if step >= ROC_STEP || hits + misses == churned + retained {
            kept.push(point);
        }
    }
    Some(kept)
}

fn calibration(groups: &[TieGroup]) -> Vec<CalibrationBin> {
    let rows: usize = groups.iter().map(|group| group.rows).sum();
    let borders = |rows_below: usize| rows_below * BINS / rows;
    let mut bins = Vec::new();
    let (mut below, mut counts, mut sum) = (0, ClassCounts::of([]), 0.0);
    // Groups come highest first.
    for group in groups.iter().rev() {
        counts.churned += group.churned;
        counts.retained += group.rows - group.churned;
        sum += group.score * group.rows as f64;
        let end = below + counts.rows();
        if borders(end) > borders(below) {
            bins.push(CalibrationBin {
                rows: counts,
                mean_probability: sum / counts.rows() as f64,
            });
            (below, counts, sum) = (end, ClassCounts::of([]), 0.0);
        }
    }
    bins
}

fn bands(groups: &[TieGroup]) -> Vec<ClassCounts> {
    let mut bands = vec![ClassCounts::of([]); BANDS];
    for group in groups {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a probability is from 0 to 1"
        )]
        let band = (group.score * BANDS as f64) as usize;
        let counts = &mut bands[band.min(BANDS - 1)];
        counts.churned += group.churned;
        counts.retained += group.rows - group.churned;
    }
    bands
}

impl Interval {
    /// Where the share that churned lies with 95 % confidence (Wilson 1927); all there is without
    /// rows.
    pub fn of_share(rows: ClassCounts) -> Self {
        let Some(share) = rows.churn_rate() else {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        };
        let count = rows.rows() as f64;
        let squared = Z * Z / count;
        let middle = share + squared / 2.0;
        let half = Z * (share * (1.0 - share) / count + squared / (4.0 * count)).sqrt();
        Self {
            // The last digit of a sum must not leave the share outside.
            low: ((middle - half) / (1.0 + squared)).clamp(0.0, share),
            high: ((middle + half) / (1.0 + squared)).clamp(share, 1.0),
        }
    }
}
