//! Why somebody is who they are, and how sound a map is.

use std::collections::BTreeSet;

use cdp_identity::{PreviousMap, Rule};
use proptest::prelude::*;

use crate::common::{config, evidence, overrides, resolve, rules};
use crate::overrides::seen;

#[test]
fn a_path_tells_what_was_taken_and_what_was_not() {
    let rules = rules(&config());
    let rows = [
        seen("user_id:1", "email:1"),
        seen("email:1", "phone:1"),
        seen("phone:1", "user_id:2"),
        seen("user_id:2", "loyalty_id:2"),
        seen("email:9", ""),
    ];
    let map = resolve(&rules, &rows, &[], &PreviousMap::new(), 9);
    let path = map.path("user_id:1", "email:1").expect("both are known");
    assert!(path.is_one_profile);
    let hop = &path.hops[0];
    assert_eq!((hop.from, hop.to, hop.count), ("user_id:1", "email:1", 1));
    assert_eq!(
        (hop.rule.as_str(), hop.refused),
        ("email+user_id@crm", None)
    );
    let path = map
        .path("user_id:1", "loyalty_id:2")
        .expect("both are known");
    assert!(!path.is_one_profile);
    let told: Vec<_> = path.hops.iter().map(|hop| (hop.to, hop.refused)).collect();
    assert_eq!(
        told,
        [
            ("email:1", None),
            ("phone:1", Some(Rule::UniqueType)),
            ("user_id:2", None),
            ("loyalty_id:2", None),
        ]
    );
    assert_eq!(path.refused.len(), 1);
    assert!(
        map.path("user_id:1", "email:9")
            .expect("both are known")
            .hops
            .is_empty()
    );
    assert_eq!(map.path("user_id:1", "email:10"), None);
}

#[test]
fn health_is_told_in_figures() {
    let rules = rules(&config());
    let rows = [
        seen("user_id:1", "email:1"),
        seen("user_id:1", "device_id:1"),
        seen("email:1", "loyalty_id:1"),
        seen("email:9", ""),
    ];
    let map = resolve(&rules, &rows, &[], &PreviousMap::new(), 9);
    let tally = map.tally(2);
    let health = tally.health(&rules, 2);
    assert_eq!((health.identifiers, health.profiles), (5, 2));
    assert!((health.consolidation_rate - 0.6).abs() < 1e-9);
    assert_eq!(health.sizes.first(), Some(&(25, 1)));
    assert_eq!(health.sizes.last(), Some(&(100, 4)));
    assert_eq!(health.largest[0].1, 4);
    let busiest = ["email:1", "user_id:1"].map(|one| (one.to_owned(), 2));
    assert_eq!(health.busiest, busiest);
    assert_eq!(health.bridge_count, 2);
    assert_eq!(health.bridges[0], ("email:1 - loyalty_id:1".to_owned(), 1));
    assert_eq!(health.types[1], ("email", 2, 1));
    let strangers = [
        ("device_id", "email"),
        ("device_id", "loyalty_id"),
        ("loyalty_id", "user_id"),
    ];
    assert_eq!(health.strangers, strangers);
    assert_eq!(health.rules.len(), 3);
    assert_eq!(health.rules[0], ("device_id+user_id@crm", 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn there_is_a_path_of_taken_links_within_a_profile_and_no_other(
        rows in evidence(40),
        said in overrides(0..4),
    ) {
        let rules = rules(&config());
        let map = resolve(&rules, &rows, &said, &PreviousMap::new(), 9);
        for one in map.iter() {
            for other in map.iter() {
                let path = map.path(one.identifier, other.identifier).expect("both are known");
                let is_one = one.profile_id == other.profile_id;
                prop_assert_eq!(path.is_one_profile, is_one);
                let is_same = one.identifier == other.identifier;
                let is_linked = !path.hops.is_empty() || is_same;
                prop_assert_eq!(is_linked, one.component_id == other.component_id);
                let is_taken = path.hops.iter().all(|hop| hop.refused.is_none());
                prop_assert_eq!(is_linked && is_taken, is_one);
                let ends = (path.hops.first(), path.hops.last());
                if let (Some(first), Some(last)) = ends {
                    prop_assert_eq!((first.from, last.to), (one.identifier, other.identifier));
                }
                prop_assert!(path.hops.windows(2).all(|pair| pair[0].to == pair[1].from));
            }
        }
    }

    #[test]
    fn a_tree_holds_the_whole_profile_once(rows in evidence(40), said in overrides(0..4)) {
        let rules = rules(&config());
        let map = resolve(&rules, &rows, &said, &PreviousMap::new(), 9);
        for one in map.iter() {
            let tree = map.tree(one.identifier).expect("it is known");
            let members = map.iter().filter(|row| row.profile_id == one.profile_id);
            let members: BTreeSet<_> = members.map(|row| row.identifier).collect();
            let mut reached = vec![tree.founder];
            for branch in &tree.branches {
                prop_assert!(reached.contains(&branch.hop.from));
                prop_assert!(!reached.contains(&branch.hop.to));
                prop_assert_eq!(branch.hop.refused, None);
                reached.push(branch.hop.to);
            }
            prop_assert!(tree.kept.is_empty());
            prop_assert_eq!(reached.into_iter().collect::<BTreeSet<_>>(), members);
            prop_assert_eq!(map.find(tree.founder).and_then(|row| row.founded).map(|(id, _)| id), Some(one.profile_id));
        }
    }

    #[test]
    fn every_union_has_its_rule(rows in evidence(40), said in overrides(0..4)) {
        let rules = rules(&config());
        let map = resolve(&rules, &rows, &said, &PreviousMap::new(), 9);
        let tally = map.tally(5);
        let health = tally.health(&rules, 5);
        let unions: u64 = health.rules.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(unions, health.identifiers - health.profiles);
    }
}
