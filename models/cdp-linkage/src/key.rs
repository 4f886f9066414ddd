//! Blocking rules: what two records must share to be compared at all.

use crate::date;
use crate::sound;

/// A part of a value that records may be blocked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Prefix(usize),
    Suffix(usize),
    Sound,
    Year,
    MonthDay,
    Username,
    Domain,
    FirstWord,
}

/// A part of the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expression {
    field: usize,
    part: Part,
}

/// A rule: every expression of the left record agrees with its partner of the right one.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// As written, for reports.
    pub(crate) label: String,
    pairs: Vec<(Expression, Expression)>,
}

/// The two keys of a record under a rule: as the left record of a pair and as the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockKeys {
    /// The key as left record.
    pub left: Option<u64>,
    /// The key as right record. Another than `left` only where the rule crosses fields.
    pub right: Option<u64>,
    /// Whether the rule crosses fields, so that it matters which record is the left one.
    pub crosses: bool,
}

impl Rule {
    /// Reads a rule. Gives the position and the fault of each expression that cannot be read.
    pub(crate) fn parse(
        written: &[String],
        field: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, Vec<(usize, String)>> {
        let mut pairs = Vec::new();
        let mut faults = Vec::new();
        for (position, text) in written.iter().enumerate() {
            let (left, right) = text.split_once('=').unwrap_or((text, text));
            let both = parse(left, &field).and_then(|left| Ok((left, parse(right, &field)?)));
            match both {
                Ok(pair) => pairs.push(pair),
                Err(problem) => faults.push((position, problem)),
            }
        }
        if faults.is_empty() {
            let label = written.join(", ");
            Ok(Self { label, pairs })
        } else {
            Err(faults)
        }
    }

    /// Whether left and right keys differ.
    pub(crate) fn crosses(&self) -> bool {
        self.pairs.iter().any(|(left, right)| left != right)
    }

    /// The keys of a record. A key is missing when any of its values is.
    pub(crate) fn keys(&self, record: &[Option<&str>]) -> BlockKeys {
        let left = key(self.pairs.iter().map(|(left, _)| left), record);
        let crosses = self.crosses();
        let right = if crosses {
            key(self.pairs.iter().map(|(_, right)| right), record)
        } else {
            left
        };
        BlockKeys {
            left,
            right,
            crosses,
        }
    }
}

fn key<'a>(
    expressions: impl Iterator<Item = &'a Expression>,
    record: &[Option<&str>],
) -> Option<u64> {
    let mut hash = Fnv::default();
    for expression in expressions {
        let value = record[expression.field]?;
        expression.part.feed(value, &mut hash)?;
    }
    Some(hash.finish())
}

impl Part {
    fn feed(self, value: &str, hash: &mut Fnv) -> Option<()> {
        let part = match self {
            Self::Whole => value,
            Self::Prefix(count) => nth_char(value, count).map_or(value, |at| &value[..at]),
            Self::Suffix(count) => {
                let start = value.char_indices().rev().nth(count.saturating_sub(1));
                start.map_or(value, |(at, _)| &value[at..])
            }
            Self::Year => date::year(value)?,
            Self::MonthDay => date::month_and_day(value)?,
            Self::Username => value.split('@').next().filter(|part| !part.is_empty())?,
            Self::Domain => value
                .split_once('@')
                .map(|(_, domain)| domain)
                .filter(|part| !part.is_empty())?,
            Self::FirstWord => value.split(' ').next()?,
            Self::Sound => {
                // A name in another script stands for itself.
                match sound::soundex(value) {
                    Some(code) => hash.feed(&code),
                    None => hash.feed(value.as_bytes()),
                }
                return Some(());
            }
        };
        hash.feed(part.as_bytes());
        Some(())
    }
}

fn nth_char(text: &str, count: usize) -> Option<usize> {
    text.char_indices().nth(count).map(|(at, _)| at)
}

fn parse(text: &str, field: impl Fn(&str) -> Option<usize>) -> Result<Expression, String> {
    let text = text.trim();
    let Some((function, rest)) = text.split_once('(') else {
        let field = field(text).ok_or_else(|| format!("names no field: `{text}`"))?;
        return Ok(Expression {
            field,
            part: Part::Whole,
        });
    };
    let Some(inner) = rest.strip_suffix(')') else {
        return Err(format!("lacks a closing bracket: `{text}`"));
    };
    let (name, count) = match inner.split_once(',') {
        Some((name, count)) => (name.trim(), Some(count.trim())),
        None => (inner.trim(), None),
    };
    let length = count
        .and_then(|count| count.parse().ok())
        .filter(|count| (1..=64).contains(count));
    let part = match (function.trim(), length, count) {
        ("prefix", Some(length), _) => Part::Prefix(length),
        ("suffix", Some(length), _) => Part::Suffix(length),
        ("sound", _, None) => Part::Sound,
        ("year", _, None) => Part::Year,
        ("month_day", _, None) => Part::MonthDay,
        ("username", _, None) => Part::Username,
        ("domain", _, None) => Part::Domain,
        ("first_word", _, None) => Part::FirstWord,
        _ => return Err(format!("cannot be read: `{text}`")),
    };
    let field = field(name).ok_or_else(|| format!("names no field: `{name}`"))?;
    Ok(Expression { field, part })
}

/// The hash FNV-1a with a last stir: the same on every machine, for ever.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes in one value and its end.
    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(written: &[&str], record: [&str; 2]) -> BlockKeys {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        let field = |name: &str| ["a", "b"].iter().position(|known| *known == name);
        let rule = Rule::parse(&written, field).unwrap_or_else(|faults| panic!("{faults:?}"));
        rule.keys(&record.map(|value| Some(value).filter(|value| !value.is_empty())))
    }

    fn same(written: &str, left: &str, right: &str) -> bool {
        let key = |value| keys(&[written], [value, ""]).left;
        key(left).is_some() && key(left) == key(right)
    }

    #[test]
    fn parts_of_values_are_keys() {
        assert!(same("prefix(a, 2)", "山田太", "山田"));
        assert!(same("suffix(a, 3)", "12345", "00345"));
        assert!(same("sound(a)", "robert", "rupert"));
        assert!(!same("sound(a)", "山田", "山本"));
        assert!(same("year(a)", "19710624", "19711231"));
        assert!(same("month_day(a)", "19710624", "19720624"));
        assert!(same("username(a)", "jane@a.de", "jane@b.de"));
        assert!(same("domain(a)", "jane@a.de", "john@a.de"));
        assert!(same("first_word(a)", "high street", "high road"));
        assert!(
            !same("year(a)", "197", "197"),
            "a date that cannot be read has no year"
        );
        assert!(!same("domain(a)", "jane", "jane"));
    }

    #[test]
    fn values_do_not_run_into_each_other_and_a_missing_one_leaves_no_key() {
        assert_ne!(
            keys(&["a", "b"], ["xy", "z"]),
            keys(&["a", "b"], ["x", "yz"])
        );
        assert_eq!(keys(&["a", "b"], ["x", ""]).left, None);
    }

    #[test]
    fn a_crossing_rule_has_two_keys() {
        let (one, other) = (keys(&["a = b"], ["x", "y"]), keys(&["a = b"], ["y", "z"]));
        assert_eq!(one.right, other.left);
        assert_ne!(one.left, other.right);
    }
}
