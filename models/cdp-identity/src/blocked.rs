//! Values that name nobody, and would weld strangers together if they were taken for a name.

use std::collections::HashSet;

use regex::{RegexSet, RegexSetBuilder};

use crate::normalise::{HASH_PREFIX, Normaliser, sha256_of};

/// What is blocked for one identifier type.
#[derive(Clone, Debug)]
pub(crate) struct BlockList {
    /// Lower-case values, `@domain` for a domain, and `mailbox@` for a mailbox on any domain.
    values: HashSet<String>,
    /// The length in bytes of the longest of them.
    longest: usize,
    /// Hashes of the values, for types whose values come hashed too.
    hashes: HashSet<String>,
    patterns: RegexSet,
}

impl BlockList {
    pub(crate) fn new<'a>(
        normaliser: Normaliser,
        values: impl Iterator<Item = &'a str>,
        patterns: impl Iterator<Item = &'a str>,
    ) -> Result<Self, regex::Error> {
        let mut blocked = HashSet::new();
        let mut hashes = HashSet::new();
        for value in values {
            blocked.insert(value.trim().to_lowercase());
            if let Some(normalised) = normaliser.apply(value) {
                if normaliser.has_hashes() {
                    hashes.insert(sha256_of(&normalised));
                }
                blocked.insert(normalised.to_lowercase());
            }
        }
        Ok(Self {
            longest: blocked.iter().map(String::len).max().unwrap_or(0),
            values: blocked,
            hashes,
            patterns: pattern_set(patterns)?,
        })
    }

    /// Whether a normalised value names nobody.
    pub(crate) fn blocks(&self, value: &str) -> bool {
        has_no_letter_or_digit(value)
            || is_all_zeros(value)
            || self.lists(value)
            || (!self.patterns.is_empty() && self.patterns.is_match(value))
    }

    fn lists(&self, value: &str) -> bool {
        if !self.hashes.is_empty()
            && let Some(hash) = value.strip_prefix(HASH_PREFIX)
            && self.hashes.contains(hash)
        {
            return true;
        }
        self.holds(value)
            || value.rfind('@').is_some_and(|at| {
                let (mailbox, domain) = (&value[..=at], &value[at..]);
                self.holds(domain) || self.holds(mailbox)
            })
    }

    fn holds(&self, part: &str) -> bool {
        if !part.is_ascii() {
            return self.values.contains(&part.to_lowercase());
        }
        if part.len() > self.longest {
            return false;
        }
        if part.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.values.contains(&part.to_ascii_lowercase());
        }
        self.values.contains(part)
    }
}

/// Patterns as they are matched everywhere: anywhere in the value, without regard to case.
pub(crate) fn pattern_set<'a>(
    patterns: impl Iterator<Item = &'a str>,
) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .build()
}

/// Nothing, `-`, `?`, `...`, an emoji and the like.
fn has_no_letter_or_digit(value: &str) -> bool {
    !value.chars().any(char::is_alphanumeric)
}

/// `0`, `0000`, `00000000-0000-0000-0000-000000000000`, `00:00:00:00:00:00` and the like.
fn is_all_zeros(value: &str) -> bool {
    let is_filler = |byte| matches!(byte, b'0' | b'-' | b':' | b'.' | b' ' | b'+' | b'{' | b'}');
    value.bytes().all(is_filler) && value.contains('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IdentityRules, RawIdentityConfig};

    fn blocks(name: &str, values: &[&str], value: &str) -> bool {
        let normaliser = Normaliser::named(name).expect("the normaliser is known");
        let list = BlockList::new(normaliser, values.iter().copied(), std::iter::empty());
        let list = list.expect("there is no pattern");
        normaliser
            .apply(value)
            .is_none_or(|value| list.blocks(&value))
    }

    #[test]
    fn what_has_no_letter_or_digit_is_nobody() {
        for value in [
            "", "-", "--", "?", "...", "///", "🙂", "0-0", "0000", "00:00",
        ] {
            assert!(blocks("id", &[], value), "{value:?}");
        }
        for value in ["a", "1", "я", "山", "-1", "100"] {
            assert!(!blocks("id", &[], value), "{value:?}");
        }
    }

    #[test]
    fn the_hash_of_a_blocked_value_is_blocked() {
        let hash = sha256_of("jane@shop.de");
        assert!(blocks("email", &["Jane@Shop.de"], &hash));
        assert!(!blocks("email", &["joe@shop.de"], &hash));
        assert!(!blocks("id", &["jane@shop.de"], &hash));
    }

    #[test]
    fn the_defaults_know_what_people_type_into_forms() {
        let rules = IdentityRules::from_config(&RawIdentityConfig::default());
        let rules = rules.expect("the defaults are valid");
        for (name, value) in [
            ("user_id", "Not  Provided"),
            ("user_id", "XXX"),
            ("user_id", "-1"),
            ("user_id", "(not set)"),
            ("loyalty_id", "123456789"),
            ("phone", "123456789"),
            ("phone", "999 999 999"),
            ("email", "A@a.A"),
            ("email", "test@shop.de"),
            ("email", "NULL@shop.de"),
            ("email", "Nobody <noemail@shop.de>"),
            ("email", &sha256_of("test@test.com")),
        ] {
            assert_eq!(rules.identifier(name, value), Ok(None), "{name} {value:?}");
        }
        for (name, value) in [
            ("email", "info@shop.de"),
            ("email", "tester@shop.de"),
            ("user_id", "Max"),
            ("loyalty_id", "123456780"),
        ] {
            assert_ne!(rules.identifier(name, value), Ok(None), "{name} {value:?}");
        }
    }
}
