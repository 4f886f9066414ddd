//! Expectation and maximisation over counted patterns.
//!
//! The population is every pair there is, and each pair is one of four kinds: the same person twice
//! (a match), two people of one household, two people of one place, or strangers. Matches and
//! households share a block, so both are looked for among the blocked pairs; strangers and
//! neighbours are learned from pairs drawn at random. The shares then speak of the whole
//! population, and no field that a rule blocks on needs to be left out.
//!
//! Households and neighbours are there because street, town and phone agree together or not at
//! all. Counted one by one as if by chance, they would make one person of every family.

use std::collections::BTreeMap;

use crate::check::PRIOR_MAX;
use crate::compare::SharedBy;
use crate::expected::{Flat, Kinds, Sums};
use crate::pattern::Pattern;

/// How often each pattern occurs.
pub type PatternCounts = BTreeMap<Pattern, u64>;

/// What training sees: patterns, and never a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingCounts {
    /// The patterns of all pairs that share a block.
    pub blocked: PatternCounts,
    /// The patterns of pairs drawn at random.
    pub random: PatternCounts,
    /// How many pairs the certain rules find, where there are such rules.
    pub certain: Option<u64>,
    /// How many pairs all the records make.
    pub pairs: f64,
}

/// The probability of each level of each comparison.
pub(crate) type Levels = Vec<Vec<f64>>;

/// The share of pairs of each kind but strangers, which are the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    pub(crate) matches: f64,
    pub(crate) households: f64,
    pub(crate) neighbours: f64,
}

/// The probabilities of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) shares: Shares,
    /// Levels among matches, households, neighbours and strangers.
    pub(crate) m: Levels,
    pub(crate) household: Levels,
    pub(crate) neighbours: Levels,
    pub(crate) u: Levels,
}

/// How training went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fit {
    pub(crate) parameters: Parameters,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
    /// How many pairs of each level are expected to be matches and strangers.
    pub(crate) m_counts: Levels,
    pub(crate) u_counts: Levels,
}

/// What a comparison looks like to training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) levels: usize,
    pub(crate) shared_by: SharedBy,
    /// Whether it compares a field with itself and not with another.
    pub(crate) is_field: bool,
}

/// What to begin with and when to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// A prior that is known.
    pub(crate) prior: Option<f64>,
    /// The prior to begin with.
    pub(crate) start: f64,
    pub(crate) iterations_max: usize,
    pub(crate) tolerance: f64,
}

/// So many pairs are believed in beforehand for matches, households and neighbours, spread as at
/// the start: a level that was never seen among them is unlikely but not impossible.
const PAIRS_BELIEVED: f64 = 2.0;
/// So many strangers are believed in beforehand in each level.
const STRANGERS_BELIEVED: f64 = 0.5;
/// The share of the strongest level at the start.
const START_STRONGEST: f64 = 0.85;
/// Households and neighbours at the start, as a share of the matches.
const START_RELATIVES: f64 = 0.25;
/// This share of households has even in common what is personal: twins, or a son with the name
/// of his father.
const TWINS: f64 = 0.01;
/// A level that so many strangers reach is no agreement.
const CHANCE: f64 = 0.1;
/// What is personal differs beyond recognition between two records of one person at most so often.
/// Otherwise, where nobody is there twice, two members of a family would pass for one.
const DIFFERS_MAX: f64 = 1.0 / 3.0;
/// Households and neighbours are no larger a share of all pairs than this, each.
const RELATIVES_MAX: f64 = 0.2;
/// No share of pairs is smaller than this.
pub(crate) const SHARE_MIN: f64 = 1e-12;

/// Fits a model of these comparisons.
pub(crate) fn fit(comparisons: &[Shape], counts: &TrainingCounts, effort: Effort) -> Fit {
    let believed = start_levels(comparisons);
    let blocked = Flat::new(comparisons, &counts.blocked);
    let random = Flat::new(comparisons, &counts.random);
    let strangers = Kinds {
        strangers: 1.0,
        ..Kinds::default()
    };
    let first = Sums::add(comparisons, &random, |_| strangers);
    let mut fit = Fit {
        parameters: Parameters::start(comparisons, &believed, &first.strangers, effort),
        iterations: 0,
        converged: false,
        m_counts: Levels::new(),
        u_counts: Levels::new(),
    };
    while fit.iterations < effort.iterations_max && !fit.converged {
        fit.iterations += 1;
        let linked = Sums::add(comparisons, &blocked, |levels| fit.parameters.kinds(levels));
        let drawn = Sums::add(comparisons, &random, |levels| fit.parameters.kinds(levels));
        let share = |pairs: f64, all: f64| (pairs / all.max(1.0)).clamp(SHARE_MIN, PRIOR_MAX);
        let (home, place) = (SharedBy::Household, SharedBy::Neighbours);
        let households = linked.total.households - cost(comparisons, &[home, place]);
        let neighbours = drawn.total.neighbours - cost(comparisons, &[place]);
        let shares = Shares {
            matches: effort
                .prior
                .unwrap_or(share(linked.total.matches, counts.pairs)),
            households: share(households, counts.pairs).min(RELATIVES_MAX),
            neighbours: share(neighbours, random.pairs).min(RELATIVES_MAX),
        };
        let next = Parameters::learned(comparisons, shares, &believed, &linked, &drawn);
        fit.converged = fit.parameters.distance(&next) <= effort.tolerance;
        fit.parameters = next;
        fit.m_counts = linked.matches;
        fit.u_counts = drawn.strangers;
    }
    fit
}

/// How many pairs a kind must be able to show before its first counts: half a pair for each number
/// that is learned for it. So a kind that the data do not need dies out (the rule of minimum message
/// length for mixtures).
fn cost(comparisons: &[Shape], learned: &[SharedBy]) -> f64 {
    let learned = comparisons
        .iter()
        .filter(|shape| learned.contains(&shape.shared_by));
    let numbers: usize = learned.map(|shape| shape.levels - 1).sum();
    0.5 * numbers as f64
}

impl Parameters {
    fn start(comparisons: &[Shape], believed: &Levels, strangers: &Levels, effort: Effort) -> Self {
        let matches = effort.prior.unwrap_or(effort.start);
        let shares = Shares {
            matches,
            households: START_RELATIVES * matches,
            neighbours: START_RELATIVES * matches,
        };
        let u = normalised(strangers, None);
        Self::complete(comparisons, shares, believed.clone(), believed, believed, u)
    }

    fn learned(
        comparisons: &[Shape],
        shares: Shares,
        believed: &Levels,
        linked: &Sums,
        drawn: &Sums,
    ) -> Self {
        let mut m = normalised(&linked.matches, Some(believed));
        let household = normalised(&linked.households, Some(believed));
        let neighbours = normalised(&drawn.neighbours, Some(believed));
        let u = normalised(&drawn.strangers, None);
        for ((shape, m), u) in comparisons.iter().zip(&mut m).zip(&u) {
            if shape.is_field && shape.shared_by == SharedBy::Nobody {
                limit_difference(m, u);
            }
        }
        Self::complete(comparisons, shares, m, &household, &neighbours, u)
    }

    /// What is not shared by a household or a place is as it is among strangers.
    fn complete(
        comparisons: &[Shape],
        shares: Shares,
        m: Levels,
        household: &Levels,
        neighbours: &Levels,
        u: Levels,
    ) -> Self {
        let personal = |index: usize| {
            let levels = m[index].iter().zip(&u[index]);
            levels.map(|(m, u)| TWINS * m + (1.0 - TWINS) * u).collect()
        };
        let household =
            comparisons
                .iter()
                .enumerate()
                .map(|(index, shape)| match shape.shared_by {
                    SharedBy::Nobody => personal(index),
                    SharedBy::Household | SharedBy::Neighbours => household[index].clone(),
                });
        let household = household.collect();
        let neighbours =
            comparisons
                .iter()
                .enumerate()
                .map(|(index, shape)| match shape.shared_by {
                    SharedBy::Nobody | SharedBy::Household => u[index].clone(),
                    SharedBy::Neighbours => neighbours[index].clone(),
                });
        let neighbours = neighbours.collect();
        Self {
            shares,
            m,
            household,
            neighbours,
            u,
        }
    }

    /// How likely a pair of this pattern is to be of each kind.
    fn kinds(&self, levels: &[u8]) -> Kinds {
        let Shares {
            matches,
            households,
            neighbours,
        } = self.shares;
        let mut kinds = Kinds {
            matches,
            households,
            neighbours,
            strangers: 1.0 - matches - households - neighbours,
        };
        for (index, level) in levels.iter().enumerate() {
            if let Some(level) = usize::from(*level).checked_sub(1) {
                kinds.matches *= self.m[index][level];
                kinds.households *= self.household[index][level];
                kinds.neighbours *= self.neighbours[index][level];
                kinds.strangers *= self.u[index][level];
            }
        }
        let sum = kinds.matches + kinds.households + kinds.neighbours + kinds.strangers;
        kinds.matches /= sum;
        kinds.households /= sum;
        kinds.neighbours /= sum;
        kinds.strangers /= sum;
        kinds
    }

    /// The largest move of any probability, and of the prior as a share of itself.
    fn distance(&self, other: &Self) -> f64 {
        let prior = (self.shares.matches / other.shares.matches - 1.0).abs();
        let mine = self
            .m
            .iter()
            .chain(&self.household)
            .chain(&self.u)
            .flatten();
        let others = other
            .m
            .iter()
            .chain(&other.household)
            .chain(&other.u)
            .flatten();
        mine.zip(others)
            .map(|(a, b)| (a - b).abs())
            .fold(prior, f64::max)
    }
}

/// Lowers the share of the levels that are no agreement to what is believable.
fn limit_difference(m: &mut [f64], u: &[f64]) {
    let differs = |level: usize| level > 0 && u[level] >= CHANCE;
    let levels = 0..m.len();
    let sum: f64 = levels
        .clone()
        .filter(|level| differs(*level))
        .map(|level| m[level])
        .sum();
    if sum > DIFFERS_MAX {
        for level in levels {
            m[level] *= if differs(level) {
                DIFFERS_MAX / sum
            } else {
                (1.0 - DIFFERS_MAX) / (1.0 - sum)
            };
        }
    }
}

/// Most in the strongest level, the rest spread evenly.
fn start_levels(comparisons: &[Shape]) -> Levels {
    let rest = 1.0 - START_STRONGEST;
    let levels = comparisons.iter().map(|shape| {
        let weaker = shape.levels.max(2) - 1;
        let weaker = std::iter::repeat_n(rest / weaker as f64, weaker);
        std::iter::once(START_STRONGEST).chain(weaker).collect()
    });
    levels.collect()
}

/// Counts as shares, with what is believed in beforehand: pairs spread as given, or strangers.
fn normalised(counts: &Levels, believed: Option<&Levels>) -> Levels {
    let shares = counts.iter().enumerate().map(|(index, counts)| {
        let counts = counts
            .iter()
            .enumerate()
            .map(|(level, count)| match believed {
                Some(believed) => count + PAIRS_BELIEVED * believed[index][level],
                None => count + STRANGERS_BELIEVED,
            });
        let counts: Vec<f64> = counts.collect();
        let sum: f64 = counts.iter().sum();
        counts.into_iter().map(|count| count / sum).collect()
    });
    shares.collect()
}
