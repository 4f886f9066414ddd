//! E-mail addresses: lower case, one spelling per domain, nothing around them.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::hashed::{Hashed, hashed};
use super::providers::one_spelling;
use super::text::lower_case;

/// RFC 5321, 4.5.3.1.1.
const MAILBOX_BYTES_MAX: usize = 64;
/// RFC 3696, erratum 1690: what fits in a path of 256 bytes.
const ADDRESS_BYTES_MAX: usize = 254;
const DOMAIN_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const SCHEME: &str = "mailto:";

/// The address in tidy text: a mailbox, one `@`, and a domain of at least two labels in the ASCII
/// form that IDNA gives it. What stands around it in a mail programme is dropped: a display name,
/// `<>`, quotes, `mailto:`, and a full stop at the end.
///
/// A Cyrillic letter in a mailbox or a domain makes another address, however much it looks like
/// the Latin one.
pub(super) fn email(text: Cow<'_, str>, provider_rules: bool) -> Option<Cow<'_, str>> {
    match hashed(&text) {
        Hashed::Contact(hash) => return Some(hash),
        Hashed::Nobody => return None,
        Hashed::No => {}
    }
    let address = if is_clean(&text) {
        text
    } else {
        Cow::Owned(mended(&text)?)
    };
    let address = if provider_rules {
        one_spelling(address)
    } else {
        address
    };
    (address.len() <= ADDRESS_BYTES_MAX).then_some(address)
}

/// Whether an address is written as RFC 5322 wants it, not only as mail servers bear it: no dot
/// begins or ends its mailbox or follows another.
pub fn is_valid_email(value: &str) -> bool {
    let Some(address) = super::Normaliser::named("email").and_then(|email| email.apply(value))
    else {
        return false;
    };
    let mailbox = address.rsplit_once('@').map(|(mailbox, _)| mailbox);
    mailbox.is_some_and(|mailbox| mailbox.split('.').all(|word| !word.is_empty()))
}

/// Whether nothing is to be mended, told in one pass over ASCII.
fn is_clean(text: &str) -> bool {
    let Some(at) = text.bytes().position(|byte| byte == b'@') else {
        return false;
    };
    let (mailbox, domain) = (&text.as_bytes()[..at], &text[at + 1..]);
    let is_clean_mailbox = (1..=MAILBOX_BYTES_MAX).contains(&mailbox.len())
        && !matches!(mailbox[0], b'\'')
        && mailbox
            .iter()
            .all(|byte| is_mailbox_byte(*byte) && !byte.is_ascii_uppercase());
    is_clean_mailbox && is_domain(domain) && !has_punycode(domain)
}

/// RFC 5322 `atext`, and the dot.
fn is_mailbox_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// At least two lower-case labels of letters, digits and inner hyphens; the last is no number.
fn is_domain(domain: &str) -> bool {
    let mut last = "";
    let mut labels = 0;
    for label in domain.split('.') {
        let is_label = (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !is_label {
            return false;
        }
        last = label;
        labels += 1;
    }
    labels >= 2
        && domain.len() <= DOMAIN_BYTES_MAX
        && last.bytes().any(|byte| !byte.is_ascii_digit())
}

/// Whether a label claims to be encoded, which only a decoder can tell.
fn has_punycode(domain: &str) -> bool {
    domain.contains("xn--")
}

fn mended(text: &str) -> Option<String> {
    let text = lower_case(Cow::Owned(close_gaps(unwrapped(text)?)?));
    let (mailbox, domain) = text.rsplit_once('@')?;
    let mailbox = unquoted(mailbox);
    let is_mailbox = (1..=MAILBOX_BYTES_MAX).contains(&mailbox.len())
        && mailbox.chars().all(|character| {
            u8::try_from(character).map_or(true, |byte| !byte.is_ascii() || is_mailbox_byte(byte))
        });
    if !is_mailbox {
        return None;
    }
    let domain = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let domain = domain.ok()?;
    is_domain(&domain).then(|| format!("{mailbox}@{domain}"))
}

/// The text without a display name, a scheme, quotes around the whole and punctuation behind it,
/// in whatever order they are wrapped. Two addresses are no address.
fn unwrapped(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let before = rest.len();
        rest = rest.trim().trim_end_matches(['.', ',', ';']);
        if let Some(open) = rest.strip_suffix('>') {
            let (name, address) = open.rsplit_once('<')?;
            if name.contains('<') {
                return None;
            }
            rest = address;
        }
        for quote in ['"', '\''] {
            let inner = rest.strip_prefix(quote);
            rest = inner
                .and_then(|inner| inner.strip_suffix(quote))
                .unwrap_or(rest);
        }
        let scheme = rest.get(..SCHEME.len());
        if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
            rest = &rest[SCHEME.len()..];
            rest = rest.split_once('?').map_or(rest, |(address, _)| address);
        }
        if rest.len() == before {
            return Some(rest);
        }
    }
}

/// A space beside `@` or a dot is a slip of the keyboard and dropped. Elsewhere it divides an
/// address from something else, nobody can tell which.
fn close_gaps(text: &str) -> Option<String> {
    let mut closed = String::with_capacity(text.len());
    let mut is_after_gap = false;
    for character in text.chars() {
        if character == ' ' {
            is_after_gap = true;
            continue;
        }
        if is_after_gap && !matches!(character, '@' | '.') && !closed.ends_with(['@', '.']) {
            return None;
        }
        is_after_gap = false;
        closed.push(character);
    }
    Some(closed)
}

/// `"jane"@shop.de` is `jane@shop.de` by RFC 5322.
fn unquoted(mailbox: &str) -> &str {
    let inner = mailbox.strip_prefix('"');
    inner
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, Option<&str>)]) {
        for (value, expected) in cases {
            let found = email(Cow::Borrowed(value), false);
            assert_eq!(found.as_deref(), *expected, "{value:?}");
        }
    }

    #[test]
    fn addresses() {
        check(&[
            ("jane@shop.de", Some("jane@shop.de")),
            ("Jane.Doe@Shop.DE", Some("jane.doe@shop.de")),
            ("jane @ shop.de", Some("jane@shop.de")),
            ("jane@shop .de", Some("jane@shop.de")),
            ("JÖRG@shop.de", Some("jörg@shop.de")),
            ("JO\u{308}RG@shop.de", Some("jörg@shop.de")),
            ("jane+news@gmail.com", Some("jane+news@gmail.com")),
            ("o'brien@shop.de", Some("o'brien@shop.de")),
            ("\u{2764}@shop.de", Some("\u{2764}@shop.de")),
            ("jane@a-b.co.uk", Some("jane@a-b.co.uk")),
            ("@shop.de", None),
            ("@", None),
            ("jane@", None),
            ("jane", None),
            ("jane@shop", None),
            ("jane@.de", None),
            ("jane@shop.", None),
            ("jane@shop..de", None),
            ("jane@-shop.de", None),
            ("jane@sh_op.de", None),
            ("jane@127.0.0.1", None),
            ("jane@doe@shop.de", None),
            ("jane@shop.de,joe@shop.de", None),
            ("jane doe@shop.de", None),
            ("ja(ne)@shop.de", None),
        ]);
    }

    #[test]
    fn a_domain_has_one_spelling() {
        check(&[
            ("jane@müller.de", Some("jane@xn--mller-kva.de")),
            ("jane@MÜLLER.de", Some("jane@xn--mller-kva.de")),
            ("jane@xn--mller-kva.de", Some("jane@xn--mller-kva.de")),
            ("jane@XN--MLLER-KVA.DE", Some("jane@xn--mller-kva.de")),
            ("jane@straße.de", Some("jane@xn--strae-oqa.de")),
            ("jane@例え。jp", Some("jane@xn--r8jz45g.jp")),
            ("jane@xn--a.de", None),
            ("jane@xn--\u{fc}.de", None),
        ]);
    }

    #[test]
    fn what_a_mail_programme_writes_around_it_is_dropped() {
        for value in [
            "Jane Doe <jane@shop.de>",
            "\"Doe, Jane\" <Jane@shop.de>",
            "\"jane@shop.de\" <jane@shop.de>",
            "<jane@shop.de>",
            "mailto:jane@shop.de",
            "MAILTO:jane@shop.de?subject=Hi",
            "<mailto:jane@shop.de>;",
            "'jane@shop.de'",
            "\"jane@shop.de\"",
            "\"jane\"@shop.de",
            "jane@shop.de.",
            "jane@shop.de,",
        ] {
            check(&[(value, Some("jane@shop.de"))]);
        }
        check(&[
            ("Jane <jane@shop.de>, Joe <joe@shop.de>", None),
            ("Jane <jane@shop.de> Joe", None),
            ("<<jane@shop.de>>", None),
            ("<>", None),
            ("mailto:", None),
        ]);
    }

    #[test]
    fn scripts_do_not_mix_people() {
        let latin = email(Cow::Borrowed("paypal@paypal.de"), false);
        for value in ["p\u{430}ypal@paypal.de", "paypal@p\u{430}ypal.de"] {
            let cyrillic = email(Cow::Borrowed(value), false);
            assert!(cyrillic.is_some() && cyrillic != latin, "{value}");
        }
    }

    #[test]
    fn addresses_are_no_longer_than_mail_can_carry() {
        let mailbox = "x".repeat(MAILBOX_BYTES_MAX);
        let label = "y".repeat(LABEL_BYTES_MAX);
        let shortest = "y".repeat(ADDRESS_BYTES_MAX - 64 - 1 - 2 * 64 - 3);
        let fits = format!("{mailbox}@{label}.{label}.{shortest}.de");
        assert_eq!(fits.len(), ADDRESS_BYTES_MAX);
        for (value, is_address) in [
            (fits.clone(), true),
            (fits.to_uppercase(), true),
            (format!("x{fits}"), false),
            (fits.replace('@', "@y."), false),
            (format!("a@{label}y.de"), false),
        ] {
            let found = email(Cow::Borrowed(value.as_str()), false);
            assert_eq!(found.is_some(), is_address, "{value}");
        }
    }

    #[test]
    fn valid_is_stricter_than_deliverable() {
        for (value, is_valid) in [
            (" Jane@Shop.de ", true),
            ("jane..doe@shop.de", false),
            (".jane@shop.de", false),
            ("jane", false),
            (
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                false,
            ),
        ] {
            assert_eq!(is_valid_email(value), is_valid, "{value}");
        }
    }
}
