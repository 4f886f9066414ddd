//! How sure a figure is: the bootstrap over customers (Efron 1979), percentile intervals of 95 %.

use serde::{Deserialize, Serialize};

use super::{MetricError, check_probabilities, losses};

/// Samples with replacement that are drawn.
const RESAMPLES: usize = 401;
/// Of so many in order, these are the percentiles 2.5 and 97.5.
const ENDS: [usize; 2] = [10, 390];
const SEED: u64 = 0x5eed_c4a7;

/// Where a figure lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Intervals of a set of probabilities on rows of which each is another customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intervals {
    /// Of the area under the ROC curve; nothing when a resample may lack a class.
    pub roc_auc: Option<Interval>,
    /// Of the log loss.
    pub log_loss: Interval,
    /// Of the log loss of others less this one, on the same resamples: above 0 is a gain.
    pub gain: Interval,
}

/// The intervals of probabilities next to others of the same rows. The same rows in the same order
/// give the same bits.
pub fn bootstrap(
    labels: &[bool],
    probabilities: &[f64],
    others: &[f64],
) -> Result<Intervals, MetricError> {
    check_probabilities(labels, probabilities)?;
    check_probabilities(labels, others)?;
    let ranks = Ranks::of(labels, probabilities);
    let loss = losses(labels, probabilities);
    let of_others = losses(labels, others);
    let rows = labels.len();
    let mut draw = SplitMix(SEED);
    let mut counts = vec![0_u32; rows];
    let (mut aucs, mut means, mut gains) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RESAMPLES {
        counts.fill(0);
        for _ in 0..rows {
            counts[draw.below(rows)] += 1;
        }
        let mean = |of: &[f64]| {
            let weighted = of.iter().zip(&counts);
            weighted
                .map(|(loss, count)| loss * f64::from(*count))
                .sum::<f64>()
                / rows as f64
        };
        let (own, other) = (mean(&loss), mean(&of_others));
        means.push(own);
        gains.push(other - own);
        aucs.extend(ranks.auc(&counts));
    }
    Ok(Intervals {
        roc_auc: (aucs.len() == RESAMPLES).then(|| Interval::of(aucs)),
        log_loss: Interval::of(means),
        gain: Interval::of(gains),
    })
}

impl Interval {
    /// The percentiles of all resamples.
    fn of(mut resamples: Vec<f64>) -> Self {
        resamples.sort_unstable_by(f64::total_cmp);
        let [low, high] = ENDS.map(|place| resamples[place]);
        Self { low, high }
    }
}

/// Rows in the order of their scores, lowest first, sorted once for all resamples.
struct Ranks {
    rows: Vec<usize>,
    churned: Vec<bool>,
    /// Whether a row begins another score than the row before.
    begins: Vec<bool>,
}

impl Ranks {
    fn of(labels: &[bool], scores: &[f64]) -> Self {
        let mut rows: Vec<usize> = (0..labels.len()).collect();
        rows.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let other = |pair: &[usize]| scores[pair[0]] < scores[pair[1]];
        let begins = rows.windows(2).map(other);
        Self {
            churned: rows.iter().map(|&row| labels[row]).collect(),
            begins: std::iter::once(true).chain(begins).collect(),
            rows,
        }
    }

    /// The area under the ROC curve of rows that stand there so often; `None` without both classes.
    fn auc(&self, counts: &[u32]) -> Option<f64> {
        let (mut below, mut wins) = (0_u64, 0_u64);
        let (mut tied, mut churned) = ([0_u64; 2], 0_u64);
        for (place, &row) in self.rows.iter().enumerate() {
            if self.begins[place] {
                below += tied[0];
                churned += tied[1];
                tied = [0; 2];
            }
            let count = u64::from(counts[row]);
            if self.churned[place] {
                // Those tied with it count half: twice the wins are summed up.
                wins += 2 * count * below + count * tied[0];
                tied[1] += count;
            } else {
                wins += count * tied[1];
                tied[0] += count;
            }
        }
        let (retained, churned) = (below + tied[0], churned + tied[1]);
        let pairs = 2 * retained * churned;
        (pairs > 0).then(|| wins as f64 / pairs as f64)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the draws must be the same on every machine and in every
/// version of the program.
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound, by multiplication (Lemire 2019); its bias is below 1e-12.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let drawn = (u128::from(self.next()) * bound as u128) >> 64;
        usize::try_from(drawn).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::roc_auc;

    #[test]
    fn every_row_once_is_the_plain_figure() {
        let scores = [0.1, 0.4, 0.4, 0.4, 0.7, 0.7, 0.9];
        let labels = [false, true, false, true, true, false, true];
        let plain = roc_auc(&labels, &scores).expect("both classes");
        let ranked = Ranks::of(&labels, &scores).auc(&[1; 7]).expect("both");
        assert!((plain - ranked).abs() < 1e-15, "{plain} {ranked}");
        // Twice a row is as two rows.
        let ranked = Ranks::of(&labels, &scores).auc(&[1, 2, 1, 0, 1, 3, 1]);
        let more = [0.1, 0.4, 0.4, 0.4, 0.7, 0.7, 0.7, 0.7, 0.9];
        let of_more = [false, true, true, false, true, false, false, false, true];
        let plain = roc_auc(&of_more, &more).expect("both classes");
        assert!((plain - ranked.expect("both")).abs() < 1e-15);
    }

    #[test]
    fn draws_are_even_and_below_their_bound() {
        let mut draw = SplitMix(1);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            counts[draw.below(5)] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)));
    }
}
