//! Reads a TOML file into a type and reports every fault, not only the first.
//!
//! The TOML reader stops at its first error. So the entry at fault is blanked out, which moves no
//! other byte, and the rest is read again until nothing new is found.

use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::fault::{Fault, SourceFile};
use crate::nearest;

/// More faults than this in one file are not worth a person's time.
const FAULTS_MAX: usize = 50;

/// What the file says, without the entries at fault, which are added to the list: so a caller goes on
/// to check the rest, and looks at the list before it uses anything.
pub(crate) fn read<T: DeserializeOwned>(file: &SourceFile, faults: &mut Vec<Fault>) -> Option<T> {
    let mut text = file.text().to_owned();
    for _ in 0..FAULTS_MAX {
        let error = match toml::from_str::<T>(&text) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let at_fault = entry(&text, &span);
        faults.push(fault(file, &error, &span, at_fault.as_ref()));
        if error.message().starts_with("missing field") {
            // No entry is at fault: one is not there.
            break;
        }
        match at_fault {
            Some(entry) => blank(&mut text, entry),
            None => break,
        }
    }
    None
}

fn fault(
    file: &SourceFile,
    error: &toml::de::Error,
    span: &Range<usize>,
    entry: Option<&Range<usize>>,
) -> Fault {
    let names: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    if error.message().starts_with("unknown field") {
        let (unknown, known) = (names[0], &names[1..]);
        return Fault::new(format!("unknown key `{unknown}`"))
            .hint(nearest::hint(unknown, known.iter().copied()))
            .at(file, span.clone())
            .label("not a key of this table");
    }
    if error.message().starts_with("missing field") && !names.is_empty() {
        return Fault::new(format!("the key `{}` is missing", names[0]))
            .at(file, line_of(file.text(), span.start));
    }
    let key = entry.map(|entry| {
        let line = &file.text()[entry.clone()];
        line.split(['=', '\n']).next().unwrap_or("").trim()
    });
    let words = words(error.message());
    let message = match key {
        Some(key) if !key.is_empty() && !key.starts_with('[') => format!("`{key}`: {words}"),
        _ => words,
    };
    Fault::new(message).at(file, span.clone())
}

/// What the reader says of a value, without its names for types.
fn words(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant ")
        && let Some((found, known)) = rest.split_once(", expected ")
    {
        return format!("expected {known}, found {found}");
    }
    let of_a_value = ["invalid type: ", "invalid value: "];
    let rest = of_a_value
        .iter()
        .find_map(|kind| message.strip_prefix(kind));
    let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let expected = match expected {
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" => "a text",
        "a sequence" => "a list, such as [\"a\", \"b\"]",
        "a map" => "a table of keys and values",
        structure if structure.starts_with("struct ") => "a table of keys and values",
        other => other,
    };
    let kinds = [
        ("string ", "text "),
        ("integer ", ""),
        ("floating point ", ""),
        ("boolean ", ""),
        ("sequence", "a list"),
        ("map", "a table"),
    ];
    let found = kinds
        .iter()
        .find_map(|(kind, word)| Some(format!("{word}{}", found.strip_prefix(kind)?)))
        .unwrap_or_else(|| found.to_owned());
    format!("expected {expected}, found {}", found.replace('`', ""))
}

/// The byte range of the entry (a `key = value`, or a table with its header) that holds a span.
/// `None` when nothing smaller than the file can be left out.
fn entry(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let start = entry_start(text, span.start)?;
    let first = line_of(text, start);
    if text[first.clone()].trim_start().starts_with('[') {
        let end = text[first.end..]
            .find("\n[")
            .map_or(text.len(), |offset| first.end + offset);
        return Some(start..end);
    }
    // A value over several lines ends where the entry can be read on its own.
    let mut end = first.end;
    while toml::from_str::<toml::Table>(&text[start..end]).is_err() {
        if end >= text.len() {
            return Some(first);
        }
        end = line_of(text, end + 1).end;
    }
    Some(start..end)
}

/// The start of the nearest line, from an offset upwards, that begins an entry or a table.
fn entry_start(text: &str, offset: usize) -> Option<usize> {
    let mut line = line_of(text, offset);
    loop {
        let words = text[line.clone()].trim_start();
        let key = words.split('=').next().unwrap_or_default().trim();
        let is_key = |c: char| c.is_alphanumeric() || "_-.\"'".contains(c);
        let begins = words.contains('=') && !key.is_empty() && key.chars().all(is_key);
        if begins || words.starts_with('[') {
            return Some(line.start);
        }
        if line.start == 0 {
            return None;
        }
        line = line_of(text, line.start - 1);
    }
}

fn line_of(text: &str, offset: usize) -> Range<usize> {
    let offset = offset.min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |length| offset + length);
    start..end
}

fn blank(text: &mut String, range: Range<usize>) {
    let spaces: String = text[range.clone()]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(range, &spaces);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Churn {
        horizon_days: u32,
        gap_days: u32,
        names: Vec<String>,
    }

    impl Default for Churn {
        fn default() -> Self {
            Self {
                horizon_days: 90,
                gap_days: 0,
                names: Vec::new(),
            }
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        churn: Churn,
    }

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let file = SourceFile::new("cdp.toml", text);
        let read: Option<Config> = read(&file, &mut faults);
        assert!(read.is_none_or(|config| config.churn.horizon_days == 90));
        faults
            .iter()
            .map(|fault| {
                let line = fault.place().and_then(|place| place.line).unwrap_or(0);
                format!("{line}: {}", fault.message())
            })
            .collect()
    }

    #[test]
    fn every_fault_of_a_file_is_reported() {
        let found = faults(concat!(
            "[churn]\nhorizont_days = 30\ngap_days = \"two\"\nnames = [\n 1,\n 2]\n",
            "[chrun]\nx = 1\n",
        ));
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(
            found.iter().filter(|f| f.contains("horizont_days")).count(),
            1
        );
        assert!(
            found
                .iter()
                .any(|f| f
                    == "3: `gap_days`: expected a whole number, 0 or more, found text \"two\"")
        );
        assert!(found.iter().any(|f| f.contains("unknown key `chrun`")));
    }

    #[test]
    fn a_missing_key_and_broken_syntax_are_one_fault_each() {
        assert_eq!(faults(""), ["1: the key `churn` is missing"]);
        assert_eq!(faults("[churn]\ngap_days = = 2\n").len(), 1);
        assert!(faults("[churn]\ngap_days = 2\n").is_empty());
    }
}
