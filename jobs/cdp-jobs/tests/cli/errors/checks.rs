//! Checks that do not hold, wherever the rows are kept, and what comes of them.

use serde_json::Value;

use super::{does, fails};
use crate::shop::Shop;

const RUN: &str = "run --as-of 2026-01-04 --project shop --quiet";
const STATUS: &str = "status --project shop --last 3";
const ORDERS: &str = "shop/sql/staging/orders.toml";
const FEATURES: &str = "shop/sql/features/order_features.toml";
/// A second delivery of an order.
const REPEATED: &str = "order_id,customer,amount,quantity,ordered_at,ingested_at
o1,ann,10.00,1,2026-01-01T10:00:00Z,2026-01-02T10:05:00Z
";

/// The shop with one order delivered twice, `staging.orders` kept as said.
fn with_a_repeated_order(kept: &str) -> Shop {
    let shop = Shop::with_orders();
    shop.edit(ORDERS, "\"view\"", &format!("\"{kept}\""));
    shop.write("repeated.csv", REPEATED);
    shop.cdp("load orders repeated.csv --project shop")
        .expect(0);
    shop
}

/// The tasks of a run and how each ended.
fn ends(shop: &Shop, code: i32) -> Vec<(String, String)> {
    let run = shop
        .cdp(&format!("{RUN} --format json"))
        .expect(code)
        .json();
    let records = run["records"].as_array().expect("records").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let end = |record: &Value| (text(&record["task"]), text(&record["status"]));
    records.iter().map(end).collect()
}

fn end_of(shop: &Shop, code: i32, task: &str) -> String {
    let found = ends(shop, code).into_iter().find(|(name, _)| name == task);
    found.map(|(_, status)| status).unwrap_or_default()
}

#[test]
fn a_grain_of_rows_that_are_not_stored() {
    for kept in ["view", "scratch"] {
        let shop = with_a_repeated_order(kept);
        fails(&shop, &format!("check_{kept}"), RUN, 4);
        let features = "features.order_features";
        assert_eq!(end_of(&shop, 4, features), "skipped", "{kept}");
        // A run of only what reads it is held back as well.
        fails(
            &shop,
            &format!("check_{kept}_selected"),
            &format!("{RUN} --select {features}"),
            4,
        );
    }
}

#[test]
fn conditions_on_rows_that_are_not_stored() {
    for kept in ["view", "scratch"] {
        let shop = Shop::with_orders();
        shop.edit(
            ORDERS,
            "\"view\"",
            &format!(
                "\"{kept}\"\nchecks.warn.expressions = [\"amount < 20\"]\nchecks.fail.max_rows = 3"
            ),
        );
        does(&shop, &format!("check_{kept}_warns"), RUN);
        // What was checked is not checked again while nothing changes.
        shop.cdp(RUN).expect(99);
        let text = "checks.fail.max_rows = 3";
        shop.edit(ORDERS, text, "checks.fail.max_rows = 2");
        assert_eq!(end_of(&shop, 4, "staging.orders"), "held_back", "{kept}");
    }
}

#[test]
fn a_segment_with_a_member_twice() {
    let shop = Shop::with_orders();
    shop.write(
        "shop/sql/segments/regulars.sql",
        "select customer as profile_id from staging.orders\n",
    );
    shop.write(
        "shop/sql/segments/regulars.toml",
        "description = \"One row per profile_id.\"\nowner = \"shop\"\nmaterialization = \"view\"\n\
         grain = [\"profile_id\"]\n",
    );
    shop.write(
        "shop/sql/segments/segment_members.toml",
        "description = \"One row per segment, profile_id and as_of_date.\"\nowner = \"shop\"\n\
         materialization = \"partition\"\ngrain = [\"segment\", \"profile_id\", \"as_of_date\"]\n\
         step = \"collect_segments\"\nreads = [\"segments.*\"]\n\
         reads_past = [\"segments.segment_members\"]\n",
    );
    let ends = ends(&shop, 4);
    let of = |task: &str| {
        let found = ends.iter().find(|(name, _)| name == task);
        found.map(|(_, status)| status.as_str())
    };
    assert_eq!(of("staging.orders"), Some("succeeded"));
    assert_eq!(of("features.order_features"), Some("succeeded"));
    assert_eq!(of("segments.regulars"), Some("held_back"));
    assert_eq!(of("segments.segment_members"), Some("skipped"));
}

#[test]
fn checks_that_could_not_be_looked_at() {
    let shop = Shop::new();
    shop.edit(
        FEATURES,
        "not_null = [\"customer\"]",
        "not_null = [\"customer\"]\nunique = [[]]",
    );
    fails(&shop, "check_of_nothing", "validate --project shop", 3);
    let shop = Shop::new();
    shop.edit(
        FEATURES,
        "not_null = [\"customer\"]",
        "not_null = [\"customer\"]\nexpressions = [\"order_count\", \"sum(order_count) > 1\", \
         \"order_count > (select 1)\"]",
    );
    fails(&shop, "check_no_condition", "validate --project shop", 3);
    let shop = Shop::new();
    shop.edit(
        "shop/sql/staging/orders.sql",
        "order_id,",
        "$previous_date as past,\n    order_id,",
    );
    shop.edit(
        ORDERS,
        "\"view\"",
        "\"view\"\nreads_past = [\"features.order_features\"]",
    );
    shop.write(
        "shop/sql/segments/segment_members.toml",
        "description = \"One row per profile_id.\"\nowner = \"shop\"\nmaterialization = \"view\"\n\
         grain = [\"profile_id\"]\nstep = \"collect_segments\"\n",
    );
    fails(&shop, "check_other_rows", "validate --project shop", 3);
}

#[test]
fn what_was_mended_is_no_longer_open() {
    let shop = with_a_repeated_order("view");
    shop.cdp(RUN).expect(4);
    does(&shop, "status_open", STATUS);
    shop.edit("shop/sql/staging/orders.sql", "select", "select distinct");
    shop.cdp(RUN).expect(0);
    does(&shop, "status_cured", STATUS);
    // Back to what it was: nothing is made, and it is cured all the same.
    let strict = "not_null = [\"customer\"]\nmin_rows = 9";
    shop.edit(FEATURES, "not_null = [\"customer\"]", strict);
    shop.cdp(RUN).expect(4);
    shop.edit(FEATURES, strict, "not_null = [\"customer\"]");
    shop.cdp(RUN).expect(99);
    let told = shop.cdp(STATUS).expect(0);
    assert!(told.stdout.contains("held back, cured since"), "{told}");
    assert!(!told.stdout.contains("does not hold"), "{told}");
}

/// Standard error is no terminal here: lines of JSON, and what went wrong after them.
#[test]
fn what_went_wrong_is_the_last_that_is_said() {
    let held_back = with_a_repeated_order("view");
    let failed = Shop::with_orders();
    failed.write("shop/lake/features", "in the way");
    for (shop, code) in [(held_back, 4), (failed, 5)] {
        let run = "run --as-of 2026-01-04 --project shop";
        let backfill = "backfill --from 2026-01-04 --to 2026-01-05 --reason test --project shop";
        for line in [run, backfill] {
            let told = shop.cdp(line).expect(code);
            let lines: Vec<&str> = told.stderr.lines().collect();
            let first = lines.iter().position(|line| line.starts_with("error: "));
            let last: Vec<&str> = lines[first.expect("an error")..].to_vec();
            assert!(!last.iter().any(|line| line.starts_with('{')), "{told}");
            assert!(last.last().expect("a line").starts_with("hint: "), "{told}");
            assert!(lines[0].contains("run_started"), "{told}");
        }
    }
}

/// The rows of a current table tell nothing of its date when there are none.
#[test]
fn a_current_table_without_rows_does_not_move_back() {
    let shop = Shop::with_orders();
    shop.write(
        "shop/sql/activations/greetings.sql",
        "select customer, as_of_date from features.order_features\n\
         where as_of_date = $as_of_date\n",
    );
    shop.write(
        "shop/sql/activations/greetings.toml",
        "description = \"One row per customer.\"\nowner = \"shop\"\nmaterialization = \"current\"\n\
         grain = [\"customer\"]\n",
    );
    let run = |date: &str, code| {
        let line = format!("run --as-of {date} --project shop --format json --quiet");
        let run = shop.cdp(&line).expect(code).json();
        let records = run["records"].as_array().expect("records").clone();
        let greetings = records.last().expect("a task").clone();
        assert_eq!(greetings["task"], "activations.greetings");
        let sql =
            "sql --project shop --format json 'select count(*) as n from activations.greetings'";
        let count = shop.cdp(sql).expect(0).json()[0]["n"].clone();
        (greetings["status"].clone(), count)
    };
    assert_eq!(run("2026-01-04", 0), ("succeeded".into(), 2.into()));
    assert_eq!(run("2026-06-01", 0), ("succeeded".into(), 0.into()));
    assert_eq!(run("2026-01-05", 0), ("superseded".into(), 0.into()));
    // Who deletes the table wants it made again.
    std::fs::remove_dir_all(shop.dir().join("shop/lake/activations")).expect("a table");
    assert_eq!(run("2026-01-05", 0), ("succeeded".into(), 2.into()));
}
