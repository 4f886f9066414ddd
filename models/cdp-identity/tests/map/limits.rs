//! Windows, shared identifiers, hubs and quarantine.

use cdp_identity::{PreviousMap, ProfileMap, RawIdentityConfig, Resolver};
use proptest::prelude::*;

use crate::common::{Seen, config, evidence, id, resolve, row, rules, table};
use crate::overrides::seen;

const DAY: i64 = 86_400_000_000;

fn build(raw: &RawIdentityConfig, rows: &[Seen]) -> ProfileMap {
    resolve(&rules(raw), rows, &[], &PreviousMap::new(), 9)
}

fn at(day: i64, row: Seen) -> Seen {
    (row.0, row.1, row.2, day * DAY, day * DAY, 1)
}

#[test]
fn a_window_counts_only_what_is_new_within_it() {
    let mut raw = config();
    let emails = raw.types.get_mut("email").expect("emails are a default");
    emails.within_days = Some(7);
    let rows = [
        at(0, seen("email:1", "user_id:1")),
        at(1, seen("email:2", "user_id:1")),
        at(6, seen("email:3", "user_id:1")),
        at(7, seen("email:4", "user_id:1")),
        at(14, seen("email:5", "user_id:1")),
    ];
    let map = build(&raw, &rows);
    let user = id(&map, "user_id:1");
    let held = ["email:1", "email:2", "email:3", "email:4", "email:5"];
    let is_held = held.map(|email| id(&map, email) == user);
    // 3 is the third of days 0 to 6; without it, 4 is the second of days 1 to 7.
    assert_eq!(is_held, [true, true, false, true, true]);
    raw.types.get_mut("email").expect("as above").within_days = None;
    let map = build(&raw, &rows);
    let user = id(&map, "user_id:1");
    let is_held = held.map(|email| id(&map, email) == user);
    assert_eq!(is_held, [true, true, false, false, false]);
}

#[test]
fn a_shared_device_is_nobodys_and_a_private_one_is() {
    let rows = [
        seen("user_id:1", "device_id:tv"),
        seen("user_id:2", "device_id:tv"),
        seen("user_id:1", "device_id:phone"),
        // The phone lies in front of the television; that shares the television only.
        seen("device_id:phone", "device_id:tv"),
    ];
    let map = build(&config(), &rows);
    assert!(row(&map, "device_id:tv").is_ambiguous);
    assert!(!row(&map, "device_id:phone").is_ambiguous);
    assert_eq!(id(&map, "device_id:phone"), id(&map, "user_id:1"));
    let tv = id(&map, "device_id:tv");
    assert_eq!(map.iter().filter(|row| row.profile_id == tv).count(), 1);
    assert_eq!(map.violations().len(), 3);
    // The profile of the shared device is the same whoever comes next.
    let more = [rows.to_vec(), vec![seen("user_id:3", "device_id:tv")]].concat();
    let later = Resolver::new(&rules(&config()), 10).resolve(table(&more), &map.to_previous());
    assert_eq!(id(&later, "device_id:tv"), tv);
}

#[test]
fn a_placeholder_on_every_row_welds_nobody() {
    let mut rows: Vec<_> = (0..1000)
        .map(|number| seen(&format!("user_id:{number}"), "email:none@shop.de"))
        .collect();
    rows.push(seen("email:1", "user_id:1"));
    let map = build(&RawIdentityConfig::default(), &rows);
    assert_eq!(map.profile_count(), 1001);
    let told: Vec<_> = map.violations().collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].rule.as_str(), told[0].size), ("degree_max", 1000));
    assert_eq!(told[0].left, "email:none@shop.de");
    assert_eq!(told[0].identifier_type, "email");
}

#[test]
fn too_much_at_once_changes_nothing_until_somebody_looks() {
    let mut raw = config();
    raw.component_size_max = 8;
    let people = |range: std::ops::Range<u32>| -> Vec<Seen> {
        let pair = |n: u32| seen(&format!("user_id:{n}"), &format!("email:{n}"));
        range.map(pair).collect()
    };
    let first = build(&raw, &people(0..3));
    let mut rows = people(0..5);
    rows.extend((1..5).map(|n| seen(&format!("email:{}", n - 1), &format!("email:{n}"))));
    let rules = rules(&raw);
    let resolver = Resolver::new(&rules, 10);
    let map = resolver.resolve(table(&rows), &first.to_previous());
    assert!(map.iter().all(|row| row.is_quarantined));
    for n in 0..3 {
        for name in [format!("user_id:{n}"), format!("email:{n}")] {
            let (now, before) = (row(&map, &name), row(&first, &name));
            assert_eq!(now.profile_id, before.profile_id);
            assert_eq!(now.effective_at, before.effective_at);
        }
    }
    assert_eq!(map.profile_count(), 3 + 4);
    let told: Vec<_> = map
        .violations()
        .map(|one| (one.rule.as_str(), one.size))
        .collect();
    assert_eq!(told, [("component_size", 10)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_window_holds_too_many(rows in evidence(60), within in 1..4_u32) {
        let mut raw = config();
        raw.degree_max = 0;
        for known in raw.types.values_mut() {
            known.degree_max = None;
            known.max_per_profile = (!known.unique).then_some(2);
            known.within_days = (!known.unique).then_some(within);
        }
        let days = |(left, right, source, first, last, count): Seen| {
            (left, right, source, first * DAY, last * DAY, count)
        };
        let rows: Vec<_> = rows.into_iter().map(days).collect();
        let map = build(&raw, &rows);
        for one in map.iter().filter(|row| !row.identifier.starts_with("email:sha256:")) {
            let in_window = map.iter().filter(|row| {
                row.profile_id == one.profile_id
                    && row.identifier_type == one.identifier_type
                    && !row.identifier.starts_with("email:sha256:")
                    && (one.first_seen..one.first_seen + i64::from(within) * DAY)
                        .contains(&row.first_seen)
            });
            let is_free = one.identifier_type == "mystery";
            prop_assert!(is_free || in_window.count() <= 2);
        }
    }

    #[test]
    fn nothing_shared_is_tied_to_anybody(rows in evidence(60)) {
        let map = build(&config(), &rows);
        for one in map.iter().filter(|row| row.is_ambiguous) {
            prop_assert_eq!(one.identifier_type, "device_id");
            let members = map.iter().filter(|row| row.profile_id == one.profile_id);
            prop_assert_eq!(members.count(), 1);
        }
        for one in map.violations().filter(|one| one.rule.as_str() == "unique_type") {
            let ends = [Some(one.left), one.right].into_iter().flatten();
            prop_assert!(ends.into_iter().all(|end| !end.starts_with("device_id")));
        }
    }
}
