//! How one feature becomes columns of the model matrix.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Quantiles at either end; numbers are cut off when they are farther beyond them than they lie apart.
const WINSOR: f64 = 0.001;
/// A level below this share of the rows, or below [`LEVEL_ROWS`], is pooled.
const LEVEL_SHARE: f64 = 0.01;
/// See [`LEVEL_SHARE`].
const LEVEL_ROWS: usize = 20;
/// Probabilities are kept so far from 0 and 1.
const CERTAIN: f64 = 1e-6;
/// A column whose standard deviation is below this share of its size does not vary.
const CONSTANT: f64 = 1e-12;

/// How one feature becomes columns of the model matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// For numbers.
    Numeric(NumericEncoding),
    /// For levels.
    Categorical(CategoricalEncoding),
}

/// What is done to a number before it is standardised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// `sign(x) * ln(1 + |x|)`
    SignedLog,
    /// `ln(x / (1 - x))`, for probabilities.
    LogOdds,
}

impl Transform {
    fn apply(self, value: f64) -> f64 {
        match self {
            Self::SignedLog => value.signum() * value.abs().ln_1p(),
            Self::LogOdds => {
                let p = value.clamp(CERTAIN, 1.0 - CERTAIN);
                (p / (1.0 - p)).ln()
            }
        }
    }
}

/// Numbers: impute, transform, winsorise, standardise; a flag says what was missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericEncoding {
    /// What is done before standardising.
    pub transform: Transform,
    /// Median of the values that were there; stands in for a missing one.
    pub median: f64,
    /// After the transform, smaller values are raised to this: as far below the 0.1 % quantile as the
    /// 99.9 % quantile lies above it. What moves with time, such as an age, may go on beyond what was
    /// seen; what is absurd may not.
    pub low: f64,
    /// Larger values are lowered to this, as far above the 99.9 % quantile.
    pub high: f64,
    /// Mean after the transform.
    pub mean: f64,
    /// Standard deviation after the transform; `None` when the column did not vary and is dropped.
    pub scale: Option<f64>,
    /// Whether some values, but not all, were missing, so that a flag column is worth having.
    pub missing_flag: bool,
}

impl NumericEncoding {
    /// Learns from one column; NaN means missing. The result does not depend on the order of rows.
    pub(crate) fn fit(values: &[f64], transform: Transform) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        if sorted.is_empty() {
            return Self {
                transform,
                median: 0.0,
                low: 0.0,
                high: 0.0,
                mean: 0.0,
                scale: None,
                missing_flag: false,
            };
        }
        let missing = values.len() - sorted.len();
        let mut encoding = Self {
            transform,
            median: quantile(&sorted, 0.5),
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            mean: 0.0,
            scale: None,
            missing_flag: missing > 0,
        };
        let [low, high] =
            [WINSOR, 1.0 - WINSOR].map(|share| transform.apply(quantile(&sorted, share)));
        encoding.low = low - (high - low);
        encoding.high = high + (high - low);
        let count = values.len() as f64;
        let imputed = encoding.squash(f64::NAN);
        let squashed = || sorted.iter().map(|&value| encoding.squash(value));
        let mean = (squashed().sum::<f64>() + imputed * missing as f64) / count;
        let square = |value: f64| (value - mean) * (value - mean);
        let squares = squashed().map(square).sum::<f64>() + square(imputed) * missing as f64;
        let deviation = (squares / count).sqrt();
        let varies = deviation > CONSTANT * mean.abs().max(1.0);
        encoding.mean = mean;
        encoding.scale = varies.then_some(deviation);
        encoding
    }

    /// Impute, transform and winsorise.
    fn squash(&self, value: f64) -> f64 {
        let present = if value.is_nan() { self.median } else { value };
        self.transform.apply(present).max(self.low).min(self.high)
    }

    /// The names of the matrix columns of the feature `name`.
    pub(crate) fn outputs(&self, name: &str) -> Vec<String> {
        let value = self.scale.map(|_| name.to_owned());
        let flag = self.missing_flag.then(|| format!("{name}:missing"));
        value.into_iter().chain(flag).collect()
    }

    /// Appends the matrix columns one after the other; what is missing stays NaN.
    pub(crate) fn append(&self, values: &[f64], cells: &mut Vec<f64>) {
        if let Some(scale) = self.scale {
            let cell = |&value: &f64| {
                if value.is_nan() {
                    value
                } else {
                    (self.squash(value) - self.mean) / scale
                }
            };
            cells.extend(values.iter().map(cell));
        }
        if self.missing_flag {
            cells.extend(values.iter().map(|v| f64::from(u8::from(v.is_nan()))));
        }
    }

    /// What stands for a missing number in each of the matrix columns; nothing where none is missing.
    pub(crate) fn imputed(&self) -> impl Iterator<Item = Option<f64>> {
        let value = self
            .scale
            .map(|scale| (self.squash(f64::NAN) - self.mean) / scale);
        value
            .map(Some)
            .into_iter()
            .chain(self.missing_flag.then_some(None))
    }
}

/// A level of a categorical feature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One level by its name.
    Value(String),
    /// The rare levels, pooled.
    Other,
    /// No level.
    Missing,
}

/// A level and how common it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelShare {
    /// The level.
    pub level: Level,
    /// Its share of the rows that the specification was fitted on.
    pub share: f64,
}

/// Levels: one column of zeros and ones for each.
///
/// A level that was never seen counts as `Other`. Where there is no such level, and likewise for a
/// missing value where none was missing, the row takes the shares of all levels, which says
/// nothing about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoricalEncoding {
    /// The levels, sorted; empty when there was only one, which tells nothing and is dropped.
    pub levels: Vec<LevelShare>,
}

impl CategoricalEncoding {
    /// Learns from one column. The result does not depend on the order of rows.
    pub(crate) fn fit(values: &[Option<String>]) -> Self {
        let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for value in values {
            *counts.entry(value.as_deref()).or_default() += 1;
        }
        let total = values.len() as f64;
        let mut kept: BTreeMap<Level, usize> = BTreeMap::new();
        for (value, count) in counts {
            let rare = count < LEVEL_ROWS || (count as f64) < LEVEL_SHARE * total;
            let level = match value {
                _ if rare => Level::Other,
                Some(value) => Level::Value(value.to_owned()),
                None => Level::Missing,
            };
            *kept.entry(level).or_default() += count;
        }
        if kept.len() < 2 {
            kept.clear();
        }
        let share = |(level, count): (Level, usize)| LevelShare {
            level,
            share: count as f64 / total,
        };
        Self {
            levels: kept.into_iter().map(share).collect(),
        }
    }

    /// Which level a value belongs to; `None` when nothing is known about it.
    fn place(&self, value: Option<&str>) -> Option<usize> {
        let find = |wanted: &Level| self.levels.iter().position(|l| &l.level == wanted);
        let named = self.levels.iter().position(|l| match (&l.level, value) {
            (Level::Value(level), Some(value)) => level == value,
            (Level::Missing, None) => true,
            _ => false,
        });
        named.or_else(|| find(&Level::Other))
    }

    /// The names of the matrix columns of the feature `name`.
    pub(crate) fn outputs(&self, name: &str) -> Vec<String> {
        let output = |level: &LevelShare| match &level.level {
            Level::Value(value) => format!("{name}={value}"),
            Level::Other => format!("{name}:other"),
            Level::Missing => format!("{name}:missing"),
        };
        self.levels.iter().map(output).collect()
    }

    /// Appends the matrix columns one after the other.
    pub(crate) fn append(&self, values: &[Option<String>], cells: &mut Vec<f64>) {
        if self.levels.is_empty() {
            return;
        }
        let places: Vec<Option<usize>> = values.iter().map(|v| self.place(v.as_deref())).collect();
        for (index, level) in self.levels.iter().enumerate() {
            cells.extend(places.iter().map(|place| match place {
                Some(place) => f64::from(u8::from(*place == index)),
                None => level.share,
            }));
        }
    }
}

/// Quantile of sorted values by linear interpolation between order statistics (type 7 of Hyndman
/// and Fan 1996, the default of R and numpy).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = last as f64 * share;
    let below = position.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position within the slice"
    )]
    let index = (below as usize).min(last);
    let above = sorted[(index + 1).min(last)];
    sorted[index] + (above - sorted[index]) * (position - below)
}
