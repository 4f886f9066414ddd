//! From two records to the pattern of their agreement.

use serde::{Deserialize, Serialize};

use crate::level::{Ladder, Level};
use crate::pattern::Pattern;

/// The levels of a swap, the strongest first; below them "else": the fields are in order.
pub(crate) const SWAP_LEVELS: [&str; 3] = ["both swapped", "both swapped, alike", "one swapped"];
/// The level of a swap that says that nothing was swapped.
pub(crate) const IN_ORDER: &str = "in order";
/// The lowest level of every other comparison.
pub(crate) const ELSE: &str = "else";

/// Who has the same value without being the same person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedBy {
    /// Nobody but by chance: it is personal.
    #[default]
    Nobody,
    /// The people of a household.
    Household,
    /// The people of a place.
    Neighbours,
}

/// One piece of evidence.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) name: String,
    pub(crate) rule: Evidence,
    pub(crate) shared_by: SharedBy,
    pub(crate) term_frequency: bool,
}

/// Where the evidence comes from.
#[derive(Clone, Debug)]
pub(crate) enum Evidence {
    /// A field of the left record beside the same field of the right one.
    Field { field: usize, ladder: Ladder },
    /// Two fields that may stand in each other's place.
    Swap { fields: [usize; 2], alike: Ladder },
}

impl Comparison {
    /// The names of its levels, from the strongest to "else".
    pub(crate) fn labels(&self) -> Vec<&str> {
        match &self.rule {
            Evidence::Field { ladder, .. } => {
                let levels = ladder.levels().iter().map(|level| level.label.as_str());
                levels.chain([ELSE]).collect()
            }
            Evidence::Swap { .. } => SWAP_LEVELS.into_iter().chain([IN_ORDER]).collect(),
        }
    }

    /// The field whose frequent values weigh less, and whether agreement means equality.
    pub(crate) fn term_field(&self) -> Option<usize> {
        match &self.rule {
            Evidence::Field { field, ladder } if self.term_frequency => {
                let first = ladder.levels().first();
                first.is_some_and(Level::is_exact).then_some(*field)
            }
            _ => None,
        }
    }
}

/// The pattern of two records, whose values stand in the order of the fields.
///
/// Where two fields are swapped, the swap is the evidence, and the comparisons of the two fields
/// themselves say nothing.
pub(crate) fn compare(
    comparisons: &[Comparison],
    left: &[Option<&str>],
    right: &[Option<&str>],
) -> Pattern {
    let mut pattern = Pattern::default();
    let mut swapped = 0_u64;
    for (index, comparison) in comparisons.iter().enumerate() {
        if let Evidence::Swap { fields, alike } = &comparison.rule {
            let level = swap_level(*fields, alike, left, right);
            pattern = pattern.with(index, level);
            if (1..=SWAP_LEVELS.len()).contains(&level) {
                swapped |= 1 << fields[0] | 1 << fields[1];
            }
        }
    }
    for (index, comparison) in comparisons.iter().enumerate() {
        if let Evidence::Field { field, ladder } = &comparison.rule
            && swapped & 1 << field == 0
            && let (Some(left), Some(right)) = (left[*field], right[*field])
        {
            let level = ladder.climb(left, right).unwrap_or(ladder.levels().len());
            pattern = pattern.with(index, level + 1);
        }
    }
    pattern
}

/// How well two values agree, to tell which order of two fields fits better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Missing,
    Differs,
    Alike,
    Equal,
}

impl Fit {
    fn of(left: Option<&str>, right: Option<&str>, alike: &Ladder) -> Self {
        match (left, right) {
            (Some(left), Some(right)) if left == right => Self::Equal,
            (Some(left), Some(right)) if alike.climb(left, right).is_some() => Self::Alike,
            (Some(_), Some(_)) => Self::Differs,
            _ => Self::Missing,
        }
    }

    fn agrees(self) -> bool {
        self >= Self::Alike
    }

    fn strength(self) -> u8 {
        match self {
            Self::Missing | Self::Differs => 0,
            Self::Alike => 2,
            Self::Equal => 3,
        }
    }
}

fn swap_level(
    [first, second]: [usize; 2],
    alike: &Ladder,
    left: &[Option<&str>],
    right: &[Option<&str>],
) -> usize {
    let fit = |one: usize, other: usize| Fit::of(left[one], right[other], alike);
    let crossed = [fit(first, second), fit(second, first)];
    if crossed == [Fit::Missing, Fit::Missing] {
        return 0;
    }
    let in_order = SWAP_LEVELS.len() + 1;
    if !crossed.iter().any(|fit| fit.agrees()) {
        return in_order;
    }
    let straight = [fit(first, first), fit(second, second)];
    let strength = |fits: [Fit; 2]| fits[0].strength() + fits[1].strength();
    let level = match crossed {
        [Fit::Equal, Fit::Equal] => 1,
        [one, other] if one.agrees() && other.agrees() => 2,
        [Fit::Equal, _] | [_, Fit::Equal] if strength(straight) == 0 => 3,
        _ => in_order,
    };
    if strength(crossed) > strength(straight) {
        level
    } else {
        in_order
    }
}
