//! How good a model is for parts of the customers: those who ordered within the horizon and those who
//! did not, new and old ones, and every level of a category.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::feature_table::{FeatureColumn, FeatureTable};
use crate::metrics::{MetricError, Metrics};
use crate::order_baseline::BaselineColumns;

/// A year: who has known the shop for longer is no new customer.
const NEW_DAYS: i32 = 365;
/// A category of more levels is no way to part customers.
const LEVELS_MAX: usize = 12;
/// Fewest rows of a part, and of its rarer class.
const ROWS_MIN: usize = 50;
const RARER_MIN: usize = 10;

/// A part of the rows at the test cut-off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupMetrics {
    /// The feature that parts them.
    pub feature: String,
    /// Its level, or the bound that its numbers keep: `up to 90`.
    pub level: String,
    /// Rows of the part.
    pub rows: ClassCounts,
    /// What they were told on average.
    pub mean_probability: f64,
    /// How good the probabilities are.
    pub metrics: Metrics,
}

/// The parts with enough rows, by feature and level; all rows are no part.
pub(crate) fn measure(
    config: &ChurnConfig,
    columns: &BaselineColumns<'_>,
    features: &FeatureTable,
    churned: &[bool],
    told: &[f64],
) -> Result<Vec<GroupMetrics>, MetricError> {
    let bounds = [
        (columns.recency_days, config.horizon_days()),
        (columns.tenure_days, NEW_DAYS),
    ];
    let mut groups = Vec::new();
    let mut add = |feature: &str, level: String, is_in: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..churned.len()).filter(|row| is_in(*row)).collect();
        let of_group: Vec<bool> = rows.iter().map(|&row| churned[row]).collect();
        let counts = ClassCounts::of(of_group.iter().copied());
        let is_all = counts.rows() == churned.len();
        if is_all || counts.rows() < ROWS_MIN || counts.rarer() < RARER_MIN {
            return Ok(());
        }
        let told: Vec<f64> = rows.iter().map(|&row| told[row]).collect();
        groups.push(GroupMetrics {
            feature: feature.to_owned(),
            level,
            rows: counts,
            mean_probability: told.iter().sum::<f64>() / told.len() as f64,
            metrics: Metrics::of(&of_group, &told)?,
        });
        Ok(())
    };
    for (feature, bound) in bounds {
        let Some(values) = features.numeric(feature) else {
            continue;
        };
        let within = |row: usize| values[row] <= f64::from(bound);
        add(feature, format!("up to {bound}"), &within)?;
        let beyond = |row: usize| values[row] > f64::from(bound);
        add(feature, format!("above {bound}"), &beyond)?;
    }
    for (feature, column) in features.columns() {
        let FeatureColumn::Categorical(values) = column else {
            continue;
        };
        let levels: BTreeSet<&Option<String>> = values.iter().collect();
        if levels.len() > LEVELS_MAX {
            continue;
        }
        for level in levels {
            let name = level.as_deref().unwrap_or("missing").to_owned();
            add(feature, name, &|row| values[row] == *level)?;
        }
    }
    Ok(groups)
}
