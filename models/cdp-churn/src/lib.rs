//! Churn prediction over features: a fitted feature specification, a guarded logistic fit, exact
//! metrics, reasons that add up, and an immutable artefact that holds them all.
//!
//! The crate is pure. It reads no file, no clock and no environment; days are handed in as days
//! since 1970-01-01, tables as columns. The same rows give the same model, in whatever order they
//! come.
//!
//! The way through it: [`ChurnConfig`] says which cut-offs are wanted, the caller puts their rows
//! into a [`TrainingSet`], [`train`] makes a [`ChurnModel`], and that predicts and explains any
//! [`FeatureTable`] of the same columns.

mod class_counts;
mod config;
mod cutoff;
mod encoding;
mod evaluation;
mod feature_spec;
mod feature_table;
mod hiatus;
mod logit;
pub mod metrics;
mod model;
mod newton;
mod reasons;
mod settings;
mod train;
mod training_set;

pub use class_counts::ClassCounts;
pub use config::{ChurnConfig, ChurnFault, RawChurnConfig, RawRiskBands, RiskBand};
pub use cutoff::EvaluationCutoffs;
pub use encoding::{CategoricalEncoding, Encoding, Level, LevelShare, NumericEncoding};
pub use evaluation::{Evaluation, EvaluationResult};
pub use feature_spec::{ColumnSpec, FeatureSpec, OutputColumn, SpecError};
pub use feature_table::{FeatureColumn, FeatureKind, FeatureTable, FeatureTableError};
pub use hiatus::{HiatusEvaluation, HiatusRule};
pub use logit::{ChurnLogit, ChurnLogitParams, FitError, ValidChurnLogitParams};
pub use metrics::{BrierParts, CoxCalibration, Grade, MetricError, Metrics};
pub use model::{ChurnModel, Coefficient, FORMAT_VERSION, ModelError};
pub use reasons::{Contributions, Direction, Reason};
pub use settings::ModelSettings;
pub use train::{TrainError, evaluate, train};
pub use training_set::{TrainingSet, TrainingSetError};
