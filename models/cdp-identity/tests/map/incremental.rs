//! Piece by piece is all at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::common::{Seen, config, evidence, overrides, resolve, rules, table, told};
use cdp_identity::{
    Affected, EvidenceTable, IdentityRules, Override, PreviousMap, PreviousRow, ProfileMap,
    Resolver, Rule, Scope, Tally, is_same,
};
use proptest::prelude::*;

/// Lists are told to this length, and kept to that one.
const LIST_MIN: usize = 2;
const LIST_MAX: usize = 5;

/// What tables would hold: rows that stay from earlier steps, and rows of the last one.
#[derive(Clone, Default)]
struct State {
    rows: BTreeMap<String, Row>,
    violations: BTreeSet<Told>,
    tally: Tally,
}

/// What is said of a violation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    text: String,
    component_id: Option<i64>,
    is_shared: bool,
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

/// What is known on a day, and what is new.
#[derive(Clone, Copy)]
struct Day<'d> {
    rules: &'d IdentityRules,
    old: &'d [Seen],
    new: &'d [Seen],
    before: &'d [Override],
    now: &'d [Override],
    today: i32,
}

impl State {
    fn of(map: &ProfileMap) -> Self {
        let mut state = Self {
            tally: map.tally(LIST_MAX),
            ..Self::default()
        };
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
        self.violations.extend(map.violations().map(|one| Told {
            text: format!("{one:?}"),
            component_id: one.component_id,
            is_shared: one.rule == Rule::ComponentSize && one.right.is_some(),
        }));
    }

    /// Who is nobody has no profile to be remembered.
    fn previous(&self, of: impl Fn(&Row) -> bool) -> PreviousMap {
        let mut previous = PreviousMap::new();
        let rows = self.rows.iter();
        for (identifier, row) in rows.filter(|(_, row)| of(row) && !row.is_blocked) {
            previous.push(PreviousRow {
                identifier,
                profile_id: &row.profile_id,
                profile_since: row.profile_since,
                effective_at: row.effective_at,
                founded: row
                    .founded
                    .as_ref()
                    .map(|(id, since)| (id.as_str(), *since)),
                is_blocked: false,
            });
        }
        previous
    }

    /// The rows; of those who are nobody only what a table keeps.
    fn told(&self) -> Vec<String> {
        let rows = self.rows.iter();
        let told = rows.map(|(identifier, row)| {
            if row.is_blocked {
                format!("{identifier} {}", row.component_id)
            } else {
                row.told.clone()
            }
        });
        told.collect()
    }

    fn scope(&self, day: &Day<'_>) -> Scope {
        let mut affected = Affected::new(day.now);
        touch_all(&mut affected, day.new);
        let gone = day.before.iter().filter(|one| !day.now.contains(one));
        let new = day.now.iter().filter(|one| !day.before.contains(one));
        for one in gone.chain(new) {
            affected.touch_override(one);
            let mut rows = self.rows.iter();
            let known = rows.find(|(name, _)| is_same(name, &one.left));
            let Some((_, known)) = known.filter(|_| Affected::needs_neighbours(one)) else {
                continue;
            };
            let is_beside = |name: &String| {
                let row = self.rows.get(name);
                row.is_some_and(|row| row.component_id == known.component_id)
            };
            for row in day.old {
                if is_beside(&row.0) || row.1.as_ref().is_some_and(is_beside) {
                    touch_all(&mut affected, std::slice::from_ref(row));
                }
            }
        }
        let wanted: Option<HashSet<String>> = affected
            .wanted()
            .map(|wanted| wanted.map(str::to_owned).collect());
        let is_wanted = |name: &String| wanted.as_ref().is_none_or(|all| all.contains(name));
        let rows = self.rows.iter().filter(|(name, _)| is_wanted(name));
        let mut scope = affected.scope(rows.map(|(name, row)| (name.as_str(), row.component_id)));
        for (name, row) in &self.rows {
            if scope.components().contains(&row.component_id) {
                scope.add(name);
            }
        }
        scope
    }

    /// One step of the protocol. None when it takes everything.
    fn step(&mut self, day: &Day<'_>) -> Option<Scope> {
        if self.violations.iter().any(|one| one.is_shared) {
            return None;
        }
        let scope = self.scope(day);
        let is_read = |row: &&Seen| {
            scope.holds(&row.0) || row.1.as_ref().is_some_and(|right| scope.holds(right))
        };
        let old: Vec<_> = day.old.iter().filter(is_read).collect();
        let all = old.iter().copied().chain(day.new.iter().filter(is_read));
        let is_inside = |row: &Row| scope.components().contains(&row.component_id);
        let previous = self.previous(is_inside);
        let resolver = Resolver::new(day.rules, day.today).only(&scope);
        let map = resolver
            .clone()
            .overrides(day.now)
            .resolve(table_of(&scope, all), &previous);
        for (index, row) in map.iter().enumerate() {
            let place = scope.place(row.identifier);
            assert_eq!(map.place_in_scope(index), place);
            let found = place.and_then(|place| map.find_place(place));
            assert_eq!(found, Some(row));
        }
        let taken = |id: &str| {
            let mut outside = self
                .rows
                .values()
                .filter(|row| !is_inside(row) && !row.is_blocked);
            outside.any(|row| {
                let founded = row
                    .founded
                    .as_ref()
                    .is_some_and(|(founded, _)| founded == id);
                row.profile_id == id || founded
            })
        };
        if !map.is_local() || map.minted().any(taken) {
            return None;
        }
        let before = resolver
            .overrides(day.before)
            .resolve(table(old), &previous);
        // In quarantine a profile of before may be another one for who looks again.
        let is_same = |(identifier, row): (&String, &Row)| {
            let found = before.find(identifier);
            found.is_some_and(|found| found.profile_id == row.profile_id)
        };
        let mut known = self
            .rows
            .iter()
            .filter(|(_, row)| is_inside(row) && !row.is_blocked);
        if !known.all(is_same) {
            return None;
        }
        let (before, after) = (before.tally(LIST_MAX + 1), map.tally(LIST_MAX + 1));
        self.tally = self.tally.changed(&before, &after, LIST_MIN, LIST_MAX)?;
        let components = scope.components();
        self.rows
            .retain(|_, row| !components.contains(&row.component_id));
        self.violations.retain(|one| {
            one.component_id
                .is_some_and(|component| !components.contains(&component))
        });
        self.add(&map);
        Some(scope)
    }

    /// Whether it says what a state that was made at once says.
    fn same(&self, whole: &Self, rules: &IdentityRules) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.told(), whole.told());
        let violations = |of: &'_ Self| -> Vec<String> {
            of.violations.iter().map(|one| one.text.clone()).collect()
        };
        prop_assert_eq!(violations(self), violations(whole));
        prop_assert_eq!(&self.tally.counts, &whole.tally.counts);
        let told = |of: &'_ Self| format!("{:?}", of.tally.health(rules, LIST_MIN));
        prop_assert_eq!(told(self), told(whole));
        Ok(())
    }
}

/// Evidence by places where it can be.
fn table_of<'s>(scope: &Scope, rows: impl IntoIterator<Item = &'s Seen>) -> EvidenceTable {
    let mut table = EvidenceTable::of(scope);
    let place = |name: &str| u32::try_from(scope.place(name)?).ok();
    for (left, right, source, first, last, count) in rows {
        let ends = [left, right.as_ref().unwrap_or(left)].map(|name| place(name));
        if let [Some(left), Some(right)] = ends {
            table.push_places([left, right], source, *first, *last, *count);
        } else {
            table.push(left, right.as_deref(), source, *first, *last, *count);
        }
    }
    table
}

fn touch_all(affected: &mut Affected<'_>, rows: &[Seen]) {
    for (left, right, ..) in rows {
        affected.touch(left);
        if let Some(right) = right {
            affected.touch(right);
        }
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
        let done = state.step(&Day {
            rules,
            old: &seen,
            new: &batch,
            before: &before,
            now: &now,
            today: day,
        });
        seen.extend(batch);
        let map = resolve(rules, &seen, &now, &previous, day);
        let whole = State::of(&map);
        if done.is_none() {
            state = whole.clone();
        }
        state.same(&whole, rules)?;
        before = now;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

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

    #[test]
    fn weak_evidence_is_the_same_piece_by_piece(
        batches in prop::collection::vec((evidence(12), overrides(0..3)), 1..5),
    ) {
        let mut raw = config();
        raw.weak_sources = vec!["b".to_owned()];
        raw.component_size_max = 9;
        raw.cluster_size_max = 8;
        days_are_rebuilds(&rules(&raw), batches)?;
    }
}

/// Most steps do resolve only a part, so that the laws above say something.
#[test]
fn steps_are_small() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let rules = rules(&config());
    let mut runner = TestRunner::deterministic();
    let (mut steps, mut wholes, mut inside, mut all) = (0, 0, 0, 0);
    for _ in 0..100 {
        let days = (evidence(15), evidence(3), overrides(0..3));
        let (old, new, said) = days.new_tree(&mut runner).expect("a tree").current();
        let map = resolve(&rules, &old, &said, &PreviousMap::new(), 9);
        let mut state = State::of(&map);
        let done = state.step(&Day {
            rules: &rules,
            old: &old,
            new: &new,
            before: &said,
            now: &said,
            today: 10,
        });
        steps += 1;
        wholes += usize::from(done.is_none());
        all += map.len();
        if let Some(scope) = done {
            let inside_of = map.iter().filter(|row| scope.holds(row.identifier));
            inside += inside_of.count();
        }
    }
    assert!(
        wholes * 10 < steps,
        "{wholes} of {steps} steps take everything"
    );
    assert!(
        inside * 2 < all,
        "{inside} of {all} identifiers are concerned"
    );
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
        .map(|one| (one.rule.as_str(), one.size, one.left_profile))
        .collect();
    assert_eq!(broken, [("degree_max", 9, None)]);
    let mut state = State::of(&map);
    let previous = state.previous(|_| true);
    let new = [
        row("device_id:kiosk", "user_id:3"),
        row("user_id:3", "email:3"),
    ];
    let scope = state.step(&Day {
        rules: &rules,
        old: &seen,
        new: &new,
        before: &[],
        now: &[],
        today: 10,
    });
    let scope = scope.expect("nothing speaks against it");
    assert_eq!(scope.components().len(), 2);
    seen.extend(new);
    let whole = State::of(&resolve(&rules, &seen, &[], &previous, 10));
    state.same(&whole, &rules).expect("the same");
    assert_eq!(told(&resolve(&rules, &seen, &[], &previous, 10)).len(), 11);
}
