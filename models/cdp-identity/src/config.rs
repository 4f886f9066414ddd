//! What a team writes under `[identity]`, and how a fault in it is told.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Values that stand for nobody. A value that begins with `@` blocks a whole e-mail domain, one
/// that ends with `@` blocks a mailbox on every domain.
const BLOCKED_VALUES: [&str; 65] = [
    "",
    "#n/a",
    "(none)",
    "(not set)",
    "(null)",
    "(unknown)",
    "-1",
    "0123456789",
    "123456789",
    "1234567890",
    "999999999",
    "9999999999",
    "<null>",
    "@example.com",
    "@example.net",
    "@example.org",
    "[null]",
    "a@a.a",
    "a@a.com",
    "a@b.c",
    "a@b.com",
    "anonymous",
    "anonymous@",
    "asdf@asdf.com",
    "do-not-reply@",
    "donotreply@",
    "email@email.com",
    "guest",
    "mailer-daemon@",
    "n.a.",
    "n/a",
    "n/a@n/a.com",
    "na",
    "nan",
    "nil",
    "no email",
    "no-reply@",
    "no@email.com",
    "no@mail.com",
    "no_reply@",
    "noemail@",
    "nomail@",
    "none",
    "none@",
    "noreply@",
    "not applicable",
    "not available",
    "not provided",
    "not set",
    "not specified",
    "null",
    "null@",
    "test",
    "test@",
    "test@test.com",
    "undefined",
    "undefined@",
    "unknown",
    "unknown@",
    "x@x.com",
    "xxx",
    "xxx@xxx.com",
    "xxxx",
    "xxxxx",
    "xxxxxx",
];

/// The section `[identity]` of `cdp.toml`, as written and not yet checked.
///
/// A key that is written replaces its default whole: `types` that are written are all the types
/// there are, and `blocked_values` that are written are all the values blocked for every type.
/// Values without a letter or a digit, with no digit but zeros, or longer than a kibibyte are never
/// identifiers, whatever is written here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawIdentityConfig {
    /// The identifier types by name.
    pub types: BTreeMap<String, RawIdentifierType>,
    /// How many identifiers one profile may hold in all.
    pub cluster_size_max: usize,
    /// How many identifiers may hang together by evidence, limits ignored, before a person has to
    /// look: a larger component is quarantined, that is, it keeps its profiles of before. The
    /// default lets the chains pass that shared devices make among thousands of households, and
    /// holds what one bad source welds together. 0 is no ceiling.
    pub component_size_max: usize,
    /// How many different identifiers one identifier may be seen with before it is blocked, for
    /// types that say nothing else. No person has a thousand of anything. 0 is no limit.
    pub degree_max: usize,
    /// Values that are blocked for every type, compared without regard to case.
    /// `@example.com` blocks a domain and `noreply@` a mailbox.
    pub blocked_values: Vec<String>,
    /// Regular expressions that block a value of any type, without regard to case.
    pub blocked_patterns: Vec<String>,
    /// Sources whose evidence is weaker than that of all others: its links are made last, and
    /// never at the expense of another.
    pub weak_sources: Vec<String>,
}

/// One identifier type, as written under `[identity.types.<name>]` and not yet checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawIdentifierType {
    /// How values are made comparable: `email`, `phone`, `id` or `id_lowercase`.
    pub normalise: String,
    /// For `email`: whether addresses that large providers deliver to one mailbox are one, such as
    /// `j.doe+news@googlemail.com` and `jdoe@gmail.com`.
    pub provider_rules: bool,
    /// For `phone`: the country of numbers without a calling code, in two letters such as `DE`.
    /// Absent, such numbers stay as they are dialled and never meet an international one.
    pub default_region: Option<String>,
    /// How far the type is trusted. 1 is the strongest.
    pub priority: u32,
    /// How many values of this type one profile may hold. Absent means any number.
    pub max_per_profile: Option<usize>,
    /// With it, `max_per_profile` counts only values first seen within so many days of each other:
    /// no stretch of this many days may bring a profile more new values than the maximum.
    pub within_days: Option<u32>,
    /// How many different identifiers a value of this type may be seen with before it is blocked.
    /// Absent means what `identity.degree_max` says, 0 is no limit.
    pub degree_max: Option<usize>,
    /// What becomes of a value that evidence ties to two people: `first` leaves it with the one
    /// the strongest evidence names, `anonymous` gives it a profile of its own. Absent means
    /// `anonymous` for `device_id` and `anonymous_id`, which people share, and `first` for others.
    pub on_conflict: Option<String>,
    /// Whether two different values of this type always mean two different people.
    pub unique: bool,
    /// Values that are blocked for this type, on top of those blocked for every type.
    pub blocked_values: Vec<String>,
    /// Regular expressions that block a value of this type, on top of those for every type.
    pub blocked_patterns: Vec<String>,
}

impl Default for RawIdentityConfig {
    fn default() -> Self {
        let types = [
            ("user_id", "id", Some(1)),
            ("crm_id", "id", Some(5)),
            ("loyalty_id", "id", Some(2)),
            ("email", "email", Some(5)),
            ("phone", "phone", Some(5)),
            ("device_id", "id", Some(20)),
            ("anonymous_id", "id", Some(100)),
            // The number of a row that nothing else identifies.
            ("record_id", "id", None),
        ];
        let types = (1..).zip(types).map(|(priority, (name, normalise, max))| {
            let unique = max == Some(1);
            // Households share these, but two hundred neighbours are no household.
            let is_contact = matches!(name, "crm_id" | "loyalty_id" | "email" | "phone");
            let identifier_type = RawIdentifierType {
                normalise: normalise.to_owned(),
                priority,
                max_per_profile: if unique { None } else { max },
                unique,
                degree_max: is_contact.then_some(200),
                ..RawIdentifierType::default()
            };
            (name.to_owned(), identifier_type)
        });
        Self {
            types: types.collect(),
            cluster_size_max: 200,
            component_size_max: 100_000,
            degree_max: 1000,
            blocked_values: BLOCKED_VALUES.map(str::to_owned).to_vec(),
            blocked_patterns: Vec::new(),
            weak_sources: vec!["linked_records".to_owned()],
        }
    }
}

impl Default for RawIdentifierType {
    /// An id that is trusted less than every type the defaults declare, without limits.
    fn default() -> Self {
        Self {
            normalise: "id".to_owned(),
            provider_rules: false,
            default_region: None,
            priority: 100,
            max_per_profile: None,
            within_days: None,
            degree_max: None,
            on_conflict: None,
            unique: false,
            blocked_values: Vec::new(),
            blocked_patterns: Vec::new(),
        }
    }
}

/// One thing that is wrong with the section `[identity]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {problem}, expected {expected}")]
pub struct IdentityFault {
    /// The path of the key at fault, such as `identity.types.email.normalise`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// What would have been right.
    pub expected: String,
}

impl IdentityFault {
    pub(crate) fn new(
        key: impl Into<String>,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
            expected: expected.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default() {
        let read: RawIdentityConfig = toml::from_str("").expect("an empty section is valid");
        assert_eq!(read, RawIdentityConfig::default());
        assert_eq!(read.cluster_size_max, 200);
        assert_eq!(read.types["email"].max_per_profile, Some(5));
        assert!(read.types["user_id"].unique);
    }

    #[test]
    fn types_that_are_written_are_all_the_types() {
        let text = "[types.crm_id]\npriority = 3\nunique = true";
        let read: RawIdentityConfig = toml::from_str(text).expect("the section is valid");
        let names: Vec<_> = read.types.keys().map(String::as_str).collect();
        assert_eq!(names, ["crm_id"]);
        assert_eq!(read.types["crm_id"].normalise, "id");
        assert!(!read.blocked_values.is_empty());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        for text in ["cluster_size = 3", "[types.email]\nnormalize = \"email\""] {
            assert!(toml::from_str::<RawIdentityConfig>(text).is_err(), "{text}");
        }
    }
}
