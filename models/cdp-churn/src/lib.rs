//! Churn prediction over features: a fitted feature specification, a guarded logistic fit, exact
//! metrics, reasons that add up, and an immutable artefact that holds them all.
//!
//! The crate is pure. It reads no file, no clock and no environment; days are handed in as days
//! since 1970-01-01, tables as columns. The same rows give the same model, in whatever order they
//! come.
//!
//! The way through it: [`ChurnConfig`] says which cut-offs are wanted, the caller puts their rows
//! into a [`TrainingSet`], [`train`] makes a [`ChurnModel`], and that predicts and explains any
//! [`FeatureTable`] of the same columns. [`compare`] tells whether one model may take the place of
//! another.

mod boosted;
mod calibration;
mod class_counts;
mod comparison;
mod config;
mod contest;
mod cutoff;
mod cutoff_effects;
mod definition;
mod drift;
mod encoding;
mod evaluation;
mod fallback;
mod feature_spec;
mod feature_table;
mod fit_error;
mod framing;
mod group;
mod hiatus;
mod horizon;
mod importance;
mod leak;
mod lesson;
mod logistic;
mod logit;
pub mod metrics;
mod model;
mod model_kind;
mod order_baseline;
mod order_feature;
mod promotion;
mod raw_config;
mod reasons;
mod risk_band;
mod scorer;
mod settings;
mod solver;
mod sufficiency;
mod train;
mod training_set;
mod tuning;

pub use boosted::{BoostedTrees, Boosting, Split, Tree, TreeNode, TreeStep};
pub use calibration::{Calibration, CalibrationMethod, CalibrationTrial, Knot};
pub use class_counts::ClassCounts;
pub use comparison::{Comparison, Guard, Verdict, compare};
pub use config::{ChurnConfig, ChurnFault};
pub use contest::{Basis, Contest, ContestResult, Contestant, Foretold, contest, foretell};
pub use cutoff::EvaluationCutoffs;
pub use cutoff_effects::{CutoffEffect, CutoffEffects};
pub use definition::RawDefinition;
pub use drift::{Drift, DriftBaseline, DriftCount, DriftLevel};
pub use encoding::{CategoricalEncoding, Encoding, Level, LevelShare, NumericEncoding, Transform};
pub use evaluation::{CutoffMetrics, Evaluation, EvaluationResult, KindMetrics, evaluate};
pub use fallback::{Fallback, RecencyFrequency};
pub use feature_spec::{ColumnSpec, FeatureSpec, OutputColumn, SpecError};
pub use feature_table::{FeatureColumn, FeatureKind, FeatureTable, FeatureTableError};
pub use fit_error::FitError;
pub use framing::{ChurnKind, Framing};
pub use group::GroupMetrics;
pub use hiatus::{HiatusEvaluation, HiatusRule};
pub use horizon::{Horizon, RawHorizon, advised_horizon, chosen_horizon};
pub use importance::Importance;
pub use leak::{Leak, tripwires};
pub use logistic::{Coefficient, LogisticModel};
pub use logit::{ChurnLogit, ChurnLogitParams, FitReport, ValidChurnLogitParams};
pub use metrics::{
    BrierParts, CalibrationBin, CoxCalibration, Curves, Gain, Grade, Interval, Intervals,
    MetricError, Metrics, RocPoint,
};
pub use model::{ChurnModel, FORMAT_VERSION, ModelError};
pub use model_kind::ModelKind;
pub use order_baseline::{BaselineColumns, OrderBaseline, OrderBaselineResult};
pub use order_feature::OrderFeature;
pub use promotion::{Champion, Promote, Promotion, judge};
pub use raw_config::RawChurnConfig;
pub use reasons::{Contributions, Direction, Reason};
pub use risk_band::{RawRiskBands, RiskBand};
pub use scorer::Scorer;
pub use settings::ModelSettings;
pub use solver::{LogitRows, Solver};
pub use sufficiency::{CutoffRows, Silence, SufficesOn, Supply, silences};
pub use train::{TrainError, train};
pub use training_set::{TrainingSet, TrainingSetError};
pub use tuning::{
    BoostingTrial, CalibrationTrials, KindTrial, L2Trial, LevelTrial, StackTrial, Tuning,
    TuningResult,
};
