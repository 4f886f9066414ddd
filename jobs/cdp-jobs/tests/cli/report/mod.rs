//! The page of a report, from the command line and in a real browser.

mod browser;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use self::browser::Browser;
use crate::command::{cdp, print};
use crate::world::{TODAY, TOMORROW, World, demo, temp_dir};

/// Scores of this date are held against what happened when the horizon closes, which is tomorrow.
const EARLIER: &str = "2025-10-04";
/// What each section is called in a link.
const SECTIONS: [&str; 7] = [
    "definition",
    "quality",
    "weights",
    "scores",
    "drift",
    "outcomes",
    "customers",
];
/// A phone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 820, 1280];
/// WCAG 2.2, level AA, of text of any size.
const CONTRAST_MIN: f64 = 4.5;

/// The demo with a run of a date whose horizon has closed, and the run of the day after the demo.
fn history() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = demo().copy();
        let backfill = [
            "backfill",
            "--from",
            EARLIER,
            "--to",
            EARLIER,
            "--reason",
            "outcomes",
            "--select",
            "+scores.retention_offers",
        ];
        world.cdp(&backfill).expect(0);
        world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
        world
    })
}

fn rows(world: &World, query: &str) -> Vec<Value> {
    let told = world.cdp(&["sql", "--format", "json", query]).expect(0);
    told.json().as_array().expect("rows").clone()
}

#[test]
fn a_report_tells_what_the_tables_hold() {
    let world = history();
    let folder = temp_dir();
    let file = folder.path().join("churn.html");
    let out = file.to_str().expect("a path of text");
    fs::write(&file, "what was there before").expect("a file can be written");
    let told = world.cdp(&["report", "--out", out, "--format", "json"]);
    let told = told.expect(0).json();
    let page = fs::read_to_string(&file).expect("the page was written");
    assert_eq!(told["path"], out);
    assert_eq!(told["bytes"], page.len());
    assert_eq!(told["as_of_date"], TOMORROW);
    // Nothing half written is left beside it.
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);

    let query = format!(
        "select min(model_id) as model_id, count(*) as scored, sum(churn_probability) as expected \
         from scores.churn_scores where as_of_date = date '{TOMORROW}' and churn_probability is not null"
    );
    let scores = &rows(world, &query)[0];
    assert_eq!(told["model_id"], scores["model_id"]);
    assert_eq!(told["customers_scored"], scores["scored"]);
    let expected = scores["expected"].as_f64().expect("a sum");
    assert!(page.contains(&format!(">{expected:.0}</dd>")), "{expected}");

    // The customers are spread from the highest probability to the lowest, with their reasons.
    let query = format!(
        "select profile_id from scores.churn_scores where as_of_date = date '{TOMORROW}' \
         and churn_probability is not null order by churn_probability desc, profile_id"
    );
    let ranked = rows(world, &query);
    let id = |row: &Value| row["profile_id"].as_str().expect("an id").to_owned();
    for extreme in [ranked.first(), ranked.last()] {
        assert!(page.contains(&id(extreme.expect("customers"))));
    }
    let told_of = ranked.iter().filter(|row| page.contains(&id(row)));
    assert_eq!(told_of.count(), 10);
    let query = format!(
        "select sentence from scores.churn_reasons where as_of_date = date '{TOMORROW}' \
         and rank = 1 and profile_id = '{}'",
        id(&ranked[0])
    );
    let sentence = rows(world, &query)[0]["sentence"]
        .as_str()
        .map(str::to_owned);
    assert!(page.contains(&sentence.expect("a sentence")));

    // What really happened to those who were scored when the horizon began.
    let query = format!(
        "select row_count, log_loss from scores.churn_outcomes \
         where as_of_date = date '{TOMORROW}' and cohort = 'all' and decile = 0"
    );
    let outcome = &rows(world, &query)[0];
    let loss = outcome["log_loss"].as_f64().expect("a figure");
    assert!(page.contains(&format!("<td class=\"n\">{loss:.3}</td>")));
    assert!(page.contains(&format!(
        "The horizon of the scores of {EARLIER} has closed"
    )));
}

#[test]
fn a_report_of_an_earlier_date_knows_nothing_of_later_ones() {
    let world = history();
    let folder = temp_dir();
    let of = |as_of: &str| {
        let file = folder.path().join("churn.html");
        let args = [
            "report",
            "--as-of",
            as_of,
            "--out",
            file.to_str().expect("text"),
        ];
        world.cdp(&args).expect(0);
        fs::read_to_string(&file).expect("the page was written")
    };
    let page = of(TODAY);
    assert!(page.contains(&format!("Churn as of {TODAY}")));
    assert!(!page.contains(TOMORROW));
    let page = of(EARLIER);
    assert!(!page.contains(TODAY) && !page.contains(TOMORROW));
    assert_eq!(of(EARLIER), page);
}

#[test]
fn no_contact_point_stands_in_a_report() {
    let world = history();
    let file = world.project().join("churn.html");
    let args = ["report", "--customers", "1000", "--out", "churn.html"];
    world.cdp(&args).expect(0);
    let page = fs::read_to_string(file).expect("the page was written");
    let query = format!(
        "select email, phone, last_name from profiles.profile_snapshots \
         where as_of_date = date '{TOMORROW}'"
    );
    let profiles = rows(world, &query);
    assert!(profiles.len() > 500, "{}", profiles.len());
    for profile in profiles {
        for field in ["email", "phone", "last_name"] {
            let value = profile[field].as_str().unwrap_or_default();
            assert!(value.is_empty() || !page.contains(value), "{field} {value}");
        }
    }
}

#[test]
fn a_report_that_can_not_be_made_says_why() {
    let folder = temp_dir();
    let world = demo();
    let out = |path: &Path| path.display().to_string();
    let absent = out(&folder.path().join("absent/churn.html"));
    let told = world.cdp(&["report", "--out", &absent]).expect(2);
    assert!(
        told.stderr.contains("is in a folder that is not there"),
        "{told}"
    );
    assert!(told.stderr.contains("hint: make `"), "{told}");

    let told = world
        .cdp(&["report", "--out", &out(folder.path())])
        .expect(2);
    assert!(told.stderr.contains("is a folder"), "{told}");
    assert!(told.stderr.contains("churn.html"), "{told}");

    let file = out(&folder.path().join("churn.html"));
    let args = ["report", "--out", &file, "--as-of", "2025-12-24"];
    let told = world.cdp(&args).expect(2);
    assert!(
        told.stderr.contains("was not made for 2025-12-24"),
        "{told}"
    );
    assert!(told.stderr.contains(TODAY), "{told}");

    cdp(folder.path(), &["init", "shop"]).expect(0);
    let told = cdp(
        &folder.path().join("shop"),
        &["report", "--out", "churn.html"],
    );
    assert!(told.expect(5).stderr.contains("there is no lake"));
    assert!(!folder.path().join("churn.html").exists());
}

#[test]
fn the_page_is_right_in_a_browser() {
    let browser = match Browser::find() {
        Ok(browser) => browser,
        Err(reason) => {
            print(format!("report: not opened in a browser, {reason}"));
            return;
        }
    };
    let world = history();
    let folder = temp_dir();
    let page = folder.path().join("churn.html");
    let out = page.to_str().expect("a path of text");
    world.cdp(&["report", "--out", out]).expect(0);
    for dark in [false, true] {
        let seen = browser.look(&page, &WIDTHS, dark);
        assert_eq!(seen.console, "", "the browser has something to say");
        for (view, width) in seen.views.iter().zip(WIDTHS) {
            let told = format!("width {width}, dark {dark}: {view}");
            assert_eq!(view["width"], width, "{told}");
            assert_eq!(view["dark"], dark, "{told}");
            // Nothing is wider than the screen but what scrolls within itself.
            assert!(
                view["scroll_width"].as_u64() <= Some(width.into()),
                "{told}"
            );
            assert_eq!(view["too_wide"], Value::Array(Vec::new()), "{told}");
            assert_eq!(view["sections"], Value::from(SECTIONS.to_vec()), "{told}");
            assert_eq!(view["fetched"], 0, "{told}");
            let plots = view["plots"].as_array().expect("plots");
            assert_eq!(plots.len(), 6, "{told}");
            for plot in plots {
                assert!(plot["width"].as_f64() > Some(250.0), "{told}");
                assert!(plot["height"].as_f64() > Some(180.0), "{told}");
                assert!(plot["text_size"].as_f64() >= Some(9.5), "{told}");
                assert_eq!(plot["without_colour"], 0, "{told}");
            }
            assert!(view["contrast"].as_f64() >= Some(CONTRAST_MIN), "{told}");
        }
        let (light, kept) = (if dark { "dark" } else { "light" }, browser::kept());
        for width in [WIDTHS[0], WIDTHS[2]] {
            let file = kept.join(format!("report-{width}-{light}.png"));
            browser.picture(&page, width, dark, &file);
            print(format!("report: a picture of it is {}", file.display()));
        }
    }
}
