//! From the log-odds of a fit to those that are told: what was too sure of itself, or off by a
//! level, is put right where that wins on a later cut-off.

use serde::{Deserialize, Serialize};

use crate::logit::logistic;
use crate::metrics::{CoxCalibration, cox_calibration};

/// A gain counts that is more than so many of its standard errors.
const ERRORS_MIN: f64 = 2.0;
/// The fewest rows of a block of the isotonic line, and the most blocks it has.
const BLOCK_ROWS: usize = 100;
const BLOCKS_MAX: usize = 20;
/// Newton's steps for a level; each at most so long.
const STEPS_MAX: usize = 200;
const STEP_LENGTH: f64 = 2.0;

/// The ways to calibrate, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationMethod {
    /// As the fit says.
    None,
    /// A level is added.
    Intercept,
    /// A line (Platt 1999, without his smoothing of the outcomes).
    Platt,
    /// A rising line of many parts through blocks of equal size.
    Isotonic,
}

impl CalibrationMethod {
    /// All of them, the simplest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Intercept, Self::Platt, Self::Isotonic];

    /// The name as it stands in `cdp.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Intercept => "intercept",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }
}

/// A block of rows: their mean log-odds as fitted, and the log-odds of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knot {
    /// As fitted.
    pub fitted: f64,
    /// As told.
    pub told: f64,
}

/// What is done to log-odds. It never changes their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Calibration {
    /// Nothing.
    None,
    /// `z + intercept`
    Intercept {
        /// What is added.
        intercept: f64,
    },
    /// `slope * z + intercept`
    Platt {
        /// Above 0.
        slope: f64,
        /// What is added.
        intercept: f64,
    },
    /// Straight lines from knot to knot, and parallel to the axis of equality beyond them.
    Isotonic {
        /// Two or more, rising.
        knots: Vec<Knot>,
    },
}

impl Calibration {
    /// Learns from the log-odds of rows and what became of them. Nothing when the rows do not say:
    /// when they are of one class, when higher log-odds do not mean more churn, when there is but
    /// one block.
    pub fn fit(method: CalibrationMethod, churned: &[bool], log_odds: &[f64]) -> Option<Self> {
        let is_mixed = churned.contains(&true) && churned.contains(&false);
        match method {
            CalibrationMethod::None => Some(Self::None),
            _ if !is_mixed || churned.len() != log_odds.len() => None,
            CalibrationMethod::Intercept => Some(Self::Intercept {
                intercept: level(churned, log_odds)?,
            }),
            CalibrationMethod::Platt => {
                let probabilities: Vec<f64> = log_odds.iter().map(|z| logistic(*z)).collect();
                let line = cox_calibration(churned, &probabilities).ok()?;
                let CoxCalibration { slope, intercept } = line;
                (slope > 0.0).then_some(Self::Platt { slope, intercept })
            }
            CalibrationMethod::Isotonic => {
                let knots = knots(churned, log_odds);
                (knots.len() > 1).then_some(Self::Isotonic { knots })
            }
        }
    }

    /// Which way it is.
    pub fn method(&self) -> CalibrationMethod {
        match self {
            Self::None => CalibrationMethod::None,
            Self::Intercept { .. } => CalibrationMethod::Intercept,
            Self::Platt { .. } => CalibrationMethod::Platt,
            Self::Isotonic { .. } => CalibrationMethod::Isotonic,
        }
    }

    /// The log-odds that are told for fitted ones.
    pub fn apply(&self, fitted: f64) -> f64 {
        match self {
            Self::None => fitted,
            Self::Intercept { intercept } => fitted + intercept,
            Self::Platt { slope, intercept } => slope * fitted + intercept,
            Self::Isotonic { knots } => along(knots, fitted),
        }
    }

    /// The probability that is told for fitted log-odds.
    pub fn probability(&self, fitted: f64) -> f64 {
        logistic(self.apply(fitted))
    }
}

/// One way to calibrate, tried on a later cut-off than the one it was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationTrial {
    /// Which.
    pub method: CalibrationMethod,
    /// Mean log loss; nothing when the rows do not say how to calibrate so.
    pub log_loss: Option<f64>,
}

/// Rows of a cut-off: what became of them, and their log-odds by a model of earlier cut-offs.
#[derive(Clone, Copy)]
pub(crate) struct Told<'t> {
    pub(crate) churned: &'t [bool],
    pub(crate) log_odds: &'t [f64],
}

/// The way that, learned from rows of one cut-off, wins on those of a later one: from the simplest
/// on, one that gains more over the winner so far than twice the standard error of that gain.
///
/// A cut-off cannot vouch for itself, not even with customers kept apart: what raises or lowers all
/// of them, such as a season, is learned from any of them.
pub(crate) fn choose(
    learn: Told<'_>,
    later: Told<'_>,
) -> (CalibrationMethod, Vec<CalibrationTrial>) {
    let mut best: Option<(CalibrationMethod, Vec<f64>)> = None;
    let mut trials = Vec::new();
    for method in CalibrationMethod::ALL {
        let calibration = Calibration::fit(method, learn.churned, learn.log_odds);
        let losses = calibration.map(|calibration| {
            let told = later.log_odds.iter().map(|z| calibration.apply(*z));
            losses(later.churned, &told.collect::<Vec<f64>>())
        });
        let log_loss = losses.as_deref().map(mean);
        trials.push(CalibrationTrial { method, log_loss });
        let Some(losses) = losses else { continue };
        if best.as_ref().is_none_or(|(_, best)| gains(best, &losses)) {
            best = Some((method, losses));
        }
    }
    let method = best.map_or(CalibrationMethod::None, |(method, _)| method);
    (method, trials)
}

/// Mean log loss of log-odds.
pub(crate) fn loss(churned: &[bool], log_odds: &[f64]) -> f64 {
    mean(&losses(churned, log_odds))
}

/// The log loss of each row.
pub(crate) fn losses(churned: &[bool], log_odds: &[f64]) -> Vec<f64> {
    let rows = churned.iter().zip(log_odds);
    rows.map(|(churned, z)| loss_of_row(*churned, *z)).collect()
}

/// `log(1 + exp(-z))` of a churner, `log(1 + exp(z))` of another, without overflow.
fn loss_of_row(churned: bool, log_odds: f64) -> f64 {
    let wrong = if churned { -log_odds } else { log_odds };
    wrong.max(0.0) + (-wrong.abs()).exp().ln_1p()
}

/// Whether losses now are below those before by more than chance.
pub(crate) fn gains(before: &[f64], now: &[f64]) -> bool {
    let gains: Vec<f64> = before.iter().zip(now).map(|(a, b)| a - b).collect();
    let gain = mean(&gains);
    let rows = gains.len() as f64;
    let squares: f64 = gains.iter().map(|one| (one - gain).powi(2)).sum();
    let standard_error = (squares / (rows - 1.0).max(1.0) / rows).sqrt();
    gain > ERRORS_MIN * standard_error
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// What must be added so that as many are expected to churn as did.
pub(crate) fn level(churned: &[bool], log_odds: &[f64]) -> Option<f64> {
    let wanted = churned.iter().filter(|churned| **churned).count() as f64;
    let mut level: f64 = 0.0;
    for _ in 0..STEPS_MAX {
        let (mut expected, mut slope) = (0.0, 0.0);
        for z in log_odds {
            let p = logistic(z + level);
            expected += p;
            slope += p * (1.0 - p);
        }
        let step = (wanted - expected) / slope.max(f64::MIN_POSITIVE);
        level += step.clamp(-STEP_LENGTH, STEP_LENGTH);
        if step.abs() < 1e-12 * level.abs().max(1.0) {
            return Some(level);
        }
    }
    None
}

/// Rows that stand together.
#[derive(Default, Clone, Copy)]
struct Block {
    rows: usize,
    churned: usize,
    log_odds: f64,
}

impl Block {
    fn with(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            churned: self.churned + other.churned,
            log_odds: self.log_odds + other.log_odds,
        }
    }

    fn knot(&self) -> Knot {
        // Half a row more of each class, so that no block is certain.
        let odds = (self.churned as f64 + 0.5) / ((self.rows - self.churned) as f64 + 0.5);
        Knot {
            fitted: self.log_odds / self.rows as f64,
            told: odds.ln(),
        }
    }
}

/// Blocks of the same size, of which neighbours that do not rise are one (pool adjacent violators).
fn knots(churned: &[bool], log_odds: &[f64]) -> Vec<Knot> {
    let mut order: Vec<usize> = (0..log_odds.len()).collect();
    order.sort_by(|a, b| log_odds[*a].total_cmp(&log_odds[*b]));
    let size = BLOCK_ROWS.max(log_odds.len().div_ceil(BLOCKS_MAX));
    let mut blocks: Vec<Block> = Vec::new();
    let mut last = f64::NAN;
    for row in order {
        let one = Block {
            rows: 1,
            churned: usize::from(churned[row]),
            log_odds: log_odds[row],
        };
        match blocks.last_mut() {
            // Equal log-odds are never told apart.
            Some(block) if block.rows < size || log_odds[row] <= last => *block = block.with(one),
            _ => blocks.push(one),
        }
        last = log_odds[row];
    }
    if let [.., before, rest] = blocks.as_mut_slice()
        && rest.rows < size
    {
        *before = before.with(*rest);
        blocks.pop();
    }
    let mut rising: Vec<Block> = Vec::new();
    for mut block in blocks {
        while let Some(before) = rising.pop_if(|before| before.knot().told >= block.knot().told) {
            block = before.with(block);
        }
        rising.push(block);
    }
    rising.iter().map(Block::knot).collect()
}

fn along(knots: &[Knot], fitted: f64) -> f64 {
    let above = knots.partition_point(|knot| knot.fitted < fitted);
    let (Some(first), Some(last)) = (knots.first(), knots.last()) else {
        return fitted;
    };
    if above == 0 {
        return first.told + (fitted - first.fitted);
    }
    let Some(right) = knots.get(above) else {
        return last.told + (fitted - last.fitted);
    };
    let left = &knots[above - 1];
    let share = (fitted - left.fitted) / (right.fitted - left.fitted);
    left.told + share * (right.told - left.told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose true log-odds are a function of those that were fitted, spread evenly.
    fn rows(count: u32, truth: impl Fn(f64) -> f64) -> (Vec<bool>, Vec<f64>) {
        let fitted = |row: u32| -3.0 + 6.0 * f64::from(row) / f64::from(count);
        // A sequence of low discrepancy (Weyl's, of the golden ratio) for chance.
        let chance = |row: u32| (f64::from(row) * 0.618_033_988_749_894_9).fract();
        let churned = (0..count).map(|row| chance(row) < logistic(truth(fitted(row))));
        (churned.collect(), (0..count).map(fitted).collect())
    }

    fn chosen(
        count: u32,
        truth: impl Fn(f64) -> f64,
        later: impl Fn(f64) -> f64,
    ) -> CalibrationMethod {
        let (first, second) = (rows(count, truth), rows(count, later));
        let [learn, later] =
            [&first, &second].map(|(churned, log_odds)| Told { churned, log_odds });
        let (method, trials) = choose(learn, later);
        assert_eq!(trials.len(), CalibrationMethod::ALL.len());
        method
    }

    fn lasting(truth: impl Fn(f64) -> f64 + Copy) -> CalibrationMethod {
        chosen(4000, truth, truth)
    }

    #[test]
    fn the_simplest_way_that_helps_is_chosen() {
        assert_eq!(lasting(|z| z), CalibrationMethod::None);
        assert_eq!(lasting(|z| z + 0.5), CalibrationMethod::Intercept);
        assert_eq!(lasting(|z| 0.5 * z), CalibrationMethod::Platt);
        let bent = |z: f64| if z > 0.0 { 2.0 * z } else { 0.1 * z };
        assert_eq!(lasting(bent), CalibrationMethod::Isotonic);
    }

    #[test]
    fn what_does_not_last_is_not_chosen() {
        let method = chosen(4000, |z| z + 0.5, |z| z - 0.1);
        assert_eq!(method, CalibrationMethod::None);
    }

    #[test]
    fn few_rows_are_left_as_fitted() {
        let truth = |z: f64| 0.9 * z + 0.1;
        assert_eq!(chosen(40, truth, truth), CalibrationMethod::None);
    }

    #[test]
    fn rows_of_one_class_teach_nothing() {
        let (churned, log_odds) = rows(1000, |z| z);
        let learn = Told {
            churned: &vec![true; 1000],
            log_odds: &log_odds,
        };
        let later = Told {
            churned: &churned,
            log_odds: &log_odds,
        };
        let (method, trials) = choose(learn, later);
        assert_eq!(method, CalibrationMethod::None);
        assert!(trials[1..].iter().all(|trial| trial.log_loss.is_none()));
    }
}
