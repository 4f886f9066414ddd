//! What training counts: how many pairs of each kind are expected in each level.

use crate::compare::SharedBy;
use crate::em::{Levels, PatternCounts, Shape};
use crate::pattern::Pattern;

/// What a pair may be, as probabilities or as expected pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kinds {
    pub(crate) matches: f64,
    pub(crate) households: f64,
    pub(crate) neighbours: f64,
    pub(crate) strangers: f64,
}

/// Patterns taken apart once, so that no round has to.
pub(crate) struct Flat {
    width: usize,
    levels: Vec<u8>,
    counts: Vec<f64>,
    pub(crate) pairs: f64,
}

impl Flat {
    pub(crate) fn new(comparisons: &[Shape], counts: &PatternCounts) -> Self {
        let width = comparisons.len();
        let level = |pattern: Pattern, (index, shape): (usize, &Shape)| {
            let level = pattern.level(index);
            let known = level <= shape.levels;
            u8::try_from(level).ok().filter(|_| known).unwrap_or(0)
        };
        let levels = counts.keys().flat_map(|pattern| {
            comparisons
                .iter()
                .enumerate()
                .map(move |shape| level(*pattern, shape))
        });
        let levels = levels.collect();
        let counts: Vec<f64> = counts.values().map(|count| *count as f64).collect();
        Self {
            width,
            levels,
            pairs: counts.iter().sum(),
            counts,
        }
    }
}

/// Expected pairs of each kind, in all and by level.
pub(crate) struct Sums {
    pub(crate) total: Kinds,
    pub(crate) matches: Levels,
    pub(crate) households: Levels,
    pub(crate) neighbours: Levels,
    pub(crate) strangers: Levels,
}

impl Sums {
    pub(crate) fn add(
        comparisons: &[Shape],
        patterns: &Flat,
        kinds: impl Fn(&[u8]) -> Kinds,
    ) -> Self {
        let none: Levels = comparisons
            .iter()
            .map(|shape| vec![0.0; shape.levels])
            .collect();
        let mut sums = Self {
            total: Kinds::default(),
            matches: none.clone(),
            households: none.clone(),
            neighbours: none.clone(),
            strangers: none,
        };
        for (levels, count) in patterns
            .levels
            .chunks_exact(patterns.width)
            .zip(&patterns.counts)
        {
            let kinds = kinds(levels);
            sums.total.matches += kinds.matches * count;
            sums.total.households += kinds.households * count;
            sums.total.neighbours += kinds.neighbours * count;
            for (index, level) in levels.iter().enumerate() {
                if let Some(level) = usize::from(*level).checked_sub(1) {
                    // Neighbours are strangers in all but the place.
                    let is_place = comparisons[index].shared_by == SharedBy::Neighbours;
                    let alike = if is_place { 0.0 } else { kinds.neighbours };
                    sums.matches[index][level] += kinds.matches * count;
                    sums.households[index][level] += kinds.households * count;
                    sums.neighbours[index][level] += kinds.neighbours * count;
                    sums.strangers[index][level] += (kinds.strangers + alike) * count;
                }
            }
        }
        sums
    }
}
