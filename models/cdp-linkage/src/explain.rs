//! Why a pair is a match, or is not: the weights that add up to its weight.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{LinkageModel, match_probability};
use crate::pattern::Pattern;

/// What one comparison said of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The comparison.
    pub comparison: String,
    /// The level that the pair fell in.
    pub level: String,
    /// What the level adds, in bits.
    pub weight: f64,
    /// What the frequency of the value adds to that.
    pub term_weight: f64,
}

/// Why a pair has its weight. Prior, evidence and relatives add up to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// log2 of the odds before anything was compared.
    pub prior_weight: f64,
    /// What each comparison said. Those with a missing value said nothing and are not here.
    pub evidence: Vec<Evidence>,
    /// What is taken away because the pair may be two people of one household or place, who agree
    /// in what they share.
    pub relatives_weight: f64,
    /// log2 of the odds that the two records are one person.
    pub weight: f64,
    /// The probability that they are.
    pub probability: f64,
}

impl LinkageModel {
    /// Explains the weight of a pair. `term` is as for [`LinkageModel::match_weight`].
    pub fn explain(&self, pattern: Pattern, term: impl Fn(usize) -> f64) -> Explanation {
        let evidence = self
            .comparisons
            .iter()
            .enumerate()
            .filter_map(|(index, comparison)| {
                let level = pattern.level(index).checked_sub(1)?;
                let weights = comparison.levels.get(level)?;
                let weighs_by_term = comparison.term_frequency && level == 0;
                Some(Evidence {
                    comparison: comparison.name.clone(),
                    level: weights.label.clone(),
                    weight: weights.weight,
                    term_weight: if weighs_by_term { term(index) } else { 0.0 },
                })
            });
        let evidence: Vec<Evidence> = evidence.collect();
        let prior_weight = self.prior_weight();
        let weight = self.match_weight(pattern, &term);
        let said: f64 = evidence
            .iter()
            .map(|one| one.weight + one.term_weight)
            .sum();
        Explanation {
            prior_weight,
            evidence,
            relatives_weight: weight - prior_weight - said,
            weight,
            probability: match_probability(weight),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:+8.2}  before anything was compared",
            self.prior_weight
        )?;
        for one in &self.evidence {
            writeln!(f, "{:+8.2}  {}: {}", one.weight, one.comparison, one.level)?;
            if one.term_weight != 0.0 {
                writeln!(
                    f,
                    "{:+8.2}  {}: how rare the value is",
                    one.term_weight, one.comparison
                )?;
            }
        }
        writeln!(
            f,
            "{:+8.2}  they may be relatives or neighbours",
            self.relatives_weight
        )?;
        write!(
            f,
            "{:+8.2}  in all, probability {:.4}",
            self.weight, self.probability
        )
    }
}
