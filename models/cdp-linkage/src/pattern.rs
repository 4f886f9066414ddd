//! The pattern of a pair: the level that each comparison fell in, packed into one number.

use serde::{Deserialize, Serialize};

/// Bits for one comparison.
const BITS: usize = 4;
/// So many comparisons fit.
pub(crate) const COMPARISONS_MAX: usize = 64 / BITS;
/// So many levels fit, "else" included; 0 means that a value was missing.
pub(crate) const LEVELS_MAX: usize = (1 << BITS) - 1;

/// The level of each comparison of a pair.
///
/// Comparison `i` lies in bits `4 i` to `4 i + 3`: 0 means that it says nothing because a value is
/// missing, 1 is the strongest level, the last is "else".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Pattern(pub u64);

impl Pattern {
    /// The level of a comparison: 0 for "missing", else 1 for the strongest and so on.
    pub fn level(self, comparison: usize) -> usize {
        let bits = self.0 >> (comparison * BITS) & LEVELS_MAX as u64;
        usize::try_from(bits).expect("four bits")
    }

    /// The pattern with one comparison set, which was missing.
    #[must_use]
    pub fn with(self, comparison: usize, level: usize) -> Self {
        debug_assert!(level <= LEVELS_MAX && comparison < COMPARISONS_MAX);
        Self(self.0 | (level as u64) << (comparison * BITS))
    }
}
