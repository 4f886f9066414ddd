//! The trained weights: what each level of each comparison says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::PRIOR_MAX;
use crate::checked::LinkageConfig;
use crate::compare::{Evidence, SharedBy};
use crate::em::{Effort, Fit, SHARE_MIN, Shape, TrainingCounts, fit};
use crate::pattern::Pattern;

/// The version of the JSON form that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// No level says more than this, in bits.
const WEIGHT_MAX: f64 = 30.0;

/// Why a model cannot be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum LinkageModelError {
    /// The text is not the JSON of a model.
    #[error("not a linkage model: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version of this crate wrote it.
    #[error("linkage model of format version {found}, expected {FORMAT_VERSION}: train it again")]
    FormatVersion {
        /// The version of the model.
        found: u32,
    },
    /// The configuration has other comparisons or levels than it was trained with.
    #[error("linkage model has {found} where the configuration has {expected}: train it again")]
    Comparisons {
        /// The first comparison or level of the model that differs.
        found: String,
        /// What the configuration has there.
        expected: String,
    },
}

/// A trained model. It holds probabilities and no value of any record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkageModel {
    format_version: u32,
    /// The probability that two records drawn at random are one person.
    pub prior: f64,
    /// The probability that they are two people of one household.
    pub households: f64,
    /// The probability that they are two people of one place.
    pub neighbours: f64,
    /// What each comparison says.
    pub comparisons: Vec<ComparisonWeights>,
    /// Rounds of expectation and maximisation.
    pub iterations: usize,
    /// Whether nothing moved any more when they ended.
    pub converged: bool,
}

/// What one comparison says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonWeights {
    /// Its name.
    pub name: String,
    /// Who has the same value without being the same person.
    pub shared_by: SharedBy,
    /// Whether its strongest level weighs by the frequency of the value.
    pub term_frequency: bool,
    /// Its levels, from the strongest to "else".
    pub levels: Vec<LevelWeight>,
}

/// What one level says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelWeight {
    /// The level as written.
    pub label: String,
    /// Its probability among matches.
    pub m: f64,
    /// Its probability among strangers.
    pub u: f64,
    /// What it adds to log2 of the odds of a match against strangers.
    pub weight: f64,
    /// What it adds to those against two people of one household.
    pub household_weight: f64,
    /// What it adds to those against two people of one place.
    pub neighbours_weight: f64,
    /// Whether it was seen among the matches expected.
    pub m_observed: bool,
    /// Whether it was seen among strangers.
    pub u_observed: bool,
}

/// The part of the JSON that every version has.
#[derive(Deserialize)]
struct Header {
    format_version: u32,
}

impl LinkageModel {
    /// Learns the weights from counted patterns.
    pub fn train(config: &LinkageConfig, counts: &TrainingCounts) -> Self {
        let shapes = config.comparisons().iter().map(|comparison| Shape {
            levels: comparison.labels().len(),
            shared_by: comparison.shared_by,
            is_field: matches!(comparison.rule, Evidence::Field { .. }),
        });
        let shapes: Vec<Shape> = shapes.collect();
        let training = config.training();
        let found = counts.certain.map(|found| {
            let matches = found as f64 / training.certain_recall;
            (matches / counts.pairs.max(1.0)).clamp(SHARE_MIN, PRIOR_MAX)
        });
        let effort = Effort {
            prior: training.prior.or(found),
            // About one duplicate for each record.
            start: (0.5 / counts.pairs.max(1.0)).sqrt().min(0.25),
            iterations_max: training.iterations_max,
            tolerance: training.tolerance,
        };
        Self::new(config, &fit(&shapes, counts, effort))
    }

    fn new(config: &LinkageConfig, fit: &Fit) -> Self {
        let parameters = &fit.parameters;
        let comparisons = config
            .comparisons()
            .iter()
            .enumerate()
            .map(|(index, comparison)| {
                let (m, u) = (&parameters.m[index], &parameters.u[index]);
                let weights = monotone(m, u);
                let household_weights = monotone(m, &parameters.household[index]);
                let neighbours_weights = monotone(m, &parameters.neighbours[index]);
                let levels = comparison.labels().into_iter().enumerate();
                let levels = levels.map(|(level, label)| LevelWeight {
                    label: label.to_owned(),
                    m: m[level],
                    u: u[level],
                    weight: weights[level],
                    household_weight: household_weights[level],
                    neighbours_weight: neighbours_weights[level],
                    m_observed: fit.m_counts[index][level] >= 0.5,
                    u_observed: fit.u_counts[index][level] >= 0.5,
                });
                ComparisonWeights {
                    name: comparison.name.clone(),
                    shared_by: comparison.shared_by,
                    term_frequency: comparison.term_field().is_some(),
                    levels: levels.collect(),
                }
            });
        Self {
            format_version: FORMAT_VERSION,
            prior: parameters.shares.matches,
            households: parameters.shares.households,
            neighbours: parameters.shares.neighbours,
            comparisons: comparisons.collect(),
            iterations: fit.iterations,
            converged: fit.converged,
        }
    }

    /// The canonical JSON of the model: the same model gives the same bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a model is plain data with finite numbers")
    }

    /// Reads what [`LinkageModel::to_json`] wrote. A model of another format version is refused.
    pub fn from_json(json: &str) -> Result<Self, LinkageModelError> {
        let header: Header = serde_json::from_str(json)?;
        if header.format_version != FORMAT_VERSION {
            let found = header.format_version;
            return Err(LinkageModelError::FormatVersion { found });
        }
        Ok(serde_json::from_str(json)?)
    }

    /// Whether the model has the comparisons and levels of a configuration, in their order.
    pub fn check(&self, config: &LinkageConfig) -> Result<(), LinkageModelError> {
        let mine = self.comparisons.iter().flat_map(|comparison| {
            let levels = comparison.levels.iter();
            levels.map(|level| format!("`{}: {}`", comparison.name, level.label))
        });
        let theirs = config.comparisons().iter().flat_map(|comparison| {
            let levels = comparison.labels().into_iter();
            levels.map(|label| format!("`{}: {label}`", comparison.name))
        });
        let end = || std::iter::once("nothing".to_owned());
        match mine
            .chain(end())
            .zip(theirs.chain(end()))
            .find(|(mine, theirs)| mine != theirs)
        {
            None => Ok(()),
            Some((found, expected)) => Err(LinkageModelError::Comparisons { found, expected }),
        }
    }

    /// log2 of the odds that a pair of this pattern is a match. `term` gives for a comparison what
    /// [`LinkageModel::term_weight`] gives for the value that both records have there; it is asked
    /// only where a comparison weighs by frequency and the values are equal.
    pub fn match_weight(&self, pattern: Pattern, term: impl Fn(usize) -> f64) -> f64 {
        let mut strangers = self.prior_weight();
        let mut households = (self.prior / self.households).log2();
        let mut neighbours = (self.prior / self.neighbours).log2();
        for (index, comparison) in self.comparisons.iter().enumerate() {
            let Some(level) = pattern.level(index).checked_sub(1) else {
                continue;
            };
            let Some(weights) = comparison.levels.get(level) else {
                continue;
            };
            strangers += weights.weight;
            households += weights.household_weight;
            neighbours += weights.neighbours_weight;
            if comparison.term_frequency && level == 0 {
                // A household has its surname not by chance, however rare it is.
                let term = term(index);
                strangers += term;
                if comparison.shared_by != SharedBy::Neighbours {
                    neighbours += term;
                }
            }
        }
        -((-strangers).exp2() + (-households).exp2() + (-neighbours).exp2()).log2()
    }

    /// The most that [`LinkageModel::match_weight`] can be for a pattern, among so many records.
    pub fn match_weight_max(&self, pattern: Pattern, records: f64) -> f64 {
        self.match_weight(pattern, |one| self.term_weight(one, 1.0, records))
    }

    /// log2 of the odds of a match against strangers, before anything was compared.
    pub fn prior_weight(&self) -> f64 {
        let strangers = 1.0 - self.prior - self.households - self.neighbours;
        (self.prior / strangers).log2()
    }

    /// What agreement on a value that so many of so many people bear adds to the weight of the
    /// strongest level of a comparison.
    ///
    /// The chance that a stranger bears it too is estimated from the other bearers, and drawn
    /// towards the mean: a value that was seen once is not as rare as that.
    pub fn term_weight(&self, comparison: usize, bearers: f64, people: f64) -> f64 {
        let Some(level) = self.comparisons[comparison].levels.first() else {
            return 0.0;
        };
        let others = (bearers - 1.0).max(0.0);
        let chance = (1.0 + others) / (1.0 / level.u + (people - 1.0).max(0.0));
        (level.u / chance).log2()
    }
}

/// The probability of a match of this weight.
pub fn match_probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// log2 of the odds of a probability.
pub(crate) fn log2_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

impl fmt::Display for LinkageModel {
    /// The weights as a table. Comparisons for which there were no values are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = if self.converged {
            "converged"
        } else {
            "not converged"
        };
        writeln!(
            f,
            "prior {:.3e}, households {:.3e}, neighbours {:.3e}; {ended} after {} rounds",
            self.prior, self.households, self.neighbours, self.iterations
        )?;
        writeln!(
            f,
            "{:60} {:>9} {:>12} {:>7} {:>9}",
            "", "m", "u", "bits", "household"
        )?;
        for comparison in &self.comparisons {
            let was_seen = |level: &LevelWeight| level.m_observed || level.u_observed;
            if !comparison.levels.iter().any(was_seen) {
                continue;
            }
            for level in &comparison.levels {
                let name = format!("{}: {}", comparison.name, level.label);
                let never = if level.m_observed {
                    ""
                } else {
                    "  never in a match"
                };
                writeln!(
                    f,
                    "{name:60} {:9.5} {:12.8} {:+7.2} {:+9.2}{never}",
                    level.m, level.u, level.weight, level.household_weight
                )?;
            }
        }
        Ok(())
    }
}

/// log2(m/u) for each level, so that no weaker level says more than a stronger one: levels that
/// would are counted together.
fn monotone(m: &[f64], u: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (m, u) in m.iter().zip(u) {
        let mut pool = (*m, *u, 1);
        while let Some(last) = pools.last()
            && last.0 / last.1 < pool.0 / pool.1
        {
            pool = (last.0 + pool.0, last.1 + pool.1, last.2 + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    let weights = pools.into_iter().flat_map(|(m, u, levels)| {
        let weight = (m / u).log2().clamp(-WEIGHT_MAX, WEIGHT_MAX);
        std::iter::repeat_n(weight, levels)
    });
    weights.collect()
}
