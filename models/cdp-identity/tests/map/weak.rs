//! Evidence of a weak source: after all other, and never at its expense.

use std::collections::BTreeMap;

use cdp_identity::{OverrideKind, PreviousMap, ProfileMap, RawIdentityConfig};
use proptest::prelude::*;

use crate::common::{
    Seen, config, evidence, id, overrides, resolve, row, rules, said, told, violations,
};
use crate::overrides::seen;

/// The source `b` is weak.
fn weak_config() -> RawIdentityConfig {
    RawIdentityConfig {
        weak_sources: vec!["b".to_owned()],
        ..config()
    }
}

fn weak(left: &str, right: &str) -> Seen {
    let (left, right, _, first, last, count) = seen(left, right);
    (left, right, "b".to_owned(), first, last, count)
}

fn build(raw: &RawIdentityConfig, rows: &[Seen]) -> ProfileMap {
    resolve(&rules(raw), rows, &[], &PreviousMap::new(), 9)
}

/// Who is with whom, by identifier, and what is said of each.
fn clusters(map: &ProfileMap) -> BTreeMap<String, (String, bool, bool)> {
    let rows = map.iter();
    rows.map(|row| {
        let said = (
            row.profile_id.to_owned(),
            row.is_ambiguous,
            row.is_quarantined,
        );
        (row.identifier.to_owned(), said)
    })
    .collect()
}

#[test]
fn a_weak_link_joins_where_nothing_speaks_against_it() {
    let rows = [
        seen("email:1", "user_id:1"),
        seen("email:2", "loyalty_id:2"),
        weak("email:1", "loyalty_id:2"),
    ];
    let map = build(&weak_config(), &rows);
    assert_eq!(id(&map, "user_id:1"), id(&map, "email:2"));
    let path = map.changes(&PreviousMap::new());
    assert!(path.iter().all(|change| change.to.is_some()), "{path:?}");
}

#[test]
fn a_weak_link_comes_after_all_others_however_early_it_was_seen() {
    // The weak link would be the strongest by its types.
    let mut early = weak("user_id:1", "loyalty_id:9");
    early.3 = -1;
    let rows = [
        early,
        seen("device_id:1", "user_id:2"),
        seen("device_id:1", "loyalty_id:9"),
    ];
    let map = build(&weak_config(), &rows);
    assert_eq!(id(&map, "user_id:2"), id(&map, "loyalty_id:9"));
    assert_ne!(id(&map, "user_id:1"), id(&map, "loyalty_id:9"));
    let told = violations(&map);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("UniqueType"), "{told:?}");
    assert!(!row(&map, "device_id:1").is_ambiguous);
}

#[test]
fn a_person_may_refuse_a_weak_link() {
    let rows = [
        seen("email:1", "user_id:1"),
        seen("email:2", "loyalty_id:2"),
        weak("email:1", "loyalty_id:2"),
    ];
    let never = [said(
        OverrideKind::NeverLink,
        "email:1",
        Some("loyalty_id:2"),
        1,
    )];
    let map = resolve(
        &rules(&weak_config()),
        &rows,
        &never,
        &PreviousMap::new(),
        9,
    );
    assert_ne!(id(&map, "user_id:1"), id(&map, "email:2"));
    let told = violations(&map);
    assert!(told.iter().any(|one| one.contains("NeverLink")), "{told:?}");
}

#[test]
fn weak_links_never_put_anybody_in_quarantine_and_make_no_hub() {
    let mut raw = weak_config();
    raw.component_size_max = raw.cluster_size_max;
    let chain = (0..20).map(|n| weak(&format!("email:{n}"), &format!("email:{}", n + 1)));
    let hub = (0..20).map(|n| weak("loyalty_id:1", &format!("phone:{n}")));
    let rows: Vec<Seen> = chain
        .chain(hub)
        .chain([seen("email:3", "user_id:3")])
        .collect();
    let map = build(&raw, &rows);
    assert_eq!(id(&map, "email:3"), id(&map, "user_id:3"));
    assert!(map.iter().all(|row| !row.is_quarantined && !row.is_blocked));
    let told = violations(&map);
    assert_eq!(told.len(), 40, "{told:?}");
    assert!(told.iter().all(|one| one.contains("ComponentSize")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_weak_link_never_displaces_another(rows in evidence(24), said in overrides(0..3), quarantine in any::<bool>()) {
        // A word of people may name an identifier that only weak evidence knows.
        let said: Vec<_> = said.into_iter().filter(|one| one.kind == OverrideKind::NeverLink).collect();
        let mut raw = weak_config();
        raw.component_size_max = if quarantine { 8 } else { 0 };
        let rules = rules(&raw);
        let strong: Vec<Seen> = rows.iter().filter(|row| row.2 == "a").cloned().collect();
        let before = clusters(&resolve(&rules, &strong, &said, &PreviousMap::new(), 5));
        let after = clusters(&resolve(&rules, &rows, &said, &PreviousMap::new(), 5));
        for (one, (profile, ambiguous, quarantined)) in &before {
            let now = &after[one];
            prop_assert_eq!((&now.1, &now.2), (ambiguous, quarantined), "{}", one);
            for (other, (with, ..)) in &before {
                if profile == with {
                    prop_assert_eq!(&now.0, &after[other].0, "{} and {}", one, other);
                }
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in evidence(24).prop_shuffle(), said in overrides(0..3)) {
        let mut raw = weak_config();
        raw.component_size_max = 8;
        let rules = rules(&raw);
        let map = resolve(&rules, &rows, &said, &PreviousMap::new(), 5);
        let mut sorted = rows.clone();
        sorted.sort();
        let other = resolve(&rules, &sorted, &said, &PreviousMap::new(), 5);
        prop_assert_eq!(told(&map), told(&other));
        prop_assert_eq!(violations(&map), violations(&other));
    }

    #[test]
    fn without_weak_rows_nothing_is_weak(rows in evidence(24)) {
        let strong: Vec<Seen> = rows.into_iter().filter(|row| row.2 == "a").collect();
        let [one, other] = [weak_config(), config()].map(|raw| build(&raw, &strong));
        prop_assert_eq!(told(&one), told(&other));
    }
}
