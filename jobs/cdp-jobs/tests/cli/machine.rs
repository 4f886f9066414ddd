//! What machines read: JSON, CSV, completions.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::command::{Told, cdp, cdp_with_input, program};
use crate::shop::Shop;
use crate::world::{TODAY, TOMORROW, demo};

#[track_caller]
fn keys(value: &Value) -> Vec<&str> {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("no object: {value}"));
    object.keys().map(String::as_str).collect()
}

#[test]
fn a_plan_is_what_a_scheduler_reads() {
    let plan = demo()
        .cdp(&["plan", "--as-of", TOMORROW, "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(plan["as_of_date"], TOMORROW);
    let layers = plan["layers"].as_array().expect("layers").clone();
    assert_eq!(
        layers,
        [
            "staging",
            "identity",
            "profiles",
            "features",
            "scores",
            "segments",
            "activations"
        ]
    );
    let tasks = plan["tasks"].as_array().expect("tasks");
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("plan_keys", format!("{}\n\n{}", keys(&plan).join("\n"), keys(&tasks[0]).join("\n")));
    });
    let scores = tasks
        .iter()
        .find(|task| task["name"] == "scores.churn_scores");
    let scores = scores.expect("the task of the scores");
    assert_eq!(scores["layer"], "scores");
    assert_eq!(scores["as_of_date"], TOMORROW);
    // Each task comes after those it depends on, and layers come in their order.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for task in tasks {
        assert!(layers.contains(&task["layer"]), "{task}");
        for needed in task["depends_on"].as_array().expect("what it depends on") {
            let needed = needed.as_str().expect("the name and date of a task");
            assert!(seen.contains(needed), "{needed} comes after {task}");
        }
        let text = |key: &str| task[key].as_str().expect("a text");
        seen.insert(format!("{}@{}", text("name"), text("as_of_date")));
    }
}

#[test]
fn a_run_tells_each_task_on_both_ways_out() {
    let shop = Shop::with_orders();
    let told = shop
        .cdp("run --as-of 2026-01-04 --project shop --format json")
        .expect(0);
    let run = told.json();
    assert_eq!(
        keys(&run),
        ["run_id", "as_of_date", "records", "training", "not_due"]
    );
    let records = run["records"].as_array().expect("records");
    let tasks: Vec<&Value> = records.iter().map(|record| &record["task"]).collect();
    assert_eq!(
        tasks,
        [
            "raw.orders",
            "raw.visits",
            "staging.orders",
            "features.order_features"
        ]
    );
    for (place, rows) in [(2, 3), (3, 2)] {
        assert_eq!(records[place]["rows"], rows);
        assert_eq!(records[place]["status"], "succeeded");
        let versions = json!({ "raw.orders": 0 });
        assert_eq!(records[place]["input_versions"], versions);
    }

    // Standard error is no terminal here, so each event is a line of JSON.
    let events: Vec<Value> = told
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    let task = ["task_started", "task_finished"];
    assert_eq!(
        names,
        [&["run_started"][..], &task.repeat(4), &["run_finished"]].concat()
    );
    assert_eq!(events[0]["run_id"], run["run_id"]);

    let told = shop
        .cdp("run --as-of 2026-01-04 --project shop --format json --quiet")
        .expect(99);
    assert_eq!(told.stderr, "");
    assert_eq!(told.json()["records"][3]["status"], "up_to_date");
}

#[test]
fn a_backfill_is_a_list_of_runs() {
    let shop = Shop::with_orders();
    let line = "backfill --from 2026-01-02 --to 2026-01-04 --step-days 2 --reason why --project shop --format json";
    let runs = shop.cdp(line).expect(0).json();
    let dates: Vec<&Value> = runs
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| &run["as_of_date"])
        .collect();
    assert_eq!(dates, ["2026-01-02", "2026-01-04"]);
    assert_eq!(runs[0]["records"][2]["reason"], "why");
    let status = shop
        .cdp("status --project shop --format json")
        .expect(0)
        .json();
    assert_eq!(status[0]["reason"], "why");
}

#[test]
fn status_lists_the_last_runs() {
    let runs = demo()
        .cdp(&["status", "--format", "json", "--last", "1"])
        .expect(0)
        .json();
    assert_eq!(runs.as_array().map(Vec::len), Some(1));
    let run = &runs[0];
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("status_keys", format!("{}\n\n{}", keys(run).join("\n"), keys(&run["tasks"][0]).join("\n")));
    });
    assert_eq!(run["status"], "succeeded");
    assert_eq!(run["as_of_date"], TODAY);
    assert_eq!(run["reason"], "demo");
    let shop = Shop::with_orders();
    assert_eq!(
        shop.cdp("status --project shop --format json")
            .expect(0)
            .json(),
        json!([])
    );
}

#[test]
fn rows_come_as_json_and_csv() {
    let shop = Shop::with_features();
    let sql =
        "select customer, order_amount, as_of_date from features.order_features order by customer";
    let ask = |format: &str| {
        cdp(
            shop.dir(),
            &["sql", "--project", "shop", "--format", format, sql],
        )
        .expect(0)
    };
    let rows = ask("json");
    assert_eq!(
        rows.json(),
        json!([
            { "customer": "ann", "order_amount": 15.25, "as_of_date": "2026-01-04" },
            { "customer": "bob", "order_amount": 20.5, "as_of_date": "2026-01-04" },
        ])
    );
    assert_eq!(rows.stderr, "");
    assert_eq!(
        ask("csv").stdout,
        "customer,order_amount,as_of_date\nann,15.25,2026-01-04\nbob,20.50,2026-01-04\n"
    );
    let piped = cdp_with_input(
        shop.dir(),
        &["sql", "--project", "shop", "--format", "csv"],
        sql,
    );
    assert_eq!(piped.expect(0).stdout, ask("csv").stdout);
    let none = "select customer from features.order_features where false";
    let none = cdp(
        shop.dir(),
        &["sql", "--project", "shop", "--format", "json", none],
    );
    assert_eq!(none.expect(0).json(), json!([]));
}

#[test]
fn an_analyst_sees_what_was_known_before_a_date() {
    let shop = Shop::with_orders();
    let count = |date: &str| {
        let sql = "select count(*) as orders from raw.orders";
        let args = [
            "sql",
            "--project",
            "shop",
            "--format",
            "json",
            "--as-of",
            date,
            sql,
        ];
        cdp(shop.dir(), &args).expect(0).json()[0]["orders"].clone()
    };
    assert_eq!(count("2026-01-03"), 2);
    assert_eq!(count("2026-01-04"), 3);
}

#[test]
fn show_tells_a_model_and_its_bound_query() {
    let shop = Shop::with_features();
    let line = "show features.order_features --as-of 2026-01-04 --project shop --format json";
    let shown = shop.cdp(line).expect(0).json();
    assert_eq!(shown["materialization"], "partition");
    assert_eq!(shown["reads"], json!(["staging.orders"]));
    assert_eq!(shown["params"][0]["value"], "30");
    assert_eq!(shown["columns"][1]["meaning"], "orders in the window");
    let sql = shown["sql"].as_str().expect("a query").to_lowercase();
    assert!(!sql.contains('$'), "{sql}");
    assert!(sql.contains("2026-01-04"), "{sql}");
    assert!(sql.contains("30"), "{sql}");
    let source = shop
        .cdp("show raw.orders --project shop --format json")
        .expect(0)
        .json();
    assert_eq!(source["event_time"], "ordered_at");
    assert_eq!(source["read_by"], json!(["staging.orders"]));
}

/// What was loaded once is known again, whatever its file is called, packed or not.
#[test]
fn a_load_takes_each_content_once() {
    let shop = Shop::new();
    let load = |files: &str| {
        let line = format!("load orders {files} --project shop --format json");
        let loaded = shop.cdp(&line).expect(0).json();
        let number = |key: &str| loaded[key].as_u64().expect("a number");
        (
            number("files_added"),
            number("files_known"),
            number("rows_added"),
        )
    };
    assert_eq!(load("orders.csv"), (1, 0, 3));
    assert_eq!(load("orders.csv"), (0, 1, 0));
    fs::copy(shop.dir().join("orders.csv"), shop.dir().join("copy.csv")).expect("a copy");
    assert_eq!(load("orders.csv copy.csv"), (0, 2, 0));
    let row = |id: &str| {
        format!(
            "{{\"order_id\": \"{id}\", \"customer\": \"cyd\", \"amount\": 1.5, \"quantity\": 1, \
             \"ordered_at\": \"2026-01-03T12:00:00Z\", \"ingested_at\": \"2026-01-03T12:05:00Z\"}}\n"
        )
    };
    shop.write("more.jsonl", format!("{}{}", row("o4"), row("o5")));
    shop.write("more.ndjson", row("o6"));
    assert_eq!(load("more.jsonl more.ndjson"), (2, 0, 3));
    assert_eq!(load("more.*"), (0, 2, 0));
    let sql = "select count(*) as orders, cast(sum(amount) as varchar) as amount from raw.orders";
    let rows = cdp(
        shop.dir(),
        &["sql", "--project", "shop", "--format", "json", sql],
    );
    assert_eq!(
        rows.expect(0).json(),
        json!([{ "orders": 6, "amount": "40.25" }])
    );
}

/// A data file of one lake is a Parquet file like any other.
#[test]
fn a_load_takes_parquet() {
    let from = Shop::with_orders();
    let files = from.lake();
    let (_, bytes) = files
        .iter()
        .find(|(path, _)| path.extension().is_some_and(|end| end == "parquet"))
        .expect("a data file");
    let shop = Shop::new();
    shop.write("orders.parquet", bytes);
    let told = shop
        .cdp("load orders orders.parquet --project shop --format json")
        .expect(0);
    assert_eq!(told.json()["rows_added"], 3);
    let sql = "select * from raw.orders order by order_id";
    let rows = |shop: &Shop| {
        cdp(
            shop.dir(),
            &["sql", "--project", "shop", "--format", "csv", sql],
        )
        .expect(0)
        .stdout
    };
    assert_eq!(rows(&shop), rows(&from));
}

#[test]
fn completions_are_printed_for_every_shell() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = shop.cdp(&format!("completions {shell}")).expect(0);
        assert!(told.stdout.contains("backfill"), "{shell}");
        assert_eq!(told.stderr, "", "{shell}");
    }
}

/// Whoever reads the rows may stop reading: that is no fault.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let shop = Shop::with_orders();
    let mut child = program(shop.dir())
        .args(["show", "--project", "shop"])
        .stdout(
            File::options()
                .write(true)
                .open("/dev/full")
                .expect("a full device"),
        )
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(5), "a full disk is one");
    let mut child = program(shop.dir())
        .args(["show", "--project", "shop"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let told = Told::of(child.wait_with_output().expect("it ends"));
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
}
