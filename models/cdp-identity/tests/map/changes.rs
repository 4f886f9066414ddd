//! What became of profiles, and why.

use std::collections::BTreeSet;

use cdp_identity::{OverrideKind, PreviousMap, ProfileMap};
use proptest::prelude::*;

use crate::common::{config, evidence, id, overrides, resolve, rules, said};
use crate::overrides::seen;

fn told(map: &ProfileMap, before: &PreviousMap) -> Vec<(&'static str, String)> {
    let changes = map.changes(before);
    changes
        .into_iter()
        .map(|one| (one.kind.as_str(), one.reason))
        .collect()
}

#[test]
fn every_kind_of_change_has_its_reason() {
    let rules = rules(&config());
    let no_map = PreviousMap::new();
    let mut rows = vec![
        seen("user_id:1", "email:1"),
        seen("loyalty_id:1", "phone:1"),
    ];
    let first = resolve(&rules, &rows, &[], &no_map, 1);
    assert_eq!(
        told(&first, &no_map),
        vec![("created", "evidence".to_owned()); 2]
    );
    assert_eq!(told(&first, &first.to_previous()), []);

    rows.push(seen("phone:1", "email:1"));
    let merged = resolve(&rules, &rows, &[], &first.to_previous(), 2);
    let change = &merged.changes(&first.to_previous())[0];
    assert_eq!(change.kind.as_str(), "merged");
    assert_eq!(change.reason, "email+phone@crm");
    assert_eq!(change.to.as_deref(), Some(id(&merged, "user_id:1")));
    let gone = change.from.clone();

    let never = [said(
        OverrideKind::NeverLink,
        "user_id:1",
        Some("loyalty_id:1"),
        3,
    )];
    let before = merged.to_previous();
    let apart = resolve(&rules, &rows, &never, &before, 3);
    let changes = apart.changes(&before);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].kind.as_str(), "restored");
    assert_eq!(changes[0].reason, "override:never_link:user_id:1");
    assert_eq!(changes[0].to, gone);

    let detach = [said(OverrideKind::Detach, "email:1", None, 3)];
    let apart = resolve(&rules, &rows, &detach, &first.to_previous(), 3);
    let detached = ("detached", "override:detach:email:1".to_owned());
    assert!(told(&apart, &first.to_previous()).contains(&detached));

    let link = [said(OverrideKind::Link, "user_id:1", Some("user_id:2"), 3)];
    rows.push(seen("user_id:2", ""));
    let before = resolve(&rules, &rows, &[], &no_map, 2).to_previous();
    let linked = resolve(&rules, &rows, &link, &before, 3);
    assert_eq!(
        told(&linked, &before),
        [("merged", "override:link:user_id:1".to_owned())]
    );
    let none = resolve(&rules, &[], &[], &first.to_previous(), 3);
    assert_eq!(
        told(&none, &first.to_previous()),
        vec![("gone", "evidence".to_owned()); 2]
    );
}

#[test]
fn who_is_blocked_is_nobody_and_no_profile_is_told_of_it() {
    let rules = rules(&config());
    let rows = vec![seen("user_id:1", "email:1"), seen("phone:1", "")];
    let first = resolve(&rules, &rows, &[], &PreviousMap::new(), 1);
    let block = [
        said(OverrideKind::BlockValue, "email:1", None, 2),
        said(OverrideKind::BlockValue, "phone:1", None, 2),
    ];
    let before = first.to_previous();
    let blocked = resolve(&rules, &rows, &block, &before, 2);
    let changes = blocked.changes(&before);
    let told: Vec<_> = changes
        .iter()
        .map(|one| (one.kind.as_str(), one.to.as_deref(), one.reason.as_str()))
        .collect();
    let lost = ("gone", None, "override:block_value:phone:1");
    // The e-mail address founded the profile, so the account that is left gets an id of its own.
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&lost), "{told:?}");
    let before = blocked.to_previous();
    let again = resolve(&rules, &rows, &block, &before, 3);
    assert_eq!(again.changes(&before), []);
    let back = resolve(&rules, &rows, &[], &before, 4);
    let told: Vec<_> = back.changes(&before);
    assert!(
        told.iter().any(|one| one.kind.as_str() == "created"),
        "{told:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_id_that_came_or_went_is_told(
        days in prop::collection::vec((evidence(25), overrides(0..4), any::<bool>()), 2..5),
    ) {
        let rules = rules(&config());
        let mut before = PreviousMap::new();
        let mut ids_before = BTreeSet::new();
        let mut all = Vec::new();
        for (day, (rows, said, is_anew)) in (5..).zip(days) {
            if is_anew {
                all.clear();
            }
            all.extend(rows);
            let map = resolve(&rules, &all, &said, &before, day);
            // Who is blocked is nobody.
            let living = map.iter().filter(|row| !row.is_blocked);
            let ids: BTreeSet<_> = living.map(|row| row.profile_id.to_owned()).collect();
            let changes = map.changes(&before);
            let lost = changes.iter().filter(|one| matches!(one.kind.as_str(), "merged" | "gone"));
            let lost: BTreeSet<_> = lost.filter_map(|one| one.from.clone()).collect();
            let gone: BTreeSet<_> = ids_before.difference(&ids).cloned().collect();
            prop_assert_eq!(&lost, &gone);
            let named: BTreeSet<_> = changes.iter().filter_map(|one| one.to.clone()).collect();
            prop_assert!(ids.difference(&ids_before).all(|id| named.contains(id)));
            let mut replayed = ids_before.clone();
            for id in changes.iter().filter_map(|one| one.to.as_ref()) {
                replayed.insert(id.clone());
            }
            replayed.retain(|id| !lost.contains(id));
            prop_assert_eq!(&replayed, &ids);
            let mut keys: Vec<_> = changes.iter().map(|one| (one.kind, &one.from, &one.to)).collect();
            keys.dedup();
            prop_assert_eq!(keys.len(), changes.len());
            for one in &changes {
                prop_assert!(one.to.as_ref().is_none_or(|to| ids.contains(to)));
                prop_assert!(one.from.as_ref().is_none_or(|from| ids_before.contains(from)));
                prop_assert_ne!(&one.from, &one.to);
            }
            before = map.to_previous();
            ids_before = ids;
        }
    }
}
