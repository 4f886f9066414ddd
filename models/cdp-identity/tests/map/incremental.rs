//! Piece by piece is all at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::common::{Seen, config, evidence, overrides, resolve, rules, table, told};
use cdp_identity::{Affected, IdentityRules, Override, PreviousMap, ProfileMap, Resolver, is_same};
use proptest::prelude::*;

/// A map as a table would hold it: rows that stay from earlier steps, and rows of the last one.
#[derive(Clone, Default)]
struct State {
    rows: BTreeMap<String, Row>,
}

#[derive(Clone)]
struct Row {
    profile_id: String,
    profile_since: i32,
    effective_at: i32,
    component_id: i64,
    founded: Option<(String, i32)>,
    is_blocked: bool,
    told: String,
}

impl State {
    fn of(map: &ProfileMap) -> Self {
        let mut state = Self::default();
        state.add(map);
        state
    }

    fn add(&mut self, map: &ProfileMap) {
        for row in map.iter() {
            let founded = row.founded.map(|(id, since)| (id.to_owned(), since));
            let kept = Row {
                profile_id: row.profile_id.to_owned(),
                profile_since: row.profile_since,
                effective_at: row.effective_at,
                component_id: row.component_id,
                founded,
                is_blocked: row.is_blocked,
                told: format!("{row:?}"),
            };
            self.rows.insert(row.identifier.to_owned(), kept);
        }
    }

    fn previous(&self, of: impl Fn(&str) -> bool) -> PreviousMap {
        let mut previous = PreviousMap::new();
        for (identifier, row) in self.rows.iter().filter(|(identifier, _)| of(identifier)) {
            previous.push(cdp_identity::PreviousRow {
                identifier,
                profile_id: &row.profile_id,
                profile_since: row.profile_since,
                effective_at: row.effective_at,
                component_id: Some(row.component_id),
                founded: row
                    .founded
                    .as_ref()
                    .map(|(id, since)| (id.as_str(), *since)),
                is_blocked: row.is_blocked,
            });
        }
        previous
    }

    fn told(&self) -> Vec<String> {
        self.rows.values().map(|row| row.told.clone()).collect()
    }

    /// One step of the protocol.
    fn step(
        &mut self,
        rules: &IdentityRules,
        old: &[Seen],
        new: &[Seen],
        before: &[Override],
        now: &[Override],
        day: i32,
    ) -> BTreeSet<i64> {
        let mut affected = Affected::new(now);
        for (left, right, ..) in new {
            affected.touch(left);
            if let Some(right) = right {
                affected.touch(right);
            }
        }
        let changed = before.iter().filter(|one| !now.contains(one));
        for one in changed.chain(now.iter().filter(|one| !before.contains(one))) {
            affected.touch_override(one);
            let mut rows = self.rows.iter();
            let Some((_, known)) = rows.find(|(name, _)| is_same(name, &one.left)) else {
                continue;
            };
            let is_beside = |name: &String| {
                let row = self.rows.get(name);
                row.is_some_and(|row| row.component_id == known.component_id)
            };
            for (left, right, ..) in old.iter().filter(|_| Affected::needs_neighbours(one)) {
                let Some(right) = right else { continue };
                if is_beside(left) || is_beside(right) {
                    affected.touch(left);
                    affected.touch(right);
                }
            }
        }
        let map = self
            .rows
            .iter()
            .map(|(name, row)| (name.as_str(), row.component_id));
        let components = affected.components(map);
        let is_concerned = |name: &String| {
            self.rows
                .get(name)
                .is_none_or(|row| components.contains(&row.component_id))
        };
        let rows: Vec<_> = old
            .iter()
            .chain(new)
            .filter(|(left, right, ..)| {
                is_concerned(left) || right.as_ref().is_some_and(is_concerned)
            })
            .collect();
        let named: HashSet<&str> = rows
            .iter()
            .flat_map(|(left, right, ..)| [Some(left.as_str()), right.as_deref()])
            .flatten()
            .collect();
        let previous = self.previous(|name| named.contains(name));
        let resolver = Resolver::new(rules, day).overrides(now).only(&components);
        let map = resolver.resolve(table(rows), &previous);
        self.rows
            .retain(|_, row| !components.contains(&row.component_id));
        self.add(&map);
        components
    }
}

/// Day by day what changed is resolved, and is what resolving everything would have made of it.
fn days_are_rebuilds(
    rules: &IdentityRules,
    days: Vec<(Vec<Seen>, Vec<Override>)>,
) -> Result<(), TestCaseError> {
    let mut state = State::default();
    let (mut seen, mut before): (Vec<Seen>, Vec<Override>) = (Vec::new(), Vec::new());
    for (day, (batch, now)) in (9..).zip(days) {
        let previous = state.previous(|_| true);
        state.step(rules, &seen, &batch, &before, &now, day);
        seen.extend(batch);
        let whole = resolve(rules, &seen, &now, &previous, day);
        prop_assert_eq!(state.told(), told(&whole));
        before = now;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn batches_of_one_day_are_one_build(
        batches in prop::collection::vec(evidence(20), 1..5),
        said in overrides(0..3),
    ) {
        let rules = rules(&config());
        let mut state = State::default();
        let mut seen = Vec::new();
        for batch in &batches {
            state.step(&rules, &seen, batch, &said, &said, 9);
            seen.extend(batch.iter().cloned());
        }
        let whole = resolve(&rules, &seen, &said, &PreviousMap::new(), 9);
        prop_assert_eq!(state.told(), told(&whole));
    }

    #[test]
    fn a_step_from_day_to_day_is_a_rebuild_with_the_same_map_of_before(
        batches in prop::collection::vec((evidence(15), overrides(0..3)), 1..6),
    ) {
        days_are_rebuilds(&rules(&config()), batches)?;
    }

    #[test]
    fn quarantine_is_the_same_piece_by_piece(
        batches in prop::collection::vec((evidence(12), overrides(0..3)), 1..5),
    ) {
        let mut raw = config();
        raw.component_size_max = 9;
        raw.cluster_size_max = 8;
        days_are_rebuilds(&rules(&raw), batches)?;
    }
}

#[test]
fn a_hub_does_not_concern_what_it_stands_beside() {
    let rules = rules(&config());
    let row = |left: &str, right: &str| {
        (
            left.to_owned(),
            Some(right.to_owned()),
            "web".to_owned(),
            1,
            1,
            1,
        )
    };
    let mut seen: Vec<_> = (0..9)
        .map(|n| row("device_id:kiosk", &format!("user_id:{n}")))
        .collect();
    let map = resolve(&rules, &seen, &[], &PreviousMap::new(), 9);
    assert_eq!(map.profile_count(), 10);
    assert!(crate::common::row(&map, "device_id:kiosk").is_blocked);
    let broken: Vec<_> = map
        .violations()
        .map(|one| (one.rule.as_str(), one.size))
        .collect();
    assert_eq!(broken, [("degree_max", 9)]);
    let mut state = State::of(&map);
    let new = [
        row("device_id:kiosk", "user_id:3"),
        row("user_id:3", "email:3"),
    ];
    let components = state.step(&rules, &seen, &new, &[], &[], 10);
    assert_eq!(components.len(), 2);
    seen.extend(new);
    let whole = resolve(&rules, &seen, &[], &map.to_previous(), 10);
    assert_eq!(state.told(), told(&whole));
}
