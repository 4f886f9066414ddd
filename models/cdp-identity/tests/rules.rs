//! What a configuration is read as, and how its faults are told.

use cdp_identity::{IdentityRules, RawIdentityConfig};

fn rules(text: &str) -> Result<IdentityRules, Vec<String>> {
    let raw: RawIdentityConfig = toml::from_str(text).expect("the text is a section");
    IdentityRules::from_config(&raw).map_err(|faults| {
        let told = faults.iter().map(ToString::to_string);
        told.collect()
    })
}

fn default_rules() -> IdentityRules {
    rules("").expect("the defaults are valid")
}

#[test]
fn an_identifier_is_type_and_normalised_value() {
    let rules = default_rules();
    for (identifier_type, value, expected) in [
        ("email", " Jane@Shop.DE ", "email:jane@shop.de"),
        ("phone", "0049 30 1234567", "phone:+49301234567"),
        ("user_id", "17850.0", "user_id:17850"),
        ("device_id", "a:b", "device_id:a:b"),
        ("user_id", "Guesthouse", "user_id:Guesthouse"),
        ("user_id", "100", "user_id:100"),
    ] {
        let found = rules.identifier(identifier_type, value);
        assert_eq!(found.as_ref().map(Option::as_deref), Ok(Some(expected)));
    }
}

#[test]
fn placeholders_are_nobody() {
    let rules = default_rules();
    let values = "null NULL None nan NaN N/A na undefined Unknown Anonymous guest TEST - -1 \
        -1.0 0 0.0 000 00000000-0000-0000-0000-000000000000 00:00:00:00:00:00 test@test.com";
    for value in values.split(' ').chain(["", " ", "\u{200b}", "ｎｕｌｌ"]) {
        assert_eq!(rules.identifier("user_id", value), Ok(None), "{value:?}");
    }
    for value in [
        "Test@Test.com",
        "jane@example.com",
        "jane@EXAMPLE.org",
        "jane@example.net",
        "noreply@shop.de",
        "No-Reply@shop.de",
    ] {
        assert_eq!(rules.identifier("email", value), Ok(None), "{value:?}");
    }
    for value in ["info@shop.de", "jane@myexample.com", "jane@example.com.br"] {
        assert_ne!(rules.identifier("email", value), Ok(None), "{value:?}");
    }
}

#[test]
fn a_team_blocks_what_it_likes() {
    let text = r#"
        blocked_values = ["Kasse", "@agency.de"]
        blocked_patterns = ['^pos-\d+$']
        [types.phone]
        normalise = "phone"
        blocked_values = ["+49 (30) 1234567"]
        [types.crm_id]
        blocked_patterns = ["dummy"]
    "#;
    let rules = rules(text).expect("the rules are valid");
    for (identifier_type, value, is_blocked) in [
        ("crm_id", "KASSE", true),
        ("crm_id", "jane@agency.de", true),
        ("crm_id", "POS-12", true),
        ("crm_id", "pos-12a", false),
        ("crm_id", "a-dummy-b", true),
        ("crm_id", "null", false),
        ("crm_id", "000", true),
        ("phone", "0049301234567", true),
        ("phone", "0049301234568", false),
    ] {
        let found = rules
            .identifier(identifier_type, value)
            .expect("the type is known");
        assert_eq!(found.is_none(), is_blocked, "{identifier_type} {value}");
    }
}

#[test]
fn an_unknown_type_is_told_with_the_known_ones() {
    let rules = rules("[types.a]\n[types.b]").expect("the rules are valid");
    let error = rules.identifier("c", "1").expect_err("there is no type c");
    let told = "`c` is not an identifier type, expected one of `a`, `b`";
    assert_eq!(error.to_string(), told);
    assert!(rules.has_type("a") && !rules.has_type("c"));
    assert_eq!(rules.type_names().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let text = r#"
        cluster_size_max = 1
        blocked_patterns = ["a", "("]
        [types.Email]
        normalise = "mail"
        max_per_profile = 0
        [types.phone]
        unique = true
        max_per_profile = 2
        blocked_patterns = [".*"]
    "#;
    let told = rules(text).expect_err("the rules are faulty");
    assert_eq!(
        told,
        [
            "`identity.cluster_size_max` is `1`, expected a number from 2 to 4294967295",
            "`identity.blocked_patterns[1]` is `(`, which is no regular expression (unclosed \
             group), expected a regular expression that matches the values to block",
            "`identity.types.Email` is no name for a type, expected lower-case letters, \
             digits and underscores, a letter first",
            "`identity.types.Email.max_per_profile` is `0`, expected a number from 1, or no \
             such key for any number",
            "`identity.types.Email.normalise` is `mail`, expected one of `email`, `phone`, \
             `id`, `id_lowercase`",
            "`identity.types.phone.max_per_profile` is `2` although the type is unique, \
             expected one of the two, not both",
            "`identity.types.phone.blocked_patterns[0]` is `.*`, which matches every value, \
             expected a regular expression that matches the values to block",
        ]
    );
    let told = rules("[types]").expect_err("there is no type");
    assert_eq!(told.len(), 1);
}
