//! Whose identifiers they are, to hold what was found against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// The person of each identifier that is one person's alone.
#[derive(Debug)]
pub struct Owners {
    people: BTreeMap<String, String>,
    shared: usize,
}

/// How far profiles agree with people, over all pairs of identifiers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The identifiers that were compared.
    pub identifiers: usize,
    /// Of the pairs in one profile, the share that belongs to one person.
    pub precision: f64,
    /// Of the pairs of one person, the share that is in one profile.
    pub recall: f64,
}

impl Owners {
    /// From `truth/identifiers.csv` of a world.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut reader = csv::Reader::from_path(path)?;
        let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in reader.deserialize() {
            let (person, kind, value): (String, String, String) = row?;
            let value = value.trim();
            let identifier = match kind.as_str() {
                "email" => format!("{kind}:{}", value.to_lowercase()),
                _ => format!("{kind}:{value}"),
            };
            owners.entry(identifier).or_default().insert(person);
        }
        let all = owners.len();
        let single = owners.into_iter().filter(|(_, people)| people.len() == 1);
        let people: BTreeMap<String, String> = single
            .filter_map(|(identifier, people)| Some((identifier, people.into_iter().next()?)))
            .collect();
        let shared = all - people.len();
        Ok(Self { people, shared })
    }

    /// Who an identifier belongs to; nobody when several people use it, or it is not known.
    pub fn person(&self, identifier: &str) -> Option<&str> {
        self.people.get(identifier).map(String::as_str)
    }

    /// How many identifiers several people use.
    pub fn shared(&self) -> usize {
        self.shared
    }

    /// Holds the profiles of identifiers against the people; who is nobody's is left out.
    pub fn agreement<'t>(
        &self,
        profiles: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Agreement {
        let known = profiles.into_iter();
        let both: Vec<(&str, &str)> = known
            .filter_map(|(identifier, profile)| Some((self.person(identifier)?, profile)))
            .collect();
        let agreed = pairs(both.iter().copied());
        let found = pairs(both.iter().map(|(_, profile)| *profile));
        let real = pairs(both.iter().map(|(person, _)| *person));
        Agreement {
            identifiers: both.len(),
            precision: share(agreed, found),
            recall: share(agreed, real),
        }
    }
}

/// The pairs of things that have the same key.
fn pairs<K: Ord>(keys: impl Iterator<Item = K>) -> u64 {
    let mut sizes: BTreeMap<K, u64> = BTreeMap::new();
    for key in keys {
        *sizes.entry(key).or_default() += 1;
    }
    sizes.values().map(|size| size * (size - 1) / 2).sum()
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_and_shared_identifiers_left_out() {
        let owner = |identifier: &str, person: &str| (identifier.to_owned(), person.to_owned());
        let owners = Owners {
            people: BTreeMap::from([
                owner("email:a", "1"),
                owner("email:b", "1"),
                owner("email:c", "1"),
                owner("email:d", "2"),
            ]),
            shared: 1,
        };
        let found = [
            ("email:a", "p1"),
            ("email:b", "p1"),
            ("email:c", "p2"),
            ("email:d", "p2"),
            ("phone:desk", "p1"),
        ];
        let agreement = owners.agreement(found);
        assert_eq!(agreement.identifiers, 4);
        let is = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        assert!(is(agreement.precision, 1.0 / 2.0), "ab of ab, cd");
        assert!(is(agreement.recall, 1.0 / 3.0), "ab of ab, ac, bc");
    }
}
