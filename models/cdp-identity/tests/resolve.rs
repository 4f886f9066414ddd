//! Resolution, case by case.

mod rows;

use cdp_identity::{IdentityRules, RawIdentityConfig, Rule};

use rows::{Assignment, Evidence, PreviousAssignment, Resolution, resolve};

const TODAY: i32 = 100;

fn rules() -> IdentityRules {
    let raw = RawIdentityConfig {
        cluster_size_max: 6,
        ..RawIdentityConfig::default()
    };
    IdentityRules::from_config(&raw).expect("the rules are valid")
}

/// Evidence seen once, at the time given.
fn seen(left: &str, right: impl Into<Option<&'static str>>, at: i64) -> Evidence {
    Evidence {
        left: left.to_owned(),
        right: right.into().map(str::to_owned),
        source: "orders".to_owned(),
        first_seen: at,
        last_seen: at,
        count: 1,
    }
}

fn before(identifier: &str, profile_id: &str, since: i32) -> PreviousAssignment {
    PreviousAssignment {
        identifier: identifier.to_owned(),
        profile_id: profile_id.to_owned(),
        profile_since: since,
        effective_at: since,
    }
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

fn row<'a>(resolution: &'a Resolution, identifier: &str) -> &'a Assignment {
    let mut rows = resolution.assignments.iter();
    rows.find(|row| row.identifier == identifier)
        .expect("the identifier has a profile")
}

fn id<'a>(resolution: &'a Resolution, identifier: &str) -> &'a str {
    &row(resolution, identifier).profile_id
}

/// What was refused, as `left right rule type`.
fn refused(resolution: &Resolution) -> Vec<String> {
    let links = resolution.refused.iter();
    links
        .map(|link| {
            let rule = link.rule.as_str();
            format!(
                "{} {} {rule} {}",
                link.left, link.right, link.identifier_type
            )
        })
        .collect()
}

#[test]
fn nothing_comes_of_nothing() {
    let found = resolve(&rules(), [], &[before("user_id:1", "p_1", 1)], TODAY);
    assert_eq!(found, Resolution::default());
}

#[test]
fn what_was_seen_together_is_one_profile_and_evidence_adds_up() {
    let evidence = vec![
        seen("email:a@x.de", "user_id:1", 5),
        seen("user_id:1", "email:a@x.de", 3),
        seen("user_id:1", "device_id:d", 9),
        seen("user_id:1", None, 1),
        seen("user_id:2", None, 4),
    ];
    let found = resolve(&rules(), evidence, &[], TODAY);
    let names: Vec<_> = found
        .assignments
        .iter()
        .map(|row| row.identifier.as_str())
        .collect();
    assert_eq!(
        names,
        ["device_id:d", "email:a@x.de", "user_id:1", "user_id:2"]
    );
    assert_eq!(id(&found, "device_id:d"), id(&found, "email:a@x.de"));
    assert_ne!(id(&found, "user_id:1"), id(&found, "user_id:2"));
    let user = row(&found, "user_id:1");
    assert_eq!(
        (user.first_seen, user.last_seen, user.evidence_count),
        (1, 9, 4)
    );
    assert_eq!((user.profile_since, user.effective_at), (TODAY, TODAY));
    assert_eq!(user.identifier_type, "user_id");
}

#[test]
fn an_empty_text_welds_nobody() {
    let evidence = vec![
        seen("user_id:1", "", 1),
        seen("", "user_id:2", 1),
        seen("", None, 1),
    ];
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(found.assignments.len(), 2);
    assert_ne!(id(&found, "user_id:1"), id(&found, "user_id:2"));
}

#[test]
fn two_values_of_a_unique_type_never_meet() {
    let evidence = vec![
        seen("user_id:1", "email:a@x.de", 2),
        seen("user_id:2", "email:a@x.de", 1),
        seen("user_id:1", "user_id:3", 1),
    ];
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(id(&found, "email:a@x.de"), id(&found, "user_id:2"));
    assert_eq!(
        refused(&found),
        [
            "email:a@x.de user_id:1 unique_type user_id",
            "user_id:1 user_id:3 unique_type user_id",
        ]
    );
}

#[test]
fn the_weakest_link_is_the_one_refused() {
    // The shared device was seen first, and must not decide whose e-mail address it is.
    let evidence = vec![
        seen("device_id:d", "user_id:1", 1),
        seen("device_id:d", "email:a@x.de", 2),
        seen("user_id:2", "email:a@x.de", 9),
    ];
    let mut raw = RawIdentityConfig::default();
    let devices = raw
        .types
        .get_mut("device_id")
        .expect("devices are a default");
    devices.on_conflict = Some("first".to_owned());
    let first = IdentityRules::from_config(&raw).expect("the rules are valid");
    let found = resolve(&first, evidence.clone(), &[], TODAY);
    assert_eq!(id(&found, "email:a@x.de"), id(&found, "user_id:2"));
    assert_eq!(id(&found, "device_id:d"), id(&found, "user_id:1"));
    assert_eq!(
        refused(&found),
        ["device_id:d email:a@x.de unique_type user_id"]
    );
    // By default a device that two people use belongs to neither.
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(id(&found, "email:a@x.de"), id(&found, "user_id:2"));
    for person in ["user_id:1", "user_id:2"] {
        assert_ne!(id(&found, "device_id:d"), id(&found, person));
    }
    assert!(row(&found, "device_id:d").is_ambiguous);
    assert_eq!(
        refused(&found),
        [
            "device_id:d email:a@x.de ambiguous device_id",
            "device_id:d user_id:1 ambiguous device_id",
        ]
    );
}

#[test]
fn a_profile_holds_only_so_many_of_a_type() {
    let evidence = vec![
        seen("loyalty_id:3", "user_id:1", 3),
        seen("loyalty_id:1", "user_id:1", 1),
        seen("loyalty_id:2", "user_id:1", 2),
    ];
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(
        refused(&found),
        ["loyalty_id:3 user_id:1 max_per_profile loyalty_id"]
    );
}

#[test]
fn a_cluster_has_a_largest_size() {
    let identifiers: Vec<_> = (0..8)
        .map(|number| format!("anonymous_id:{number}"))
        .collect();
    let evidence: Vec<_> = identifiers
        .iter()
        .map(|one| seen(one, "email:a@x.de", 1))
        .collect();
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(
        refused(&found),
        [5, 6, 7]
            .map(|number| format!("anonymous_id:{number} email:a@x.de cluster_size anonymous_id"))
    );
    assert_eq!(found.refused[0].rule, Rule::ClusterSize);
}

#[test]
fn undeclared_types_are_linked_last_and_lone_texts_have_no_type() {
    let evidence = vec![seen("mystery:1", "user_id:1", 1), seen("bare", None, 1)];
    let found = resolve(&rules(), evidence, &[], TODAY);
    assert_eq!(id(&found, "mystery:1"), id(&found, "user_id:1"));
    assert_eq!(row(&found, "bare").identifier_type, "");
}

#[test]
fn a_known_profile_grows_and_keeps_its_id() {
    let evidence = vec![seen("email:a@x.de", "user_id:1", 1)];
    let found = resolve(
        &rules(),
        evidence,
        &[before("user_id:1", "p_old", 7)],
        TODAY,
    );
    let (email, user) = (row(&found, "email:a@x.de"), row(&found, "user_id:1"));
    assert_eq!(
        (email.profile_id.as_str(), user.profile_id.as_str()),
        ("p_old", "p_old")
    );
    assert_eq!((email.profile_since, user.profile_since), (7, 7));
    assert_eq!((email.effective_at, user.effective_at), (TODAY, 7));
}

#[test]
fn the_oldest_id_wins_a_merge_and_of_equally_old_ones_the_smaller() {
    for (since, expected) in [([9, 3], "p_b"), ([3, 9], "p_a"), ([3, 3], "p_a")] {
        let previous = [
            before("user_id:1", "p_a", since[0]),
            before("email:a@x.de", "p_b", since[1]),
        ];
        let evidence = vec![seen("email:a@x.de", "user_id:1", 1)];
        let found = resolve(&rules(), evidence, &previous, TODAY);
        for row in &found.assignments {
            assert_eq!(row.profile_id, expected);
            assert_eq!(row.profile_since, 3);
            let was_here = previous
                .iter()
                .any(|old| old.identifier == row.identifier && old.profile_id == row.profile_id);
            assert_eq!(row.effective_at, if was_here { 3 } else { TODAY });
        }
    }
}

#[test]
fn on_a_split_the_side_with_the_founding_identifier_keeps_the_id() {
    let together = vec![
        seen("email:a@x.de", "phone:+491234567", 5),
        seen("email:a@x.de", "user_id:1", 9),
        seen("email:a@x.de", None, 1),
    ];
    let first = resolve(&rules(), together, &[], 50);
    // Even though the other side was seen first by now.
    let apart = vec![
        seen("email:a@x.de", None, 4),
        seen("phone:+491234567", "user_id:1", 2),
    ];
    let second = resolve(&rules(), apart, &remembered(&first), TODAY);
    let (email, user) = (row(&second, "email:a@x.de"), row(&second, "user_id:1"));
    assert_eq!(email.profile_id, id(&first, "email:a@x.de"));
    assert_eq!((email.profile_since, email.effective_at), (50, 50));
    assert_ne!(user.profile_id, email.profile_id);
    assert_eq!((user.profile_since, user.effective_at), (TODAY, TODAY));
}

#[test]
fn on_a_split_without_the_founding_identifier_the_side_seen_first_keeps_the_id() {
    let previous = [before("user_id:1", "p_x", 7), before("user_id:2", "p_x", 7)];
    let evidence = vec![seen("user_id:1", None, 5), seen("user_id:2", None, 4)];
    let found = resolve(&rules(), evidence, &previous, TODAY);
    assert_ne!(id(&found, "user_id:1"), "p_x");
    assert_eq!(id(&found, "user_id:2"), "p_x");
}

#[test]
fn a_merge_that_is_undone_gives_both_their_ids_back() {
    let apart = || vec![seen("user_id:1", None, 1), seen("email:a@x.de", None, 2)];
    let first = resolve(&rules(), apart(), &[], 10);
    let mut together = apart();
    together.push(seen("user_id:1", "email:a@x.de", 3));
    let second = resolve(&rules(), together, &remembered(&first), 20);
    assert_eq!(id(&second, "user_id:1"), id(&second, "email:a@x.de"));
    let third = resolve(&rules(), apart(), &remembered(&second), 30);
    for identifier in ["user_id:1", "email:a@x.de"] {
        assert_eq!(id(&third, identifier), id(&first, identifier));
    }
}

#[test]
fn a_new_id_is_never_one_that_was_in_use() {
    // The e-mail address founded a profile, left the evidence, and comes back alone.
    let first = resolve(
        &rules(),
        vec![seen("email:a@x.de", "user_id:1", 1)],
        &[],
        10,
    );
    let alone = vec![seen("user_id:1", None, 1)];
    let second = resolve(&rules(), alone, &remembered(&first), 20);
    assert_eq!(id(&second, "user_id:1"), id(&first, "email:a@x.de"));
    let back = || vec![seen("user_id:1", None, 5), seen("email:a@x.de", None, 1)];
    let third = resolve(&rules(), back(), &remembered(&second), 30);
    assert_eq!(id(&third, "user_id:1"), id(&second, "user_id:1"));
    assert_ne!(id(&third, "email:a@x.de"), id(&third, "user_id:1"));
    let fourth = resolve(&rules(), back(), &remembered(&third), 40);
    assert_eq!(fourth, third);
}

#[test]
fn of_two_earlier_rows_for_an_identifier_the_later_counts() {
    let mut later = before("user_id:1", "p_b", 3);
    later.effective_at = 9;
    let mut previous = vec![before("user_id:1", "p_a", 3), later];
    for _ in 0..2 {
        let found = resolve(&rules(), vec![seen("user_id:1", None, 1)], &previous, TODAY);
        let user = row(&found, "user_id:1");
        assert_eq!((user.profile_id.as_str(), user.effective_at), ("p_b", 9));
        previous.reverse();
    }
}
