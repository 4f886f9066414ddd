//! Command lines that ask for what is not there.

use super::{does, fails};
use crate::command::cdp;
use crate::shop::Shop;

#[test]
fn nothing_typed() {
    let shop = Shop::new();
    fails(&shop, "no_arguments", "", 2);
    fails(&shop, "unknown_verb", "rnu --as-of 2026-01-04", 2);
    fails(&shop, "unknown_flag", "run --asof 2026-01-04", 2);
    fails(&shop, "missing_flag", "run --project shop", 2);
    does(&shop, "version", "--version");
}

#[test]
fn dates_that_are_none() {
    let shop = Shop::with_orders();
    for (name, date) in [
        ("bad_date", "01.02.2026"),
        ("bad_day", "2026-02-30"),
        ("short_day", "2026-1-1"),
    ] {
        fails(
            &shop,
            name,
            &format!("run --project shop --as-of {date}"),
            2,
        );
    }
    fails(
        &shop,
        "future_run",
        "run --as-of 2062-01-02 --project shop",
        2,
    );
    fails(
        &shop,
        "future_plan",
        "plan --as-of 2062-01-02 --project shop",
        2,
    );
    fails(
        &shop,
        "future_backfill",
        "backfill --from 2026-01-02 --to 2062-01-04 --reason test --project shop",
        2,
    );
    let meant = "plan --as-of 2062-01-02 --project shop --future";
    assert!(shop.cdp(meant).expect(0).stdout.contains("2062-01-02"));
    fails(
        &shop,
        "range_backwards",
        "backfill --project shop --from 2026-01-04 --to 2026-01-02 --reason test",
        2,
    );
}

#[test]
fn models_that_are_not_there() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "show_unknown",
        "show features.order_feature --project shop",
        2,
    );
    fails(
        &shop,
        "show_no_layer",
        "show order_features --project shop",
        2,
    );
    let run = "run --as-of 2026-01-04 --project shop --select";
    let cases = [
        ("select_unknown_model", "features.orders_features"),
        ("select_unknown_layer", "layer:feature"),
        ("select_no_layer", "order_features"),
        ("select_nonsense", "++features.order_features"),
        ("select_several", "features.x,staging.y,layer:z"),
        ("select_source", "raw.orders"),
    ];
    for (name, select) in cases {
        fails(&shop, name, &format!("{run} {select}"), 2);
    }
    fails(
        &shop,
        "plan_unknown_model",
        "plan --as-of 2026-01-04 --project shop --select features.orders_features",
        2,
    );
}

#[test]
fn flags_that_do_not_go_together() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "csv_of_a_run",
        "run --as-of 2026-01-04 --project shop --format csv",
        2,
    );
    fails(
        &shop,
        "unknown_format",
        "status --project shop --format yaml",
        2,
    );
    fails(
        &shop,
        "quiet_and_verbose",
        "status --project shop --quiet --verbose",
        2,
    );
    fails(&shop, "init_with_lake", "init mine --lake here", 2);
    fails(
        &shop,
        "no_step_days",
        "backfill --project shop --from 2026-01-02 --to 2026-01-04 --reason x --step-days 0",
        2,
    );
    fails(&shop, "nobody", "demo new --people 0", 2);
}

#[test]
fn folders_that_hold_something() {
    let shop = Shop::new();
    fails(&shop, "init_not_empty", "init shop", 2);
    fails(&shop, "demo_not_empty", "demo shop", 2);
    // Whoever runs the tests may be allowed everything, so a path below a file stands for what
    // cannot be written.
    fails(&shop, "init_below_a_file", "init orders.csv/shop", 5);
    fails(
        &shop,
        "demo_below_a_file",
        "demo orders.csv/demo --people 1",
        5,
    );
}

#[test]
fn a_demo_of_other_people() {
    let shop = Shop::new();
    shop.write("demo/.cdp-demo.json", "{\"people\":60,\"seed\":7}\n");
    fails(&shop, "demo_of_others", "demo demo --people 61", 2);
}

#[test]
fn a_new_project_has_no_fault() {
    let shop = Shop::new();
    does(&shop, "init", "init mine");
    does(&shop, "init_validate", "validate --project mine");
    let told = cdp(shop.dir(), &["test", "--project", "mine"]).expect(0);
    assert!(told.stdout.contains("1 case passed, 0 failed"), "{told}");
}

/// What stands in comments below `[vars]` is there to be uncommented.
#[test]
fn the_examples_of_a_new_project_are_valid() {
    let shop = Shop::new();
    shop.cdp("init mine").expect(0);
    let config = std::fs::read_to_string(shop.dir().join("mine/cdp.toml")).expect("it was made");
    let (before, vars) = config.split_once("\n[vars]\n").expect("it has examples");
    let is_example = |line: &str| line.starts_with("# [") || line.contains(" = ");
    let uncommented: Vec<&str> = vars
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(example) if is_example(line) => example,
            _ => line,
        })
        .collect();
    let config = format!("{before}\n[vars]\n{}\n", uncommented.join("\n"));
    assert!(config.contains("\n[vars.\""), "{config}");
    shop.write("mine/cdp.toml", config);
    shop.cdp("validate --project mine").expect(0);
}
