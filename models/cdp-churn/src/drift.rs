//! Whether the people who are scored still look like those a model was trained on: the population
//! stability index of every feature and of the score, beside what chance alone gives it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::feature_table::{FeatureColumn, FeatureTable};
use crate::model::{ChurnModel, ModelError};
use crate::training_set::TrainingSet;

/// From this index beyond chance on a shift is worth a look.
pub(crate) const WATCH: f64 = 0.10;
/// From this index beyond chance on a shift calls for action.
pub(crate) const ACT: f64 = 0.25;
/// Parts of equal size that numbers are divided into.
const PARTS: usize = 10;
/// Levels of a category that count on their own: the most frequent.
const LEVELS_MAX: usize = 20;
const MILLION: f64 = 1e6;
/// What the score is called.
const SCORE: &str = "churn_probability";

/// How grave a shift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftLevel {
    /// No more than chance gives.
    Stable,
    /// Worth a look.
    Watch,
    /// Calls for action.
    Act,
}

impl DriftLevel {
    /// The name as it stands in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Watch => "watch",
            Self::Act => "act",
        }
    }
}

/// Where the values of a column fall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Bins {
    /// Numbers: up to the first edge, up to the second, …, above the last.
    Numeric { edges: Vec<f64> },
    /// Levels that count on their own, and all others together.
    Categorical { levels: Vec<String> },
}

/// Counts of a column: bins in their order, then what is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tally {
    bins: Vec<u64>,
    missing: u64,
    /// Of numbers, in millionths: whole numbers, so that the order of rows changes nothing.
    sum: i128,
}

/// A column at training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    bins: Bins,
    tally: Tally,
}

/// How features and scores were distributed over the training rows of a model. Kept with it, so that
/// bins are fixed for as long as it serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftBaseline {
    features: BTreeMap<String, Column>,
    score: Column,
}

/// How far a column has moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// The feature; nothing for the score.
    pub feature: Option<String>,
    /// The population stability index.
    pub psi: f64,
    /// What chance alone gives it: (bins - 1) (1 / rows then + 1 / rows now).
    pub noise_floor: f64,
    /// The share of missing values now, and at training.
    pub missing_rate: f64,
    /// The same at training.
    pub training_missing_rate: f64,
    /// The mean of the numbers that are not missing; nothing for categories.
    pub mean: Option<f64>,
    /// The same at training.
    pub training_mean: Option<f64>,
    /// Rows now.
    pub rows: u64,
    /// Rows at training.
    pub training_rows: u64,
}

impl Drift {
    /// Whether it is the score's.
    pub fn is_score(&self) -> bool {
        self.feature.is_none()
    }

    /// The name of what moved.
    pub fn name(&self) -> &str {
        self.feature.as_deref().unwrap_or(SCORE)
    }

    /// The index less what chance gives, not below 0.
    pub fn beyond_chance(&self) -> f64 {
        (self.psi - self.noise_floor).max(0.0)
    }

    /// How grave that is.
    pub fn level(&self) -> DriftLevel {
        match self.beyond_chance() {
            shift if shift >= ACT => DriftLevel::Act,
            shift if shift >= WATCH => DriftLevel::Watch,
            _ => DriftLevel::Stable,
        }
    }
}

impl DriftBaseline {
    /// That of a model over the rows it was trained on, which are among those of a set.
    pub fn of(model: &ChurnModel, set: &TrainingSet) -> Result<Self, ModelError> {
        let rows = set.at(model.training_cutoff_days());
        let told = model.predict(rows.features())?;
        let score = Column::fit(&FeatureColumn::Numeric(told));
        let features = rows.features().columns();
        let features = features.map(|(name, column)| (name.to_owned(), Column::fit(column)));
        Ok(Self {
            features: features.collect(),
            score,
        })
    }

    /// The JSON of the baseline.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a baseline is plain data with finite numbers")
    }

    /// Reads what [`DriftBaseline::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Begins to count rows of today.
    pub fn count(&self) -> DriftCount<'_> {
        let empty = |column: &Column| Tally::new(column.tally.bins.len());
        DriftCount {
            baseline: self,
            features: self.features.values().map(empty).collect(),
            score: empty(&self.score),
        }
    }
}

/// Rows of today in the bins of a baseline; rows come in parts, and in any order.
#[derive(Debug, Clone)]
pub struct DriftCount<'b> {
    baseline: &'b DriftBaseline,
    features: Vec<Tally>,
    score: Tally,
}

impl DriftCount<'_> {
    /// Counts rows with their scores. A feature that is not there counts as missing.
    pub fn add(&mut self, features: &FeatureTable, scores: &[f64]) {
        let known = self.baseline.features.iter().zip(&mut self.features);
        for ((name, column), tally) in known {
            match features.column(name) {
                Some(values) => tally.add(&column.bins, values),
                None => tally.missing += features.rows() as u64,
            }
        }
        let scores = FeatureColumn::Numeric(scores.to_vec());
        self.score.add(&self.baseline.score.bins, &scores);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (tally, other) in self.features.iter_mut().zip(&other.features) {
            tally.merge(other);
        }
        self.score.merge(&other.score);
    }

    /// How far everything has moved, features by name and then the score; nothing without rows.
    pub fn drift(&self) -> Vec<Drift> {
        if self.score.rows() == 0 {
            return Vec::new();
        }
        let features = self.baseline.features.iter().zip(&self.features);
        let features = features.map(|((name, column), now)| column.drift(Some(name), now));
        let score = self.baseline.score.drift(None, &self.score);
        features.chain([score]).collect()
    }
}

impl Column {
    fn fit(values: &FeatureColumn) -> Self {
        let (bins, count) = match values {
            FeatureColumn::Numeric(values) => {
                let edges = edges(values);
                let count = edges.len() + 1;
                (Bins::Numeric { edges }, count)
            }
            FeatureColumn::Categorical(values) => {
                let levels = frequent(values);
                let count = levels.len() + 1;
                (Bins::Categorical { levels }, count)
            }
        };
        let mut tally = Tally::new(count);
        tally.add(&bins, values);
        Self { bins, tally }
    }

    fn drift(&self, feature: Option<&String>, now: &Tally) -> Drift {
        let is_numeric = matches!(self.bins, Bins::Numeric { .. });
        let mean = |tally: &Tally| tally.mean().filter(|_| is_numeric);
        let (rows, training_rows) = (now.rows(), self.tally.rows());
        let (psi, bins) = self.tally.psi(now);
        let each = |rows: u64| 1.0 / rows.max(1) as f64;
        Drift {
            feature: feature.cloned(),
            psi,
            noise_floor: (bins.max(1) - 1) as f64 * (each(rows) + each(training_rows)),
            missing_rate: now.missing_rate(),
            training_missing_rate: self.tally.missing_rate(),
            mean: mean(now),
            training_mean: mean(&self.tally),
            rows,
            training_rows,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "beyond the largest is the largest"
)]
fn millionths(value: f64) -> i128 {
    (value * MILLION).round() as i128
}

/// Edges between parts of equal size; equal numbers are never parted.
fn edges(values: &[f64]) -> Vec<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let Some(&highest) = known.last() else {
        return Vec::new();
    };
    let parts = 1..PARTS;
    let mut edges: Vec<f64> = parts
        .map(|part| known[part * known.len() / PARTS])
        .filter(|edge| *edge < highest)
        .collect();
    edges.dedup();
    edges
}

/// The most frequent levels, those as frequent by name.
fn frequent(values: &[Option<String>]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for level in values.iter().flatten() {
        *counts.entry(level).or_default() += 1;
    }
    let mut levels: Vec<(&str, usize)> = counts.into_iter().collect();
    levels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let levels = levels.into_iter().take(LEVELS_MAX);
    levels.map(|(level, _)| level.to_owned()).collect()
}

impl Tally {
    fn new(bins: usize) -> Self {
        Self {
            bins: vec![0; bins],
            missing: 0,
            sum: 0,
        }
    }

    fn add(&mut self, bins: &Bins, values: &FeatureColumn) {
        match (bins, values) {
            (Bins::Numeric { edges }, FeatureColumn::Numeric(values)) => {
                for value in values {
                    if value.is_nan() {
                        self.missing += 1;
                    } else {
                        self.bins[edges.partition_point(|edge| edge < value)] += 1;
                        self.sum += millionths(*value);
                    }
                }
            }
            (Bins::Categorical { levels }, FeatureColumn::Categorical(values)) => {
                for value in values {
                    let Some(value) = value else {
                        self.missing += 1;
                        continue;
                    };
                    let place = levels.iter().position(|level| level == value);
                    self.bins[place.unwrap_or(levels.len())] += 1;
                }
            }
            // Of another kind than it was: nothing of it is known.
            (_, values) => self.missing += values.rows() as u64,
        }
    }

    fn merge(&mut self, other: &Self) {
        for (count, other) in self.bins.iter_mut().zip(&other.bins) {
            *count += other;
        }
        self.missing += other.missing;
        self.sum += other.sum;
    }

    fn known(&self) -> u64 {
        self.bins.iter().sum()
    }

    fn rows(&self) -> u64 {
        self.known() + self.missing
    }

    fn mean(&self) -> Option<f64> {
        let known = self.known();
        (known > 0).then(|| self.sum as f64 / MILLION / known as f64)
    }

    fn missing_rate(&self) -> f64 {
        self.missing as f64 / self.rows().max(1) as f64
    }

    /// The population stability index over all bins that have rows then or now, and how many they
    /// are. Half a row is added to each, so that an empty one is no infinite surprise.
    fn psi(&self, now: &Self) -> (f64, usize) {
        let of = |tally: &Self| {
            let counts = tally.bins.iter().copied();
            counts.chain([tally.missing]).collect::<Vec<u64>>()
        };
        let pairs: Vec<(u64, u64)> = of(self)
            .into_iter()
            .zip(of(now))
            .filter(|(then, now)| then + now > 0)
            .collect();
        let bins = pairs.len();
        let share =
            |count: u64, rows: u64| (count as f64 + 0.5) / (rows as f64 + 0.5 * bins as f64);
        let psi = pairs.into_iter().map(|(then, here)| {
            let (then, here) = (share(then, self.rows()), share(here, now.rows()));
            (here - then) * (here / then).ln()
        });
        (psi.sum(), bins)
    }
}
