//! Identifiers that a source gives as a hash only, such as `email:sha256:…`.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::evidence::EvidenceTable;
use crate::graph::identifier_type;
use crate::overrides::Override;

const MARK: &str = "sha256:";

/// The value of an identifier, and its hash if that is all that is known of it.
pub(crate) fn hash_of(identifier: &str) -> Option<[u8; 32]> {
    let (_, value) = identifier.split_once(':')?;
    let digits = value.strip_prefix(MARK)?;
    let mut hash = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

/// The hash by which another source may know an identifier.
pub(crate) fn hash_by(identifier: &str) -> [u8; 32] {
    let value = identifier.split_once(':').map_or("", |(_, value)| value);
    Sha256::digest(value).into()
}

/// The identifier under which a source that hashes would know this one.
pub(crate) fn hashed(identifier: &str) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let name = identifier_type(identifier);
    let hash = hash_by(identifier);
    let mut text = String::with_capacity(name.len() + 1 + MARK.len() + 2 * hash.len());
    text.push_str(name);
    text.push(':');
    text.push_str(MARK);
    for byte in hash {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// Whether two identifiers are the same one, or one of them is the hash of the other.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || hashed(one) == other || one == hashed(other)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

/// Pairs of a plain identifier and its hash. Nothing is hashed unless a hash is there.
pub(crate) fn twins(table: &EvidenceTable) -> Vec<(u32, u32)> {
    let mut hashes: HashMap<&str, HashMap<[u8; 32], u32>> = HashMap::new();
    let nodes = || (0..).zip(table.identifiers().iter());
    for (node, identifier) in nodes() {
        if let Some(hash) = hash_of(identifier) {
            let of_type = hashes.entry(identifier_type(identifier)).or_default();
            of_type.insert(hash, node);
        }
    }
    if hashes.is_empty() {
        return Vec::new();
    }
    let twins = nodes().filter_map(|(node, identifier)| {
        let of_type = hashes.get(identifier_type(identifier))?;
        if hash_of(identifier).is_some() {
            return None;
        }
        Some((node, *of_type.get(&hash_by(identifier))?))
    });
    twins.collect()
}

/// The identifiers of a table by every name that people may give them: a value also by its hash, and
/// a hash by its value. Of the two the value is meant when both are there.
pub(crate) struct Known<'t> {
    table: &'t EvidenceTable,
    /// The values of those hashes that were named.
    values: HashMap<String, u32>,
}

impl<'t> Known<'t> {
    /// Those that overrides name.
    pub(crate) fn of_overrides(table: &'t EvidenceTable, overrides: &[Override]) -> Self {
        let ends = overrides
            .iter()
            .flat_map(|one| [Some(one.left.as_str()), one.other()]);
        let is_hash = |name: &&str| hash_of(name).is_some();
        let named: HashSet<&str> = ends.flatten().filter(is_hash).collect();
        let mut values = HashMap::new();
        if !named.is_empty() {
            for (node, identifier) in (0..).zip(table.identifiers().iter()) {
                let hash = hashed(identifier);
                if named.contains(hash.as_str()) && table.is_named(node) {
                    values.insert(hash, node);
                }
            }
        }
        Self { table, values }
    }

    pub(crate) fn node(&self, name: &str) -> Option<u32> {
        let value = self.values.get(name).copied();
        value
            .or_else(|| self.table.node(name))
            .or_else(|| self.table.node(&hashed(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_recognised_by_its_form() {
        let hash = hashed("email:jane@shop.de");
        assert!(hash.starts_with("email:sha256:"));
        assert_eq!(hash_of(&hash), Some(hash_by("email:jane@shop.de")));
        for other in ["email:sha256:ab", "email:jane@shop.de", "sha256:ab", "bare"] {
            assert_eq!(hash_of(other), None, "{other}");
        }
        assert_eq!(hash_of(&hash.to_uppercase()), None);
    }
}
