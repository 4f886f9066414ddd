//! Training: a final fit on the newest closed cut-offs.

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::evaluation::evaluate;
use crate::feature_spec::SpecError;
use crate::fit_error::FitError;
use crate::leak::{Leak, leaks};
use crate::lesson::{Fitted, Problem};
use crate::metrics::MetricError;
use crate::model::ChurnModel;
use crate::order_baseline::BaselineColumns;
use crate::training_set::TrainingSet;
use crate::tuning::tune;

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A class is too rare at the training cut-offs. Nothing is broken; time will cure it.
    #[error("{} churned and {} retained training rows, need at least {need} of each", have.churned, have.retained)]
    NotEnoughData {
        /// What there is at the training cut-offs.
        have: ClassCounts,
        /// Fewest rows of each class.
        need: usize,
    },
    /// A row claims to know how a window ended that is still open.
    #[error(
        "cut-off of day {cutoff_day} has labels, but its window closes on day {closes_day}, after day {as_of_day}"
    )]
    OpenWindow {
        /// The cut-off, in days since 1970-01-01.
        cutoff_day: i32,
        /// The day on which its window closes.
        closes_day: i32,
        /// The day for which the model is trained.
        as_of_day: i32,
    },
    /// The column that the hiatus rule needs is not there.
    #[error("recency column `{name}` is not a numeric feature")]
    RecencyColumn {
        /// The name.
        name: String,
    },
    /// Something tells the outcome too well.
    #[error("{}", sentences(leaks))]
    Leaks {
        /// Everything that does.
        leaks: Vec<Leak>,
    },
    /// The features could not be encoded.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The fit failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The measurement failed.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

impl TrainError {
    /// Whether no feature varies over the rows.
    pub(crate) fn is_no_features(&self) -> bool {
        matches!(self, Self::Fit(FitError::NoFeatures))
    }
}

fn sentences(leaks: &[Leak]) -> String {
    let sentences: Vec<String> = leaks.iter().map(Leak::to_string).collect();
    sentences.join("; ")
}

/// Fits the model of `as_of_day` on the newest closed cut-offs and evaluates its kind.
///
/// The set should hold the rows of [`ChurnConfig::all_cutoffs`]; rows of other closed cut-offs are
/// not used. `columns` are the features that the baselines are made of.
pub fn train(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
) -> Result<ChurnModel, TrainError> {
    check_set(config, set, as_of_day, columns)?;
    let cutoffs = config.training_cutoffs(as_of_day);
    check_rows(config, &set.at(&cutoffs))?;
    let problem = Problem { config, columns };
    let chosen = tune(problem, set, as_of_day)?;
    let rows = chosen.recipe.rows(set, &cutoffs);
    let mut fitted = Fitted::new(problem, &rows, chosen.recipe)?;
    if let Some(present) = set.present() {
        fitted.spec = fitted.spec.with_orders_of(present);
    }
    let evaluation = evaluate(config, set, as_of_day, columns)?;
    let leaks = leaks(config, &rows, &evaluation);
    if !leaks.is_empty() {
        return Err(TrainError::Leaks { leaks });
    }
    let model = ChurnModel::new(config, as_of_day, &rows, fitted, chosen, evaluation);
    Ok(model?)
}

pub(crate) fn check_rows(config: &ChurnConfig, rows: &TrainingSet) -> Result<(), TrainError> {
    let (have, need) = (rows.class_counts(), config.rows_min());
    if have.rarer() < need {
        return Err(TrainError::NotEnoughData { have, need });
    }
    Ok(())
}

pub(crate) fn check_set(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
) -> Result<(), TrainError> {
    if let Some(cutoff_day) = set.open_cutoff(config, as_of_day) {
        return Err(TrainError::OpenWindow {
            cutoff_day,
            closes_day: config.window_closes(cutoff_day),
            as_of_day,
        });
    }
    if set.rows() > 0 && set.features().numeric(columns.recency_days).is_none() {
        return Err(TrainError::RecencyColumn {
            name: columns.recency_days.to_owned(),
        });
    }
    Ok(())
}

/// What rows to learn from and rows to try it on lack, if anything. `cutoff` says which the latter
/// are: "the test cut-off".
pub(crate) fn lacking(
    config: &ChurnConfig,
    cutoff: &str,
    test: &TrainingSet,
    training: &TrainingSet,
) -> Option<String> {
    let (have, need) = (training.class_counts(), config.rows_min());
    if test.class_counts().rarer() == 0 {
        let counts = test.class_counts();
        return Some(format!(
            "{cutoff} has {} churned and {} retained rows, needs some of each",
            counts.churned, counts.retained
        ));
    }
    (have.rarer() < need).then(|| {
        format!(
            "the history before {cutoff} is too short: {} churned and {} retained \
             training rows, needs at least {need} of each",
            have.churned, have.retained
        )
    })
}
