//! How alike two texts are. Only their beginnings are looked at, so that no value, however long,
//! costs more than a line of text would.

use rapidfuzz::distance::{jaro_winkler, osa};

/// Texts are compared for likeness up to so many characters.
const CHARS_MAX: usize = 64;
/// So many characters at the beginning raise the Jaro–Winkler likeness, each by a tenth of what is
/// missing to 1.
const PREFIX_MAX: usize = 4;

/// Two texts, and what bounds their likeness before it is measured.
pub(crate) struct Texts<'a> {
    left: &'a str,
    right: &'a str,
    left_length: usize,
    right_length: usize,
    /// No more characters than this can be matched with each other.
    common_max: usize,
}

impl<'a> Texts<'a> {
    pub(crate) fn new(left: &'a str, right: &'a str) -> Self {
        let (left, right) = (head(left), head(right));
        let (left_kinds, left_length) = survey(left);
        let (right_kinds, right_length) = survey(right);
        let alone = |kinds: u64, others: u64| (kinds & !others).count_ones() as usize;
        let common_max = (left_length - alone(left_kinds, right_kinds))
            .min(right_length - alone(right_kinds, left_kinds));
        Self {
            left,
            right,
            left_length,
            right_length,
            common_max,
        }
    }

    /// The Jaro–Winkler likeness, or nothing when it is below `at_least`.
    pub(crate) fn jaro_winkler(&self, at_least: f64) -> Option<f64> {
        let common = self.common_max as f64;
        let jaro =
            (common / self.left_length as f64 + common / self.right_length as f64 + 1.0) / 3.0;
        let same = self.left.chars().zip(self.right.chars()).take(PREFIX_MAX);
        let prefix = same.take_while(|(left, right)| left == right).count() as f64;
        if jaro + 0.1 * prefix * (1.0 - jaro) < at_least {
            return None;
        }
        let args = jaro_winkler::Args::default().score_cutoff(at_least);
        jaro_winkler::similarity_with_args(self.left.chars(), self.right.chars(), &args)
    }

    /// How many characters are put in, left out, changed, or swapped with their neighbour; or
    /// nothing when that is more than `at_most`.
    pub(crate) fn edits(&self, at_most: usize) -> Option<usize> {
        if self.common_max + at_most < self.left_length.max(self.right_length) {
            return None;
        }
        let args = osa::Args::default().score_cutoff(at_most);
        osa::distance_with_args(self.left.chars(), self.right.chars(), &args)
    }
}

/// Which kinds of characters a text has, as bits, and how many characters there are. Characters of
/// different kinds differ.
fn survey(text: &str) -> (u64, usize) {
    if text.is_ascii() {
        let kinds = text.bytes().fold(0, |kinds, byte| kinds | 1 << (byte % 64));
        return (kinds, text.len());
    }
    text.chars().fold((0, 0), |(kinds, length), character| {
        (kinds | 1 << (u32::from(character) % 64), length + 1)
    })
}

fn head(text: &str) -> &str {
    if text.len() <= CHARS_MAX {
        return text;
    }
    let end = text.char_indices().nth(CHARS_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_beyond_the_first_characters_is_not_looked_at() {
        let long = "ä".repeat(CHARS_MAX);
        let texts = (format!("{long}one"), format!("{long}other"));
        assert_eq!(Texts::new(&texts.0, &texts.1).edits(1), Some(0));
        assert_eq!(Texts::new(&texts.0[2..], &texts.1).edits(1), Some(1));
    }

    proptest! {
        /// The bounds leave nothing out: what they let through is what another crate measures.
        #[test]
        fn measures_are_those_of_another_crate(
            left in "[a-eé山]{0,12}", right in "[a-eé山]{0,12}", at_most in 0_usize..4, tenths in 5_u8..10
        ) {
            let texts = Texts::new(&left, &right);
            let edits = strsim::osa_distance(&left, &right);
            prop_assert_eq!(texts.edits(at_most), Some(edits).filter(|edits| *edits <= at_most));
            if left.is_empty() || right.is_empty() {
                return Ok(());
            }
            let at_least = f64::from(tenths) / 10.0;
            let likeness = strsim::jaro_winkler(&left, &right);
            if (likeness - at_least).abs() > 1e-9 {
                let found = texts.jaro_winkler(at_least);
                prop_assert_eq!(found.is_some(), likeness >= at_least);
                prop_assert!(found.is_none_or(|found| (found - likeness).abs() < 1e-9));
            }
        }
    }
}
