//! What depends on the order of the scores alone.

use serde::{Deserialize, Serialize};

use super::{MetricError, both_classes, count_churned, tie_groups};

/// Area under the ROC curve: the chance that a churned row scores above a retained one, ties
/// counting half (Mann and Whitney 1947).
pub fn roc_auc(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let groups = tie_groups(labels, scores)?;
    let (churned, retained) = both_classes(&groups)?;
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

/// [`pr_auc`] of the retained class: how well the lowest scores find the rows that stayed.
pub fn pr_auc_retained(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let stayed: Vec<bool> = labels.iter().map(|churned| !churned).collect();
    let mirrored: Vec<f64> = scores.iter().map(|score| -score).collect();
    pr_auc(&stayed, &mirrored)
}

/// The Kolmogorov–Smirnov statistic: the largest gap between the share of churned and of retained
/// rows at or above a score.
pub fn ks(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    let groups = tie_groups(labels, scores)?;
    let (churned, retained) = both_classes(&groups)?;
    let (mut hits, mut misses, mut widest) = (0_usize, 0_usize, 0.0_f64);
    for group in &groups {
        hits += group.churned;
        misses += group.rows - group.churned;
        let gap = hits as f64 / churned as f64 - misses as f64 / retained as f64;
        widest = widest.max(gap.abs());
    }
    Ok(widest)
}

/// A point of the gains curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// Share of the rows, those that score highest.
    pub share: f64,
    /// Share of all churned rows that is among them.
    pub churned: f64,
}

/// The gains curve: which share of the churned rows is among the rows that score highest, at
/// `steps` equal shares of the rows. Rows tied on a border are counted in part.
pub fn gains(labels: &[bool], scores: &[f64], steps: usize) -> Result<Vec<Gain>, MetricError> {
    let groups = tie_groups(labels, scores)?;
    let churned = count_churned(labels) as f64;
    if churned == 0.0 {
        return Err(MetricError::OneClass);
    }
    let mut curve = Vec::with_capacity(steps);
    let (mut rows, mut hits) = (0.0, 0.0);
    let mut groups = groups.iter().peekable();
    for step in 1..=steps {
        let share = step as f64 / steps as f64;
        let wanted = share * labels.len() as f64;
        while let Some(group) = groups.next_if(|group| rows + group.rows as f64 <= wanted) {
            rows += group.rows as f64;
            hits += group.churned as f64;
        }
        let part = groups.peek().map_or(0.0, |group| {
            group.churned as f64 * (wanted - rows) / group.rows as f64
        });
        let churned = (hits + part) / churned;
        curve.push(Gain { share, churned });
    }
    Ok(curve)
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

/// How much of the way from chance to a perfect order the scores go: the accuracy ratio,
/// 2 AUC - 1. Braze calls it lift quality, in percent.
pub fn lift_quality(labels: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    Ok(2.0 * roc_auc(labels, scores)? - 1.0)
}

/// What Braze calls a lift quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Below 0.2.
    Poor,
    /// From 0.2.
    Fair,
    /// From 0.4.
    Good,
    /// From 0.6.
    Excellent,
}

impl Grade {
    /// The grade of a lift quality.
    pub fn of(lift_quality: f64) -> Self {
        match lift_quality {
            quality if quality >= 0.6 => Self::Excellent,
            quality if quality >= 0.4 => Self::Good,
            quality if quality >= 0.2 => Self::Fair,
            _ => Self::Poor,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poor => "poor",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }
}
