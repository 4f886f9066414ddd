//! How good a model of this kind was on the newest cut-off whose outcome is known.

use cdp_btyd::OrderModelKind;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::group::{self, GroupMetrics};
use crate::hiatus::{HiatusEvaluation, HiatusRule};
use crate::leak::permuted_roc_auc;
use crate::lesson::{Fitted, Lesson, Problem, Recipe};
use crate::metrics::{Curves, Intervals, MetricError, Metrics, bootstrap};
use crate::model_kind::ModelKind;
use crate::order_baseline::{BaselineColumns, OrderBaseline, measure_all};
use crate::train::{TrainError, check_set, lacking};
use crate::training_set::TrainingSet;
use crate::tuning::{ByKind, tune, with_blend};

/// Cut-offs before the test one that are measured too.
const EARLIER: usize = 2;

/// A measurement, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationResult {
    /// What was measured.
    Measured(Box<Evaluation>),
    /// Nothing was measured.
    NotMeasured {
        /// Why not, as a clause: "no rows at the test cut-off".
        reason: String,
    },
}

impl EvaluationResult {
    /// What was measured, if it was.
    pub fn measured(&self) -> Option<&Evaluation> {
        match self {
            Self::Measured(evaluation) => Some(evaluation),
            Self::NotMeasured { .. } => None,
        }
    }

    /// Why nothing was measured, if so.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Measured(_) => None,
            Self::NotMeasured { reason } => Some(reason),
        }
    }
}

/// Metrics on the test cut-off of a model fitted on cut-offs whose label windows had closed by
/// then, and of baselines: two fitted on the same rows, and models of orders that need no label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The test cut-off, in days since 1970-01-01.
    pub test_cutoff_day: i32,
    /// Rows at the test cut-off.
    pub test: ClassCounts,
    /// The training cut-offs that had rows, oldest first.
    pub training_cutoff_days: Vec<i32>,
    /// Rows at the training cut-offs.
    pub training: ClassCounts,
    /// How its scores were calibrated, as chosen by the test cut-off.
    pub calibration: Calibration,
    /// The kind of model that was chosen by the test cut-off.
    pub kind: ModelKind,
    /// The model.
    pub model: Metrics,
    /// The model before its scores were calibrated; nothing when they are as fitted.
    pub uncalibrated: Option<Metrics>,
    /// Every kind of model that was tried, as fitted.
    pub kinds: Vec<KindMetrics>,
    /// The area under the ROC curve of such a model that learned from outcomes dealt out at random,
    /// asked about such outcomes: one half, but for chance.
    pub permuted_roc_auc: Option<f64>,
    /// Models made like this one at the cut-offs before the test one, as fitted, newest first.
    pub earlier: Vec<CutoffMetrics>,
    /// The churn rate of the training rows, given to every row.
    pub base_rate: Metrics,
    /// The best hiatus rule of the training rows.
    pub hiatus: HiatusEvaluation,
    /// Models that know orders alone, fitted on what was known at the test cut-off.
    pub order_models: Vec<OrderBaseline>,
    /// How sure the figures of the model are, and its gain over the best baseline.
    pub intervals: Intervals,
    /// The baseline with the smallest log loss, which the gain is over.
    pub best_baseline: String,
    /// The curves of the model.
    pub curves: Curves,
    /// Those of the best baseline.
    pub baseline_curves: Curves,
    /// The model for parts of the customers.
    pub groups: Vec<GroupMetrics>,
}

/// A model at one cut-off, as fitted on those that had closed by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffMetrics {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// Rows there.
    pub rows: ClassCounts,
    /// How good it is before any calibration.
    pub metrics: Metrics,
}

/// One kind of model, as fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindMetrics {
    /// Which.
    pub kind: ModelKind,
    /// How good it is before any calibration.
    pub metrics: Metrics,
}

impl Evaluation {
    /// The model of orders with the smallest log loss, if any could be fitted.
    pub fn best_order_model(&self) -> Option<(OrderModelKind, &Metrics)> {
        let fitted = self.order_models.iter();
        let fitted = fitted.filter_map(|baseline| Some((baseline.kind, baseline.metrics()?)));
        fitted.min_by(|a, b| a.1.log_loss.total_cmp(&b.1.log_loss))
    }

    /// By how much the model's log loss is below that of the best baseline.
    pub fn gain(&self) -> f64 {
        let simple = [&self.base_rate, &self.hiatus.metrics];
        let orders = self.order_models.iter().filter_map(OrderBaseline::metrics);
        let losses = simple.into_iter().chain(orders).map(|m| m.log_loss);
        losses.fold(f64::INFINITY, f64::min) - self.model.log_loss
    }

    /// Whether the model's log loss is below that of every baseline.
    pub fn beats_baselines(&self) -> bool {
        self.gain() > 0.0
    }
}

/// Fits on the cut-offs whose label windows had closed by the newest closed cut-off, and measures
/// there. Too short a history is no error: the result says what was lacking.
pub fn evaluate(
    config: &ChurnConfig,
    set: &TrainingSet,
    as_of_day: i32,
    columns: &BaselineColumns<'_>,
) -> Result<EvaluationResult, TrainError> {
    check_set(config, set, as_of_day, columns)?;
    let cutoffs = config.evaluation_cutoffs(as_of_day);
    let test = set.at(&[cutoffs.test]);
    let training = set.at(&cutoffs.training);
    if let Some(reason) = lacking(config, "the test cut-off", &test, &training) {
        return Ok(EvaluationResult::NotMeasured { reason });
    }

    let problem = Problem { config, columns };
    let chosen = tune(problem, set, cutoffs.test)?;
    let training = chosen.recipe.rows(set, &cutoffs.training);
    let told = match tell_by_kind(problem, &training, &test, chosen.recipe) {
        Err(error) if error.is_no_features() => {
            let reason = "no feature varies over the rows before the test cut-off".to_owned();
            return Ok(EvaluationResult::NotMeasured { reason });
        }
        told => told?,
    };
    let kind = chosen.recipe.kind;
    let probabilities = |calibration: &Calibration, log_odds: &[f64]| -> Vec<f64> {
        let told = log_odds.iter().map(|z| calibration.probability(*z));
        told.collect()
    };
    let kinds = told.iter().map(|(kind, log_odds)| {
        Ok(KindMetrics {
            kind: *kind,
            metrics: Metrics::of(test.churned(), &probabilities(&Calibration::None, log_odds))?,
        })
    });
    let kinds = kinds.collect::<Result<Vec<_>, MetricError>>()?;
    let is_calibrated = chosen.calibration != Calibration::None;
    let uncalibrated = kinds.iter().find(|of_kind| of_kind.kind == kind);
    let uncalibrated = uncalibrated
        .filter(|_| is_calibrated)
        .map(|of| of.metrics.clone());
    let log_odds = told.iter().find(|(of_kind, _)| *of_kind == kind);
    let log_odds = log_odds.map_or(&[][..], |(_, log_odds)| log_odds);
    let probabilities = probabilities(&chosen.calibration, log_odds);
    let baselines = Baselines::measure(config, &training, &test, columns)?;
    let churned = test.churned();
    Ok(EvaluationResult::Measured(Box::new(Evaluation {
        test_cutoff_day: cutoffs.test,
        test: test.class_counts(),
        training_cutoff_days: training.distinct_cutoffs(),
        training: training.class_counts(),
        kind,
        model: Metrics::of(churned, &probabilities)?,
        uncalibrated,
        kinds,
        permuted_roc_auc: permuted_roc_auc(problem, &training, &test, chosen.recipe)?,
        earlier: earlier(problem, set, as_of_day, chosen.recipe)?,
        calibration: chosen.calibration,
        base_rate: baselines.base_rate,
        hiatus: baselines.hiatus,
        order_models: baselines.order_models,
        intervals: bootstrap(churned, &probabilities, &baselines.best.1)?,
        best_baseline: baselines.best.0,
        curves: Curves::of(churned, &probabilities)?,
        baseline_curves: Curves::of(churned, &baselines.best.1)?,
        groups: group::measure(config, columns, test.features(), churned, &probabilities)?,
    })))
}

/// What each kind that is tried tells the test rows, as fitted; its other choices are those of a
/// recipe.
fn tell_by_kind(
    problem: Problem<'_>,
    training: &TrainingSet,
    test: &TrainingSet,
    recipe: Recipe,
) -> Result<ByKind, TrainError> {
    let lesson = Lesson::new(problem, training, recipe.effects)?;
    let mut told = ByKind::new();
    for kind in problem.config.models() {
        let scorer = lesson.scorer(Recipe {
            kind: *kind,
            ..recipe
        })?;
        told.push((*kind, lesson.log_odds(&scorer, test)?));
    }
    Ok(with_blend(told))
}

/// Models at the cut-offs before the test one, where there is enough to learn from and to measure on.
fn earlier(
    problem: Problem<'_>,
    set: &TrainingSet,
    as_of_day: i32,
    recipe: Recipe,
) -> Result<Vec<CutoffMetrics>, TrainError> {
    let config = problem.config;
    let mut measured = Vec::new();
    for cutoffs in config
        .level_cutoffs(as_of_day)
        .into_iter()
        .skip(1)
        .take(EARLIER)
    {
        let training = recipe.rows(set, &cutoffs.training);
        let test = set.at(&[cutoffs.test]);
        if lacking(config, "a cut-off", &test, &training).is_some() {
            continue;
        }
        let log_odds = match Fitted::new(problem, &training, recipe) {
            Err(error) if error.is_no_features() => continue,
            fitted => fitted?.log_odds(&test)?,
        };
        let told = log_odds.iter().map(|z| Calibration::None.probability(*z));
        measured.push(CutoffMetrics {
            cutoff_day: cutoffs.test,
            rows: test.class_counts(),
            metrics: Metrics::of(test.churned(), &told.collect::<Vec<f64>>())?,
        });
    }
    Ok(measured)
}

/// What a model has to beat.
struct Baselines {
    base_rate: Metrics,
    hiatus: HiatusEvaluation,
    order_models: Vec<OrderBaseline>,
    /// The name of the best, and what it told the rows.
    best: (String, Vec<f64>),
}

impl Baselines {
    fn measure(
        config: &ChurnConfig,
        training: &TrainingSet,
        test: &TrainingSet,
        columns: &BaselineColumns<'_>,
    ) -> Result<Self, TrainError> {
        let recency = |rows: &TrainingSet| -> Vec<f64> {
            let values = rows.features().numeric(columns.recency_days);
            values.unwrap_or_default().to_vec()
        };
        let churned = test.churned();
        let rate = crate::metrics::base_rate(training.churned())?;
        let of_rate = vec![rate; test.rows()];
        let base_rate = Metrics::of(churned, &of_rate)?;
        let rule =
            HiatusRule::fit(&recency(training), training.churned()).ok_or(MetricError::Empty)?;
        let of_rule = rule.predict(&recency(test));
        let hiatus =
            HiatusEvaluation::measure(columns.recency_days, rule, &recency(test), churned)?;
        let silent = format!("silent for {} days", rule.silent_from);
        let mut told = vec![
            ("the base rate".to_owned(), base_rate.log_loss, of_rate),
            (silent, hiatus.metrics.log_loss, of_rule),
        ];
        let mut order_models = Vec::new();
        for (baseline, of_orders) in measure_all(config, columns, test.features(), churned, rate)? {
            if let Some(metrics) = baseline.metrics() {
                told.push((baseline.kind.name().to_owned(), metrics.log_loss, of_orders));
            }
            order_models.push(baseline);
        }
        let best = told.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let (name, _, told) = best.ok_or(MetricError::Empty)?;
        Ok(Self {
            base_rate,
            hiatus,
            order_models,
            best: (name, told),
        })
    }
}
