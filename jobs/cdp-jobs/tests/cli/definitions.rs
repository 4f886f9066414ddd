//! Several definitions of churn side by side: tables, models and champions of their own.

use std::fs;
use std::sync::OnceLock;

use serde_json::Value;

use crate::world::{TOMORROW, World, demo, next_day};

const MONTHLY: [&str; 2] = ["--definition", "monthly"];

const DAY_AFTER: &str = "2026-01-03";

/// The demo, to which a second definition came after its first run, and its second day.
fn two() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = demo().copy();
        let path = world.project().join("cdp.toml");
        let text = fs::read_to_string(&path).expect("cdp.toml");
        let text = format!("{text}\n[churn.definitions.monthly]\nhorizon_days = 30\n");
        fs::write(path, text).expect("a file can be written");
        world
            .cdp(&["run", "--as-of", TOMORROW, "--quiet"])
            .expect(0);
        world
    })
}

fn json(world: &World, args: &[&str]) -> Value {
    let all = [args, &["--format", "json"]].concat();
    world.cdp(&all).expect(0).json()
}

fn of_monthly(args: &[&str]) -> Value {
    json(two(), &[args, &MONTHLY].concat())
}

fn rows(world: &World, query: &str) -> Vec<Value> {
    let found = json(world, &["sql", "--limit", "0", query]);
    found.as_array().expect("rows").clone()
}

#[test]
fn a_second_definition_has_a_model_and_scores_of_its_own() {
    let query = "select profile_id, churn_probability, model_id from scores.churn_scores \
                 where as_of_date = date '2026-01-02' order by profile_id";
    let (undisturbed, _) = next_day();
    assert_eq!(rows(two(), query), rows(undisturbed, query));
    let monthly = of_monthly(&["model", "show"]);
    let main = json(two(), &["model", "show"]);
    assert_ne!(main["model_id"], monthly["model_id"]);
    assert_eq!(monthly["aliases"][0], "champion");
    assert_eq!(monthly["model"]["settings"]["horizon_days"], 30);
    assert_eq!(main["model"]["settings"]["horizon_days"], 90);
    // Whoever stays away for 90 days stays away for the first 30 of them.
    let told = rows(
        two(),
        "select m.horizon_days, avg(m.churn_probability) as monthly, \
         avg(s.churn_probability) as main, count(*) as row_count \
         from scores.churn_scores_monthly as m \
         inner join scores.churn_scores as s \
         on s.profile_id = m.profile_id and s.as_of_date = m.as_of_date \
         where m.churn_probability is not null and s.churn_probability is not null \
         group by m.horizon_days",
    );
    let [told] = told.as_slice() else {
        panic!("one horizon: {told:?}");
    };
    let number = |name: &str| told[name].as_f64().expect("a number");
    assert_eq!(told["horizon_days"], 30);
    assert!(number("monthly") > number("main") + 0.02, "{told}");
    assert!(number("row_count") > 100.0);
    let reasons = "select count(*) as n from scores.churn_reasons_monthly";
    assert!(rows(two(), reasons)[0]["n"].as_u64() > Some(100));
}

#[test]
fn names_of_one_definition_are_not_those_of_another() {
    let world = two().copy();
    let champion = |definition: &[&str]| {
        let args = [&["model", "show"], definition].concat();
        json(&world, &args)["model_id"].clone()
    };
    let (main, monthly) = (champion(&[]), champion(&MONTHLY));
    let id = main.as_str().expect("an id").to_owned();
    let args = [
        &["model", "promote", &id, "--reason", "no use"],
        MONTHLY.as_slice(),
    ]
    .concat();
    let told = world.cdp(&args).expect(2);
    assert!(told.stderr.contains("there is no model"), "{told}");
    // A run of the day after has nothing to train and scores by both.
    world
        .cdp(&["run", "--as-of", DAY_AFTER, "--quiet"])
        .expect(0);
    assert_eq!(
        (champion(&[]), champion(&MONTHLY)),
        (main.clone(), monthly.clone())
    );
    let scored = |table: &str| {
        let query = format!(
            "select distinct model_id from {table} \
             where as_of_date = date '{DAY_AFTER}' and model_id is not null"
        );
        rows(&world, &query)[0]["model_id"].clone()
    };
    assert_eq!(scored("scores.churn_scores"), main);
    assert_eq!(scored("scores.churn_scores_monthly"), monthly);
    world
        .cdp(&["run", "--as-of", DAY_AFTER, "--quiet"])
        .expect(99);
}

#[test]
fn whoever_asks_says_which_definition_is_meant() {
    let page = two().dir().join("monthly.html");
    let out = page.display().to_string();
    two()
        .cdp(&[&["report", "--out", &out], MONTHLY.as_slice()].concat())
        .expect(0);
    let page = fs::read_to_string(page).expect("a page");
    assert!(page.contains("by the definition monthly of churn"));
    assert!(page.contains("30 days"));
    let data = of_monthly(&["model", "data"]);
    assert_eq!(data["horizon_days"], 30);
    let check = of_monthly(&["model", "check-leakage"]);
    assert_eq!(
        check["tripped"].as_array().map(Vec::len),
        Some(0),
        "{check}"
    );
    let plan = json(two(), &["plan", "--as-of", TOMORROW]);
    assert_eq!(plan["definitions"]["monthly"]["horizon_days"], 30);
    let told = two()
        .cdp(&["model", "list", "--definition", "montly"])
        .expect(2);
    let expected = "there is no definition of churn `montly`";
    assert!(told.stderr.contains(expected), "{told}");
    assert!(told.stderr.contains("did you mean `monthly`?"), "{told}");
    let reason = ["--reason", "a test"];
    let offer = ["--offer-cost", "5", "--save-rate", "0.3", "--value", "100"];
    for (verb, more) in [("show", &[][..]), ("profit", &offer), ("promote", &reason)] {
        let asked = [["model", verb, "nobody"].as_slice(), more, &MONTHLY].concat();
        let told = two().cdp(&asked).expect(2);
        let expected = "`cdp-jobs model list --definition monthly` tells which there are";
        assert!(told.stderr.contains(expected), "{told}");
    }
}
