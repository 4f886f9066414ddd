//! People overrule evidence.

use std::collections::BTreeSet;

use cdp_identity::{OverrideKind, PreviousMap, ProfileMap, is_same};
use proptest::prelude::*;

use crate::common::{
    Seen, config, evidence, id, identifier, overrides, resolve, row, rules, said, told, violations,
};

use OverrideKind::{BlockValue, Detach, Link, NeverLink};

pub(crate) fn seen(left: &str, right: &str) -> Seen {
    let right = (!right.is_empty()).then(|| right.to_owned());
    (left.to_owned(), right, "crm".to_owned(), 1, 1, 1)
}

fn empty() -> PreviousMap {
    PreviousMap::new()
}

fn conflicts(map: &ProfileMap) -> Vec<(&'static str, Vec<&str>)> {
    let all = map.violations();
    let mut all: Vec<_> = all
        .map(|one| (one.rule.as_str(), one.override_ids))
        .collect();
    all.sort();
    all
}

#[test]
fn a_link_goes_before_limits_and_what_comes_later_is_still_limited() {
    let rules = rules(&config());
    let rows = [
        seen("user_id:1", "email:1"),
        seen("user_id:2", "email:2"),
        seen("user_id:3", "email:1"),
        seen("loyalty_id:1", "user_id:2"),
    ];
    let link = [said(Link, "user_id:1", Some("user_id:2"), 0)];
    let map = resolve(&rules, &rows, &link, &empty(), 9);
    for other in ["user_id:2", "email:1", "email:2", "loyalty_id:1"] {
        assert_eq!(id(&map, "user_id:1"), id(&map, other), "{other}");
    }
    assert_ne!(id(&map, "user_id:1"), id(&map, "user_id:3"));
}

#[test]
fn of_a_link_and_its_opposite_the_later_wins_and_on_a_tie_the_more_careful() {
    let rules = rules(&config());
    let rows = [
        seen("user_id:1", ""),
        seen("email:1", ""),
        seen("email:2", ""),
    ];
    for (days, is_one) in [([1, 2, 3], false), ([3, 3, 2], true), ([2, 3, 2], false)] {
        let mut all = [
            said(Link, "user_id:1", Some("email:1"), days[0]),
            said(Link, "email:1", Some("email:2"), days[1]),
            said(NeverLink, "email:2", Some("user_id:1"), days[2]),
        ];
        let map = resolve(&rules, &rows, &all, &empty(), 9);
        assert_eq!(
            id(&map, "user_id:1") == id(&map, "email:2"),
            is_one,
            "{days:?}"
        );
        let mut named: Vec<&str> = if is_one {
            vec!["never_link:email:2", "link:email:1", "link:user_id:1"]
        } else {
            vec!["link:user_id:1", "never_link:email:2"]
        };
        let told = conflicts(&map);
        assert_eq!(told.len(), 1);
        let (rule, mut ids) = told[0].clone();
        assert_eq!((rule, ids[0]), ("override_conflict", named[0]));
        ids.sort_unstable();
        named.sort_unstable();
        assert_eq!(ids, named);
        all.reverse();
        let again = resolve(&rules, &rows, &all, &empty(), 9);
        assert_eq!(told_all(&again), told_all(&map));
    }
}

fn told_all(map: &ProfileMap) -> (Vec<String>, Vec<String>) {
    (told(map), violations(map))
}

#[test]
fn what_is_detached_or_blocked_stands_alone() {
    let rules = rules(&config());
    let rows = [seen("user_id:1", "email:1"), seen("email:1", "device_id:1")];
    let map = resolve(
        &rules,
        &rows,
        &[said(Detach, "email:1", None, 9)],
        &empty(),
        9,
    );
    assert_eq!(map.profile_count(), 3);
    assert!(!row(&map, "email:1").is_blocked);
    // Tomorrow's word does not hold today.
    let map = resolve(
        &rules,
        &rows,
        &[said(Detach, "email:1", None, 10)],
        &empty(),
        9,
    );
    assert_eq!(map.profile_count(), 1);
    let all = [
        said(BlockValue, "email:1", None, 0),
        said(Link, "email:1", Some("user_id:1"), 5),
        said(Link, "user_id:1", Some("user_id:9"), 5),
    ];
    let map = resolve(&rules, &rows, &all, &empty(), 9);
    assert_eq!(map.profile_count(), 3);
    assert!(row(&map, "email:1").is_blocked);
    assert_eq!(
        conflicts(&map),
        [
            (
                "override_conflict",
                vec!["link:email:1", "block_value:email:1"]
            ),
            ("override_unused", vec!["link:user_id:1"]),
        ]
    );
    let unused = map.violations().find(|one| one.override_ids.len() == 1);
    let unused = unused.expect("one names nobody");
    assert_eq!(
        (unused.left, unused.right),
        ("user_id:1", Some("user_id:9"))
    );
}

#[test]
fn a_hash_is_its_value() {
    let rules = rules(&config());
    let stranger = format!("email:sha256:{}", "ab".repeat(32));
    let rows = [seen("user_id:1", "email:3"), seen("device_id:1", &stranger)];
    assert_eq!(resolve(&rules, &rows, &[], &empty(), 9).profile_count(), 2);
    // printf 3 | sha256sum
    let hash = "email:sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce";
    let rows = [
        seen("user_id:1", "email:3"),
        seen("device_id:1", hash),
        seen("user_id:1", "email:4"),
        seen("user_id:1", "email:5"),
    ];
    let map = resolve(&rules, &rows, &[], &empty(), 9);
    assert_eq!(id(&map, "email:3"), id(&map, hash));
    assert_eq!(id(&map, "email:3"), id(&map, "device_id:1"));
    // Value and hash are one of the two addresses that a profile may hold.
    assert_eq!(id(&map, "email:3"), id(&map, "email:4"));
    assert_ne!(id(&map, "email:3"), id(&map, "email:5"));
}

#[test]
fn who_names_a_value_means_its_hash_and_the_other_way_round() {
    let rules = rules(&config());
    // printf 3 | sha256sum
    let hash = "email:sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce";
    for (known, named) in [(hash, "email:3"), ("email:3", hash)] {
        let rows = [seen("user_id:1", known)];
        let never = [said(NeverLink, "user_id:1", Some(named), 1)];
        let map = resolve(&rules, &rows, &never, &empty(), 9);
        assert_ne!(id(&map, "user_id:1"), id(&map, known));
    }
}

#[test]
fn of_two_that_say_the_same_the_one_with_the_least_name_is_told() {
    let rules = rules(&config());
    let rows = [seen("user_id:1", "email:1")];
    let mut all = [1, 2].map(|number| {
        let mut one = said(NeverLink, "user_id:1", Some("email:1"), 1);
        one.override_id = format!("o{number}");
        one
    });
    for _ in 0..2 {
        let map = resolve(&rules, &rows, &all, &empty(), 9);
        let told: Vec<_> = map.violations().map(|one| one.override_ids).collect();
        assert_eq!(told, [["o1"]]);
        all.reverse();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_order_of_overrides_and_rows_and_the_threads_change_nothing(
        (rows, other_rows) in evidence(40).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        (all, other_all) in overrides(0..4).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let rules = rules(&config());
        let one = resolve(&rules, &rows, &all, &empty(), 9);
        let other = cdp_identity::Resolver::new(&rules, 9).overrides(&other_all).threads(7);
        let other = other.resolve(crate::common::table(&other_rows), &empty());
        prop_assert_eq!(told_all(&one), told_all(&other));
    }

    #[test]
    fn what_must_never_be_linked_never_is(rows in evidence(40), all in overrides(0..4)) {
        let rules = rules(&config());
        let map = resolve(&rules, &rows, &all, &empty(), 9);
        let given_way: BTreeSet<_> = map
            .violations()
            .filter(|one| one.rule.as_str() == "override_conflict")
            .map(|one| one.override_ids[0].to_owned())
            .collect();
        for one in all.iter().filter(|one| !given_way.contains(&one.override_id)) {
            let right = one.right.as_deref().filter(|right| *right != one.left);
            let rows = (map.find(&one.left), right.and_then(|right| map.find(right)));
            let (Some(left), other) = rows else { continue };
            match (one.kind, other) {
                // A blocked value is one with its hash, and nobody either way.
                (NeverLink, Some(right)) if is_same(left.identifier, right.identifier) => {
                    prop_assert!(left.is_blocked && right.is_blocked);
                }
                (NeverLink, Some(right)) => prop_assert_ne!(left.profile_id, right.profile_id),
                (Link, Some(right)) => prop_assert_eq!(left.profile_id, right.profile_id),
                (BlockValue, _) => prop_assert!(left.is_blocked),
                _ => {}
            }
        }
    }

    #[test]
    fn a_merge_that_is_taken_back_never_was(
        rows in evidence(30),
        old in overrides(0..4),
        (left, right) in (identifier(), identifier()),
        is_taken_out in any::<bool>(),
    ) {
        let rules = rules(&config());
        let first = resolve(&rules, &rows, &old, &empty(), 9);
        let mut merged = old.clone();
        let mut link = said(Link, &left, Some(&right), 10);
        link.override_id = "merge".to_owned();
        merged.push(link.clone());
        let second = resolve(&rules, &rows, &merged, &first.to_previous(), 10);
        let undone = if is_taken_out {
            old.clone()
        } else {
            let mut never = said(NeverLink, &left, Some(&right), 11);
            never.override_id = "unmerge".to_owned();
            merged.push(never);
            merged
        };
        let profiles = |map: &ProfileMap| -> Vec<_> {
            map.iter()
                .map(|row| (row.identifier.to_owned(), row.profile_id.to_owned(), row.profile_since))
                .collect()
        };
        // A word against a link that evidence or others make anyhow does more than undo this one.
        let component = |name: &str| {
            let mut rows = first.iter();
            rows.find(|row| is_same(row.identifier, name)).map(|row| row.component_id)
        };
        let was_apart = component(&left) != component(&right);
        if is_taken_out || was_apart {
            let never_was = resolve(&rules, &rows, &undone, &first.to_previous(), 11);
            let third = resolve(&rules, &rows, &undone, &second.to_previous(), 11);
            prop_assert_eq!(profiles(&never_was), profiles(&first));
            prop_assert_eq!(profiles(&third), profiles(&first));
        }
    }
}
