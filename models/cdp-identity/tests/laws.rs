//! What holds of every resolution, whatever the evidence.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use cdp_identity::{IdentityRules, RawIdentityConfig};
use proptest::prelude::*;

use rows::{Assignment, Evidence, PreviousAssignment, Resolution, resolve};

const CLUSTER_SIZE_MAX: usize = 8;

fn config() -> RawIdentityConfig {
    let mut raw = RawIdentityConfig {
        cluster_size_max: CLUSTER_SIZE_MAX,
        ..RawIdentityConfig::default()
    };
    let emails = raw.types.get_mut("email").expect("emails are a default");
    emails.max_per_profile = Some(2);
    raw
}

fn rules() -> IdentityRules {
    IdentityRules::from_config(&config()).expect("the rules are valid")
}

fn identifiers() -> impl Strategy<Value = String> {
    let types = ["user_id", "loyalty_id", "email", "device_id", "mystery"];
    (prop::sample::select(types.to_vec()), 0..6_u8)
        .prop_map(|(identifier_type, value)| format!("{identifier_type}:{value}"))
}

fn evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let right = prop::option::weighted(0.9, identifiers());
    let row = (identifiers(), right, "[ab]", 0..4_i64, 0..4_i64, 1..3_u64);
    let row = row.prop_map(|(left, right, source, first_seen, days, count)| Evidence {
        left,
        right,
        source,
        first_seen,
        last_seen: first_seen + days,
        count,
    });
    prop::collection::vec(row, 0..40)
}

/// Rows of an earlier map that need not fit the evidence in any way.
fn previous() -> impl Strategy<Value = Vec<PreviousAssignment>> {
    let row = (identifiers(), "p_[a-f]", 0..3_i32, 3..6_i32);
    let row =
        row.prop_map(
            |(identifier, profile_id, profile_since, effective_at)| PreviousAssignment {
                identifier,
                profile_id,
                profile_since,
                effective_at,
            },
        );
    prop::collection::vec(row, 0..20)
}

fn shuffled<T: Clone + std::fmt::Debug>(rows: Vec<T>) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    (Just(rows.clone()), Just(rows).prop_shuffle())
}

fn remembered(resolution: &Resolution) -> Vec<PreviousAssignment> {
    let rows = resolution.assignments.iter();
    rows.map(|row| PreviousAssignment {
        identifier: row.identifier.clone(),
        profile_id: row.profile_id.clone(),
        profile_since: row.profile_since,
        effective_at: row.effective_at,
    })
    .collect()
}

fn profiles(resolution: &Resolution) -> BTreeMap<&str, Vec<&Assignment>> {
    let mut profiles: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in &resolution.assignments {
        profiles
            .entry(row.profile_id.as_str())
            .or_default()
            .push(row);
    }
    profiles
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing(
        (rows, other_rows) in evidence().prop_flat_map(shuffled),
        (old, other_old) in previous().prop_flat_map(shuffled),
    ) {
        let one = resolve(&rules(), rows, &old, 9);
        let other = resolve(&rules(), other_rows, &other_old, 9);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_sides_of_a_link_can_be_swapped(rows in evidence()) {
        let swapped = rows.iter().cloned().map(|row| match row.right {
            Some(right) => Evidence { left: right, right: Some(row.left), ..row },
            None => row,
        });
        let swapped: Vec<_> = swapped.collect();
        prop_assert_eq!(resolve(&rules(), rows, &[], 9), resolve(&rules(), swapped, &[], 9));
    }

    #[test]
    fn every_identifier_has_exactly_one_profile(rows in evidence(), old in previous()) {
        let mut expected: BTreeSet<String> = BTreeSet::new();
        for row in &rows {
            expected.insert(row.left.clone());
            expected.extend(row.right.clone());
        }
        let found = resolve(&rules(), rows, &old, 9);
        let found = found.assignments.into_iter().map(|row| row.identifier);
        // Sorted, and no identifier twice.
        prop_assert!(found.eq(expected));
    }

    #[test]
    fn every_link_is_taken_or_refused(rows in evidence(), old in previous()) {
        let found = resolve(&rules(), rows.clone(), &old, 9);
        let profile_of: BTreeMap<_, _> =
            found.assignments.iter().map(|row| (&row.identifier, &row.profile_id)).collect();
        let refused: BTreeSet<_> =
            found.refused.iter().map(|link| (&link.left, &link.right)).collect();
        prop_assert_eq!(refused.len(), found.refused.len());
        for row in &rows {
            if let Some(right) = &row.right {
                let ends = ((&row.left).min(right), (&row.left).max(right));
                let is_taken = profile_of[&row.left] == profile_of[right];
                prop_assert_ne!(is_taken, refused.contains(&ends));
            }
        }
    }

    #[test]
    fn no_profile_breaks_a_limit(rows in evidence(), old in previous()) {
        let found = resolve(&rules(), rows, &old, 9);
        let config = config();
        for (profile_id, members) in profiles(&found) {
            prop_assert!(members.len() <= CLUSTER_SIZE_MAX, "{} is too large", profile_id);
            for (name, known) in &config.types {
                let count = members.iter().filter(|row| row.identifier_type == *name).count();
                let max = if known.unique { Some(1) } else { known.max_per_profile };
                prop_assert!(max.is_none_or(|max| count <= max), "{} {}", profile_id, name);
            }
        }
    }

    #[test]
    fn resolving_again_changes_nothing(rows in evidence(), old in previous()) {
        let once = resolve(&rules(), rows.clone(), &old, 9);
        let again = resolve(&rules(), rows, &remembered(&once), 10);
        prop_assert_eq!(once, again);
    }

    #[test]
    fn an_unrelated_person_changes_no_other_id(rows in evidence(), old in previous()) {
        let one = resolve(&rules(), rows.clone(), &old, 9);
        let mut more = rows;
        more.push(Evidence {
            left: "crm_id:new".to_owned(),
            right: Some("phone:+491234567".to_owned()),
            source: "crm".to_owned(),
            first_seen: 0,
            last_seen: 0,
            count: 1,
        });
        let mut other = resolve(&rules(), more, &old, 9);
        other.assignments.retain(|row| !["crm_id", "phone"].contains(&&*row.identifier_type));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn an_id_never_passes_to_people_who_did_not_have_it(
        first in evidence(),
        second in evidence(),
        old in previous(),
    ) {
        let mut map = old;
        for (day, rows) in (9..).zip([first, second]) {
            let found = resolve(&rules(), rows, &map, day);
            for (profile_id, members) in profiles(&found) {
                let holders: Vec<_> =
                    map.iter().filter(|row| row.profile_id == profile_id).collect();
                let shares_one = holders
                    .iter()
                    .any(|old| members.iter().any(|row| row.identifier == old.identifier));
                prop_assert!(holders.is_empty() || shares_one, "{}", profile_id);
                let since = holders.iter().map(|row| row.profile_since).min();
                let since = since.unwrap_or(day);
                prop_assert!(members.iter().all(|row| row.profile_since == since));
            }
            map = remembered(&found);
        }
    }
}
