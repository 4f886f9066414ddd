//! Values that name nobody, and would weld strangers together if they were taken for a name.

use std::collections::HashSet;

use regex::{RegexSet, RegexSetBuilder};

use crate::normalise::Normaliser;

/// What is blocked for one identifier type.
#[derive(Clone, Debug)]
pub(crate) struct BlockList {
    /// Lower-case values, `@domain` for a domain, and `mailbox@` for a mailbox on any domain.
    values: HashSet<String>,
    /// The length in bytes of the longest of them.
    longest: usize,
    patterns: RegexSet,
}

impl BlockList {
    pub(crate) fn new<'a>(
        normaliser: Normaliser,
        values: impl Iterator<Item = &'a str>,
        patterns: impl Iterator<Item = &'a str>,
    ) -> Result<Self, regex::Error> {
        let mut blocked = HashSet::new();
        for value in values {
            blocked.insert(value.trim().to_lowercase());
            if let Some(normalised) = normaliser.apply(value) {
                blocked.insert(normalised.to_lowercase());
            }
        }
        Ok(Self {
            longest: blocked.iter().map(String::len).max().unwrap_or(0),
            values: blocked,
            patterns: pattern_set(patterns)?,
        })
    }

    /// Whether a normalised value names nobody.
    pub(crate) fn blocks(&self, value: &str) -> bool {
        value.is_empty()
            || is_all_zeros(value)
            || self.lists(value)
            || (!self.patterns.is_empty() && self.patterns.is_match(value))
    }

    fn lists(&self, value: &str) -> bool {
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

/// `0`, `0000`, `00000000-0000-0000-0000-000000000000`, `00:00:00:00:00:00` and the like.
fn is_all_zeros(value: &str) -> bool {
    let is_filler = |byte| matches!(byte, b'0' | b'-' | b':' | b'.' | b' ' | b'+' | b'{' | b'}');
    value.bytes().all(is_filler) && value.contains('0')
}
