//! A feature is added as the README says, and the model takes it up.

use std::fs;

use serde_json::Value;

use crate::command::words;
use crate::world::{TODAY, TOMORROW, World, demo};

const FEATURE: &str = "order_amount_7d";

/// The demo with one more feature.
fn with_feature() -> World {
    let world = demo().copy();
    let edit = |file: &str, line: &str, more: &str| {
        let path = world.project().join("sql/features").join(file);
        let text = fs::read_to_string(&path).expect("a file of the demo");
        let line = format!("\n{line}");
        assert!(text.contains(&line), "`{line}` is not in {file}");
        let text = text.replacen(&line, &format!("\n{more}{line}"), 1);
        fs::write(path, text).expect("a file can be written");
    };
    // `sql/features/<model>.sql`, and its meaning in the `.toml` beside it.
    let sum = |days: u32| {
        format!(
            "        sum(case when days_ago <= {days} then order_amount else 0 end) as order_amount_{days}d,"
        )
    };
    edit("order_features.sql", &sum(30), &sum(7));
    edit(
        "order_features.sql",
        "    sales.order_amount_30d,",
        "    sales.order_amount_7d,",
    );
    let meaning = "order_amount_7d = \"amount of purchases in the last 7 days\"";
    edit("order_features.toml", "order_amount_30d ", meaning);
    // `features/churn_features.sql`, and its meaning.
    let column = |days: u32| {
        format!(
            "        coalesce(cast(orders.order_amount_{days}d as double), 0.0) as order_amount_{days}d,"
        )
    };
    edit("churn_features.sql", &column(90), &column(7));
    for indent in ["        ", "    "] {
        let column = |days: u32| format!("{indent}order_amount_{days}d,");
        edit("churn_features.sql", &column(90), &column(7));
    }
    edit("churn_features.toml", "order_amount_90d ", meaning);
    world.cdp(&["validate"]).expect(0);
    world
}

/// The first value of an answer.
fn ask(world: &World, query: &str) -> Value {
    let told = world.cdp(&["sql", "--format", "json", query]).expect(0);
    told.json()[0]["value"].clone()
}

/// Asserts that the model that scored a date was trained on the feature, and on values of it.
fn assert_known(world: &World, date: &str) {
    let query = format!(
        "select max(model) as value from scores.churn_model where as_of_date = date '{date}' \
         and model_id in (select model_id from scores.churn_scores where as_of_date = date '{date}')"
    );
    let model = ask(world, &query);
    let model: Value = serde_json::from_str(model.as_str().expect("a model")).expect("JSON");
    let columns = model["spec"]["columns"].as_array().expect("features");
    let mut columns = columns.iter();
    let column = columns.find(|column| column["name"] == FEATURE);
    let column = column.expect("the model knows the feature");
    assert!(
        column["encoding"]["numeric"]["scale"].as_f64().is_some(),
        "it varied at the cut-offs: {column}"
    );
}

#[test]
fn a_new_feature_is_in_the_model_of_the_next_run() {
    let world = with_feature();
    let told = world
        .cdp(&["run", "--as-of", TOMORROW, "--quiet"])
        .expect(0);
    let reason = format!("training: since the model of {TODAY}: new feature `{FEATURE}`");
    assert!(told.stdout.contains(&reason), "{told}");
    let not_due = |line: &str| line.contains("scores.churn_model") && line.contains("not due");
    assert!(!told.stdout.lines().any(not_due), "{told}");
    assert_known(&world, TOMORROW);
    // Older partitions of the table stay, without a value.
    let query = format!(
        "select count({FEATURE}) as value from features.churn_features where as_of_date = date '{TODAY}'"
    );
    assert_eq!(ask(&world, &query), 0);
    world
        .cdp(&["run", "--as-of", TOMORROW, "--quiet"])
        .expect(99);
}

#[test]
fn a_model_that_does_not_know_a_feature_scores_and_tells_how_to_train_again() {
    let world = with_feature();
    // The scores without the model, which is not made again so.
    let select = "+features.churn_features,scores.churn_scores";
    let told = world
        .cdp(&["run", "--as-of", TODAY, "--select", select, "--quiet"])
        .expect(0);
    let start = format!("the model of {TODAY} was trained before there was `{FEATURE}`");
    assert!(told.stdout.contains(&start), "{told}");

    // The command works as it is told, and makes the features of the cut-offs again.
    let told = told.stdout.split('`').find(|text| text.contains(" run "));
    let (_, command) = told
        .expect("a command")
        .split_once(" run ")
        .expect("it runs");
    let command = format!("run --quiet {command}");
    let words = words(&command);
    let args: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let told = world.cdp(&args).expect(0);
    assert!(!told.stdout.contains("was trained before"), "{told}");
    assert_known(&world, TODAY);
}
