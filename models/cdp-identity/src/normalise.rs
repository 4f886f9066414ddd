//! How a value is made comparable. A value that is clean already is not copied.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A longer value is a document or an accident, not an identifier.
const VALUE_BYTES_MAX: usize = 1024;
/// A shorter number cannot be told from an extension or a postcode.
const PHONE_DIGITS_MIN: usize = 7;

/// A way to make the values of an identifier type comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normaliser {
    Email,
    Phone,
    Id,
    IdLowercase,
}

impl Normaliser {
    /// Every normaliser under the name it has in a configuration.
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("email", Self::Email),
        ("phone", Self::Phone),
        ("id", Self::Id),
        ("id_lowercase", Self::IdLowercase),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, normaliser)| *normaliser)
    }

    /// The comparable form of a value, or nothing when it cannot be an identifier of this kind.
    pub(crate) fn apply(self, value: &str) -> Option<Cow<'_, str>> {
        let text = tidy(value)?;
        if is_scientific_number(&text) {
            return None;
        }
        match self {
            Self::Email => email(text),
            Self::Phone => phone(whole_number(text)),
            Self::Id => Some(whole_number(text)),
            Self::IdLowercase => Some(lower_case(whole_number(text))),
        }
    }
}

/// Compatibility form (NFKC), without invisible characters, outer white space and runs of inner
/// white space. Nothing when no text is left or far too much.
fn tidy(value: &str) -> Option<Cow<'_, str>> {
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
    (!tidied.is_empty()).then_some(Cow::Owned(tidied))
}

/// Whether trimmed text is plain ASCII with nothing to tidy.
fn is_tidy(text: &[u8]) -> bool {
    let printable = text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    printable && !text.windows(2).any(|pair| pair == b"  ")
}

/// Controls, zero-width characters, marks of direction and the soft hyphen.
fn is_invisible(character: char) -> bool {
    let is_format = matches!(
        character,
        '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    );
    is_format || (character.is_control() && !character.is_whitespace())
}

/// Whether a spreadsheet wrote the value as `4.91512E+12`: the digits that told people apart are
/// gone, so it names nobody.
fn is_scientific_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once('+') else {
        return false;
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some(mantissa) = mantissa.strip_suffix(['e', 'E']) else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_digits(whole) && is_digits(fraction) && is_digits(exponent)
}

/// `17850.0` is the whole number `17850` that went through a column of floats.
fn whole_number(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && !fraction.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().all(|byte| byte == b'0');
    if !is_whole {
        return text;
    }
    let length = whole.len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    }
}

fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return text;
    }
    // A lower-case letter can be a composition that its capital was not.
    Cow::Owned(text.to_lowercase().nfkc().collect())
}

/// One `@` with text on both sides, and a domain of at least two labels. White space within is
/// a slip of the keyboard and dropped.
fn email(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let text = if text.contains(' ') {
        Cow::Owned(text.replace(' ', ""))
    } else {
        text
    };
    let text = lower_case(text);
    let (mailbox, domain) = text.split_once('@')?;
    let is_address = !mailbox.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty());
    is_address.then_some(text)
}

/// Digits, after a `+` where the country is known. Numbers of one repeated digit are filler.
fn phone(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let text = if is_plain_phone(&text) {
        text
    } else {
        Cow::Owned(plain_phone(&text))
    };
    let digits = text.trim_start_matches('+').as_bytes();
    let is_filler = digits.iter().all(|digit| *digit == digits[0]);
    (digits.len() >= PHONE_DIGITS_MIN && !is_filler).then_some(text)
}

fn is_plain_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.starts_with("00") && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn plain_phone(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_digit() || (character == '+' && kept.is_empty()) {
            kept.push(character);
        }
    }
    let digits = kept.trim_start_matches('+');
    let (mut national, mut is_international) = (digits, digits.len() < kept.len());
    while let Some(rest) = national.strip_prefix("00") {
        (national, is_international) = (rest, true);
    }
    let plus = if is_international { "+" } else { "" };
    format!("{plus}{national}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(normaliser: Normaliser, cases: &[(&str, Option<&str>)]) {
        for (value, expected) in cases {
            let found = normaliser.apply(value);
            assert_eq!(found.as_deref(), *expected, "{normaliser:?} of {value:?}");
        }
    }

    #[test]
    fn emails() {
        check(
            Normaliser::Email,
            &[
                ("jane@shop.de", Some("jane@shop.de")),
                (" Jane.Doe@Shop.DE\t", Some("jane.doe@shop.de")),
                ("jane @ shop.de", Some("jane@shop.de")),
                ("\u{feff}jane\u{200b}@shop.de", Some("jane@shop.de")),
                ("jane\u{ff20}shop.de", Some("jane@shop.de")),
                ("JÖRG@shop.de", Some("jörg@shop.de")),
                ("JO\u{308}RG@shop.de", Some("jörg@shop.de")),
                ("jane+news@shop.de", Some("jane+news@shop.de")),
                ("@shop.de", None),
                ("jane@", None),
                ("jane", None),
                ("jane@shop", None),
                ("jane@.de", None),
                ("jane@shop.", None),
                ("jane@shop..de", None),
                ("jane@doe@shop.de", None),
                ("   ", None),
            ],
        );
    }

    #[test]
    fn phones() {
        check(
            Normaliser::Phone,
            &[
                ("+493012345678", Some("+493012345678")),
                ("+49 (30) 1234-5678", Some("+493012345678")),
                ("0049 30 12345678", Some("+493012345678")),
                ("+0049 30 12345678", Some("+493012345678")),
                ("(+49) 3012345678", Some("+493012345678")),
                ("030/12345678", Some("03012345678")),
                ("03012345678", Some("03012345678")),
                ("4930123456.0", Some("4930123456")),
                ("\u{ff10}30 1234567", Some("0301234567")),
                ("tel: 030 12345+678", Some("03012345678")),
                ("123456", None),
                ("+49 123", None),
                ("1111111", None),
                ("+00000000000", None),
                ("0000000", None),
                ("4.93012E+11", None),
                ("none", None),
                ("+", None),
            ],
        );
    }

    #[test]
    fn ids() {
        check(
            Normaliser::Id,
            &[
                ("Ab-1", Some("Ab-1")),
                ("  a  b\u{a0}c ", Some("a b c")),
                ("17850.0", Some("17850")),
                ("17850.00", Some("17850")),
                ("-1.0", Some("-1")),
                ("17850.5", Some("17850.5")),
                ("1.0.0", Some("1.0.0")),
                ("17850.", Some("17850.")),
                (".0", Some(".0")),
                ("v1.0", Some("v1.0")),
                ("１２３.0", Some("123")),
                ("12e5", Some("12e5")),
                ("a+1", Some("a+1")),
                ("1.785E+04", None),
                ("5E+12", None),
                ("a\0b", Some("ab")),
                ("\u{200b}", None),
                ("", None),
            ],
        );
        check(Normaliser::IdLowercase, &[("AB-Ü.0", Some("ab-ü.0"))]);
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        check(
            Normaliser::Id,
            &[(&long, None), (&long[1..], Some(&long[1..]))],
        );
    }

    #[test]
    fn clean_values_are_not_copied() {
        for (normaliser, value) in [
            (Normaliser::Email, "jane@shop.de"),
            (Normaliser::Phone, "+493012345678"),
            (Normaliser::Id, "17850.0"),
            (Normaliser::IdLowercase, " c-17850 "),
        ] {
            let found = normaliser.apply(value);
            assert!(matches!(found, Some(Cow::Borrowed(_))), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(
            value in prop_oneof!["\\PC{0,12}", "[ a-zA-Z0-9@.+\u{a8}\u{308}\u{130}-]{0,20}", "[+0-9 ./()-]{6,16}"]
        ) {
            for (_, normaliser) in Normaliser::ALL {
                if let Some(once) = normaliser.apply(&value)
                    && let Some(twice) = normaliser.apply(&once)
                {
                    prop_assert_eq!(&once, &twice, "{:?}", normaliser);
                }
            }
        }
    }
}
