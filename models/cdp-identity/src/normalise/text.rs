//! What every normaliser does first: text without what the eye cannot see.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A longer value is a document or an accident, not an identifier.
pub(super) const VALUE_BYTES_MAX: usize = 1024;
/// So much text is not even searched for an identifier between white space.
const PADDED_BYTES_MAX: usize = 64 * 1024;

/// Compatibility form (NFKC), without invisible characters, outer white space and runs of inner
/// white space. Nothing when no text is left or far too much.
///
/// Letters that look alike in two scripts stay different, such as the Latin and the Cyrillic `a`:
/// whoever writes `pаypal` in two scripts is somebody else until other evidence says otherwise.
pub(super) fn tidy(value: &str) -> Option<Cow<'_, str>> {
    if value.len() > PADDED_BYTES_MAX {
        return None;
    }
    let text = value.trim();
    if text.is_empty() || text.len() > VALUE_BYTES_MAX {
        return None;
    }
    if is_tidy(text.as_bytes()) {
        return Some(Cow::Borrowed(text));
    }
    let mut tidied = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.chars().filter(|c| !is_invisible(*c)).nfkc() {
        if character.is_whitespace() {
            gap = !tidied.is_empty();
        } else {
            if gap {
                tidied.push(' ');
                gap = false;
            }
            tidied.push(character);
        }
    }
    // One character can have a compatibility form of eighteen.
    let is_identifier = !tidied.is_empty() && tidied.len() <= VALUE_BYTES_MAX;
    is_identifier.then_some(Cow::Owned(tidied))
}

/// Whether trimmed text is plain ASCII with nothing to tidy.
fn is_tidy(text: &[u8]) -> bool {
    let printable = text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    printable && !text.windows(2).any(|pair| pair == b"  ")
}

/// Controls, and what Unicode calls default ignorable: zero-width characters, marks of direction,
/// the soft hyphen, fillers, tags, and the selectors that turn a heart into a red heart.
fn is_invisible(character: char) -> bool {
    let is_ignorable = matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    is_ignorable || (character.is_control() && !character.is_whitespace())
}

/// Whether a spreadsheet wrote the value as `4.91512E+12`: the digits that told people apart are
/// gone, so it names nobody.
pub(super) fn is_scientific_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once('+') else {
        return false;
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some(mantissa) = mantissa.strip_suffix(['e', 'E']) else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    is_digits(whole) && is_digits(fraction) && is_digits(exponent)
}

pub(super) fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return text;
    }
    // A lower-case letter can be a composition that its capital was not.
    Cow::Owned(text.to_lowercase().nfkc().collect())
}

/// A part of borrowed text, or the same bytes of owned text.
pub(super) fn part(text: Cow<'_, str>, range: std::ops::Range<usize>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_the_eye_sees() {
        for (value, expected) in [
            ("plain", Some("plain")),
            (" a \t b\u{a0}c\r\n", Some("a b c")),
            ("\u{202e}jane\u{202c}", Some("jane")),
            ("j\u{0}a\u{7}ne", Some("jane")),
            ("\u{61c}jane\u{180e}\u{34f}", Some("jane")),
            ("\u{2764}\u{fe0f}", Some("\u{2764}")),
            ("ja\u{ad}ne\u{e0061}", Some("jane")),
            ("\u{3164}\u{ffa0}\u{115f}", None),
            ("\u{feff}\u{200b}", None),
            ("", None),
        ] {
            assert_eq!(tidy(value).as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_document_is_no_identifier() {
        let megabytes = 10 * 1024 * 1024;
        for value in [
            "x".repeat(megabytes),
            " ".repeat(megabytes),
            "\u{fdfa}".repeat(300),
        ] {
            assert_eq!(tidy(&value), None);
        }
        let padded = format!("{0}jane{0}", " ".repeat(2 * VALUE_BYTES_MAX));
        assert_eq!(tidy(&padded).as_deref(), Some("jane"));
    }

    #[test]
    fn a_spreadsheet_loses_digits() {
        for value in ["1.785E+04", "5E+12", "4.9e+11", "4,91512E+12"] {
            assert!(is_scientific_number(value), "{value}");
        }
        for value in ["12e5", "a+1", "e+1", "1.E+1", "1e+"] {
            assert!(!is_scientific_number(value), "{value}");
        }
    }
}
