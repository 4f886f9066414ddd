//! The checked rules: which identifier types there are, and what holds for each.

use crate::blocked::{BlockList, pattern_set};
use crate::config::{IdentityFault, RawIdentifierType, RawIdentityConfig};
use crate::normalise::Normaliser;

/// The rules of identity, checked. Made from a [`RawIdentityConfig`].
#[derive(Clone, Debug)]
pub struct IdentityRules {
    /// Sorted by name.
    types: Vec<IdentifierType>,
    cluster_size_max: usize,
}

/// One identifier type, checked.
#[derive(Clone, Debug)]
pub(crate) struct IdentifierType {
    pub(crate) name: String,
    pub(crate) priority: u32,
    pub(crate) unique: bool,
    pub(crate) max_per_profile: Option<usize>,
    normaliser: Normaliser,
    blocked: BlockList,
}

/// An identifier of a type that no configuration declares was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not an identifier type, expected one of {}", in_backticks(.known))]
pub struct UnknownIdentifierType {
    /// The type that was asked for.
    pub name: String,
    /// The types that are declared, sorted.
    pub known: Vec<String>,
}

impl IdentityRules {
    /// Checks a configuration, and names everything that is wrong with it.
    pub fn from_config(raw: &RawIdentityConfig) -> Result<Self, Vec<IdentityFault>> {
        let mut faults = Vec::new();
        if raw.types.is_empty() {
            let expected = "at least one, such as `[identity.types.email]`";
            let problem = "declares no identifier type";
            faults.push(IdentityFault::new("identity.types", problem, expected));
        }
        if raw.cluster_size_max < 2 || u32::try_from(raw.cluster_size_max).is_err() {
            faults.push(IdentityFault::new(
                "identity.cluster_size_max",
                format!("is `{}`", raw.cluster_size_max),
                format!("a number from 2 to {}", u32::MAX),
            ));
        }
        check_patterns("identity", &raw.blocked_patterns, &mut faults);
        let types =
            raw.types.iter().filter_map(|(name, raw_type)| {
                match IdentifierType::from_config(name, raw_type, raw) {
                    Ok(identifier_type) => Some(identifier_type),
                    Err(found) => {
                        faults.extend(found);
                        None
                    }
                }
            });
        let types = types.collect();
        if faults.is_empty() {
            let cluster_size_max = raw.cluster_size_max;
            Ok(Self {
                types,
                cluster_size_max,
            })
        } else {
            Err(faults)
        }
    }

    /// The identifier `type:normalised value`, or nothing when the value names nobody.
    pub fn identifier(
        &self,
        identifier_type: &str,
        value: &str,
    ) -> Result<Option<String>, UnknownIdentifierType> {
        let Some(index) = self.type_index(identifier_type) else {
            return Err(UnknownIdentifierType {
                name: identifier_type.to_owned(),
                known: self.type_names().map(str::to_owned).collect(),
            });
        };
        let identifier_type = &self.types[index];
        let Some(value) = identifier_type.normaliser.apply(value) else {
            return Ok(None);
        };
        if identifier_type.blocked.blocks(&value) {
            return Ok(None);
        }
        let name = &identifier_type.name;
        let mut identifier = String::with_capacity(name.len() + 1 + value.len());
        identifier.push_str(name);
        identifier.push(':');
        identifier.push_str(&value);
        Ok(Some(identifier))
    }

    /// Whether an identifier type is declared.
    pub fn has_type(&self, identifier_type: &str) -> bool {
        self.type_index(identifier_type).is_some()
    }

    /// The names of the declared identifier types, sorted.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.iter().map(|known| known.name.as_str())
    }

    pub(crate) fn type_index(&self, name: &str) -> Option<usize> {
        self.types
            .binary_search_by(|known| known.name.as_str().cmp(name))
            .ok()
    }

    pub(crate) fn types(&self) -> &[IdentifierType] {
        &self.types
    }

    pub(crate) fn cluster_size_max(&self) -> usize {
        self.cluster_size_max
    }
}

impl IdentifierType {
    fn from_config(
        name: &str,
        raw: &RawIdentifierType,
        shared: &RawIdentityConfig,
    ) -> Result<Self, Vec<IdentityFault>> {
        let path = format!("identity.types.{name}");
        let mut faults = Vec::new();
        if !is_type_name(name) {
            let expected = "lower-case letters, digits and underscores, a letter first";
            faults.push(IdentityFault::new(&path, "is no name for a type", expected));
        }
        check_limits(&path, raw, &mut faults);
        check_patterns(&path, &raw.blocked_patterns, &mut faults);
        let Some(normaliser) = Normaliser::named(&raw.normalise) else {
            let known: Vec<_> = Normaliser::ALL.iter().map(|(name, _)| *name).collect();
            faults.push(IdentityFault::new(
                format!("{path}.normalise"),
                format!("is `{}`", raw.normalise),
                format!("one of {}", in_backticks(&known)),
            ));
            return Err(faults);
        };
        // A faulty shared pattern is told once, where it stands.
        let shared_patterns = shared.blocked_patterns.iter().map(String::as_str);
        let shared_patterns = shared_patterns.filter(|one| pattern_fault(one).is_none());
        if !faults.is_empty() {
            return Err(faults);
        }
        let values = shared.blocked_values.iter().chain(&raw.blocked_values);
        let own_patterns = raw.blocked_patterns.iter().map(String::as_str);
        let blocked = BlockList::new(
            normaliser,
            values.map(String::as_str),
            shared_patterns.chain(own_patterns),
        );
        match blocked {
            Ok(blocked) => Ok(Self {
                name: name.to_owned(),
                priority: raw.priority,
                unique: raw.unique,
                max_per_profile: raw.max_per_profile,
                normaliser,
                blocked,
            }),
            Err(error) => Err(vec![IdentityFault::new(
                format!("{path}.blocked_patterns"),
                format!("cannot be matched together with the shared ones ({error})"),
                "fewer or smaller patterns",
            )]),
        }
    }
}

fn check_limits(path: &str, raw: &RawIdentifierType, faults: &mut Vec<IdentityFault>) {
    let key = format!("{path}.max_per_profile");
    match raw.max_per_profile {
        Some(0) => {
            let expected = "a number from 1, or no such key for any number";
            faults.push(IdentityFault::new(key, "is `0`", expected));
        }
        Some(max @ 2..) if raw.unique => {
            let problem = format!("is `{max}` although the type is unique");
            faults.push(IdentityFault::new(key, problem, "one of the two, not both"));
        }
        _ => {}
    }
}

fn check_patterns(path: &str, patterns: &[String], faults: &mut Vec<IdentityFault>) {
    for (position, pattern) in patterns.iter().enumerate() {
        if let Some(problem) = pattern_fault(pattern) {
            let key = format!("{path}.blocked_patterns[{position}]");
            let expected = "a regular expression that matches the values to block";
            faults.push(IdentityFault::new(key, problem, expected));
        }
    }
}

fn pattern_fault(pattern: &str) -> Option<String> {
    match pattern_set(std::iter::once(pattern)) {
        Err(error) => {
            // The last line of a syntax error says what is wrong, those before draw it.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            Some(format!(
                "is `{pattern}`, which is no regular expression ({reason})"
            ))
        }
        Ok(set) if set.is_match("") && set.is_match("\u{e000}\u{e001}") => {
            Some(format!("is `{pattern}`, which matches every value"))
        }
        Ok(_) => None,
    }
}

/// The part of an identifier before the first `:` is its type, so a name holds none.
fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn in_backticks(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for value in ["test@shop.de", "jane@myexample.com", "jane@example.com.br"] {
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
}
