use proptest::prelude::*;

use super::*;

const EMAIL: Normaliser = Normaliser::Email {
    provider_rules: false,
};
const PROVIDER_EMAIL: Normaliser = Normaliser::Email {
    provider_rules: true,
};
const PHONE: Normaliser = Normaliser::Phone {
    default_region: None,
};
const HASH: &str = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";

fn phone_in(region: Region) -> Normaliser {
    Normaliser::Phone {
        default_region: Some(region),
    }
}

fn all() -> Vec<Normaliser> {
    let optional = [PROVIDER_EMAIL, phone_in(Region::DE), phone_in(Region::US)];
    let plain = Normaliser::ALL.map(|(_, normaliser)| normaliser);
    plain.into_iter().chain(optional).collect()
}

fn check(normaliser: Normaliser, cases: &[(&str, Option<&str>)]) {
    for (value, expected) in cases {
        let found = normaliser.apply(value);
        assert_eq!(found.as_deref(), *expected, "{normaliser:?} of {value:?}");
    }
}

#[test]
fn emails() {
    check(
        EMAIL,
        &[
            (" Jane.Doe@Shop.DE\t", Some("jane.doe@shop.de")),
            ("\u{feff}jane\u{200b}@shop.de", Some("jane@shop.de")),
            ("\u{202e}jane@shop.de\u{200f}", Some("jane@shop.de")),
            ("jane\0@shop.de", Some("jane@shop.de")),
            ("jane\u{ff20}shop.de", Some("jane@shop.de")),
            ("jane+news@shop.de", Some("jane+news@shop.de")),
            ("j.d+x@gmail.com", Some("j.d+x@gmail.com")),
            ("   ", None),
        ],
    );
    check(PROVIDER_EMAIL, &[("J.D+x@GMail.com", Some("jd@gmail.com"))]);
}

#[test]
fn phones() {
    check(
        PHONE,
        &[
            ("+49 (30) 1234-5678", Some("+493012345678")),
            ("4930123456.0", Some("4930123456")),
            ("\u{ff10}30 1234567", Some("0301234567")),
            ("\u{202a}+49 30 12345678\u{202c}", Some("+493012345678")),
            ("4.93012E+11", None),
            ("4,9301234E+11", None),
        ],
    );
    let german = phone_in(Region::DE);
    check(german, &[("030/1234567", Some("+49301234567"))]);
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
            ("a\0b", Some("ab")),
            ("\u{200b}", None),
            ("", None),
            (HASH, Some(HASH)),
        ],
    );
    check(Normaliser::IdLowercase, &[("AB-Ü.0", Some("ab-ü.0"))]);
}

#[test]
fn hashed_contact_points_are_identifiers() {
    let expected = format!("sha256:{HASH}");
    for normaliser in all().into_iter().filter(|one| one.has_hashes()) {
        let upper = HASH.to_uppercase();
        let padded = format!(" {HASH} ");
        for value in [HASH, &upper, &padded, &expected] {
            check(normaliser, &[(value, Some(&expected))]);
        }
    }
    let jane = EMAIL.apply(" Jane@Shop.de").expect("it is an address");
    let hash = sha256_of(&jane);
    let hashed = EMAIL.apply(&hash).expect("it is a hash");
    assert_eq!(sha256_of(&hashed), sha256_of("jane@shop.de"));
}

#[test]
fn clean_values_are_not_copied() {
    for (normaliser, value) in [
        (EMAIL, "jane@shop.de"),
        (PROVIDER_EMAIL, "jane@gmail.com"),
        (PHONE, "+493012345678"),
        (PHONE, "03012345678"),
        (PHONE, "+9991234567890"),
        (phone_in(Region::DE), "+493012345678"),
        (EMAIL, &format!("sha256:{HASH}")),
        (Normaliser::Id, "17850.0"),
        (Normaliser::IdLowercase, " c-17850 "),
    ] {
        let found = normaliser.apply(value);
        assert!(matches!(found, Some(Cow::Borrowed(_))), "{value:?}");
    }
}

#[test]
fn no_normaliser_is_hurt_by_hostile_values() {
    let megabytes = 10 * 1024 * 1024;
    let ats = "@".repeat(megabytes);
    let digits = "1".repeat(megabytes);
    let brackets = "<".repeat(1000) + &">".repeat(24);
    let combined = format!("a{}@shop.de", "\u{308}".repeat(400));
    for normaliser in all() {
        for value in [ats.as_str(), &digits] {
            assert_eq!(normaliser.apply(value), None);
        }
        // It is enough that these come to an end.
        for value in [&brackets, &combined, "\0\0\0", "\u{202e}\u{2066}", "🙂🙂🙂"] {
            let _ = normaliser.apply(value);
        }
    }
    for normaliser in all().into_iter().filter(|one| one.has_hashes()) {
        for value in [
            "@", "NULL", "N/A", "null", "0000000", "🙂", "\0", "\u{200f}", "-", "a@b",
        ] {
            assert_eq!(normaliser.apply(value), None, "{value:?}");
        }
    }
}

fn raw(text: &str) -> RawIdentifierType {
    toml::from_str(text).expect("the text is a section")
}

#[test]
fn options_belong_to_their_normaliser() {
    for (text, expected) in [
        ("normalise = 'email'\nprovider_rules = true", PROVIDER_EMAIL),
        ("normalise = 'email'", EMAIL),
        ("normalise = 'phone'", PHONE),
        (
            "normalise = 'phone'\ndefault_region = 'de'",
            phone_in(Region::DE),
        ),
        ("normalise = 'id'", Normaliser::Id),
    ] {
        assert_eq!(Normaliser::from_config("t", &raw(text)), Ok(expected));
    }
    for (text, key) in [
        ("normalise = 'mail'", "t.normalise"),
        (
            "normalise = 'phone'\ndefault_region = 'XX'",
            "t.default_region",
        ),
        (
            "normalise = 'email'\ndefault_region = 'DE'",
            "t.default_region",
        ),
        (
            "normalise = 'id'\nprovider_rules = true",
            "t.provider_rules",
        ),
    ] {
        let fault = Normaliser::from_config("t", &raw(text)).expect_err("the options are wrong");
        assert_eq!(fault.key, key);
    }
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[ a-zA-Z0-9@.+\u{a8}\u{308}\u{130}-]{0,20}",
        "[ <>\"'a-cA@.,:;+-]{0,8}(mailto:)?[a-cA-Cäß.+\"-]{1,4}[@ ]{1,2}[a-c.ü-]{1,6}\\.de[>.\"' ]{0,3}",
        "[a-c.+-]{1,8}@(gmail.com|googlemail.com|yahoo.de|outlook.com)",
        "[+0-9 ./()-]{6,16}",
        "(\\+|00)[1-9][0-9 ]{6,14}",
    ]
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(value in values()) {
        for normaliser in all() {
            if let Some(once) = normaliser.apply(&value) {
                let twice = normaliser.apply(&once);
                prop_assert_eq!(Some(&once), twice.as_ref(), "{:?}", normaliser);
            }
        }
    }

    #[test]
    fn case_and_padding_change_no_email(value in "[a-z.+]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}") {
        let shouted = format!("\u{feff} <{}> ", value.to_uppercase());
        prop_assert_eq!(EMAIL.apply(&value), EMAIL.apply(&shouted));
    }
}
