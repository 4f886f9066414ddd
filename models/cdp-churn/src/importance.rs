//! How much each feature moves scores, and which way, whatever the kind of model.

use serde::{Deserialize, Serialize};

use crate::feature_spec::{FeatureSpec, SpecError};
use crate::feature_table::FeatureTable;
use crate::order_feature::OrderFeature;
use crate::reasons::{Contributions, Direction};
use crate::scorer::Scorer;

/// Rows that are looked at, spread evenly over all.
const ROWS_MAX: usize = 10_000;
/// A correlation of value and contribution that tells a direction.
const CORRELATION_MIN: f64 = 0.5;

/// One feature's part in all scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Importance {
    /// The feature.
    pub feature: String,
    /// Log-odds by which it moves a training row, one way or the other, on average.
    pub mean_contribution: f64,
    /// Whether more of it raises the risk or lowers it; nothing for levels, and for numbers that do
    /// now this, now that.
    pub direction: Option<Direction>,
}

/// What moves the scores of rows, the strongest first, equal ones by name.
pub(crate) fn importance(
    scorer: &Scorer,
    spec: &FeatureSpec,
    table: &FeatureTable,
) -> Result<Vec<Importance>, SpecError> {
    let step = table.rows().div_ceil(ROWS_MAX).max(1);
    let rows: Vec<usize> = (0..table.rows()).step_by(step).collect();
    let table = table.select(&rows);
    let contributions = Contributions::of(scorer, spec, &table)?;
    let mut all = Vec::new();
    for (index, feature) in contributions.features().iter().enumerate() {
        let parts = contributions.column(index);
        let sum: f64 = parts.iter().map(|part| part.abs()).sum();
        if sum > 0.0 {
            let values = match spec.orders() {
                Some(orders) if feature == OrderFeature::NAME => Some(orders.values(&table)),
                _ => table.numeric(feature).map(<[f64]>::to_vec),
            };
            all.push(Importance {
                feature: feature.clone(),
                mean_contribution: sum / parts.len() as f64,
                direction: values.and_then(|values| direction(&values, &parts)),
            });
        }
    }
    all.sort_by(|a, b| {
        let stronger = b.mean_contribution.total_cmp(&a.mean_contribution);
        stronger.then_with(|| a.feature.cmp(&b.feature))
    });
    Ok(all)
}

/// Which way contributions go as values grow, by their correlation.
fn direction(values: &[f64], parts: &[f64]) -> Option<Direction> {
    // What counts spans decades: a few large values would decide alone.
    let squashed = values
        .iter()
        .map(|value| value.signum() * value.abs().ln_1p());
    let known = squashed.zip(parts.iter().copied());
    let known: Vec<(f64, f64)> = known.filter(|(value, _)| !value.is_nan()).collect();
    let count = known.len().max(1) as f64;
    let mean_value = known.iter().map(|(value, _)| value).sum::<f64>() / count;
    let mean_part = known.iter().map(|(_, part)| part).sum::<f64>() / count;
    let (mut both, mut of_values, mut of_parts) = (0.0, 0.0, 0.0);
    for (value, part) in known {
        let (value, part) = (value - mean_value, part - mean_part);
        both += value * part;
        of_values += value * value;
        of_parts += part * part;
    }
    let correlation = both / (of_values * of_parts).sqrt();
    if correlation >= CORRELATION_MIN {
        Some(Direction::Raises)
    } else if correlation <= -CORRELATION_MIN {
        Some(Direction::Lowers)
    } else {
        None
    }
}
