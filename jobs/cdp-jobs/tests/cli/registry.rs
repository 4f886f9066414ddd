//! Which model scores which date: candidates, champions, and the way back.

use std::fs;
use std::sync::OnceLock;

use serde_json::Value;

use crate::world::{TODAY, TOMORROW, World, demo};

/// The demo with a second model of its date, whose settings make it tell nobody apart.
fn worse_challenger() -> &'static (World, String) {
    static WORLD: OnceLock<(World, String)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = demo().copy();
        set(&world, "\n[churn]\n", "\n[churn]\nl2 = 1000000.0\n");
        set(
            &world,
            "\nmodels = [\"logistic\", \"boosted\"]",
            "\nmodels = [\"logistic\"]",
        );
        let select = "scores.churn_model,scores.churn_scores";
        let args = ["run", "--as-of", TODAY, "--select", select, "--quiet"];
        let told = world.cdp(&args);
        (world, told.expect(0).stdout)
    })
}

/// Replaces words of the project's cdp.toml.
fn set(world: &World, before: &str, now: &str) {
    let path = world.project().join("cdp.toml");
    let text = fs::read_to_string(&path).expect("cdp.toml");
    assert!(text.contains(before), "`{before}` is not in it");
    fs::write(path, text.replacen(before, now, 1)).expect("a file can be written");
}

fn json(world: &World, args: &[&str]) -> Value {
    let all = [args, &["--format", "json"]].concat();
    world.cdp(&all).expect(0).json()
}

/// The model id of a row of `model list` with a name.
fn holder(world: &World, alias: &str) -> String {
    let list = json(world, &["model", "list"]);
    let rows = list.as_array().expect("a list");
    let has = |row: &&Value| {
        let names = row["aliases"].as_array().expect("names");
        names.iter().any(|name| name == alias)
    };
    let row = rows.iter().find(has);
    let row = row.unwrap_or_else(|| panic!("no {alias}: {list}"));
    row["model_id"].as_str().expect("an id").to_owned()
}

/// The models that scored a date.
fn scored_by(world: &World, date: &str) -> Vec<String> {
    let query = format!(
        "select distinct model_id from scores.churn_scores \
         where as_of_date = date '{date}' and model_id is not null"
    );
    let rows = json(world, &["sql", &query]);
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row["model_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn the_first_model_is_champion() {
    let champion = holder(demo(), "champion");
    assert_eq!(champion, holder(demo(), "candidate"));
    assert_eq!(scored_by(demo(), TODAY), std::slice::from_ref(&champion));
    let card = json(demo(), &["model", "show"]);
    assert_eq!(card["model_id"], champion.as_str());
    let moves = card["moves"].as_array().expect("moves");
    assert_eq!(moves.len(), 2);
    for one in moves {
        assert_eq!(
            (&one["action"], &one["author"]),
            (&"train".into(), &Value::Null)
        );
        assert_eq!(one["reason"], "there was no champion");
        let versions = one["input_versions"].as_object().expect("versions");
        assert!(versions.contains_key("features.churn_labels"), "{one}");
        assert_eq!(one["evidence"]["is_promoted"], true);
    }
    let told = demo().cdp(&["model", "show"]).expect(0).stdout;
    let words = format!("champion since {TODAY}, by its training: there was no champion");
    assert!(told.contains(&words), "{told}");
    let told = demo().cdp(&["model", "compare"]).expect(0).stdout;
    assert!(told.contains("is champion and candidate"), "{told}");
    let none = ["model", "rollback", "--reason", "no use"];
    let told = demo().cdp(&none).expect(99);
    assert!(told.stderr.contains("there was no champion"), "{told}");
    let again = ["model", "promote", &champion[..9], "--reason", "no use"];
    let told = demo().cdp(&again).expect(99);
    assert!(told.stderr.contains("is champion already"), "{told}");
}

#[test]
fn a_worse_challenger_is_refused_and_kept() {
    let (world, run) = worse_challenger();
    let first = holder(demo(), "champion");
    let (champion, candidate) = (holder(world, "champion"), holder(world, "candidate"));
    assert_eq!(champion, first);
    assert_ne!(candidate, first);
    let words = format!("`{candidate}` is not promoted, `{champion}` stays: ");
    assert!(run.contains(&words), "{run}");
    assert_eq!(scored_by(world, TODAY), [first]);

    let judged = json(world, &["model", "compare"]);
    let held = &judged["contest"]["held"];
    assert_eq!(held["champion"]["model_id"], champion.as_str());
    assert_eq!(held["candidate"]["basis"], "learned_again");
    let found = &held["comparison"];
    let loss = |role: &str| found[role]["log_loss"].as_f64().expect("a number");
    let gain = found["gain"].as_f64().expect("a number");
    assert!((loss("champion") - loss("candidate") - gain).abs() < 1e-12);
    let high = found["interval"]["high"].as_f64().expect("a number");
    assert!(gain < high && high < 0.0, "surely worse: {found}");
    // A contest the other way round is the same one.
    let turned = json(world, &["model", "compare", &candidate, &champion]);
    let other = &turned["contest"]["held"]["comparison"];
    let turned_gain = other["gain"].as_f64().expect("a number");
    assert!(
        (turned_gain + gain).abs() <= 0.0,
        "{turned_gain} and {gain}"
    );

    let told = world.cdp(&["model", "list"]).expect(0).stdout;
    assert!(
        told.contains(&format!("{candidate} was not promoted: ")),
        "{told}"
    );
    let told = world.cdp(&["model", "compare"]).expect(0).stdout;
    for words in [
        "the candidate is worse",
        "guards of the candidate",
        " stays: ",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    // What was trained is not trained again the next day.
    let plan = json(world, &["plan", "--as-of", TOMORROW]);
    assert_eq!(plan["training"], Value::Null, "{plan}");
}

#[test]
fn people_promote_and_going_back_brings_the_champion_before() {
    let (world, _) = worse_challenger();
    let world = world.copy();
    let (champion, candidate) = (holder(&world, "champion"), holder(&world, "candidate"));
    let promote = |more: &[&str]| {
        let args = [
            "model", "promote", &candidate, "--reason", "a test", "--author", "ann",
        ];
        world.cdp(&[&args[..], more].concat())
    };
    let told = promote(&[]).expect(4);
    assert!(told.stderr.contains("is not promoted: "), "{told}");
    assert!(told.stderr.contains("--force"), "{told}");
    promote(&["--force", "--dry-run"]).expect(0);
    assert_eq!(holder(&world, "champion"), champion);
    // Never at a date before it was trained.
    let told = promote(&["--force", "--since", "2025-12-31"]).expect(2);
    assert!(told.stderr.contains("can't score 2025-12-31"), "{told}");

    let told = promote(&["--force"]).expect(0);
    assert!(
        told.stdout
            .contains("is champion from 2026-01-01 on, although"),
        "{told}"
    );
    assert_eq!(holder(&world, "champion"), candidate);
    let scores = ["run", "--as-of", TODAY, "--select", "scores.churn_scores+"];
    world.cdp(&scores).expect(0);
    assert_eq!(scored_by(&world, TODAY), std::slice::from_ref(&candidate));
    let card = json(&world, &["model", "show"]);
    let last = &card["moves"][0];
    assert_eq!(
        (&last["author"], &last["reason"]),
        (&"ann".into(), &"a test".into())
    );
    assert_eq!(last["evidence"]["is_promoted"], false);

    let back = [
        "model",
        "rollback",
        "--reason",
        "it tells nobody apart",
        "--author",
        "bob",
    ];
    world.cdp(&[&back[..], &["--dry-run"]].concat()).expect(0);
    assert_eq!(holder(&world, "champion"), candidate);
    let told = world
        .cdp(&[&back[..], &["--format", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(told["alias"]["model_id"], champion.as_str());
    assert_eq!(told["alias"]["evidence"]["left"], candidate.as_str());
    assert_eq!(holder(&world, "champion"), champion);
    world.cdp(&scores).expect(0);
    assert_eq!(scored_by(&world, TODAY), std::slice::from_ref(&champion));
    // There is no way back to what was left.
    world.cdp(&back).expect(99);
}

#[test]
fn a_date_is_scored_by_the_champion_of_that_date() {
    let (world, _) = worse_challenger();
    let world = world.copy();
    let (champion, candidate) = (holder(&world, "champion"), holder(&world, "candidate"));
    let args = [
        "model", "promote", &candidate, "--reason", "a test", "--author", "ann", "--force",
    ];
    let args = [&args[..], &["--since", TOMORROW]].concat();
    world.cdp(&args).expect(0);
    let select = "+scores.churn_scores";
    world
        .cdp(&["run", "--as-of", TOMORROW, "--select", select])
        .expect(0);
    assert_eq!(scored_by(&world, TOMORROW), [candidate]);
    // Scored again, the day before keeps the model of its time.
    let before = world.tables();
    let select = "scores.churn_scores";
    let args = ["run", "--as-of", TODAY, "--select", select, "--force"];
    world.cdp(&args).expect(0);
    assert_eq!(scored_by(&world, TODAY), [champion]);
    before.assert_same(&world.tables(), "the day before, scored again");
}

#[test]
fn labels_that_say_nothing_make_no_champion() {
    let world = demo().copy();
    let first = holder(&world, "champion");
    // Whether somebody churned is drawn by lot from now on.
    let path = world.project().join("sql/features/churn_labels.sql");
    let text = fs::read_to_string(&path).expect("a query of the demo");
    let honest = "else outcomes.event_day_count = 0\n";
    assert!(text.contains(honest));
    let lot = "else substr(encode(sha256(concat(cohort.profile_id, cast(cohort.cutoff_date as varchar))), \
               'hex'), 1, 1) < '8'\n";
    fs::write(path, text.replacen(honest, lot, 1)).expect("a file can be written");
    let select = "features.churn_labels,scores.churn_model,scores.churn_scores";
    let args = ["run", "--as-of", TODAY, "--select", select, "--quiet"];
    let told = world.cdp(&args).expect(0);
    let candidate = holder(&world, "candidate");
    assert_ne!(candidate, first);
    let words = format!("`{candidate}` is not promoted, `{first}` stays: ");
    assert!(told.stdout.contains(&words), "{told}");
    assert!(
        told.stdout.contains("expected at least the champion's"),
        "{told}"
    );
    assert_eq!(scored_by(&world, TODAY), [first]);
}

#[test]
fn features_of_a_closed_cutoff_are_what_they_were_unless_late_rows_change_them() {
    let found = json(demo(), &["model", "check-leakage"]);
    assert_eq!(found["as_of_date"], TODAY);
    assert_eq!(found["changed"], Value::Array(Vec::new()), "{found}");
    assert_eq!(
        (&found["only_stored"], &found["only_anew"]),
        (&0.into(), &0.into())
    );
    assert!(found["profiles"].as_u64().expect("a count") > 100);
    let told = demo().cdp(&["model", "check-leakage"]).expect(0).stdout;
    assert!(told.contains("none has changed"), "{told}");

    // Without the time at which rows arrived, rows that came late are taken as known.
    let world = demo().copy();
    let path = world.project().join("sql/sources.toml");
    let text = fs::read_to_string(&path).expect("sources of the demo");
    let text = text.replace("\ningest_time", "\n# ingest_time");
    fs::write(path, text).expect("a file can be written");
    let told = world.cdp(&["model", "check-leakage", "--format", "json"]);
    let told = told.expect(4);
    assert!(told.stderr.contains("`ingest_time`"), "{told}");
    let found = told.json();
    let changed = found["changed"].as_array().expect("features");
    assert!(!changed.is_empty(), "{found}");
    for one in changed {
        assert_ne!(one["stored"], one["anew"], "{one}");
        assert!(one["profiles"].as_u64() >= Some(1), "{one}");
    }
}

#[test]
fn drift_names_the_source_that_moved() {
    let query = "select kind, name, level, psi, noise_floor, sources, row_count \
                 from scores.churn_drift where as_of_date = date '2026-01-01' order by kind, name";
    let rows = json(demo(), &["sql", query]);
    let rows = rows.as_array().expect("rows");
    let card = json(demo(), &["model", "show"]);
    let columns = card["model"]["spec"]["columns"]
        .as_array()
        .expect("features");
    assert_eq!(
        rows.len(),
        columns.len() + 2,
        "every feature, the score and the base rate"
    );
    let sources = |name: &str| {
        let mut rows = rows.iter();
        let row = rows.find(|row| row["name"] == name).expect("a feature");
        row["sources"].as_str().unwrap_or_default().to_owned()
    };
    assert!(sources("order_count").contains("raw.orders"));
    assert!(!sources("order_count").contains("raw.web_events"));
    assert_eq!(sources("ticket_count_90d"), "raw.support_tickets");
    assert!(sources("event_count_30d").contains("raw.web_events"));
    assert!(sources("country").contains("raw.crm_contacts"));

    // The feed of e-mail events breaks.
    let world = demo().copy();
    let path = world.project().join("sql/staging/email_events.sql");
    let text = fs::read_to_string(&path).expect("a query of the demo");
    fs::write(
        &path,
        format!("select * from (\n{text}\n) as events where false\n"),
    )
    .expect("a file can be written");
    let told = world
        .cdp(&["run", "--as-of", TOMORROW, "--quiet"])
        .expect(0);
    assert!(told.stdout.contains("moved since the training"), "{told}");
    assert!(told.stdout.contains("(raw.email_events)"), "{told}");
    let query = "select name, level, missing_rate, training_missing_rate from scores.churn_drift \
                 where as_of_date = date '2026-01-02' and level = 'act' \
                 and name = 'email_delivered_count_90d'";
    assert_eq!(
        json(&world, &["sql", query]).as_array().map(Vec::len),
        Some(1)
    );
}
