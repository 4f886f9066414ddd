//! Templates of sentences about a row: `no purchase for {recency_days|day|days}[; usual gap
//! {gap_days_mean|day|days}]`.
//!
//! | in a template | becomes |
//! |---|---|
//! | `{column}` | its value, numbers with at most one digit behind the point |
//! | `{column\|day\|days}` | its value and the word for one, or for any other number |
//! | `{column%}` | a share as a percentage |
//! | `{column?yes\|no}` | the first text when it is true, the second when it is false |
//! | `[…]` | nothing, when a column within has no value |
//! | `… \|\| …` | the first of these whose columns all have values |

use std::collections::BTreeSet;
use std::fmt::Write;

/// A value of a row, as sentences tell it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told<'v> {
    /// A number; truth values are 1 and 0.
    Number(f64),
    /// A text.
    Text(&'v str),
}

/// A template, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    alternatives: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value { column: String, form: Form },
    IfKnown(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Plain,
    Counted { one: String, many: String },
    Percent,
    Either { yes: String, no: String },
}

impl Sentence {
    /// Reads a template; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let alternatives = text.split("||").map(|text| {
            let mut rest = text.trim();
            let parts = parts(&mut rest, false)?;
            if parts.is_empty() {
                return Err("a sentence is empty".to_owned());
            }
            Ok(parts)
        });
        let alternatives = alternatives.collect::<Result<_, String>>()?;
        Ok(Self { alternatives })
    }

    /// The columns that it tells of.
    pub fn columns(&self) -> BTreeSet<&str> {
        fn gather<'s>(parts: &'s [Part], columns: &mut BTreeSet<&'s str>) {
            for part in parts {
                match part {
                    Part::Text(_) => {}
                    Part::Value { column, .. } => {
                        columns.insert(column);
                    }
                    Part::IfKnown(inner) => gather(inner, columns),
                }
            }
        }
        let mut columns = BTreeSet::new();
        for parts in &self.alternatives {
            gather(parts, &mut columns);
        }
        columns
    }

    /// The sentence about a row; `None` when no alternative has all its values.
    pub fn tell<'v>(&self, value: &impl Fn(&str) -> Option<Told<'v>>) -> Option<String> {
        let mut alternatives = self.alternatives.iter();
        alternatives.find_map(|parts| tell(parts, value))
    }
}

fn tell<'v>(parts: &[Part], value: &impl Fn(&str) -> Option<Told<'v>>) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(plain) => text += plain,
            Part::Value { column, form } => text += &form.tell(value(column)?)?,
            Part::IfKnown(inner) => text += &tell(inner, value).unwrap_or_default(),
        }
    }
    Some(text)
}

impl Form {
    fn tell(&self, told: Told<'_>) -> Option<String> {
        let number = match told {
            Told::Text(text) => return matches!(self, Self::Plain).then(|| text.to_owned()),
            Told::Number(number) => number,
        };
        Some(match self {
            Self::Plain => short(number),
            Self::Counted { one, many } => {
                let count = short(number);
                let word = if count == "1" { one } else { many };
                format!("{count} {word}")
            }
            Self::Percent => format!("{} %", short(100.0 * number)),
            Self::Either { yes, no } => if number > 0.0 { yes } else { no }.clone(),
        })
    }
}

/// A number as people say it: with one digit behind the point where that says something.
pub(crate) fn short(number: f64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{number:.*}", usize::from(number.abs() < 100.0));
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0" } else { short }.to_owned()
}

/// Parts up to the end, or to the closing bracket when they stand in brackets.
fn parts(rest: &mut &str, in_brackets: bool) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    loop {
        let end = rest.find(['{', '}', '[', ']']).unwrap_or(rest.len());
        if end > 0 {
            parts.push(Part::Text(rest[..end].to_owned()));
        }
        let Some(mark) = rest[end..].chars().next() else {
            *rest = "";
            return if in_brackets {
                Err("a `[` is not closed".to_owned())
            } else {
                Ok(parts)
            };
        };
        *rest = &rest[end + 1..];
        match mark {
            '{' => {
                let Some((inner, after)) = rest.split_once('}') else {
                    return Err("a `{` is not closed".to_owned());
                };
                *rest = after;
                parts.push(value(inner)?);
            }
            '[' if !in_brackets => parts.push(Part::IfKnown(self::parts(rest, true)?)),
            ']' if in_brackets => return Ok(parts),
            other => return Err(format!("there is a `{other}` too many")),
        }
    }
}

/// What stands in braces.
fn value(inner: &str) -> Result<Part, String> {
    let words = |words: &str| {
        let pair = words.split_once('|');
        pair.map(|(a, b)| (a.to_owned(), b.to_owned()))
            .ok_or_else(|| format!("`{{{inner}}}` needs two words with a `|` between"))
    };
    let (column, form) = if let Some((column, texts)) = inner.split_once('?') {
        let (yes, no) = words(texts)?;
        (column, Form::Either { yes, no })
    } else if let Some((column, texts)) = inner.split_once('|') {
        let (one, many) = words(texts)?;
        (column, Form::Counted { one, many })
    } else if let Some(column) = inner.strip_suffix('%') {
        (column, Form::Percent)
    } else {
        (inner, Form::Plain)
    };
    if !crate::name::is_snake_case(column) {
        return Err(format!("`{column}` is not the name of a column"));
    }
    let column = column.to_owned();
    Ok(Part::Value { column, form })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(template: &str) -> Option<String> {
        let value = |column: &str| match column {
            "recency_days" => Some(Told::Number(74.0)),
            "gap" => Some(Told::Number(21.04)),
            "one" => Some(Told::Number(1.0)),
            "share" => Some(Told::Number(0.125)),
            "country" => Some(Told::Text("NL")),
            _ => None,
        };
        Sentence::parse(template).expect("sound").tell(&value)
    }

    #[test]
    fn a_template_tells_a_row() {
        let text = "no purchase for {recency_days|day|days}[; usual gap {gap|day|days}]";
        let expected = "no purchase for 74 days; usual gap 21 days";
        assert_eq!(told(text).as_deref(), Some(expected));
        assert_eq!(told("{one|order|orders}").as_deref(), Some("1 order"));
        assert_eq!(
            told("{one?yes|no} in {country}").as_deref(),
            Some("yes in NL")
        );
        assert_eq!(told("{share%} by app").as_deref(), Some("12.5 % by app"));
    }

    #[test]
    fn what_is_not_known_is_left_out_or_told_otherwise() {
        assert_eq!(told("here[ and {nothing}]").as_deref(), Some("here"));
        assert_eq!(
            told("for {nothing|day|days} || never").as_deref(),
            Some("never")
        );
        assert_eq!(told("for {nothing|day|days}"), None);
        // A text is no number.
        assert_eq!(told("{country|day|days}"), None);
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        let fault = |text: &str| Sentence::parse(text).expect_err("faulty");
        assert_eq!(fault("for {days"), "a `{` is not closed");
        assert_eq!(fault("for [{days}"), "a `[` is not closed");
        assert_eq!(fault("for days}"), "there is a `}` too many");
        assert_eq!(fault("[a [b]]"), "there is a `[` too many");
        assert_eq!(fault("{Days}"), "`Days` is not the name of a column");
        assert_eq!(
            fault("{days|day}"),
            "`{days|day}` needs two words with a `|` between"
        );
        assert_eq!(fault(" || never"), "a sentence is empty");
    }

    #[test]
    fn its_columns_are_those_of_all_parts() {
        let sentence = Sentence::parse("{a}[ {b%}] || {c?x|y}").expect("sound");
        assert_eq!(
            sentence.columns().into_iter().collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.04, "0"),
            (-0.04, "0"),
            (21.04, "21"),
            (21.06, "21.1"),
            (230.4, "230"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
