//! The hiatus rule: who has been silent for long enough has churned. It is the first thing a model
//! has to beat (Wuebben and von Wangenheim 2008).

use serde::{Deserialize, Serialize};

use crate::class_counts::ClassCounts;
use crate::metrics::{MetricError, Metrics, roc_auc};

/// A threshold on the days since the last order, with the churn rate on either side of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiatusRule {
    /// Rows with at least this recency count as silent.
    pub silent_from: f64,
    /// Churn rate of silent training rows, with one row of each class added (Laplace).
    pub churn_rate_silent: f64,
    /// Churn rate of the other training rows, with one row of each class added.
    pub churn_rate_active: f64,
}

impl HiatusRule {
    /// The threshold whose two churn rates have the smallest log loss on these rows; the smallest
    /// such threshold if several have. A missing recency (NaN) counts as the longest silence.
    /// `None` without rows.
    pub fn fit(recency: &[f64], churned: &[bool]) -> Option<Self> {
        let mut rows: Vec<(f64, bool)> = recency
            .iter()
            .map(|&days| silence(days))
            .zip(churned.iter().copied())
            .collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let all = ClassCounts::of(rows.iter().map(|row| row.1));
        let mut active = ClassCounts::of([]);
        let mut best: Option<(f64, Self)> = None;
        #[expect(clippy::float_cmp, reason = "ties are exact")]
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            let silent = ClassCounts {
                churned: all.churned - active.churned,
                retained: all.retained - active.retained,
            };
            let loss = entropy(active) + entropy(silent);
            if best.is_none_or(|(smallest, _)| loss < smallest) {
                let rule = Self {
                    silent_from: tied[0].0.min(f64::MAX),
                    churn_rate_silent: smoothed_rate(silent),
                    churn_rate_active: smoothed_rate(active),
                };
                best = Some((loss, rule));
            }
            let counts = ClassCounts::of(tied.iter().map(|row| row.1));
            active.churned += counts.churned;
            active.retained += counts.retained;
        }
        best.map(|(_, rule)| rule)
    }

    /// P(churn) by the rule.
    pub fn predict(&self, recency: &[f64]) -> Vec<f64> {
        let rate = |&days: &f64| {
            if silence(days) >= self.silent_from {
                self.churn_rate_silent
            } else {
                self.churn_rate_active
            }
        };
        recency.iter().map(rate).collect()
    }
}

/// The hiatus rule on rows it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiatusEvaluation {
    /// The feature that holds the days since the last order.
    pub recency_column: String,
    /// The rule, fitted on the training rows of the evaluation.
    pub rule: HiatusRule,
    /// How good its probabilities are.
    pub metrics: Metrics,
    /// Share of rows that it puts on the right side, churn being expected from 0.5.
    pub accuracy: f64,
    /// Area under the ROC curve of the recency itself, without any threshold.
    pub recency_roc_auc: Option<f64>,
}

impl HiatusEvaluation {
    /// Measures a rule.
    pub(crate) fn measure(
        recency_column: &str,
        rule: HiatusRule,
        recency: &[f64],
        churned: &[bool],
    ) -> Result<Self, MetricError> {
        let probabilities = rule.predict(recency);
        let right = |(p, churned): (&f64, &bool)| (*p >= 0.5) == *churned;
        let hits = probabilities.iter().zip(churned).filter(|&row| right(row));
        let ranks: Vec<f64> = recency.iter().map(|&d| silence(d).min(f64::MAX)).collect();
        Ok(Self {
            recency_column: recency_column.to_owned(),
            rule,
            accuracy: hits.count() as f64 / churned.len() as f64,
            metrics: Metrics::of(churned, &probabilities)?,
            recency_roc_auc: roc_auc(churned, &ranks).ok(),
        })
    }
}

fn silence(recency: f64) -> f64 {
    if recency.is_nan() {
        f64::INFINITY
    } else {
        recency
    }
}

fn smoothed_rate(counts: ClassCounts) -> f64 {
    (counts.churned as f64 + 1.0) / (counts.rows() as f64 + 2.0)
}

/// Log loss, summed, of giving every row the churn rate of all.
fn entropy(counts: ClassCounts) -> f64 {
    let part = |count: usize| match count {
        0 => 0.0,
        _ => -(count as f64) * (count as f64 / counts.rows() as f64).ln(),
    };
    part(counts.churned) + part(counts.retained)
}
