//! Tripwires: what is too good to be true has seen the answer. A churn model is rarely above an AUC of
//! 0.85; a feature that tells nearly everything by itself was written down after the fact.

use std::collections::BTreeMap;
use std::fmt;

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::evaluation::{EvaluationResult, evaluate};
use crate::feature_table::FeatureColumn;
use crate::lesson::{Fitted, Problem, Recipe};
use crate::metrics::roc_auc;
use crate::order_baseline::BaselineColumns;
use crate::train::TrainError;
use crate::training_set::TrainingSet;

/// From this AUC on a single feature trips.
const FEATURE_MAX: f64 = 0.95;
/// From this AUC on a model trips.
pub(crate) const MODEL_MAX: f64 = 0.97;
/// From this AUC on a model of labels dealt out at random trips.
const PERMUTED_MAX: f64 = 0.55;
/// Levels of a category with fewer rows say nothing by themselves.
const LEVEL_ROWS_MIN: usize = 20;
/// How a model is named among what is waived.
const MODEL: &str = "model";

/// Something that tells the outcome too well.
#[derive(Debug, Clone, PartialEq)]
pub enum Leak {
    /// One feature, at the cut-offs trained on.
    Feature {
        /// Its name.
        name: String,
        /// Its area under the ROC curve, whichever way it points.
        roc_auc: f64,
    },
    /// A model, at the test cut-off.
    Model {
        /// Its area under the ROC curve.
        roc_auc: f64,
    },
    /// A model that learned from outcomes dealt out at random, asked about such outcomes: it can know
    /// nothing, so that what it seems to know comes from how it was measured.
    Permuted {
        /// Its area under the ROC curve.
        roc_auc: f64,
        /// Most that chance gives.
        limit: f64,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature { name, roc_auc } => write!(
                f,
                "the feature `{name}` alone has an AUC of {roc_auc:.4}, expected at most {FEATURE_MAX}"
            ),
            Self::Model { roc_auc } => write!(
                f,
                "the model has an AUC of {roc_auc:.4} at the test cut-off, expected at most {MODEL_MAX}"
            ),
            Self::Permuted { roc_auc, limit } => write!(
                f,
                "a model of outcomes dealt out at random has an AUC of {roc_auc:.4} at the test cut-off, expected at most {limit:.4}: rows that were learned from are measured on"
            ),
        }
    }
}

/// Everything that knows too much at the cut-offs of a training for a day, and is not waived.
pub fn tripwires(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
) -> Result<Vec<Leak>, TrainError> {
    let rows = set.at(&config.training_cutoffs(as_of_day));
    let evaluation = evaluate(config, set, as_of_day, columns)?;
    Ok(leaks(config, &rows, &evaluation))
}

/// The features that tell too much, by name.
fn telling(rows: &TrainingSet) -> impl Iterator<Item = Leak> {
    let features = rows.features().columns();
    features.filter_map(|(name, column)| {
        let roc_auc = alone(rows.churned(), column)?;
        let name = name.to_owned();
        (roc_auc > FEATURE_MAX).then_some(Leak::Feature { name, roc_auc })
    })
}

/// Everything that trips and is not waived, features by name and then the model.
pub(crate) fn leaks(
    config: &ChurnConfig,
    rows: &TrainingSet,
    evaluation: &EvaluationResult,
) -> Vec<Leak> {
    let telling = telling(rows);
    let measured = evaluation.measured();
    let roc_auc = measured.and_then(|measured| measured.model.roc_auc);
    let model = roc_auc
        .filter(|auc| *auc > MODEL_MAX)
        .map(|roc_auc| Leak::Model { roc_auc });
    let permuted = measured.and_then(|measured| {
        let roc_auc = measured.permuted_roc_auc?;
        let limit = permuted_max(measured.test);
        (roc_auc > limit).then_some(Leak::Permuted { roc_auc, limit })
    });
    telling
        .chain(model)
        .chain(permuted)
        .filter(|leak| !leak.is_waived(config))
        .collect()
}

impl Leak {
    fn is_waived(&self, config: &ChurnConfig) -> bool {
        match self {
            Self::Feature { name, .. } => config.is_waived(name),
            Self::Model { .. } | Self::Permuted { .. } => config.is_waived(MODEL),
        }
    }
}

/// The AUC of a model that learned from labels dealt out at random, on rows whose labels are too.
pub(crate) fn permuted_roc_auc(
    problem: Problem<'_>,
    training: &TrainingSet,
    test: &TrainingSet,
    recipe: Recipe,
) -> Result<Option<f64>, TrainError> {
    let fitted = Fitted::new(problem, &training.with_permuted_labels(), recipe)?;
    let log_odds = fitted.log_odds(test)?;
    Ok(roc_auc(test.with_permuted_labels().churned(), &log_odds).ok())
}

/// An AUC that labels dealt out at random do not reach: 0.55, or with few rows four standard errors above
/// one half.
fn permuted_max(rows: ClassCounts) -> f64 {
    let (churned, retained) = (rows.churned as f64, rows.retained as f64);
    let variance = (churned + retained + 1.0) / (12.0 * churned * retained);
    PERMUTED_MAX.max(0.5 + 4.0 * variance.sqrt())
}

/// How well a column alone tells who churned. A missing number is the lowest or the highest, whatever
/// tells more; a level is worth its churn rate, if it has enough rows.
fn alone(churned: &[bool], column: &FeatureColumn) -> Option<f64> {
    let either = |scores: &[f64]| {
        let auc = roc_auc(churned, scores).ok()?;
        Some(auc.max(1.0 - auc))
    };
    match column {
        FeatureColumn::Numeric(values) => {
            let with = |missing: f64| -> Vec<f64> {
                let values = values.iter();
                values
                    .map(|value| if value.is_nan() { missing } else { *value })
                    .collect()
            };
            let (low, high) = (either(&with(f64::MIN))?, either(&with(f64::MAX))?);
            Some(low.max(high))
        }
        FeatureColumn::Categorical(levels) => {
            let mut counts: BTreeMap<Option<&str>, ClassCounts> = BTreeMap::new();
            for (level, churned) in levels.iter().zip(churned) {
                let of_level = counts
                    .entry(level.as_deref())
                    .or_insert(ClassCounts::of([]));
                of_level.churned += usize::from(*churned);
                of_level.retained += usize::from(!*churned);
            }
            let rate = |level: &Option<String>| {
                let counts = counts.get(&level.as_deref()).copied();
                let counts = counts.filter(|counts| counts.rows() >= LEVEL_ROWS_MIN);
                counts.map_or(0.5, |counts| counts.churned as f64 / counts.rows() as f64)
            };
            either(&levels.iter().map(rate).collect::<Vec<f64>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_table::FeatureTable;
    use crate::model_kind::ModelKind;
    use crate::order_baseline::BaselineColumns;
    use crate::raw_config::RawChurnConfig;
    use crate::tuning::Penalty;

    fn set(rows: u32, cutoff_day: i32) -> TrainingSet {
        // Weyl's sequence of the golden ratio: every row differs, and none tells anything.
        let chance = |row: u32, by: f64| (f64::from(row) * by).fract();
        let values = (0..rows).map(|row| chance(row, 0.618_033_988_749_894_9));
        let churned: Vec<bool> = (0..rows)
            .map(|row| chance(row, 0.414_213_562_373_095) < 0.5)
            .collect();
        let ids: Vec<String> = (0..rows).map(|row| format!("{row:05}")).collect();
        let table = FeatureTable::new().with_numeric("recency_days", values.collect());
        let days = vec![cutoff_day; ids.len()];
        TrainingSet::new(&table.expect("sound"), &churned, &ids, &days).expect("sound")
    }

    #[test]
    fn who_is_measured_on_what_it_learned_from_is_found_out() {
        let raw = RawChurnConfig::default();
        let config = ChurnConfig::from_raw(&raw).expect("sound");
        let columns = BaselineColumns {
            recency_days: "recency_days",
            tenure_days: "",
            frequency: "",
        };
        let problem = Problem {
            config: &config,
            columns: &columns,
        };
        let recipe = Recipe {
            kind: ModelKind::Boosted,
            penalty: Penalty::PerRow(0.01),
            boosting: crate::boosted::Boosting {
                depth: 4,
                trees: 400,
            },
            stacked: 1,
            effects: false,
        };
        let (training, test) = (set(2000, 100), set(2000, 200));
        let auc = |test| {
            let auc = permuted_roc_auc(problem, &training, test, recipe);
            auc.expect("fits").expect("both classes")
        };
        let limit = permuted_max(test.class_counts());
        assert!(auc(&test) < limit, "{} {limit}", auc(&test));
        assert!(auc(&training) > limit, "{} {limit}", auc(&training));
    }
}
