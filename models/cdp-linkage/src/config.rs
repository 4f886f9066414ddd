//! What a team writes under `[linkage]`, and how a fault in it is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compare::SharedBy;
use crate::people;

/// The purpose whose pairs are evidence.
pub const IDENTITY: &str = "identity";

/// The section `[linkage]`, as written and not yet checked.
///
/// A key that is written replaces its default whole. The defaults know people: names, birth date,
/// e-mail, phone, national id and address, every one of them optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLinkageConfig {
    /// Whether records are linked at all.
    pub enabled: bool,
    /// For how many days trained weights serve, as long as no setting that shapes them changes.
    pub retrain_days: u32,
    /// The match probability from which on a pair serves a purpose, by the name of the purpose. Of
    /// the purpose `identity` pairs are evidence that two records are one. Pairs below the lowest
    /// of them are not kept.
    pub purposes: BTreeMap<String, f64>,
    /// The fields of a record, by name.
    pub fields: BTreeMap<String, RawField>,
    /// How two records are compared: one piece of evidence each.
    pub comparisons: Vec<RawComparison>,
    /// Pairs of fields that are filled in the wrong way round now and then.
    pub swaps: Vec<RawSwap>,
    /// Which pairs are compared at all: those for which all expressions of any one rule agree. An
    /// expression is a field, or `prefix(field, 3)`, `suffix(field, 4)`, `sound(field)`,
    /// `year(field)`, `month_day(field)`, `username(field)`, `domain(field)`, `first_word(field)`;
    /// or two of these with ` = ` between them, such as `given_name = surname`.
    pub blocking: Vec<Vec<String>>,
    /// A block of more records than this is left out and told: its key tells nobody apart.
    pub block_records_max: u64,
    /// Two groups of records are joined only if, on the mean of the pairs between them, they are
    /// one with at least this probability. So one chance resemblance does not weld two people.
    pub bridge_probability: f64,
    /// How the weights are learned.
    pub training: RawTraining,
}

/// One field of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawField {
    /// How values are made comparable: `text`, `name`, `email`, `phone`, `code`, `date`,
    /// `date_month_first`, `number` or `texts`.
    pub kind: String,
    /// Names that the column may have in the data, beside the name of the field itself. Case,
    /// spaces and underscores do not matter.
    pub columns: Vec<String>,
}

/// One comparison of a field of the left record with the same field of the right one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawComparison {
    /// Its name in reports.
    pub name: String,
    /// The field.
    pub field: String,
    /// The levels of agreement, the strongest first. The first that holds counts; below the last
    /// there is always "else". A level is one test or several with ` or ` between them.
    pub levels: Vec<String>,
    /// Whether agreement on a rare value weighs more than on a frequent one.
    pub term_frequency: bool,
    /// Who has the same value without being the same person.
    pub shared_by: SharedBy,
}

/// Two fields whose values may stand in each other's place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSwap {
    /// Its name in reports.
    pub name: String,
    /// The two fields.
    pub fields: [String; 2],
    /// When two values count as alike, written as a level.
    pub alike: String,
    /// Who has the same values without being the same person.
    pub shared_by: SharedBy,
}

/// How the weights are learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTraining {
    /// The probability that two records drawn at random are one. Absent means it is learned.
    pub prior: Option<f64>,
    /// Rules, written as for `blocking`, whose pairs are matches for certain. With these the prior
    /// is estimated as their pairs over `certain_recall`.
    pub certain: Vec<Vec<String>>,
    /// The share of all matches that the certain rules find.
    pub certain_recall: f64,
    /// How many random pairs are drawn at most. A smaller table is compared whole.
    pub sample_pairs_max: u64,
    /// Where the draw begins. The same seed draws the same pairs.
    pub seed: u64,
    /// With fewer records nothing is learned.
    pub records_min: u64,
    /// The most rounds of expectation and maximisation.
    pub iterations_max: u64,
    /// Training has converged when no probability moves by more than this in a round.
    pub tolerance: f64,
}

impl Default for RawLinkageConfig {
    fn default() -> Self {
        let purposes = [(IDENTITY, 0.99), ("review", 0.8)];
        Self {
            enabled: true,
            retrain_days: 30,
            purposes: purposes
                .map(|(name, least)| (name.to_owned(), least))
                .into(),
            fields: people::fields(),
            comparisons: people::comparisons(),
            swaps: people::swaps(),
            blocking: people::blocking(),
            block_records_max: 100,
            bridge_probability: 0.2,
            training: RawTraining::default(),
        }
    }
}

impl Default for RawTraining {
    fn default() -> Self {
        Self {
            prior: None,
            certain: Vec::new(),
            certain_recall: 0.8,
            sample_pairs_max: 500_000,
            seed: 1,
            records_min: 100,
            iterations_max: 200,
            tolerance: 1e-5,
        }
    }
}

/// One thing that is wrong with the section `[linkage]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {problem}, expected {expected}")]
pub struct LinkageFault {
    /// The path of the key at fault, such as `linkage.comparisons[0].levels[1]`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// What would have been right.
    pub expected: String,
}

impl LinkageFault {
    pub(crate) fn new(
        key: impl Into<String>,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
            expected: expected.into(),
        }
    }
}
