//! Rows to learn from, and what is learned from them.

use std::cell::OnceCell;

use linfa::prelude::ParamGuard;
use ndarray::{Array1, Array2};

use crate::boosted::{BoostedTrees, Boosting, Labelled};
use crate::config::ChurnConfig;
use crate::cutoff_effects::CutoffEffects;
use crate::feature_spec::FeatureSpec;
use crate::logistic::LogisticModel;
use crate::logit::ChurnLogitParams;
use crate::model_kind::ModelKind;
use crate::order_baseline::BaselineColumns;
use crate::order_feature::OrderFeature;
use crate::scorer::Scorer;
use crate::solver::LogitRows;
use crate::train::{TrainError, check_rows};
use crate::training_set::TrainingSet;
use crate::tuning::Penalty;

/// What is to be learned: the settings, and which features tell of orders.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'p> {
    pub(crate) config: &'p ChurnConfig,
    pub(crate) columns: &'p BaselineColumns<'p>,
}

/// How a model is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) kind: ModelKind,
    pub(crate) penalty: Penalty,
    pub(crate) boosting: Boosting,
    /// How many cut-offs are learned from at most.
    pub(crate) stacked: usize,
    /// Whether they have effects of their own.
    pub(crate) effects: bool,
}

impl Recipe {
    /// The rows that it learns from, of cut-offs in their order, newest first.
    pub(crate) fn rows(&self, set: &TrainingSet, days: &[i32]) -> TrainingSet {
        set.at(&days[..days.len().min(self.stacked)])
    }
}

/// Rows and the specification fitted on them.
pub(crate) struct Lesson<'l> {
    problem: Problem<'l>,
    rows: &'l TrainingSet,
    spec: FeatureSpec,
    /// NaN where a number is missing.
    matrix: Array2<f64>,
    /// The same without gaps, once it has been asked for.
    imputed: OnceCell<Array2<f64>>,
    /// What the rows of a cut-off share, which is not for features to explain.
    effects: CutoffEffects,
    /// The effect of the cut-off of each row; nothing where there are none.
    offset: Option<Array1<f64>>,
}

impl<'l> Lesson<'l> {
    /// `with_effects` says whether cut-offs have effects of their own.
    pub(crate) fn new(
        problem: Problem<'l>,
        rows: &'l TrainingSet,
        with_effects: bool,
    ) -> Result<Self, TrainError> {
        check_rows(problem.config, rows)?;
        let orders = OrderFeature::fit(problem.config, problem.columns, rows);
        let spec = FeatureSpec::fit_with(rows.features(), orders)?;
        let matrix = spec.matrix_of(rows)?;
        let mut lesson = Self {
            problem,
            rows,
            spec,
            matrix,
            imputed: OnceCell::new(),
            effects: CutoffEffects::default(),
            offset: None,
        };
        if with_effects {
            let imputed = lesson.imputed();
            lesson.effects = CutoffEffects::of(imputed, rows.churned(), rows.cutoff_days())?;
            lesson.offset = lesson.effects.offset(rows.cutoff_days());
        }
        Ok(lesson)
    }

    pub(crate) fn logistic(&self, penalty: Penalty) -> Result<LogisticModel, TrainError> {
        let l2 = penalty.summed(self.rows.rows());
        let params = ChurnLogitParams::default()
            .l2(l2)
            .solver(self.problem.config.solver())
            .rows_min(self.problem.config.rows_min())
            .check()?;
        let labels = Array1::from(self.rows.churned().to_vec());
        let matrix = self.imputed();
        let logit = params.fit_rows(&LogitRows {
            matrix: matrix.view(),
            labels: labels.view(),
            weights: None,
            offset: self.offset.as_ref().map(Array1::view),
        })?;
        Ok(LogisticModel::new(&self.spec, &logit, matrix, l2))
    }

    /// Whether the rows call for effects of cut-offs.
    pub(crate) fn wants_effects(&self) -> Result<bool, TrainError> {
        let (churned, days) = (self.rows.churned(), self.rows.cutoff_days());
        Ok(CutoffEffects::are_wanted(self.imputed(), churned, days)?)
    }

    fn imputed(&self) -> &Array2<f64> {
        self.imputed.get_or_init(|| {
            let mut matrix = self.matrix.clone();
            self.spec.impute(&mut matrix);
            matrix
        })
    }

    pub(crate) fn boosted(&self, size: Boosting) -> Result<BoostedTrees, TrainError> {
        Ok(BoostedTrees::fit(self.labelled(), size)?)
    }

    fn labelled(&self) -> Labelled<'_> {
        Labelled {
            matrix: &self.matrix,
            churned: self.rows.churned(),
            offset: self.offset.as_ref().map(Array1::view),
        }
    }

    /// Trees of each depth, as many as foretell later rows best.
    pub(crate) fn boosted_watching(
        &self,
        later: &TrainingSet,
        depths: &[usize],
    ) -> Result<Vec<BoostedTrees>, TrainError> {
        let of_later = self.spec.matrix_of(later)?;
        let rows = self.labelled();
        let later = Labelled {
            matrix: &of_later,
            churned: later.churned(),
            offset: None,
        };
        let fits = depths
            .iter()
            .map(|depth| BoostedTrees::fit_watching(rows, later, *depth));
        Ok(fits.collect::<Result<_, _>>()?)
    }

    pub(crate) fn scorer(&self, recipe: Recipe) -> Result<Scorer, TrainError> {
        Ok(match recipe.kind {
            ModelKind::Logistic => Scorer::Logistic(self.logistic(recipe.penalty)?),
            ModelKind::Boosted => Scorer::Boosted(self.boosted(recipe.boosting)?),
            ModelKind::Blend => Scorer::Blend(
                self.logistic(recipe.penalty)?,
                self.boosted(recipe.boosting)?,
            ),
        })
    }

    /// The log-odds of rows that were not learned from.
    pub(crate) fn log_odds(
        &self,
        scorer: &Scorer,
        rows: &TrainingSet,
    ) -> Result<Vec<f64>, TrainError> {
        Ok(scorer.log_odds(&self.spec, self.spec.matrix_of(rows)?))
    }

    pub(crate) fn into_parts(self) -> (FeatureSpec, CutoffEffects) {
        (self.spec, self.effects)
    }
}

/// A specification and what was fitted on its matrix.
pub(crate) struct Fitted {
    pub(crate) spec: FeatureSpec,
    pub(crate) scorer: Scorer,
    pub(crate) effects: CutoffEffects,
}

impl Fitted {
    pub(crate) fn new(
        problem: Problem<'_>,
        rows: &TrainingSet,
        recipe: Recipe,
    ) -> Result<Self, TrainError> {
        let lesson = Lesson::new(problem, rows, recipe.effects)?;
        let scorer = lesson.scorer(recipe)?;
        let (spec, effects) = lesson.into_parts();
        Ok(Self {
            spec,
            scorer,
            effects,
        })
    }

    /// The log-odds of each row, not calibrated.
    pub(crate) fn log_odds(&self, rows: &TrainingSet) -> Result<Vec<f64>, TrainError> {
        Ok(self.scorer.log_odds(&self.spec, self.spec.matrix_of(rows)?))
    }
}
