//! Small worlds to resolve.

use cdp_identity::{
    EvidenceTable, IdentityRules, MapRow, Override, OverrideKind, PreviousMap, ProfileMap,
    RawIdentityConfig, Resolver,
};
use proptest::prelude::*;

/// `left`, `right`, source, first seen, last seen, count.
pub(crate) type Seen = (String, Option<String>, String, i64, i64, u64);

pub(crate) const CLUSTER_SIZE_MAX: usize = 8;

/// Limits that small worlds reach.
pub(crate) fn config() -> RawIdentityConfig {
    let mut raw = RawIdentityConfig {
        cluster_size_max: CLUSTER_SIZE_MAX,
        component_size_max: 0,
        degree_max: 6,
        ..RawIdentityConfig::default()
    };
    for (name, max) in [("email", 2), ("device_id", 3)] {
        let known = raw.types.get_mut(name).expect("a type of the defaults");
        known.max_per_profile = Some(max);
        known.degree_max = Some(4);
    }
    raw
}

pub(crate) fn rules(raw: &RawIdentityConfig) -> IdentityRules {
    IdentityRules::from_config(raw).expect("the rules are valid")
}

pub(crate) fn identifier() -> impl Strategy<Value = String> {
    let types = ["user_id", "loyalty_id", "email", "device_id", "mystery"];
    let hash = "email:sha256:".to_owned() + &sha256_of_3();
    prop_oneof![
        40 => (prop::sample::select(types.to_vec()), 0..6_u8)
            .prop_map(|(identifier_type, value)| format!("{identifier_type}:{value}")),
        1 => Just(hash),
    ]
}

/// printf 3 | sha256sum
fn sha256_of_3() -> String {
    "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce".to_owned()
}

pub(crate) fn evidence(rows: usize) -> impl Strategy<Value = Vec<Seen>> {
    let right = prop::option::weighted(0.9, identifier());
    let row = (identifier(), right, "[ab]", 0..4_i64, 0..4_i64, 1..3_u64);
    let row = row.prop_map(|(left, right, source, first, days, count)| {
        (left, right, source, first, first + days, count)
    });
    prop::collection::vec(row, 0..rows)
}

pub(crate) fn overrides(days: std::ops::Range<i32>) -> impl Strategy<Value = Vec<Override>> {
    let kind = prop::sample::select(vec![
        OverrideKind::Link,
        OverrideKind::Link,
        OverrideKind::NeverLink,
        OverrideKind::NeverLink,
        OverrideKind::Detach,
        OverrideKind::BlockValue,
    ]);
    let one = (kind, identifier(), identifier(), days)
        .prop_map(|(kind, left, right, day)| said(kind, &left, Some(&right), day));
    prop::collection::vec(one, 0..6).prop_map(|mut all| {
        for (number, one) in all.iter_mut().enumerate() {
            one.override_id = format!("o{number}");
        }
        all
    })
}

pub(crate) fn said(kind: OverrideKind, left: &str, right: Option<&str>, day: i32) -> Override {
    Override {
        kind,
        left: left.to_owned(),
        right: right.filter(|_| kind.has_right()).map(str::to_owned),
        author: "ann".to_owned(),
        reason: "she called".to_owned(),
        valid_from: day,
        override_id: format!("{}:{left}", kind.as_str()),
    }
}

pub(crate) fn table<'s>(rows: impl IntoIterator<Item = &'s Seen>) -> EvidenceTable {
    let mut table = EvidenceTable::new();
    for (left, right, source, first, last, count) in rows {
        table.push(left, right.as_deref(), source, *first, *last, *count);
    }
    table
}

pub(crate) fn resolve(
    rules: &IdentityRules,
    rows: &[Seen],
    overrides: &[Override],
    previous: &PreviousMap,
    day: i32,
) -> ProfileMap {
    let resolver = Resolver::new(rules, day).overrides(overrides);
    resolver.resolve(table(rows), previous)
}

/// Every column of every row, as text.
pub(crate) fn told(map: &ProfileMap) -> Vec<String> {
    map.iter().map(|row| format!("{row:?}")).collect()
}

pub(crate) fn violations(map: &ProfileMap) -> Vec<String> {
    let mut all: Vec<_> = map.violations().map(|one| format!("{one:?}")).collect();
    all.sort();
    all
}

pub(crate) fn id<'m>(map: &'m ProfileMap, identifier: &str) -> &'m str {
    row(map, identifier).profile_id
}

pub(crate) fn row<'m>(map: &'m ProfileMap, identifier: &str) -> MapRow<'m> {
    map.find(identifier).expect("the identifier has a row")
}
