//! Real input: the invoices of a British wholesaler, with what is known about them.

use std::env;
use std::path::{Path, PathBuf};

use cdp_churn::metrics::Metrics;
use cdp_churn::{Calibration, CalibrationMethod};
use serde_json::Value;

use crate::command::{cdp, print};
use crate::world::temp_dir;

const DATE: &str = "2011-09-11";
const HORIZON_END: &str = "2011-12-10";

#[test]
fn online_retail_comes_out_as_known() {
    let Some(data) = data() else {
        let missing = "there is no shared/data/online_retail/by-day next to the workspace";
        assert!(
            env::var_os("CDP_SKIP_NOTHING").is_none(),
            "nothing may be skipped, and {missing}"
        );
        print(format!("online retail: skipped, {missing}"));
        return;
    };
    let dir = temp_dir();
    let project = workspace().join("testdata/online_retail");
    let lake = dir.path().join("lake");
    let common = ["--project", text(&project), "--lake", text(&lake)];
    let ask = |args: &[&str]| cdp(dir.path(), &[args, &common].concat()).expect(0);
    let query = |query: &str| -> Vec<Value> {
        let told = ask(&["sql", "--format", "json", query]);
        told.json().as_array().cloned().expect("rows")
    };

    let files = data.join("*.csv");
    let load = ["load", "invoice_lines", text(&files), "--format", "json"];
    let loaded = ask(&load).json();
    assert_eq!(loaded["rows_added"], 541_909, "{loaded}");
    assert_eq!(loaded["files_added"], 305, "{loaded}");
    let again = ask(&load).json();
    assert_eq!(again["rows_added"], 0, "{again}");
    assert_eq!(again["files_known"], 305, "{again}");

    let raw = &query(
        "select count(*) as lines, count(*) - count(\"CustomerID\") as anonymous \
         from raw.invoice_lines",
    )[0];
    assert_eq!(raw["lines"], 541_909);
    assert_eq!(raw["anonymous"], 135_080);

    ask(&["run", "--as-of", DATE]);
    let scored = query(&format!(
        "with buyers as ( \
             select distinct m.profile_id from staging.orders as o \
             inner join identity.profile_map as m on m.identifier = o.identifier \
             where m.as_of_date = date '{DATE}' and o.is_sale \
             and o.ordered_at >= timestamp '{DATE}' and o.ordered_at < timestamp '{HORIZON_END}' \
         ) \
         select s.churn_probability, b.profile_id is null as churned \
         from scores.churn_scores as s left join buyers as b on b.profile_id = s.profile_id \
         where s.as_of_date = date '{DATE}' and s.is_eligible"
    ));
    let told: Vec<f64> = scored
        .iter()
        .map(|row| {
            row["churn_probability"]
                .as_f64()
                .expect("everybody is scored")
        })
        .collect();
    let churned: Vec<bool> = scored
        .iter()
        .map(|row| row["churned"].as_bool().expect("a label"))
        .collect();
    let Metrics {
        log_loss,
        ece,
        roc_auc,
        ..
    } = Metrics::of(&churned, &told).expect("both classes");
    let (ece, auc) = (ece.expect("groups"), roc_auc.expect("both classes"));
    let count = told.len();
    let rate = churned.iter().filter(|churned| **churned).count() as f64 / count as f64;
    print(format!(
        "online retail as of {DATE}: {count} eligible customers, {:.1} % without an order in the \
         horizon, log loss {log_loss:.4}, AUC {auc:.4}, calibration error {ece:.4}; log loss {:.4} with \
         a level that nobody can know, that of the season then",
        100.0 * rate,
        levelled(&churned, &told)
    ));
    assert_eq!(count, 3_370);
    assert!((rate - 0.430).abs() < 0.0005, "{rate:.4} without an order");
    assert!(log_loss <= 0.587, "log loss {log_loss:.4}");
    assert!(ece <= 0.05, "calibration error {ece:.4}");
    assert!(auc >= 0.735, "AUC {auc:.4}");

    // What was asked above must not come from what is only known later.
    let leaks = query(&format!(
        "select count(*) as rows from features.churn_features where as_of_date > date '{DATE}'"
    ));
    assert_eq!(leaks[0]["rows"], 0);
}

/// The log loss when as many had been expected to churn as did.
fn levelled(churned: &[bool], told: &[f64]) -> f64 {
    let log_odds: Vec<f64> = told.iter().map(|p| (p / (1.0 - p)).ln()).collect();
    let level = Calibration::fit(CalibrationMethod::Intercept, churned, &log_odds);
    let level = level.expect("both classes");
    let told: Vec<f64> = log_odds.iter().map(|z| level.probability(*z)).collect();
    let metrics = Metrics::of(churned, &told).expect("both classes");
    metrics.log_loss
}

fn workspace() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir
        .join("../..")
        .canonicalize()
        .expect("the workspace")
}

/// The daily files: below `CDP_SHARED_DATA`, or in `shared/data` next to the workspace.
fn data() -> Option<PathBuf> {
    let shared = env::var_os("CDP_SHARED_DATA").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| workspace().join("../shared/data"));
    let days = shared.join("online_retail/by-day");
    days.is_dir().then_some(days)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}
