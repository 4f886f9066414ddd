//! Telephone numbers: E.164 where the country is known, by the numbering plans of libphonenumber.

use std::borrow::Cow;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::calling_codes::Plan;
use super::hashed::{Hashed, hashed};

/// A shorter number cannot be told from an extension or a postcode.
const DIGITS_MIN: usize = 7;
/// E.164: no more digits, calling code and all.
const DIGITS_MAX: usize = 15;
/// More digits than this are two numbers in one field. A national number has its trunk prefix
/// beside the digits of E.164, an international one its dialling prefix.
const DIALLED_MAX: usize = 20;

/// The region of an ISO 3166 alpha-2 code in any case, if it has a numbering plan.
pub(super) fn region(code: &str) -> Option<Region> {
    let region = Region::from_code(code.trim()).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
    (region != Region::World).then_some(region)
}

/// The number in tidy text.
///
/// - With a calling code, or with a default region: E.164, without trunk prefix and extension.
/// - A calling code that no country has: its digits after a `+`, for nobody can judge them.
/// - Neither calling code nor default region: digits as they are dialled.
/// - Nothing for a number of an impossible length, or without its area code: it names nobody.
///
/// Only lengths are judged, not which ranges are in use: those change every month, and an
/// identifier must not.
pub(super) fn phone(text: Cow<'_, str>, default_region: Option<Region>) -> Option<Cow<'_, str>> {
    match hashed(&text) {
        Hashed::Contact(hash) => return Some(hash),
        Hashed::Nobody => return None,
        Hashed::No => {}
    }
    let number = if is_plain(&text) {
        text
    } else {
        Cow::Owned(dialled(&text)?)
    };
    let digits = number.trim_start_matches('+').as_bytes();
    let is_filler = digits.iter().all(|digit| *digit == digits[0]);
    if !(DIGITS_MIN..=DIALLED_MAX).contains(&digits.len()) || is_filler {
        return None;
    }
    if number.starts_with('+') {
        return international(number);
    }
    if let Some(region) = default_region
        && let Some(read) = read_stably(&number, Some(region))
    {
        return Some(Cow::Owned(read));
    }
    if number.starts_with("00") {
        return international(Cow::Owned(format!("+{}", number.trim_start_matches('0'))));
    }
    (default_region.is_none() && digits.len() <= DIGITS_MAX + 1).then_some(number)
}

/// Whether a number could be in use: it has the digits and the length that its numbering plan
/// wants. Unlike an identifier this may change with the plans.
pub fn is_valid_phone(value: &str, default_region: Option<&str>) -> bool {
    let default_region = default_region.and_then(region);
    let Some(number) = super::Normaliser::Phone { default_region }.apply(value) else {
        return false;
    };
    let read = PHONE_NUMBER_UTIL.parse(&number, None);
    read.is_ok_and(|read| PHONE_NUMBER_UTIL.is_valid_number(&read))
}

/// Digits, after a `+` or not.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits that are dialled, after a `+` if one stands before them. A letter or a sign of
/// extension after a whole number ends it; a letter within a number makes it something else, such
/// as a hash or `1-800-FLOWERS`.
fn dialled(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut digits = 0;
    for character in text.chars() {
        if character.is_ascii_digit() {
            kept.push(character);
            digits += 1;
        } else if character == '+' && kept.is_empty() {
            kept.push(character);
        } else if character.is_alphabetic() || matches!(character, '#' | ';' | ',' | '*') {
            if digits >= DIGITS_MIN {
                break;
            }
            if digits > 0 && character.is_alphabetic() {
                return None;
            }
        }
    }
    Some(kept)
}

/// A number after a `+`.
fn international(number: Cow<'_, str>) -> Option<Cow<'_, str>> {
    // `+0049 30` has both the sign and what is dialled for it.
    let number = match number.strip_prefix("+00") {
        Some(rest) => Cow::Owned(format!("+{}", rest.trim_start_matches('0'))),
        None => number,
    };
    let digits = &number.as_bytes()[1..];
    if digits.len() < DIGITS_MIN || digits.starts_with(b"0") {
        return None;
    }
    if is_settled(digits) {
        return (digits.len() <= DIGITS_MAX).then_some(number);
    }
    read_stably(&number, None).map(Cow::Owned)
}

/// Whether the digits after a `+` stay as they are, without asking the library: a clean number,
/// or one whose calling code no country has.
fn is_settled(digits: &[u8]) -> bool {
    Plan::of(digits).is_none_or(|(plan, code)| plan.is_clean(&digits[code..]))
}

/// A number as the library reads it, if it reads its own spelling as the same number.
fn read_stably(number: &str, region: Option<Region>) -> Option<String> {
    let once = read(number, region)?;
    let is_stable = is_settled(&once.as_bytes()[1..]) || read(&once, None)? == once;
    is_stable.then_some(once)
}

fn read(number: &str, region: Option<Region>) -> Option<String> {
    let util = &*PHONE_NUMBER_UTIL;
    let number = util.parse(number, region).ok()?;
    let is_possible =
        util.is_possible_number_with_reason(&number) == Ok(NumberLengthType::IsPossible);
    if !is_possible {
        return None;
    }
    let text = util.format(&number, PhoneNumberFormat::E164).into_owned();
    let digits = text.len().saturating_sub(1);
    (text.starts_with('+') && (DIGITS_MIN..=DIGITS_MAX).contains(&digits)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(default_region: Option<&str>, cases: &[(&str, Option<&str>)]) {
        let default_region = default_region.and_then(region);
        for (value, expected) in cases {
            let found = phone(Cow::Borrowed(value), default_region);
            assert_eq!(
                found.as_deref(),
                *expected,
                "{value:?} in {default_region:?}"
            );
        }
    }

    #[test]
    fn numbers_without_a_region() {
        check(
            None,
            &[
                ("+493012345678", Some("+493012345678")),
                ("+49 (30) 1234-5678", Some("+493012345678")),
                ("+49 (0)30 1234-5678", Some("+493012345678")),
                ("0049 30 12345678", Some("+493012345678")),
                ("+0049 30 12345678", Some("+493012345678")),
                ("(+49) 3012345678", Some("+493012345678")),
                ("+39 06 1234567", Some("+39061234567")),
                ("+54 9 11 2345-6789", Some("+5491123456789")),
                ("030/12345678", Some("03012345678")),
                ("03012345678", Some("03012345678")),
                ("tel: 030 12345+678", Some("03012345678")),
                ("123456", None),
                ("+49 123", None),
                ("1111111", None),
                ("+00000000000", None),
                ("0000000", None),
                ("+0301234567", None),
                ("none", None),
                ("+", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn national_and_international_numbers_meet() {
        for (region, values, expected) in [
            (
                "DE",
                [
                    "030 12345678",
                    "+49 30 12345678",
                    "0049 (0)30 12345678",
                    "(030) 123456-78",
                ],
                "+493012345678",
            ),
            (
                "gb",
                [
                    "020 7946 0958",
                    "+44 20 7946 0958",
                    "0044 (0) 20 79460958",
                    "(020) 7946 0958",
                ],
                "+442079460958",
            ),
            (
                "US",
                [
                    "(212) 555-0123",
                    "1-212-555-0123",
                    "+1 212 555 0123",
                    "001 212 555 0123",
                ],
                "+12125550123",
            ),
            (
                "IT",
                [
                    "06 1234 5678",
                    "+39 06 1234 5678",
                    "0039 06 12345678",
                    "0612345678",
                ],
                "+390612345678",
            ),
        ] {
            for value in values {
                check(Some(region), &[(value, Some(expected))]);
            }
        }
        check(Some("US"), &[("011 49 30 12345678", Some("+493012345678"))]);
        check(Some("DE"), &[("00999 1234567890", Some("+9991234567890"))]);
    }

    #[test]
    fn extensions_are_dropped() {
        for value in [
            "030 12345678 ext. 12",
            "030 12345678 x12",
            "030 12345678#12",
            "tel:030-12345678;ext=12",
            "030 12345678, Durchwahl 12",
            "030 12345678 (office 12)",
        ] {
            check(None, &[(value, Some("03012345678"))]);
            check(Some("DE"), &[(value, Some("+493012345678"))]);
        }
    }

    #[test]
    fn impossible_numbers_name_nobody() {
        check(
            None,
            &[
                ("+1 555 0123", None),
                ("+1 212 555 01234", None),
                ("+33 1 23 45 67 8", None),
                ("+4930123456789012", None),
                ("030 1234567 / 0171 1234567", None),
                ("1-800-FLOWERS", None),
                ("d41d8cd98f00b204e9800998ecf8427e", None),
                ("+9991234567890123", None),
                ("+9991234567890", Some("+9991234567890")),
            ],
        );
        // Without its area code a number names somebody else in every town.
        check(Some("US"), &[("555-0123", None), ("123456789", None)]);
    }

    #[test]
    fn a_region_has_a_numbering_plan() {
        assert!(region("DE").is_some() && region("us").is_some());
        for code in ["", "D", "DEU", "001", "XX", "Ä"] {
            assert!(region(code).is_none(), "{code}");
        }
    }

    #[test]
    fn valid_numbers_are_in_use() {
        assert!(is_valid_phone("+49 30 12345678", None));
        assert!(is_valid_phone("030 12345678", Some("DE")));
        for (value, region) in [
            ("030 12345678", None),
            ("+9991234567890", None),
            ("+1 111 111 1112", None),
            ("12", Some("DE")),
        ] {
            assert!(!is_valid_phone(value, region), "{value}");
        }
    }

    proptest! {
        /// The table decides as the library does, over numbers of every shape.
        #[test]
        fn the_short_way_agrees_with_the_library(value in "\\+[1-9][0-9]{5,16}") {
            let digits = &value.as_bytes()[1..];
            if Plan::of(digits).is_some() {
                let by_library = read(&value, None).filter(|once| read(once, None).as_ref() == Some(once));
                let found = phone(Cow::Borrowed(&value), None).map(Cow::into_owned);
                let is_filler = digits.iter().all(|digit| *digit == digits[0]);
                if !is_filler && digits.len() >= DIGITS_MIN {
                    prop_assert_eq!(found, by_library);
                }
            }
        }

        #[test]
        fn a_default_region_changes_no_international_number(value in "\\+[1-9][0-9 ()/-]{5,18}") {
            let german = region("DE");
            prop_assert_eq!(
                phone(Cow::Borrowed(&value), None),
                phone(Cow::Borrowed(&value), german)
            );
        }
    }
}
