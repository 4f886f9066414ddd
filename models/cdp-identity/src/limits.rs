//! How many values of a type one profile may hold.

use crate::rules::IdentityRules;
use crate::violation::Rule;

/// How many values of one type a profile may hold.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) type_index: usize,
    pub(crate) max: u32,
    /// Only values first seen within so many microseconds of each other count.
    pub(crate) within: Option<i64>,
    pub(crate) rule: Rule,
}

impl Limit {
    /// The limits of all types. Unique types come first, then the sorted names decide.
    pub(crate) fn all(rules: &IdentityRules) -> Vec<Self> {
        let types = rules.types().iter().enumerate();
        let mut limits: Vec<_> = types
            .filter_map(|(type_index, known)| {
                let (max, rule) = if known.unique {
                    (1, Rule::UniqueType)
                } else {
                    (known.max_per_profile?, Rule::MaxPerProfile)
                };
                Some(Self {
                    type_index,
                    max,
                    within: known.within,
                    rule,
                })
            })
            .collect();
        limits.sort_by_key(|limit| (limit.rule, limit.type_index));
        limits
    }

    /// The place of each type's limit among all limits.
    pub(crate) fn slots(limits: &[Self], rules: &IdentityRules) -> Vec<Option<usize>> {
        let mut slots = vec![None; rules.types().len()];
        for (slot, limit) in limits.iter().enumerate() {
            slots[limit.type_index] = Some(slot);
        }
        slots
    }

    /// Whether values of the type, first seen at these times (sorted), are too many. With a window
    /// of N days they are when more than the maximum of them were first seen in less than N days.
    pub(crate) fn is_broken_by(&self, times: &[i64]) -> bool {
        let max = self.max as usize;
        match self.within {
            None => times.len() > max,
            Some(within) => times
                .iter()
                .zip(times.iter().skip(max))
                .any(|(first, last)| last.saturating_sub(*first) < within),
        }
    }
}
