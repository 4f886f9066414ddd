//! The immutable artefact: everything that scoring, explaining and auditing need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calibration::Calibration;
use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::cutoff_effects::CutoffEffects;
use crate::evaluation::EvaluationResult;
use crate::feature_spec::{FeatureSpec, SpecError};
use crate::feature_table::{FeatureKind, FeatureTable};
use crate::importance::{Importance, importance};
use crate::lesson::Fitted;
use crate::model_kind::ModelKind;
use crate::scorer::Scorer;
use crate::settings::{ModelSettings, feature_changes};
use crate::training_set::TrainingSet;
use crate::tuning::{Chosen, TuningResult};

/// The version of the JSON form that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 9;

/// Why a model cannot be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The text is not the JSON of a model.
    #[error("not a churn model: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version of this crate wrote it.
    #[error("churn model of format version {found}, expected {FORMAT_VERSION}: train it again")]
    FormatVersion {
        /// The version of the model.
        found: u32,
    },
    /// Its specification is not the one that it was trained with.
    #[error(
        "feature fingerprint `{stored}` does not match its specification's `{computed}`: the model was changed after training"
    )]
    Fingerprint {
        /// The fingerprint that is written in the model.
        stored: String,
        /// The fingerprint of its specification.
        computed: String,
    },
    /// Its coefficients are not those of its specification.
    #[error(
        "coefficient {index} is for `{found}`, its specification has `{expected}` there: the model was changed after training"
    )]
    Coefficient {
        /// Index of the first coefficient that differs.
        index: usize,
        /// The column it is for; empty when there is none.
        found: String,
        /// The column of the specification; empty when there is none.
        expected: String,
    },
    /// Its trees are no trees over the columns of its specification.
    #[error(
        "its trees do not end, or ask about other than the {columns} columns of its specification: the model was changed after training"
    )]
    Trees {
        /// Columns of the matrix.
        columns: usize,
    },
    /// The table does not fit the model.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// A trained model. It never changes; another training makes another model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChurnModel {
    format_version: u32,
    as_of_day: i32,
    settings: ModelSettings,
    training_cutoff_days: Vec<i32>,
    cutoff_effects: CutoffEffects,
    training: ClassCounts,
    base_rate: f64,
    feature_fingerprint: String,
    spec: FeatureSpec,
    scorer: Scorer,
    importance: Vec<Importance>,
    calibration: Calibration,
    tuning: TuningResult,
    evaluation: EvaluationResult,
}

/// The part of the JSON that every version has.
#[derive(Deserialize)]
struct Header {
    format_version: u32,
}

impl ChurnModel {
    pub(crate) fn new(
        config: &ChurnConfig,
        as_of_day: i32,
        rows: &TrainingSet,
        fitted: Fitted,
        chosen: Chosen,
        evaluation: EvaluationResult,
    ) -> Result<Self, SpecError> {
        let importance = importance(&fitted.scorer, &fitted.spec, rows.features())?;
        let training = rows.class_counts();
        Ok(Self {
            format_version: FORMAT_VERSION,
            as_of_day,
            settings: ModelSettings::of(config),
            training_cutoff_days: rows.distinct_cutoffs(),
            cutoff_effects: fitted.effects,
            training,
            base_rate: training.churned as f64 / training.rows() as f64,
            feature_fingerprint: fitted.spec.fingerprint(),
            importance,
            spec: fitted.spec,
            scorer: fitted.scorer,
            calibration: chosen.calibration,
            tuning: chosen.tuning,
            evaluation,
        })
    }

    /// The canonical JSON of the model: the same model gives the same bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a model is plain data with finite numbers")
    }

    /// Reads what [`ChurnModel::to_json`] wrote. A model of another format version, or one whose
    /// parts do not belong together, is refused.
    pub fn from_json(json: &str) -> Result<Self, ModelError> {
        let header: Header = serde_json::from_str(json)?;
        if header.format_version != FORMAT_VERSION {
            return Err(ModelError::FormatVersion {
                found: header.format_version,
            });
        }
        let model: Self = serde_json::from_str(json)?;
        let computed = model.spec.fingerprint();
        if model.feature_fingerprint != computed {
            return Err(ModelError::Fingerprint {
                stored: model.feature_fingerprint,
                computed,
            });
        }
        model.check_scorer()?;
        Ok(model)
    }

    /// The name of the model: `m_` and the first 16 hexadecimal digits of the SHA-256 of its JSON.
    pub fn model_id(&self) -> String {
        let hash = format!("{:x}", Sha256::digest(self.to_json()));
        format!("m_{}", &hash[..16])
    }

    /// P(churn) for each row, calibrated.
    pub fn predict(&self, table: &FeatureTable) -> Result<Vec<f64>, ModelError> {
        let log_odds = self.log_odds(table)?.into_iter();
        Ok(log_odds.map(|z| self.calibration.probability(z)).collect())
    }

    /// Log-odds of churn for each row as fitted: what [`ChurnModel::contributions`] add up to.
    pub fn log_odds(&self, table: &FeatureTable) -> Result<Vec<f64>, ModelError> {
        Ok(self.scorer.log_odds(&self.spec, self.spec.matrix(table)?))
    }

    /// The day for which the model was trained, in days since 1970-01-01.
    pub fn as_of_day(&self) -> i32 {
        self.as_of_day
    }

    /// The settings that it was trained with.
    pub fn settings(&self) -> &ModelSettings {
        &self.settings
    }

    /// Why a training of today would make another kind of model: the features that came, went or
    /// changed their kind, and the settings that differ. Empty when it would not.
    pub fn changes(
        &self,
        config: &ChurnConfig,
        features: &BTreeMap<String, FeatureKind>,
    ) -> Vec<String> {
        let mut changes = feature_changes(&self.spec, features);
        changes.extend(self.settings.changes(&ModelSettings::of(config)));
        changes
    }

    /// Whether another model came about in the same way: the same settings and the same features.
    pub fn is_recipe_of(&self, other: &Self) -> bool {
        self.settings == other.settings && self.feature_fingerprint == other.feature_fingerprint
    }

    /// Takes the columns that the model was not trained on out of a table, and gives their names.
    pub fn take_unknown(&self, table: &mut FeatureTable) -> Vec<String> {
        let known = |name: &str| self.spec.columns().iter().any(|spec| spec.name == name);
        table.take_out(|name| !known(name))
    }

    /// The cut-offs of the training rows, oldest first, in days since 1970-01-01.
    pub fn training_cutoff_days(&self) -> &[i32] {
        &self.training_cutoff_days
    }

    /// What the rows of each of these share beyond what their features tell.
    pub fn cutoff_effects(&self) -> &CutoffEffects {
        &self.cutoff_effects
    }

    /// How many training rows of each class there were.
    pub fn training(&self) -> ClassCounts {
        self.training
    }

    /// Share of the training rows that churned.
    pub fn base_rate(&self) -> f64 {
        self.base_rate
    }

    /// See [`FeatureSpec::fingerprint`].
    pub fn feature_fingerprint(&self) -> &str {
        &self.feature_fingerprint
    }

    /// How the features are encoded.
    pub fn spec(&self) -> &FeatureSpec {
        &self.spec
    }

    /// What turns features into log-odds.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// What kind of model it is.
    pub fn kind(&self) -> ModelKind {
        self.scorer.kind()
    }

    /// How much each feature moves scores, the strongest first; those that move none are not among
    /// them.
    pub fn importance(&self) -> &[Importance] {
        &self.importance
    }

    /// What is done to the log-odds of the fit.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// What was chosen for the fit, and how.
    pub fn tuning(&self) -> &TuningResult {
        &self.tuning
    }

    /// How good a model of this kind was on the newest cut-off whose outcome was known.
    pub fn evaluation(&self) -> &EvaluationResult {
        &self.evaluation
    }

    /// The parts of the scorer are those of the specification.
    fn check_scorer(&self) -> Result<(), ModelError> {
        let logistic = self.scorer.logistic();
        if let Some(misplaced) = logistic.and_then(|logistic| logistic.misplaced(&self.spec)) {
            let (index, found, expected) = misplaced;
            return Err(ModelError::Coefficient {
                index,
                found,
                expected,
            });
        }
        let columns = self.spec.output_columns().len();
        match self.scorer.boosted() {
            Some(boosted) if !boosted.is_sound(columns) => Err(ModelError::Trees { columns }),
            _ => Ok(()),
        }
    }
}
