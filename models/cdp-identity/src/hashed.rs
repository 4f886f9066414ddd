//! Identifiers that a source gives as a hash only, such as `email:sha256:…`.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::evidence::EvidenceTable;
use crate::graph::identifier_type;

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
    use std::fmt::Write;
    let mut text = format!("{}:{MARK}", identifier_type(identifier));
    for byte in hash_by(identifier) {
        let _ = write!(text, "{byte:02x}");
    }
    text
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
