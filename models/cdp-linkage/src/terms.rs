//! How many people bear a value: agreement on a rare value says more.

use crate::checked::LinkageConfig;
use crate::model::{LinkageModel, match_probability};
use crate::pairs::Pair;
use crate::pattern::Pattern;
use crate::records::Records;

/// What agreement on each value adds, for the comparisons that weigh by frequency.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// By comparison: the field, and what is added by the number of the value.
    weights: Vec<Option<(usize, Vec<f64>)>>,
}

impl Terms {
    /// Counts people and not records: a record counts for as much of a person as is left when its
    /// expected matches that agree on the value have their share.
    pub(crate) fn count(
        config: &LinkageConfig,
        records: &Records,
        model: &LinkageModel,
        pairs: &[Pair],
        patterns: &[Pattern],
    ) -> Self {
        let comparisons = config.comparisons().iter().enumerate();
        let weights = comparisons.map(|(comparison, one)| {
            let field = one.term_field()?;
            let partners = partners(records.len(), model, pairs, patterns, comparison);
            let mut bearers = vec![0.0; records.text_count()];
            let mut people = 0.0;
            for (row, partners) in (0_u32..).zip(partners) {
                if let Some(id) = records.id(row, field) {
                    let person = 1.0 / (1.0 + partners);
                    bearers[id as usize] += person;
                    people += person;
                }
            }
            let weight = |bearers: f64| model.term_weight(comparison, bearers, people);
            Some((field, bearers.into_iter().map(weight).collect()))
        });
        Self {
            weights: weights.collect(),
        }
    }

    /// What the value of a record adds to a comparison in which both records have it.
    pub(crate) fn weight(&self, records: &Records, row: u32, comparison: usize) -> f64 {
        let Some((field, weights)) = &self.weights[comparison] else {
            return 0.0;
        };
        records
            .id(row, *field)
            .map_or(0.0, |id| weights[id as usize])
    }
}

/// For each record the expected number of its matches that agree exactly in a comparison.
fn partners(
    records: usize,
    model: &LinkageModel,
    pairs: &[Pair],
    patterns: &[Pattern],
    comparison: usize,
) -> Vec<f64> {
    let mut partners = vec![0.0; records];
    for ((left, right), pattern) in pairs.iter().zip(patterns) {
        if pattern.level(comparison) == 1 {
            let probability = match_probability(model.match_weight(*pattern, |_| 0.0));
            partners[*left as usize] += probability;
            partners[*right as usize] += probability;
        }
    }
    partners
}
