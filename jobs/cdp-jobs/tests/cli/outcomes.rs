//! Scores against what happened.

use std::fs;

use serde_json::Value;

use crate::world::{TOMORROW, demo};

/// The 90 days after this date close tomorrow.
const SCORED: &str = "2025-10-04";

#[test]
fn scores_are_judged_by_their_own_horizon() {
    let world = demo().copy();
    let backfill = [
        "backfill",
        "--from",
        SCORED,
        "--to",
        SCORED,
        "--reason",
        "outcomes",
        "--select",
        "+scores.retention_offers",
    ];
    world.cdp(&backfill).expect(0);
    // From today on another horizon is in force.
    let path = world.project().join("cdp.toml");
    let text = fs::read_to_string(&path).expect("cdp.toml");
    let text = text.replace("horizon_days = 90", "horizon_days = 60");
    assert!(text.contains("horizon_days = 60"), "{text}");
    fs::write(path, text).expect("a file can be written");
    let run = [
        "run",
        "--as-of",
        TOMORROW,
        "--select",
        "+scores.churn_outcomes",
    ];
    world.cdp(&run).expect(0);
    let ask = |query: &str| -> Vec<Value> {
        let told = world.cdp(&["sql", "--format", "json", query]).expect(0);
        told.json().as_array().expect("rows").clone()
    };
    let told = ask(&format!(
        "select scored_date, horizon_days, row_count, churned_count from scores.churn_outcomes \
         where as_of_date = date '{TOMORROW}' and cohort = 'all' and decile = 0"
    ));
    let [told] = told.as_slice() else {
        panic!("one horizon closed: {told:?}");
    };
    assert_eq!(told["scored_date"], SCORED);
    assert_eq!(told["horizon_days"], 90);
    // Who is known by no other name since is judged by the orders of those 90 days.
    let counts = ask(&format!(
        "select horizon_days, count(*) as row_count from scores.churn_scores \
         where as_of_date in (date '{SCORED}', date '{TOMORROW}') and churn_probability is not null \
         group by horizon_days order by horizon_days"
    ));
    assert_eq!(counts[0]["horizon_days"], 60);
    assert_eq!(counts[1]["row_count"], told["row_count"]);
    let churned = told["churned_count"].as_u64().expect("a count");
    let all = told["row_count"].as_u64().expect("a count");
    assert!(churned > 0 && churned < all, "{told}");
}
