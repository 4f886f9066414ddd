//! Hashed e-mail addresses and telephone numbers.
//!
//! Partners and marketing platforms hand over contact points as the SHA-256 of their normalised
//! form, in 64 hexadecimal digits. Such a value is an identifier like any other, `sha256:<digits>`,
//! and [`sha256_of`] tells which plain identifier it belongs to.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// What stands before the digits in an identifier.
pub(crate) const PREFIX: &str = "sha256:";
const DIGITS: usize = 64;
/// The hash of an empty field, which names nobody.
const HASH_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The SHA-256 of a normalised e-mail address or telephone number, in lower-case hexadecimal
/// digits. Of a value that is a hash already, these are its own digits.
///
/// An e-mail address is hashed in lower case without white space, as all platforms want it.
/// A telephone number is hashed with its `+`, as Google Customer Match wants it
/// (support.google.com/google-ads/answer/7476159: "format all phone numbers as E.164").
/// Meta custom audiences hash the digits alone, so their telephone hashes are others: for those,
/// pass the number without its `+`.
pub fn sha256_of(normalised: &str) -> String {
    if let Some(digits) = normalised.strip_prefix(PREFIX) {
        return digits.to_owned();
    }
    let hash = Sha256::digest(normalised.as_bytes());
    let mut digits = String::with_capacity(DIGITS);
    for byte in hash {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// What a value says about a hash.
pub(super) enum Hashed<'a> {
    /// It is the hash of somebody's contact point: `sha256:<lower-case digits>`.
    Contact(Cow<'a, str>),
    /// It is the hash of nothing, or not a hash although it claims to be one.
    Nobody,
    /// It is plain.
    No,
}

/// Looks for 64 hexadecimal digits in any case, with or without the prefix.
pub(super) fn hashed<'a>(text: &Cow<'a, str>) -> Hashed<'a> {
    let has_prefix = text
        .get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    let digits = if has_prefix {
        &text[PREFIX.len()..]
    } else {
        text
    };
    let is_hash = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        return if has_prefix {
            Hashed::Nobody
        } else {
            Hashed::No
        };
    }
    let first = digits.as_bytes()[0];
    if digits.bytes().all(|byte| byte == first) || digits.eq_ignore_ascii_case(HASH_OF_NOTHING) {
        return Hashed::Nobody;
    }
    match text {
        Cow::Borrowed(text) if is_canonical(text) => Hashed::Contact(Cow::Borrowed(text)),
        _ => Hashed::Contact(Cow::Owned(format!(
            "{PREFIX}{}",
            digits.to_ascii_lowercase()
        ))),
    }
}

fn is_canonical(text: &str) -> bool {
    text.starts_with(PREFIX) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf %s jane@shop.de | sha256sum`
    const JANE: &str = "93d0a1f430d0cb540698b6523ea587f635c1c28c19a841d157a314ea9084d996";

    fn found(value: &str) -> Option<String> {
        match hashed(&Cow::Borrowed(value)) {
            Hashed::Contact(text) => Some(text.into_owned()),
            Hashed::Nobody => Some(String::new()),
            Hashed::No => None,
        }
    }

    #[test]
    fn a_hash_is_a_contact_point() {
        let expected = Some(format!("{PREFIX}{JANE}"));
        for value in [
            JANE.to_owned(),
            JANE.to_uppercase(),
            format!("sha256:{JANE}"),
            format!("SHA256:{}", JANE.to_uppercase()),
        ] {
            assert_eq!(found(&value), expected, "{value}");
        }
    }

    #[test]
    fn some_hashes_name_nobody() {
        assert_eq!(sha256_of(""), HASH_OF_NOTHING);
        let filler = "0".repeat(DIGITS);
        for value in [HASH_OF_NOTHING, &filler, "sha256:", "sha256:49301234567"] {
            assert_eq!(found(value).as_deref(), Some(""), "{value}");
        }
    }

    #[test]
    fn what_is_no_hash_is_left_alone() {
        for value in [
            &JANE[1..],
            "jane@shop.de",
            "",
            "d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert_eq!(found(value), None, "{value}");
        }
    }

    #[test]
    fn the_hash_of_a_hash_is_itself() {
        let hash = sha256_of("jane@shop.de");
        assert_eq!(hash, JANE);
        assert_eq!(sha256_of(&format!("{PREFIX}{hash}")), hash);
    }
}
