//! What people decide about who is who: shown, written, obeyed, taken back.

use std::process::Stdio;

use serde_json::Value;

use crate::command::{Told, cdp, program};
use crate::shop::Shop;
use crate::tables::Row;
use crate::world::{TOMORROW, World, demo, next_day};

/// The day after tomorrow.
const LATER: &str = "2026-01-03";
/// Holds from the run of tomorrow on.
const TODAY: [&str; 6] = [
    "--valid-from",
    "2026-01-01",
    "--author",
    "ann",
    "--reason",
    "told so",
];
/// Holds from the run of the day after on.
const NEXT: [&str; 6] = [
    "--valid-from",
    "2026-01-02",
    "--author",
    "bob",
    "--reason",
    "an error",
];

fn identity(world: &World, args: &[&str], more: &[&str]) -> Told {
    world.cdp(&[&["identity"], args, more].concat())
}

fn rows(world: &World, query: &str) -> Vec<Value> {
    let told = world.cdp(&["sql", "--format", "json", query]).expect(0);
    told.json().as_array().expect("rows").clone()
}

/// Two people who bought, by their accounts.
fn two_people(world: &World) -> [String; 2] {
    let query = "select min(map.identifier) as identifier from identity.profile_map as map \
                 inner join scores.churn_scores as scores on scores.profile_id = map.profile_id \
                 and scores.as_of_date = map.as_of_date \
                 where map.as_of_date = '2026-01-01' and map.identifier_type = 'user_id' \
                 and scores.risk_band is not null group by map.profile_id order by 1 limit 2";
    let rows = rows(world, query);
    [0, 1].map(|row| rows[row]["identifier"].as_str().expect("a text").to_owned())
}

fn profile(world: &World, identifier: &str, date: &str) -> Option<String> {
    let query = format!(
        "select profile_id from identity.profile_map \
         where identifier = '{identifier}' and as_of_date = '{date}'"
    );
    let id = rows(world, &query).first()?["profile_id"].clone();
    Some(id.as_str().expect("a text").to_owned())
}

/// Who is who, who is in which segment, and how likely everybody is to leave.
fn people(world: &World, date: &str) -> Vec<Row> {
    let told = world.cdp(&[
        "sql",
        "--format",
        "csv",
        &format!(
            "select concat_ws(' ', identifier, profile_id) as row from identity.profile_map \
             where as_of_date = '{date}' \
             union all select concat_ws(' ', segment, profile_id) from segments.segment_members \
             where as_of_date = '{date}' \
             union all select concat_ws(' ', profile_id, coalesce(cast(churn_probability as \
             varchar), not_scored_reason), risk_band) from scores.churn_scores \
             where as_of_date = '{date}' order by 1"
        ),
    ]);
    let lines = told.expect(0).stdout;
    let rows = lines.lines().skip(1).map(|line| Row {
        date: date.to_owned(),
        text: line.to_owned(),
    });
    rows.collect()
}

fn only_in(some: &[Row], others: &[Row]) -> Vec<String> {
    let rows = some.iter().filter(|row| !others.contains(row));
    rows.map(|row| row.text.clone()).take(5).collect()
}

#[test]
fn a_preview_shows_what_a_link_would_change_and_writes_nothing() {
    let world = demo().copy();
    let [one, two] = two_people(&world);
    let told = identity(&world, &["link", &one, &two, "--dry-run"], &TODAY).expect(0);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("identity_link_dry_run", told.stdout));
    assert_eq!(told.stderr, "", "{told}");
    assert!(!world.project().join("lake/raw/identity_overrides").exists());

    identity(&world, &["block", &one], &TODAY).expect(0);
    let version = || {
        let log = world
            .project()
            .join("lake/raw/identity_overrides/_delta_log");
        std::fs::read_dir(log).expect("a log").count()
    };
    let before = version();
    let json = ["link", &one, &two, "--dry-run", "--format", "json"];
    let told = identity(&world, &json, &TODAY).expect(0).json();
    assert_eq!(before, version());
    assert_eq!(told["written"], false);
    assert_eq!(told["impact"]["related"][0]["relation"], "wins");
    assert_eq!(told["impact"]["moves"], serde_json::json!([]));
    assert_eq!(told["impact"]["violations"][0]["rule"], "override_conflict");
}

#[test]
fn a_merge_that_is_undone_never_was() {
    let world = demo().copy();
    let [one, two] = two_people(&world);
    let told = identity(&world, &["link", &one, &two, "--format", "json"], &TODAY).expect(0);
    let told = told.json();
    assert_eq!(told["counts_from"], TOMORROW);
    let change = &told["impact"]["changes"][0];
    assert_eq!(change["change_type"], "merged");
    world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
    let merged = profile(&world, &one, TOMORROW);
    assert!(merged.is_some());
    assert_eq!(merged, profile(&world, &two, TOMORROW));
    assert_eq!(merged.as_deref(), change["to_profile_id"].as_str());

    let control = next_day().0.copy();
    control.cdp(&["run", "--as-of", LATER]).expect(0);
    let undisturbed = people(&control, LATER);
    assert!(undisturbed.len() > 2_000, "{}", undisturbed.len());

    let id = told["override"]["override_id"].as_str().expect("a name");
    let unlinked = world.copy();
    let told = identity(&unlinked, &["unlink", &two, &one], &NEXT).expect(0);
    assert!(
        told.stdout.contains("gives way: the later one holds"),
        "{told}"
    );
    let revoked = world;
    let told = identity(&revoked, &["revoke", id, "--format", "json"], &NEXT).expect(0);
    assert_eq!(told.json()["impact"]["changes"][0]["change_type"], "split");
    for (what, world) in [("unlinked", unlinked), ("revoked", revoked)] {
        world.cdp(&["run", "--as-of", LATER]).expect(0);
        let mended = people(&world, LATER);
        let (gone, new) = (
            only_in(&undisturbed, &mended),
            only_in(&mended, &undisturbed),
        );
        assert!(
            gone.is_empty() && new.is_empty(),
            "{what}: {gone:#?} {new:#?}"
        );
    }
}

#[test]
fn who_is_blocked_is_nobody() {
    let world = demo().copy();
    let [one, two] = two_people(&world);
    let told = identity(&world, &["block", &one], &TODAY).expect(0);
    assert!(told.stdout.contains("→ nobody"), "{told}");
    let run = [
        "run",
        "--as-of",
        TOMORROW,
        "--select",
        "+identity.profile_map",
    ];
    world.cdp(&run).expect(0);
    assert_eq!(profile(&world, &one, TOMORROW), None);
    assert!(profile(&world, &two, TOMORROW).is_some());
}

#[test]
fn of_two_contradictions_the_later_wins_and_of_one_day_the_more_careful() {
    let world = demo().copy();
    let [one, two] = two_people(&world);
    let relation = |verb: &str, more: &[&str]| {
        let args = [verb, &two, &one, "--dry-run", "--format", "json"];
        let told = identity(&world, &args, more).expect(0).json();
        told["impact"]["related"][0]["relation"].clone()
    };
    let told = identity(&world, &["unlink", &one, &two], &TODAY).expect(0);
    assert!(
        told.stdout.contains("it changes nothing: they are in"),
        "{told}"
    );
    assert_eq!(relation("link", &TODAY), "wins");
    assert_eq!(relation("link", &NEXT), "gives_way");
    assert_eq!(relation("unlink", &NEXT), "same");
}

#[test]
fn overrides_are_listed_with_what_became_of_them() {
    let world = demo().copy();
    let [one, _] = two_people(&world);
    let told = identity(&world, &["overrides"], &[]).expect(0);
    assert_eq!(told.stderr, "there is no override yet\n");
    let late = "email: Nobody.Yet@Shop.De ";
    let told = identity(&world, &["link", &one, late], &TODAY).expect(0);
    let warning = "nothing before 2026-01-01 names `email:nobody.yet@shop.de`";
    assert!(told.stdout.contains(warning), "{told}");

    let list = || {
        identity(&world, &["overrides", "--format", "json"], &[])
            .expect(0)
            .json()
    };
    let first = list()[0].clone();
    assert_eq!(first["kind"], "link");
    assert_eq!(first["right_identifier"], "email:nobody.yet@shop.de");
    assert_eq!(
        (&first["author"], &first["reason"]),
        (&"ann".into(), &"told so".into())
    );
    assert_eq!(first["valid_from"], "2026-01-01T00:00:00Z");
    let id = first["override_id"].as_str().expect("a name");
    assert!(id.starts_with("ov-20") && id.len() == 18, "{id}");

    let told = identity(&world, &["revoke", id], &TODAY).expect(2);
    assert!(
        told.stderr.contains("holds since 2026-01-01 00:00"),
        "{told}"
    );
    identity(&world, &["revoke", id], &NEXT).expect(0);
    identity(&world, &["revoke", id], &NEXT).expect(99);
    let second = list()[0].clone();
    assert_eq!(
        (&second["is_active"], &second["author"]),
        (&false.into(), &"ann".into())
    );
    assert_eq!(second["taken_back"]["author"], "bob");
    let told = identity(&world, &["overrides"], &[]).expect(0);
    assert!(
        told.stdout
            .contains("taken back by bob on 2026-01-02 00:00: an error"),
        "{told}"
    );
}

#[test]
fn two_who_decide_at_once_are_both_heard() {
    let world = demo().copy();
    let [one, two] = two_people(&world);
    let start = |identifier: &String| {
        let mut command = program(&world.project());
        let args = ["identity", "detach", identifier];
        command.args([&args[..], &TODAY].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    };
    for child in [start(&one), start(&two)] {
        Told::of(child.wait_with_output().expect("it ends")).expect(0);
    }
    let written = rows(
        &world,
        "select left_identifier from raw.identity_overrides order by 1",
    );
    assert_eq!(written.len(), 2);
}

#[test]
fn what_is_no_identifier_is_refused() {
    let world = demo();
    let refused = |args: &[&str], message: &str| {
        let told = identity(world, args, &TODAY).expect(2);
        assert!(told.stderr.contains(message), "{told}");
        assert_eq!(told.stdout, "");
    };
    let known = "did you mean `email`? known types: anonymous_id, crm_id,";
    refused(
        &["detach", "emial:jane@shop.de"],
        "there is no identifier type `emial`",
    );
    refused(&["detach", "emial:jane@shop.de"], known);
    refused(
        &["detach", "email:Test@test.com"],
        "`Test@test.com` names nobody as `email`",
    );
    refused(&["detach", "email:jane"], "`jane` names nobody as `email`");
    refused(
        &["detach", "jane@shop.de"],
        "write `type:value`; known types: ",
    );
    refused(
        &["link", "email:Jane@shop.de", "email:jane@Shop.de"],
        "both are `email:jane@shop.de`",
    );
    refused(
        &["revoke", "ov-20260101-000000"],
        "there is no override `ov-20260101-000000`",
    );
    assert!(!world.project().join("lake/raw/identity_overrides").exists());
}

#[test]
fn somebody_has_to_say_so_and_why() {
    let world = demo();
    let detach = ["identity", "detach", "email:jane@shop.de", "--reason"];
    let told = world
        .cdp(&[&detach[..], &[" ", "--author", "ann"]].concat())
        .expect(2);
    assert!(told.stderr.contains("`--reason` is empty"), "{told}");
    let mut command = program(&world.project());
    command.args([&detach[..], &["told so"]].concat());
    for user in ["USER", "LOGNAME", "USERNAME"] {
        command.env_remove(user);
    }
    let told = Told::of(command.output().expect("the program starts")).expect(2);
    assert!(
        told.stderr.contains("say who with `--author NAME`"),
        "{told}"
    );
}

#[test]
fn before_the_first_run_a_decision_is_written_unseen() {
    let world = demo().copy();
    let lake = world.dir().join("other-lake");
    std::fs::create_dir(&lake).expect("a folder can be made");
    let lake = lake.display().to_string();
    let args = [
        "link",
        "email:a@shop.de",
        "email:b@shop.de",
        "--lake",
        &lake,
    ];
    let told = identity(&world, &args, &TODAY).expect(0);
    assert!(told.stdout.contains("can't be shown"), "{told}");
    let args = ["overrides", "--format", "json", "--lake", &lake];
    let told = identity(&world, &args, &[]).expect(0).json();
    assert_eq!(told.as_array().map(Vec::len), Some(1));
}

#[test]
fn a_project_without_identities_says_so() {
    let shop = Shop::with_orders();
    let args = ["identity", "overrides", "--project", "shop"];
    let told = cdp(shop.dir(), &args).expect(3);
    assert!(
        told.stderr
            .contains("the project has no source `raw.identity_overrides`"),
        "{told}"
    );
}
