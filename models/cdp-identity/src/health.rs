//! How sound a map is: what was joined, by what, and where it looks too much or too little.

use std::collections::BTreeMap;

use crate::rules::IdentityRules;
use crate::tally::{Count, List, Tally, pair_of_types};

/// The percentiles of cluster sizes that are told.
const PERCENTILES: [u64; 7] = [25, 50, 75, 90, 95, 99, 100];

/// Figures of a map. Lists are sorted, the most remarkable first, and cut to the length asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health<'t> {
    /// How many identifiers there are.
    pub identifiers: u64,
    /// How many profiles they make.
    pub profiles: u64,
    /// The share of identifiers that another one spared a profile: one less profiles by identifiers.
    pub consolidation_rate: f64,
    /// Percentiles of how many identifiers a profile holds, 100 for the largest.
    pub sizes: Vec<(u64, u32)>,
    /// The largest profiles and how many identifiers they hold.
    pub largest: &'t [(String, u32)],
    /// The identifiers that were seen with most others, and with how many.
    pub busiest: &'t [(String, u32)],
    /// Links without which a profile would fall into two that both hold a person's identifier.
    pub bridge_count: u64,
    /// Those with most on both sides: the two ends, and how many there are on the lesser side.
    pub bridges: &'t [(String, u32)],
    /// For each type how many identifiers there are, and how many are alone in their profile.
    pub types: Vec<(&'t str, u64, u64)>,
    /// Declared types of which both were seen, but never together.
    pub strangers: Vec<(&'t str, &'t str)>,
    /// How many unions each rule made, such as `email+user_id@orders`, the most first.
    pub rules: Vec<(&'t str, u64)>,
}

impl Tally {
    /// The figures, with lists of at most so many.
    pub fn health<'t>(&'t self, rules: &'t IdentityRules, list_max: usize) -> Health<'t> {
        let (identifiers, profiles) = (
            number(self.sum(Count::IdentifiersOfType)),
            number(self.sum(Count::ProfilesOfSize)),
        );
        let list = |list: List| {
            let rows = self.list(list);
            &rows[..rows.len().min(list_max)]
        };
        let alone: BTreeMap<&str, i64> = self.of(Count::SingletonsOfType).collect();
        let types = self.of(Count::IdentifiersOfType).map(|(name, all)| {
            let alone = alone.get(name).copied().unwrap_or(0);
            (name, number(all), number(alone))
        });
        let mut unions: Vec<_> = self
            .of(Count::Unions)
            .map(|(rule, made)| (rule, number(made)))
            .collect();
        unions.sort_by_key(|(_, made)| std::cmp::Reverse(*made));
        Health {
            identifiers,
            profiles,
            consolidation_rate: if profiles == 0 {
                0.0
            } else {
                1.0 - profiles as f64 / identifiers as f64
            },
            sizes: self.percentiles(profiles),
            largest: list(List::LargestProfile),
            busiest: list(List::BusiestIdentifier),
            bridge_count: number(self.sum(Count::Bridges)),
            bridges: list(List::Bridge),
            types: types.collect(),
            strangers: self.strangers(rules),
            rules: unions,
        }
    }

    /// The nearest rank: the smallest size that so many per cent do not pass.
    fn percentiles(&self, profiles: u64) -> Vec<(u64, u32)> {
        let of_size = self.of(Count::ProfilesOfSize);
        let of_size: BTreeMap<u32, u64> = of_size
            .filter_map(|(size, profiles)| Some((size.parse().ok()?, number(profiles))))
            .collect();
        let at = |percent: u64| {
            let rank = (profiles * percent).div_ceil(100).max(1);
            let mut seen = 0_u64;
            let mut sizes = of_size.iter().map(|(size, profiles)| {
                seen += profiles;
                (seen, *size)
            });
            sizes.find(|(seen, _)| *seen >= rank)
        };
        let told = PERCENTILES
            .into_iter()
            .filter_map(|percent| Some((percent, at(percent)?.1)));
        told.collect()
    }

    fn strangers<'t>(&'t self, rules: &'t IdentityRules) -> Vec<(&'t str, &'t str)> {
        let seen: BTreeMap<&str, i64> = self.of(Count::IdentifiersOfType).collect();
        let met: BTreeMap<&str, i64> = self.of(Count::PairsOfTypes).collect();
        let names = rules.types().iter().map(|one| one.name.as_str());
        let names: Vec<&str> = names.filter(|name| seen.contains_key(name)).collect();
        let pairs = names.iter().enumerate().flat_map(|(place, one)| {
            let others = names[place + 1..].iter();
            others.map(move |other| (*one, *other))
        });
        let is_met =
            |(one, other): &(&str, &str)| met.contains_key(pair_of_types(one, other).as_str());
        pairs.filter(|pair| !is_met(pair)).collect()
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
