//! Which churn models there are, and what one of them is.

use serde_json::Value;

use crate::command::cdp;
use crate::world::{TODAY, demo};

fn json(args: &[&str]) -> Value {
    let all = [args, &["--format", "json"]].concat();
    demo().cdp(&all).expect(0).json()
}

#[test]
fn the_model_in_service_is_listed_and_shown() {
    let list = json(&["model", "list"]);
    let row = &list[0];
    assert_eq!(row["as_of_date"], TODAY);
    let id = row["model_id"].as_str().expect("an id");
    let card = json(&["model", "show"]);
    assert_eq!(card["model_id"], id);
    // What the list tells of it stands in the model itself.
    assert_eq!(card["model"]["evaluation"], row["evaluation"]);
    assert_eq!(card["model"]["as_of_day"], 20_454);
    assert_eq!(json(&["model", "show", &id[..9]]), card);
    assert_eq!(json(&["model", "show", "--as-of", TODAY]), card);

    let told = demo().cdp(&["model", "list"]).expect(0).stdout;
    assert!(told.contains(id) && told.contains(TODAY), "{told}");
    let told = demo().cdp(&["model", "show", "--features", "2"]).expect(0);
    let model = &card["model"]["evaluation"]["measured"]["model"];
    let auc = model["roc_auc"].as_f64().expect("a number");
    let weights = told.stdout.split("what weighs most").nth(1);
    for words in [
        id,
        "no order in 90 days",
        &format!("{auc:.4}"),
        "silent for",
    ] {
        assert!(told.stdout.contains(words), "{words}\n{}", told.stdout);
    }
    // A headline, the two features, and how many more there are.
    assert_eq!(weights.map(|text| text.lines().count()), Some(4));
    assert!(told.stdout.contains("; `--features` shows more"));
}

#[test]
fn a_model_that_is_not_there_is_told() {
    let told = demo().cdp(&["model", "show", "m_nobody"]).expect(2);
    assert!(told.stderr.contains("there is no model `m_nobody`"));
    assert!(told.stderr.contains("cdp-jobs model list"));

    let told = demo().cdp(&["model", "show", "--as-of", "2025-12-31"]);
    let told = told.expect(0);
    assert!(told.stderr.contains("there is no model yet"), "{told}");
    assert_eq!(
        json(&["model", "show", "--as-of", "2025-12-31"]),
        Value::Null
    );

    let empty = crate::world::temp_dir();
    cdp(empty.path(), &["init", "shop"]).expect(0);
    let told = cdp(&empty.path().join("shop"), &["model", "list"]).expect(5);
    assert!(told.stderr.contains("there is no lake"), "{told}");
}
