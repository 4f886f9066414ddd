//! The configuration: defaults, faults, columns, values.

use cdp_linkage::{LinkageConfig, RawLinkageConfig};

use crate::people::default_config;

#[test]
fn an_empty_section_is_the_default() {
    let read: RawLinkageConfig = toml::from_str("").expect("an empty section is valid");
    assert_eq!(read, RawLinkageConfig::default());
    let written = toml::to_string(&read).expect("a configuration can be written");
    assert_eq!(
        toml::from_str::<RawLinkageConfig>(&written).expect("and read again"),
        read
    );
    assert!(LinkageConfig::from_raw(&read).is_ok());
}

#[test]
fn an_unknown_key_is_refused() {
    for text in [
        "blocks = 3",
        "[fields.email]\nkind = \"email\"\ncolum = []",
        "[training]\nseeds = 4",
        "[[comparisons]]\nname = \"a\"\nshared_by = \"friends\"",
    ] {
        assert!(toml::from_str::<RawLinkageConfig>(text).is_err(), "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once_with_their_keys() {
    let text = r#"
        blocking = [["nam"], [], ["prefix(name)"], ["name = "]]
        retrain_days = 0
        bridge_probability = 7.0
        block_records_max = 1

        [purposes]
        identity = 1.0
        review = -1.0

        [fields.name]
        kind = "names"

        [[comparisons]]
        name = "one"
        field = "nam"
        levels = ["exactly", "jaro_winkler >= 1.5", "edits <= 0"]

        [[comparisons]]
        name = "one"
        field = "name"
        levels = ["edits <= 1"]
        term_frequency = true

        [[swaps]]
        name = "two"
        fields = ["name", "name"]
        alike = "exact"

        [training]
        prior = 0.6
        certain = [["year(nam)"]]
        certain_recall = 2.0
        sample_pairs_max = 1
        iterations_max = 0
        tolerance = 0.0
    "#;
    let raw: RawLinkageConfig = toml::from_str(text).expect("known keys");
    let faults = LinkageConfig::from_raw(&raw).expect_err("many faults");
    let mut keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "linkage.block_records_max",
            "linkage.blocking[0][0]",
            "linkage.blocking[1]",
            "linkage.blocking[2][0]",
            "linkage.blocking[3][0]",
            "linkage.bridge_probability",
            "linkage.comparisons",
            "linkage.comparisons[0].field",
            "linkage.comparisons[0].levels[0]",
            "linkage.comparisons[0].levels[1]",
            "linkage.comparisons[0].levels[2]",
            "linkage.comparisons[1].term_frequency",
            "linkage.fields.name.kind",
            "linkage.purposes.identity",
            "linkage.purposes.review",
            "linkage.retrain_days",
            "linkage.swaps[0].fields",
            "linkage.training.certain[0][0]",
            "linkage.training.certain_recall",
            "linkage.training.iterations_max",
            "linkage.training.prior",
            "linkage.training.sample_pairs_max",
            "linkage.training.tolerance",
        ]
    );
    let told = faults
        .iter()
        .find(|fault| fault.key == "linkage.comparisons[0].field");
    assert_eq!(
        told.map(ToString::to_string).as_deref(),
        Some("`linkage.comparisons[0].field` is `nam`, expected one of `name`")
    );
}

#[test]
fn nothing_at_all_is_told_too() {
    let text = "blocking = []\ncomparisons = []\nswaps = []\nfields = {}";
    let raw: RawLinkageConfig = toml::from_str(text).expect("known keys");
    let faults = LinkageConfig::from_raw(&raw).expect_err("three faults");
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        ["linkage.fields", "linkage.comparisons", "linkage.blocking"]
    );
}

#[test]
fn columns_are_found_by_many_names() {
    let config = default_config();
    let found = |header: &[&str], field: &str| {
        let position = config.field_names().position(|name| name == field);
        config.columns(header)[position.expect("a field")]
    };
    let header = [
        "id",
        "First Name",
        "LAST_NAME",
        "Date-Of-Birth",
        "E-Mail",
        "suburb",
    ];
    assert_eq!(found(&header, "given_name"), Some(1));
    assert_eq!(found(&header, "surname"), Some(2));
    assert_eq!(found(&header, "birth_date"), Some(3));
    assert_eq!(found(&header, "email"), Some(4));
    assert_eq!(found(&header, "city"), Some(5));
    assert_eq!(found(&header, "phone"), None);
    assert_eq!(
        found(&["dob", "birth_date"], "birth_date"),
        Some(1),
        "its own name first"
    );
}

#[test]
fn values_are_made_comparable() {
    let config = default_config();
    let clean = |field: &str, raw: &str| {
        let position = config.field_names().position(|name| name == field);
        config.clean(position.expect("a field"), raw)
    };
    for (field, raw, expected) in [
        ("given_name", "  José-María ", "jose maria"),
        ("given_name", "O’Brien", "obrien"),
        ("surname", "STRAẞE", "strasse"),
        ("surname", "Łukasiewicz", "lukasiewicz"),
        ("surname", "Иванов", "иванов"),
        ("surname", "山田", "山田"),
        ("birth_date", "1971-06-24", "19710624"),
        ("birth_date", "1971-06-24T00:00:00Z", "19710624"),
        ("birth_date", "24/06/1971", "19710624"),
        ("birth_date", "24.6.1971", "19710624"),
        ("birth_date", "06/24/1971", "19710624"),
        ("birth_date", "24 June 1971", "19710624"),
        ("birth_date", "June 24, 1971", "19710624"),
        ("birth_date", "19710624", "19710624"),
        ("birth_date", "19710624.0", "19710624"),
        ("birth_date", "24061971", "19710624"),
        ("birth_date", "1971-6", "19716"),
        ("email", " Jane.Doe @Shop.DE", "jane.doe@shop.de"),
        ("phone", "+49 (30) 123-456", "4930123456"),
        ("phone", "030/123456", "30123456"),
        ("national_id", "AB 12-34.5", "ab12345"),
        ("national_id", "7988048.0", "7988048"),
        ("city", "Newcastle-upon-Tyne", "newcastle upon tyne"),
    ] {
        assert_eq!(
            clean(field, raw).as_deref(),
            Some(expected),
            "{field} {raw:?}"
        );
    }
    for (field, raw) in [
        ("given_name", "  "),
        ("given_name", "NULL"),
        ("surname", "n/a"),
        ("surname", "\u{200b}"),
        ("birth_date", "unknown"),
        ("birth_date", "3.4"),
        ("phone", "0000000"),
        ("phone", "12"),
        ("postcode", "0000"),
    ] {
        assert_eq!(clean(field, raw), None, "{field} {raw:?}");
    }
}

#[test]
fn a_pair_serves_the_most_demanding_purpose_that_it_reaches() {
    let raw: RawLinkageConfig =
        toml::from_str("[purposes]\nidentity = 0.99\nmailing = 0.9\nreview = 0.8").expect("known");
    let config = LinkageConfig::from_raw(&raw).expect("sound");
    let reached = [0.999, 0.99, 0.95, 0.8, 0.7].map(|probability| config.purpose(probability));
    let expected = ["identity", "identity", "mailing", "review"].map(Some);
    assert_eq!(reached[..4], expected);
    assert_eq!(reached[4], None);
    assert_eq!(config.identity_probability(), Some(0.99));
    assert!((config.keep_probability() - 0.8).abs() < 1e-12);
}

#[test]
fn settings_that_shape_the_weights_are_told_apart_from_others() {
    let mut raw = RawLinkageConfig::default();
    let before = LinkageConfig::from_raw(&raw).expect("sound").settings();
    raw.purposes.insert("review".to_owned(), 0.7);
    raw.bridge_probability = 0.3;
    let changes = |raw: &RawLinkageConfig| {
        let config = LinkageConfig::from_raw(raw).expect("sound");
        config.changes(&before)
    };
    assert!(changes(&raw).is_empty());
    raw.blocking.pop();
    raw.training.seed = 7;
    assert_eq!(
        changes(&raw),
        [
            "`linkage.blocking` has changed",
            "`linkage.training` has changed"
        ]
    );
}
