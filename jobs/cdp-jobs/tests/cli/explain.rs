//! Why identifiers are one person or are not, and how sound the profiles are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::Told;
use crate::world::{TODAY, TOMORROW, World, demo, next_day};

const SAID: [&str; 6] = [
    "--valid-from",
    "2026-01-01",
    "--author",
    "ann",
    "--reason",
    "told so",
];
/// Two addresses of one person of the sample world, and two people.
const ONE: [&str; 2] = [
    "email:ann.isenvale345@mail.test",
    "email:aisenvale345@studio.test",
];
const TWO: [&str; 2] = ["user_id:u025438f5", "user_id:u05cf574a"];

fn explain(world: &World, args: &[&str]) -> Told {
    world.cdp(&[&["explain"], args].concat())
}

fn told(world: &World, args: &[&str]) -> Value {
    let args = [args, &["--format", "json"]].concat();
    explain(world, &args).expect(0).json()
}

fn rows(world: &World, query: &str) -> Vec<Value> {
    let told = world.cdp(&["sql", "--format", "json", query]).expect(0);
    told.json().as_array().expect("rows").clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// That the row by which a step is explained is there and holds both its ends.
fn assert_row_says(world: &World, step: &Value) {
    let source = text(&step["source"]);
    let key = step["row"]
        .as_array()
        .unwrap_or_else(|| panic!("no row: {step:#}"));
    let equal = key.iter().map(|cell| {
        let (name, value) = (text(&cell[0]), text(&cell[1]));
        format!("cast({name} as varchar) = '{value}'")
    });
    let equal: Vec<String> = equal.collect();
    let query = format!(
        "select * from staging.{source} where {}",
        equal.join(" and ")
    );
    let found = rows(world, &query);
    assert_eq!(found.len(), 1, "{query}");
    let cells = found[0].as_object().expect("a row");
    for end in ["from", "to"] {
        assert!(
            cells.values().any(|cell| *cell == step[end]),
            "{step:#}\n{cells:#?}"
        );
    }
}

#[test]
fn a_link_is_explained_by_rows_that_say_it() {
    let world = demo();
    let found = told(
        world,
        &["link", " email: Ann.Isenvale345@Mail.Test", ONE[1]],
    );
    assert_eq!(found["is_one_profile"], true);
    assert_eq!(found["is_outdated"], false);
    assert_eq!(found["as_of_date"], TODAY);
    let path = found["path"].as_array().expect("a path");
    assert_eq!(path[0]["from"], ONE[0]);
    assert_eq!(path.last().map(|step| &step["to"]), Some(&ONE[1].into()));
    for step in path {
        assert_row_says(world, step);
    }
    let said = explain(world, &["link", ONE[0], ONE[1]]).expect(0);
    for words in [
        "are one person",
        "what ties them together",
        "identity unlink",
    ] {
        assert!(said.stdout.contains(words), "{said}");
    }
    let apart = explain(world, &["link", TWO[0], TWO[1]]).expect(0);
    for words in [
        "are not one person",
        "nothing that was seen",
        "identity link",
    ] {
        assert!(apart.stdout.contains(words), "{apart}");
    }
}

#[test]
fn what_was_refused_is_told_as_the_table_has_it() {
    let world = demo();
    let query = format!(
        "select identifier from identity.profile_map where is_ambiguous and as_of_date = '{TODAY}' \
         order by identifier limit 1"
    );
    let shared = text(&rows(world, &query)[0]["identifier"]).to_owned();
    let profile = told(world, &["profile", &shared]);
    assert_eq!(profile["is_shared"], true);
    assert_eq!(profile["is_outdated"], false);
    let refused = profile["refused"].as_array().expect("refusals");
    let query = format!(
        "select rule, left_profile_id, right_profile_id, source from identity.violations \
         where as_of_date = '{TODAY}' and '{}' in (left_profile_id, right_profile_id)",
        text(&profile["profile_id"])
    );
    let key = |one: &Value| {
        ["rule", "left_profile_id", "right_profile_id", "source"].map(|name| one[name].to_string())
    };
    let here: BTreeSet<_> = refused.iter().map(key).collect();
    let stored: BTreeSet<_> = rows(world, &query).iter().map(key).collect();
    assert!(here.len() > 1, "{refused:#?}");
    assert_eq!(here, stored);
    let other = ["left", "right"].map(|end| text(&refused[0][end]).to_owned());
    let other = other
        .iter()
        .find(|one| **one != shared)
        .expect("another end");
    let said = explain(world, &["link", &shared, other]).expect(0);
    for words in [
        "shared by several people",
        "REFUSED: ambiguous",
        "on_conflict",
    ] {
        assert!(said.stdout.contains(words), "{said}");
    }
}

#[test]
fn explanation_and_table_agree() {
    let world = demo();
    let query = format!(
        "select profile_id, count(*) as size from identity.profile_map where as_of_date = '{TODAY}' \
         group by profile_id order by size desc, profile_id limit 3"
    );
    for row in rows(world, &query) {
        let id = text(&row["profile_id"]);
        let profile = told(world, &["profile", id]);
        assert_eq!(profile["profile_id"], id);
        assert_eq!(profile["is_outdated"], false, "{id}");
        let members = profile["members"].as_array().expect("members");
        let names: BTreeSet<&str> = members.iter().map(|one| text(&one["identifier"])).collect();
        let query = format!(
            "select identifier, founded_profile_id from identity.profile_map \
             where as_of_date = '{TODAY}' and profile_id = '{id}'"
        );
        let stored = rows(world, &query);
        let stored_names: BTreeSet<&str> =
            stored.iter().map(|one| text(&one["identifier"])).collect();
        assert_eq!(names, stored_names);
        let founder = stored.iter().find(|one| one["founded_profile_id"] == id);
        let founder = founder.expect("somebody founded it");
        assert_eq!(members[0]["identifier"], founder["identifier"]);
        let mut before = BTreeSet::from([text(&members[0]["identifier"])]);
        for member in &members[1..] {
            let link = &member["link"];
            assert!(before.contains(text(&link["from"])), "{member:#}");
            assert_row_says(world, link);
            before.insert(text(&member["identifier"]));
        }
        let history = profile["history"].as_array().expect("a history");
        assert_eq!(history[0]["change_type"], "created", "{history:#?}");
        assert!(!profile["fields"].as_array().expect("fields").is_empty());
        assert!(profile["sources"].is_string());
    }
}

#[test]
fn what_is_not_there_is_said_with_a_hint() {
    let world = demo();
    let refused = |args: &[&str], message: &str| {
        let told = explain(world, args).expect(2);
        assert!(told.stderr.contains(message), "{told}");
        assert!(told.stderr.contains("hint: "), "{told}");
        assert_eq!(told.stdout, "");
    };
    let nobody = "email:nobody@nowhere.test";
    refused(
        &["link", TWO[0], nobody],
        "no row from before 2026-01-01 names",
    );
    refused(&["profile", nobody], "no row from before 2026-01-01 names");
    refused(
        &["link", TWO[0], "user_id: u025438f5"],
        "both are `user_id:u025438f5`",
    );
    refused(&["link", TWO[0], "emial:a@b.test"], "did you mean `email`?");
    refused(
        &["profile", "p_0123456789abcdef"],
        "there is no profile `p_0123456789abcdef`",
    );
    refused(
        &["profile", TWO[0], "--as-of", "2025-12-12"],
        "was not made for 2025-12-12",
    );
    refused(
        &["link", TWO[0], "p_b2ce80760c56b530"],
        "is a profile id, not an identifier",
    );
    let health = ["identity", "health", "--as-of", "2025-12-12"];
    let told = world.cdp(&health).expect(2);
    assert!(
        told.stderr.contains("the newest dates are 2026-01-01"),
        "{told}"
    );
}

#[test]
fn what_people_said_is_part_of_the_explanation() {
    let world = demo().copy();
    let link = ["identity", "link", TWO[0], TWO[1], "--format", "json"];
    let link = world.cdp(&[&link[..], &SAID].concat()).expect(0).json();
    let id = text(&link["override"]["override_id"]).to_owned();
    let change = &link["impact"]["changes"][0];
    let (from, to) = (
        text(&change["from_profile_id"]),
        text(&change["to_profile_id"]),
    );
    let run = [
        "run",
        "--as-of",
        TOMORROW,
        "--select",
        "+identity.profile_map",
    ];
    world.cdp(&run).expect(0);

    let found = told(&world, &["link", TWO[0], TWO[1]]);
    assert_eq!(found["path"][0]["said"]["override_id"], *id);
    let said = explain(&world, &["link", TWO[0], TWO[1]]).expect(0);
    assert!(
        said.stdout
            .contains("link by ann since 2026-01-01: told so"),
        "{said}"
    );
    assert!(said.stdout.contains(&format!("revoke {id}")), "{said}");
    let merged = told(&world, &["profile", from]);
    assert_eq!(
        (&merged["profile_id"], &merged["former"]["change"]["reason"]),
        (&to.into(), &format!("override:{id}").into())
    );
    let said = explain(&world, &["profile", from]).expect(0);
    let words = format!("{from} was merged into {to} on {TOMORROW}: override:{id}");
    assert!(said.stdout.contains(&words), "{said}");
    // The day before stands as it was made.
    let before = told(&world, &["link", TWO[0], TWO[1], "--as-of", TODAY]);
    assert_eq!(before["is_one_profile"], false);
    assert_eq!(before["is_outdated"], false);

    let block = ["identity", "block", ONE[0], "--format", "json"];
    world.cdp(&[&block[..], &SAID].concat()).expect(0);
    let found = told(&world, &["link", ONE[0], ONE[1]]);
    assert_eq!(found["is_outdated"], true, "it was said after the run");
    world.cdp(&run).expect(0);
    let said = explain(&world, &["link", ONE[0], ONE[1]]).expect(0);
    assert!(said.stdout.contains("by ann says so: told so"), "{said}");
    let said = explain(&world, &["profile", ONE[0]]).expect(2);
    assert!(said.stderr.contains("is nobody: "), "{said}");
}

/// The ids that are in use on each date with a map, and the changes of it.
#[test]
fn the_changes_of_all_dates_in_order_give_the_living_profiles_of_each() {
    let (world, _) = next_day();
    let maps = rows(
        world,
        "select distinct as_of_date, profile_id from identity.profile_map order by 1, 2",
    );
    let changes = rows(
        world,
        "select as_of_date, previous_date, change_type, from_profile_id, to_profile_id \
         from identity.profile_changes order by as_of_date",
    );
    let dates: BTreeSet<&str> = maps.iter().map(|row| text(&row["as_of_date"])).collect();
    assert!(
        dates.len() > 2,
        "the training made earlier dates: {dates:?}"
    );
    let mut living: BTreeSet<&str> = BTreeSet::new();
    let mut previous = None;
    for date in dates {
        let of_date = || changes.iter().filter(|row| row["as_of_date"] == date);
        for row in of_date() {
            assert_eq!(row["previous_date"].as_str(), previous, "{row}");
            living.extend(row["to_profile_id"].as_str());
        }
        for row in of_date().filter(|row| ["merged", "gone"].contains(&text(&row["change_type"]))) {
            living.remove(text(&row["from_profile_id"]));
        }
        let of_map = maps.iter().filter(|row| row["as_of_date"] == date);
        let of_map: BTreeSet<&str> = of_map.map(|row| text(&row["profile_id"])).collect();
        assert_eq!(living, of_map, "{date}");
        previous = Some(date);
    }
}

#[test]
fn health_is_told_next_to_the_run_before_and_judged_by_thresholds_of_ones_own() {
    let world = next_day().0.copy();
    let said = world.cdp(&["identity", "health"]).expect(0);
    for line in said.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in [
        "consolidation rate",
        "p99",
        "never seen together",
        "identity/health.toml",
    ] {
        assert!(said.stdout.contains(words), "{said}");
    }
    let json = ["identity", "health", "--strict", "--format", "json"];
    let found = world.cdp(&json).expect(0).json();
    assert_eq!(
        (&found["as_of_date"], &found["previous_date"]),
        (&TOMORROW.into(), &TODAY.into())
    );
    let figures = found["figures"].as_array().expect("figures");
    let profiles = figures
        .iter()
        .find(|one| one["figure"] == "profiles")
        .expect("profiles");
    let stored = rows(
        &world,
        "select value, previous_value from identity.health \
         where figure = 'profiles' and as_of_date = '2026-01-02'",
    );
    for column in ["value", "previous_value"] {
        assert_eq!(profiles[column].as_f64(), stored[0][column].as_f64());
    }

    let file = world.project().join("sql/identity/health.toml");
    let limits = std::fs::read_to_string(&file).expect("the limits");
    let own = limits.replace(
        "expressions = [\"figure <> 'con",
        "expressions = [\"figure <> 'profiles' or value < 10\", \"figure <> 'con",
    );
    assert_ne!(own, limits);
    std::fs::write(&file, own).expect("a file can be written");
    let said = world.cdp(&["identity", "health"]).expect(0);
    assert!(
        said.stdout
            .contains("FAILS (1 figures): `figure <> 'profiles' or value < 10`"),
        "{said}"
    );
    world.cdp(&["identity", "health", "--strict"]).expect(4);
}

#[test]
fn the_last_word_of_the_history_of_consent_is_its_status() {
    let world = demo();
    let query = |table: &str, status: &str, more: &str| {
        let query = format!(
            "select profile_id, channel, purpose, {status} as status from {table} \
             where as_of_date = '{TODAY}' {more} order by 1, 2, 3"
        );
        rows(world, &query)
    };
    let status = query("profiles.consent_status", "status", "");
    let last = query(
        "profiles.consent_history",
        "to_status",
        "and superseded_at is null",
    );
    assert!(status.len() > 100, "{}", status.len());
    assert_eq!(status, last);
}
