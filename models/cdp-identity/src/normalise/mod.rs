//! How a value is made comparable. A value that is clean already is not copied.

use std::borrow::Cow;

use rlibphonenumber::Region;

use crate::config::{IdentityFault, RawIdentifierType};

mod calling_codes;
mod email;
mod hashed;
mod id;
mod phone;
mod providers;
mod standard;
mod text;

pub use email::is_valid_email;
pub(crate) use hashed::PREFIX as HASH_PREFIX;
pub use hashed::sha256_of;
pub use phone::is_valid_phone;
pub use standard::{standard_birth_date, standard_country, standard_language};

/// A way to make the values of an identifier type comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normaliser {
    /// With or without the rules of large mail providers.
    Email {
        provider_rules: bool,
    },
    /// With the region of numbers without a calling code, if it is known.
    Phone {
        default_region: Option<Region>,
    },
    Id,
    IdLowercase,
}

impl Normaliser {
    /// Every normaliser under the name it has in a configuration, without its options.
    pub(crate) const ALL: [(&str, Self); 4] = [
        (
            "email",
            Self::Email {
                provider_rules: false,
            },
        ),
        (
            "phone",
            Self::Phone {
                default_region: None,
            },
        ),
        ("id", Self::Id),
        ("id_lowercase", Self::IdLowercase),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, normaliser)| *normaliser)
    }

    /// The normaliser of a type with its options; `path` is where the type stands.
    pub(crate) fn from_config(path: &str, raw: &RawIdentifierType) -> Result<Self, IdentityFault> {
        let Some(normaliser) = Self::named(&raw.normalise) else {
            let known = Self::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
            let problem = format!("is `{}`", raw.normalise);
            let key = format!("{path}.normalise");
            return Err(IdentityFault::new(key, problem, format!("one of {known}")));
        };
        let is_phone = matches!(normaliser, Self::Phone { .. });
        match (normaliser, raw.default_region.as_deref()) {
            (Self::Email { .. }, None) => Ok(Self::Email {
                provider_rules: raw.provider_rules,
            }),
            _ if raw.provider_rules => Err(IdentityFault::new(
                format!("{path}.provider_rules"),
                format!("is `true` beside `normalise = \"{}\"`", raw.normalise),
                "it beside `normalise = \"email\"` only",
            )),
            (normaliser, None) => Ok(normaliser),
            (_, Some(code)) => {
                let default_region = phone::region(code).filter(|_| is_phone);
                if default_region.is_some() {
                    return Ok(Self::Phone { default_region });
                }
                Err(IdentityFault::new(
                    format!("{path}.default_region"),
                    format!("is `{code}` beside `normalise = \"{}\"`", raw.normalise),
                    "a country in two letters, such as `DE`, beside `normalise = \"phone\"`",
                ))
            }
        }
    }

    /// Whether partners hand over values of this kind as hashes.
    pub(crate) fn has_hashes(self) -> bool {
        matches!(self, Self::Email { .. } | Self::Phone { .. })
    }

    /// The comparable form of a value, or nothing when it cannot be an identifier of this kind.
    pub(crate) fn apply(self, value: &str) -> Option<Cow<'_, str>> {
        let text = text::tidy(value)?;
        if text::is_scientific_number(&text) {
            return None;
        }
        match self {
            Self::Email { provider_rules } => email::email(text, provider_rules),
            Self::Phone { default_region } => phone::phone(id::whole_number(text), default_region),
            Self::Id => Some(id::whole_number(text)),
            Self::IdLowercase => Some(text::lower_case(id::whole_number(text))),
        }
    }
}

#[cfg(test)]
mod tests;
