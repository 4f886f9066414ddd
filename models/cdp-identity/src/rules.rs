//! The checked rules: which identifier types there are, and what holds for each.

use std::collections::BTreeSet;

use crate::blocked::{BlockList, pattern_set};
use crate::config::{IdentityFault, RawIdentifierType, RawIdentityConfig};
use crate::normalise::Normaliser;

pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// The rules of identity, checked. Made from a [`RawIdentityConfig`].
#[derive(Clone, Debug)]
pub struct IdentityRules {
    /// Sorted by name.
    types: Vec<IdentifierType>,
    pub(crate) cluster_size_max: u32,
    pub(crate) component_size_max: u32,
    degree_max: u32,
    weak_sources: BTreeSet<String>,
}

/// One identifier type, checked.
#[derive(Clone, Debug)]
pub(crate) struct IdentifierType {
    pub(crate) name: String,
    pub(crate) priority: u32,
    pub(crate) unique: bool,
    pub(crate) max_per_profile: Option<u32>,
    /// The window of `max_per_profile`, in microseconds.
    pub(crate) within: Option<i64>,
    pub(crate) degree_max: u32,
    /// Whether a value that is tied to two people belongs to neither.
    pub(crate) is_shareable: bool,
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
        if (1..raw.cluster_size_max).contains(&raw.component_size_max) {
            faults.push(IdentityFault::new(
                "identity.component_size_max",
                format!("is `{}`", raw.component_size_max),
                "at least `identity.cluster_size_max`, or 0 for no ceiling",
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
            Ok(Self {
                types,
                cluster_size_max: saturated(raw.cluster_size_max),
                component_size_max: or_no_limit(raw.component_size_max),
                degree_max: or_no_limit(raw.degree_max),
                weak_sources: raw.weak_sources.iter().cloned().collect(),
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

    /// Whether evidence of a source is weaker than that of others.
    pub(crate) fn is_weak(&self, source: &str) -> bool {
        self.weak_sources.contains(source)
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

    /// How far a type is trusted. An undeclared one is trusted least.
    pub(crate) fn priority(&self, type_index: Option<usize>) -> u32 {
        type_index.map_or(u32::MAX, |index| self.types[index].priority)
    }

    /// Whether an identifier of a type that two people share belongs to neither.
    pub(crate) fn is_shareable(&self, type_index: Option<usize>) -> bool {
        type_index.is_some_and(|index| self.types[index].is_shareable)
    }

    /// The degree above which an identifier of a type, or of an undeclared one, is blocked.
    pub(crate) fn degree_max(&self, type_index: Option<usize>) -> u32 {
        type_index.map_or(self.degree_max, |index| self.types[index].degree_max)
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
        let is_shareable = check_on_conflict(&path, name, raw, &mut faults);
        check_patterns(&path, &raw.blocked_patterns, &mut faults);
        let normaliser = match Normaliser::from_config(&path, raw) {
            Ok(normaliser) => normaliser,
            Err(fault) => {
                faults.push(fault);
                return Err(faults);
            }
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
                max_per_profile: raw.max_per_profile.map(saturated),
                within: raw.within_days.map(|days| i64::from(days) * DAY_MICROS),
                degree_max: or_no_limit(raw.degree_max.unwrap_or(shared.degree_max)),
                is_shareable,
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
    let key = format!("{path}.within_days");
    match raw.within_days {
        Some(0) => {
            let expected = "a number from 1, or no such key for all time";
            faults.push(IdentityFault::new(key, "is `0`", expected));
        }
        Some(days) if raw.max_per_profile.is_none() => {
            let problem = format!("is `{days}` although nothing is limited");
            faults.push(IdentityFault::new(
                key,
                problem,
                "`max_per_profile` beside it",
            ));
        }
        _ => {}
    }
}

/// Whether values of a type that two people share belong to neither.
fn check_on_conflict(
    path: &str,
    name: &str,
    raw: &RawIdentifierType,
    faults: &mut Vec<IdentityFault>,
) -> bool {
    match raw.on_conflict.as_deref() {
        None => matches!(name, "device_id" | "anonymous_id"),
        Some("first") => false,
        Some("anonymous") => true,
        Some(other) => {
            let key = format!("{path}.on_conflict");
            let expected = "one of `first`, `anonymous`";
            faults.push(IdentityFault::new(key, format!("is `{other}`"), expected));
            false
        }
    }
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A number of which 0 means that there is no limit.
fn or_no_limit(count: usize) -> u32 {
    if count == 0 {
        u32::MAX
    } else {
        saturated(count)
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
