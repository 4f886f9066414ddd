//! Training: a final fit on the newest closed cut-offs, and an evaluation on an earlier footing
//! that is honest in time.

use linfa::DatasetBase;
use linfa::prelude::{Fit, ParamGuard};
use ndarray::{Array1, Axis};

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::evaluation::{Evaluation, EvaluationResult};
use crate::feature_spec::{FeatureSpec, SpecError};
use crate::hiatus::{HiatusEvaluation, HiatusRule};
use crate::logit::{ChurnLogit, ChurnLogitParams, FitError};
use crate::metrics::{MetricError, Metrics};
use crate::model::ChurnModel;
use crate::training_set::TrainingSet;

/// L-BFGS comes near in so many iterations, and Newton's steps then end what it would creep to.
const ITERATIONS_MAX: u64 = 40;
const NEWTON_STEPS_MAX: usize = 25;

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

/// Fits the model of `as_of_day` on the newest closed cut-offs and evaluates its kind.
///
/// The set should hold the rows of [`ChurnConfig::all_cutoffs`]; rows of other closed cut-offs are
/// not used. `recency_column` names the feature that holds the days since the last order.
pub fn train(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    recency_column: &str,
) -> Result<ChurnModel, TrainError> {
    check_set(config, set, as_of_day, recency_column)?;
    let rows = set.at(&config.training_cutoffs(as_of_day));
    let fitted = Fitted::new(config, &rows)?;
    let evaluation = evaluate(config, set, as_of_day, recency_column)?;
    Ok(ChurnModel::new(
        config, as_of_day, &rows, fitted, evaluation,
    ))
}

/// Fits on the cut-offs whose label windows had closed by the newest closed cut-off, and measures
/// there. Too short a history is no error: the result says what was lacking.
pub fn evaluate(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    recency_column: &str,
) -> Result<EvaluationResult, TrainError> {
    check_set(config, set, as_of_day, recency_column)?;
    let cutoffs = config.evaluation_cutoffs(as_of_day);
    let test = set.at(&[cutoffs.test]);
    let training = set.at(&cutoffs.training);
    if let Some(reason) = lacking(config, &test, &training) {
        return Ok(EvaluationResult::NotMeasured { reason });
    }

    let fitted = match Fitted::new(config, &training) {
        Err(TrainError::Fit(FitError::NoFeatures)) => {
            let reason = "no feature varies over the rows before the test cut-off".to_owned();
            return Ok(EvaluationResult::NotMeasured { reason });
        }
        fitted => fitted?,
    };
    let matrix = fitted.spec.transform(test.features())?;
    let probabilities = fitted.logit.predict_proba(&matrix)?.to_vec();
    let base_rate = crate::metrics::base_rate(training.churned())?;
    let recency = |rows: &TrainingSet| -> Vec<f64> {
        let values = rows.features().numeric(recency_column);
        values.unwrap_or_default().to_vec()
    };
    let rule =
        HiatusRule::fit(&recency(&training), training.churned()).ok_or(MetricError::Empty)?;

    Ok(EvaluationResult::Measured(Box::new(Evaluation {
        test_cutoff_day: cutoffs.test,
        test: test.class_counts(),
        training_cutoff_days: training.distinct_cutoffs(),
        training: training.class_counts(),
        model: Metrics::of(test.churned(), &probabilities)?,
        base_rate: Metrics::of(test.churned(), &vec![base_rate; test.rows()])?,
        hiatus: HiatusEvaluation::measure(recency_column, rule, &recency(&test), test.churned())?,
    })))
}

/// A specification and the coefficients fitted on its matrix.
pub(crate) struct Fitted {
    pub(crate) spec: FeatureSpec,
    pub(crate) logit: ChurnLogit,
    /// Mean of each column of the training matrix.
    pub(crate) means: Vec<f64>,
}

impl Fitted {
    fn new(config: &ChurnConfig, rows: &TrainingSet) -> Result<Self, TrainError> {
        let (have, need) = (rows.class_counts(), config.rows_min());
        if have.rarer() < need {
            return Err(TrainError::NotEnoughData { have, need });
        }
        let spec = FeatureSpec::fit(rows.features())?;
        let matrix = spec.transform(rows.features())?;
        let means = matrix
            .axis_iter(Axis(1))
            .map(|column| column.sum() / matrix.nrows() as f64)
            .collect();
        let labels = Array1::from(rows.churned().to_vec());
        let params = ChurnLogitParams::default()
            .l2(config.l2())
            .rows_min(need)
            .iterations_max(ITERATIONS_MAX)
            .newton_steps_max(NEWTON_STEPS_MAX)
            .check()?;
        let logit = params.fit(&DatasetBase::new(matrix, labels))?;
        Ok(Self { spec, logit, means })
    }
}

fn check_set(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    recency_column: &str,
) -> Result<(), TrainError> {
    if let Some(cutoff_day) = set.open_cutoff(config, as_of_day) {
        return Err(TrainError::OpenWindow {
            cutoff_day,
            closes_day: config.window_closes(cutoff_day),
            as_of_day,
        });
    }
    if set.rows() > 0 && set.features().numeric(recency_column).is_none() {
        return Err(TrainError::RecencyColumn {
            name: recency_column.to_owned(),
        });
    }
    Ok(())
}

/// What an evaluation lacks, if anything.
fn lacking(config: &ChurnConfig, test: &TrainingSet, training: &TrainingSet) -> Option<String> {
    let (have, need) = (training.class_counts(), config.rows_min());
    if test.class_counts().rarer() == 0 {
        let counts = test.class_counts();
        return Some(format!(
            "the test cut-off has {} churned and {} retained rows, needs some of each",
            counts.churned, counts.retained
        ));
    }
    (have.rarer() < need).then(|| {
        format!(
            "the history before the test cut-off is too short: {} churned and {} retained \
             training rows, needs at least {need} of each",
            have.churned, have.retained
        )
    })
}
