//! Levels of agreement: the tests of two values, read from text and applied.

use crate::clean::SEPARATOR;
use crate::distance::Texts;
use crate::{date, sound};

/// One way in which two values can agree.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Test {
    Exact,
    JaroWinkler(f64),
    Edits(usize),
    Typos(usize),
    Prefix(usize),
    Suffix(usize),
    Begins,
    Sounds,
    SameUsername,
    SameDomain,
    Words(f64),
    Days(i64),
    DayAndMonthSwapped,
    Difference(f64),
    Percent(f64),
    Shared(usize),
}

/// A level holds when any of its tests does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// As written, for reports.
    pub(crate) label: String,
    tests: Vec<Test>,
}

/// What a level may be made of, for messages.
pub(crate) const LEVELS_KNOWN: &str = "`exact`, `jaro_winkler >= 0.9`, `edits <= 1`, \
    `typos <= 2`, `prefix >= 3`, `suffix >= 7`, `begins`, `sounds`, `same_username`, `same_domain`, \
    `words >= 0.5`, `days <= 31`, `day_and_month_swapped`, `difference <= 5`, `percent <= 10`, \
    `shared >= 1`, or several with ` or ` between them";

impl Level {
    /// Reads a level, or nothing if it cannot be read.
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let tests: Option<Vec<Test>> = written.split(" or ").map(Test::parse).collect();
        let label = written.trim().to_owned();
        tests.map(|tests| Self { label, tests })
    }

    /// Whether nothing but equality is asked for.
    pub(crate) fn is_exact(&self) -> bool {
        self.tests == [Test::Exact]
    }
}

impl Test {
    fn parse(written: &str) -> Option<Self> {
        let words: Vec<&str> = written.split_whitespace().collect();
        Some(match words[..] {
            ["exact"] => Self::Exact,
            ["begins"] => Self::Begins,
            ["sounds"] => Self::Sounds,
            ["same_username"] => Self::SameUsername,
            ["same_domain"] => Self::SameDomain,
            ["day_and_month_swapped"] => Self::DayAndMonthSwapped,
            ["jaro_winkler", ">=", number] => Self::JaroWinkler(share(number)?),
            ["words", ">=", number] => Self::Words(share(number)?),
            ["edits", "<=", number] => Self::Edits(count(number)?),
            ["typos", "<=", number] => Self::Typos(count(number)?),
            ["prefix", ">=", number] => Self::Prefix(count(number)?),
            ["suffix", ">=", number] => Self::Suffix(count(number)?),
            ["shared", ">=", number] => Self::Shared(count(number)?),
            ["days", "<=", number] => Self::Days(number.parse().ok().filter(|days| *days >= 0)?),
            ["difference", "<=", number] => Self::Difference(amount(number)?),
            ["percent", "<=", number] => Self::Percent(amount(number)?),
            _ => return None,
        })
    }

    fn holds(self, left: &str, right: &str, likeness: &mut Likeness<'_>) -> bool {
        match self {
            Self::Exact => left == right,
            Self::JaroWinkler(at_least) => likeness.jaro_winkler() >= at_least,
            Self::Edits(at_most) => likeness.edits() <= at_most,
            Self::Typos(at_most) => likeness.edits() <= at_most && same_digits(left, right),
            Self::Prefix(length) => shares(left.chars(), right.chars(), length),
            Self::Suffix(length) => shares(left.chars().rev(), right.chars().rev(), length),
            Self::Begins => left.starts_with(right) || right.starts_with(left),
            Self::Sounds => {
                let sound = sound::soundex(left);
                sound.is_some() && sound == sound::soundex(right)
            }
            Self::SameUsername => same_side(left, right, |(username, _)| username),
            Self::SameDomain => same_side(left, right, |(_, domain)| domain),
            Self::Words(at_least) => shared_words(left, right) >= at_least,
            Self::Days(at_most) => date::days_between(left, right).is_some_and(|d| d <= at_most),
            Self::DayAndMonthSwapped => date::day_and_month_swapped(left, right),
            Self::Difference(at_most) => {
                numbers(left, right).is_some_and(|(left, right)| (left - right).abs() <= at_most)
            }
            Self::Percent(at_most) => numbers(left, right).is_some_and(|(left, right)| {
                100.0 * (left - right).abs() <= at_most * left.abs().max(right.abs())
            }),
            Self::Shared(at_least) => {
                let texts = left.split(SEPARATOR);
                let shared =
                    texts.filter(|text| right.split(SEPARATOR).any(|other| other == *text));
                shared.take(at_least).count() == at_least
            }
        }
    }
}

/// The levels of one comparison, with the loosest thresholds that any of them asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ladder {
    levels: Vec<Level>,
    jaro_winkler_min: f64,
    edits_max: usize,
}

impl Ladder {
    pub(crate) fn new(levels: Vec<Level>) -> Self {
        let (mut jaro_winkler_min, mut edits_max) = (1.0_f64, 0_usize);
        for test in levels.iter().flat_map(|level| &level.tests) {
            match test {
                Test::JaroWinkler(at_least) => jaro_winkler_min = jaro_winkler_min.min(*at_least),
                Test::Edits(at_most) | Test::Typos(at_most) => edits_max = edits_max.max(*at_most),
                _ => {}
            }
        }
        Self {
            levels,
            jaro_winkler_min,
            edits_max,
        }
    }

    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The position of the first level that holds, if any does.
    pub(crate) fn climb(&self, left: &str, right: &str) -> Option<usize> {
        let mut likeness = Likeness {
            left,
            right,
            texts: None,
            jaro_winkler_min: self.jaro_winkler_min,
            edits_max: self.edits_max,
            jaro_winkler: None,
            edits: None,
        };
        self.levels.iter().position(|level| {
            let mut tests = level.tests.iter();
            tests.any(|test| test.holds(left, right, &mut likeness))
        })
    }
}

/// The costly measures of a pair of values, each taken once.
struct Likeness<'a> {
    left: &'a str,
    right: &'a str,
    jaro_winkler_min: f64,
    edits_max: usize,
    texts: Option<Texts<'a>>,
    jaro_winkler: Option<f64>,
    edits: Option<usize>,
}

impl<'a> Likeness<'a> {
    fn jaro_winkler(&mut self) -> f64 {
        if let Some(known) = self.jaro_winkler {
            return known;
        }
        let at_least = self.jaro_winkler_min;
        let found = self.texts().jaro_winkler(at_least).unwrap_or(-1.0);
        *self.jaro_winkler.insert(found)
    }

    fn edits(&mut self) -> usize {
        if let Some(known) = self.edits {
            return known;
        }
        let at_most = self.edits_max;
        let found = self.texts().edits(at_most).unwrap_or(usize::MAX);
        *self.edits.insert(found)
    }

    fn texts(&mut self) -> &Texts<'a> {
        self.texts
            .get_or_insert_with(|| Texts::new(self.left, self.right))
    }
}

fn share(number: &str) -> Option<f64> {
    number
        .parse()
        .ok()
        .filter(|share| *share > 0.0 && *share <= 1.0)
}

fn count(number: &str) -> Option<usize> {
    number.parse().ok().filter(|count| (1..=64).contains(count))
}

fn amount(number: &str) -> Option<f64> {
    number
        .parse()
        .ok()
        .filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)
}

/// Whether two texts begin with the same so many characters.
fn shares(
    mut left: impl Iterator<Item = char>,
    mut right: impl Iterator<Item = char>,
    length: usize,
) -> bool {
    (0..length).all(|_| match (left.next(), right.next()) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    })
}

fn same_side<'a>(
    left: &'a str,
    right: &'a str,
    side: impl Fn((&'a str, &'a str)) -> &'a str,
) -> bool {
    let side = |text: &'a str| {
        text.split_once('@')
            .map(&side)
            .filter(|side| !side.is_empty())
    };
    let left = side(left);
    left.is_some() && left == side(right)
}

/// Whether two texts have the same digits in the same order. What differs in a digit is often
/// another thing, and not the same one written wrong: `ann.lee12@…` and `ann.lee21@…`.
fn same_digits(left: &str, right: &str) -> bool {
    let left = left.bytes().filter(u8::is_ascii_digit);
    left.eq(right.bytes().filter(u8::is_ascii_digit))
}

/// The share of words that two texts have in common, of the text with fewer words.
fn shared_words(left: &str, right: &str) -> f64 {
    /// Further words are not looked at.
    const WORDS_MAX: usize = 16;
    let words = |text: &str| text.split(' ').take(WORDS_MAX).count();
    let (left, right) = if words(left) <= words(right) {
        (left, right)
    } else {
        (right, left)
    };
    let shared = left.split(' ').take(WORDS_MAX);
    let shared = shared.filter(|word| right.split(' ').take(WORDS_MAX).any(|other| other == *word));
    shared.count() as f64 / words(left) as f64
}

fn numbers(left: &str, right: &str) -> Option<(f64, f64)> {
    Some((left.parse().ok()?, right.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(level: &str, left: &str, right: &str) -> bool {
        let level = Level::parse(level).unwrap_or_else(|| panic!("{level} is a level"));
        let ladder = Ladder::new(vec![level]);
        let found = ladder.climb(left, right).is_some();
        assert_eq!(
            found,
            ladder.climb(right, left).is_some(),
            "either way round"
        );
        found
    }

    #[test]
    fn levels_hold_where_they_should() {
        for (level, left, right) in [
            ("exact", "a", "a"),
            ("jaro_winkler >= 0.9", "martha", "marhta"),
            ("edits <= 1", "martha", "marhta"),
            ("typos <= 2", "lee12@mial.test", "lee12@mail.test"),
            ("prefix >= 3", "山田太郎", "山田太"),
            ("suffix >= 7", "493012345678", "012345678"),
            ("begins", "rob", "robert"),
            ("sounds", "robert", "rupert"),
            ("same_username", "jane@a.de", "jane@b.de"),
            ("same_domain", "jane@a.de", "john@a.de"),
            ("words >= 0.5", "high street", "high road north"),
            ("days <= 31", "20240228", "20240330"),
            ("day_and_month_swapped", "19710205", "19710502"),
            ("difference <= 5", "10", "14.5"),
            ("percent <= 10", "100", "91"),
            ("shared >= 2", "a\u{1f}b\u{1f}c", "b\u{1f}c"),
            ("exact or edits <= 1", "ann", "anne"),
        ] {
            assert!(holds(level, left, right), "{level}: {left} and {right}");
        }
    }

    #[test]
    fn levels_do_not_hold_where_they_should_not() {
        for (level, left, right) in [
            ("exact", "a", "b"),
            ("jaro_winkler >= 0.9", "martha", "arthur"),
            ("edits <= 1", "martha", "martin"),
            ("typos <= 2", "lee12@mail.test", "lee21@mail.test"),
            ("prefix >= 3", "ab", "ab"),
            ("sounds", "山田", "山田"),
            ("same_username", "jane", "jane"),
            ("same_domain", "jane@", "john@"),
            ("days <= 31", "20240228", "20240331"),
            ("days <= 31", "20241399", "20241398"),
            ("day_and_month_swapped", "19710205", "19720502"),
            ("difference <= 5", "10", "x"),
            ("shared >= 2", "a\u{1f}b", "b\u{1f}c"),
        ] {
            assert!(!holds(level, left, right), "{level}: {left} and {right}");
        }
    }

    #[test]
    fn what_is_no_level_is_none() {
        for written in [
            "",
            "exactly",
            "edits <= 0",
            "edits < 1",
            "edits <= 99",
            "days <= -1",
        ] {
            assert_eq!(Level::parse(written), None, "{written}");
        }
        for written in [
            "jaro_winkler >= nan",
            "difference <= inf",
            "words >= 0",
            "exact or ",
        ] {
            assert_eq!(Level::parse(written), None, "{written}");
        }
    }
}
