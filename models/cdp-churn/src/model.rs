//! The immutable artefact: everything that scoring, explaining and auditing need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::evaluation::EvaluationResult;
use crate::feature_spec::{FeatureSpec, SpecError};
use crate::feature_table::{FeatureKind, FeatureTable};
use crate::logit::{log_odds, logistic};
use crate::settings::{ModelSettings, feature_changes};
use crate::train::Fitted;
use crate::training_set::TrainingSet;

/// The version of the JSON form that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 3;

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
    /// The table does not fit the model.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// The weight of one column of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    /// Name of the column, see [`crate::OutputColumn`].
    pub column: String,
    /// Log-odds of churn per unit of the column.
    pub weight: f64,
    /// Mean of the column over the training rows.
    pub mean: f64,
}

/// A trained model. It never changes; another training makes another model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChurnModel {
    format_version: u32,
    as_of_day: i32,
    settings: ModelSettings,
    training_cutoff_days: Vec<i32>,
    training: ClassCounts,
    base_rate: f64,
    feature_fingerprint: String,
    spec: FeatureSpec,
    intercept: f64,
    coefficients: Vec<Coefficient>,
    gradient: f64,
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
        evaluation: EvaluationResult,
    ) -> Self {
        let training = rows.class_counts();
        let columns = fitted.spec.output_columns().into_iter();
        let weights = fitted.logit.weights();
        let coefficients = columns
            .zip(weights)
            .zip(fitted.means)
            .map(|((column, &weight), mean)| Coefficient {
                column: column.name,
                weight,
                mean,
            })
            .collect();
        Self {
            format_version: FORMAT_VERSION,
            as_of_day,
            settings: ModelSettings::of(config),
            training_cutoff_days: rows.distinct_cutoffs(),
            training,
            base_rate: training.churned as f64 / training.rows() as f64,
            feature_fingerprint: fitted.spec.fingerprint(),
            intercept: fitted.logit.intercept(),
            coefficients,
            gradient: fitted.logit.gradient(),
            spec: fitted.spec,
            evaluation,
        }
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
        model.check_coefficients()?;
        Ok(model)
    }

    /// The name of the model: `m_` and the first 16 hexadecimal digits of the SHA-256 of its JSON.
    pub fn model_id(&self) -> String {
        let hash = format!("{:x}", Sha256::digest(self.to_json()));
        format!("m_{}", &hash[..16])
    }

    /// P(churn) for each row.
    pub fn predict(&self, table: &FeatureTable) -> Result<Vec<f64>, ModelError> {
        let log_odds = self.log_odds(table)?;
        Ok(log_odds.into_iter().map(logistic).collect())
    }

    /// Log-odds of churn for each row.
    pub fn log_odds(&self, table: &FeatureTable) -> Result<Vec<f64>, ModelError> {
        let matrix = self.spec.transform(table)?;
        let weights = self.coefficients.iter().map(|c| c.weight);
        Ok(log_odds(matrix.view(), weights, self.intercept).to_vec())
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

    /// Takes the columns that the model was not trained on out of a table, and gives their names.
    pub fn take_unknown(&self, table: &mut FeatureTable) -> Vec<String> {
        let known = |name: &str| self.spec.columns().iter().any(|spec| spec.name == name);
        table.take_out(|name| !known(name))
    }

    /// The cut-offs of the training rows, oldest first, in days since 1970-01-01.
    pub fn training_cutoff_days(&self) -> &[i32] {
        &self.training_cutoff_days
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

    /// Log-odds of churn where every column of the matrix is zero.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The weights, in the order of [`FeatureSpec::output_columns`].
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// Largest entry of the gradient of the penalised mean loss at the fit.
    pub fn gradient(&self) -> f64 {
        self.gradient
    }

    /// How good a model of this kind was on the newest cut-off whose outcome was known.
    pub fn evaluation(&self) -> &EvaluationResult {
        &self.evaluation
    }

    fn check_coefficients(&self) -> Result<(), ModelError> {
        let expected = self.spec.output_columns();
        let count = expected.len().max(self.coefficients.len());
        for index in 0..count {
            let expected = expected.get(index).map_or("", |column| &column.name);
            let found = self.coefficients.get(index).map_or("", |c| &c.column);
            if expected != found {
                return Err(ModelError::Coefficient {
                    index,
                    found: found.to_owned(),
                    expected: expected.to_owned(),
                });
            }
        }
        Ok(())
    }
}
