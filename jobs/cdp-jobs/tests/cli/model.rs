//! Which churn models there are, and what one of them is.

use std::fs;

use serde_json::Value;

use crate::command::cdp;
use crate::world::{TODAY, TOMORROW, World, demo, temp_dir};

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
    let weights = told.stdout.split("what moves scores most").nth(1);
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

    let told = demo().cdp(&["model", "horizon", "--as-of", "2020-01-01"]);
    assert!(told.expect(0).stderr.contains("nobody has ordered twice"));

    let empty = temp_dir();
    cdp(empty.path(), &["init", "shop"]).expect(0);
    let told = cdp(&empty.path().join("shop"), &["model", "list"]).expect(5);
    assert!(told.stderr.contains("there is no lake"), "{told}");
}

#[test]
fn a_horizon_is_judged_by_the_gaps_between_orders() {
    let told = json(&["model", "horizon"]);
    assert_eq!(told["as_of_date"], TODAY);
    // Counted in another way: order days of a profile, less one for each, are its gaps.
    let query = format!(
        "select sum(frequency) as closed, count(*) as open from features.order_features \
         where as_of_date = date '{TODAY}'"
    );
    let counted = &json(&["sql", &query])[0];
    assert_eq!(told["closed_gaps"], counted["closed"]);
    assert_eq!(told["open_gaps"], counted["open"]);
    assert_eq!(told["customers"], counted["open"]);
    let days: Vec<u64> = told["quantiles"]
        .as_array()
        .expect("quantiles")
        .iter()
        .map(|quantile| quantile["days"].as_u64().expect("days"))
        .collect();
    assert!(days.is_sorted() && days[0] > 0, "{days:?}");
    assert_eq!(told["advised_days"], days[2].div_ceil(7) * 7);
    // The newest cut-off is the one that the model was tried at, with the same customers but for
    // profiles that were merged since.
    let newest = &told["cutoffs"][0];
    let tried = &json(&["model", "show"])["model"]["evaluation"]["measured"]["test"];
    let eligible = newest["eligible"].as_f64().expect("a count");
    let tested = tried["churned"].as_f64().zip(tried["retained"].as_f64());
    let tested = tested.map(|(churned, retained)| churned + retained);
    assert!(tested.is_some_and(|rows| (rows - eligible).abs() <= 0.03 * rows));

    let text = demo().cdp(&["model", "horizon"]).expect(0).stdout;
    for words in [
        "how long customers take",
        "`churn.horizon_days` is 90",
        "cut-off",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

/// Puts one line of `cdp.toml` in place of another.
fn configure(world: &World, line: &str, by: &str) {
    let path = world.project().join("cdp.toml");
    let text = fs::read_to_string(&path).expect("the demo has one");
    assert!(text.contains(line), "{line}");
    fs::write(path, text.replacen(line, by, 1)).expect("it can be written");
}

fn ask(world: &World, query: &str) -> Value {
    world
        .cdp(&["sql", "--format", "json", query])
        .expect(0)
        .json()
}

#[test]
fn a_chosen_horizon_is_that_of_the_model_until_it_is_trained_again() {
    let world = demo().copy();
    configure(&world, "horizon_days = 90", "horizon_days = \"auto\"");
    let plan = |date| {
        let told = world.cdp(&["plan", "--as-of", date, "--format", "json"]);
        told.expect(0).json()
    };
    let first = plan(TOMORROW);
    let chosen = first["horizon_days"].as_i64().expect("days");
    assert!(chosen % 7 == 0 && chosen != 90, "{chosen}");
    let training = first["training"].as_str().expect("it is due");
    assert!(
        training.contains("`churn.horizon_days` is auto and was 90"),
        "{training}"
    );
    // The gaps of profiles, whose identifiers are known, ask for much the same.
    let told = world.cdp(&["model", "horizon", "--format", "json"]);
    let advised = told.expect(0).json()["advised_days"].as_i64();
    assert!(
        advised.is_some_and(|days| (days - chosen).abs() <= 14),
        "{advised:?} {chosen}"
    );

    world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
    let scored = format!(
        "select min(horizon_days) as low, max(horizon_days) as high from scores.churn_scores \
         where as_of_date = date '{TOMORROW}'"
    );
    let scored = &ask(&world, &scored)[0];
    assert_eq!(
        (scored["low"].as_i64(), scored["high"].as_i64()),
        (Some(chosen), Some(chosen))
    );
    let told = world.cdp(&["model", "show"]).expect(0).stdout;
    assert!(
        told.contains(&format!("no order in {chosen} days")),
        "{told}"
    );
    let told = world.cdp(&["model", "horizon"]).expect(0).stdout;
    assert!(
        told.contains(&format!("\"auto\", which is {chosen} now")),
        "{told}"
    );

    // While the model serves, its horizon does.
    let next = plan("2026-01-03");
    assert_eq!(next["horizon_days"], chosen);
    assert_eq!(next["training"], Value::Null);
    // And the date of the model keeps it, whatever is asked of it again.
    assert_eq!(plan(TOMORROW)["horizon_days"], chosen);
}

#[test]
fn what_there_is_to_learn_from_is_told() {
    let told = json(&["model", "data"]);
    assert_eq!(told["as_of_date"], TODAY);
    assert_eq!(told["cutoffs"], json(&["model", "horizon"])["cutoffs"]);
    assert_eq!(told["cutoffs"].as_array().map(Vec::len), Some(6));
    let query = format!(
        "select count(*) as eligible from features.churn_features \
         where as_of_date = date '{TODAY}' and is_eligible"
    );
    assert_eq!(told["eligible"], json(&["sql", &query])[0]["eligible"]);
    assert_eq!(told["suffices"], true);
    assert_eq!(told["suffices_on"], Value::Null);
    // As many as were learned from, but for profiles that were merged since.
    let rows = json(&["model", "list"])[0]["row_count"]
        .as_f64()
        .expect("rows");
    let stacked = told["churned"].as_f64().zip(told["stayed"].as_f64());
    let stacked = stacked.map(|(churned, stayed)| churned + stayed);
    assert!(stacked.is_some_and(|stacked| (stacked - rows).abs() <= 0.03 * rows));

    let text = demo().cdp(&["model", "data"]).expect(0).stdout;
    for words in ["orders since", "cut-off", "that is enough"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let told = demo().cdp(&["model", "data", "--as-of", "2020-01-01"]);
    assert!(told.expect(0).stderr.contains("nobody is a customer yet"));
}

#[test]
fn with_too_few_customers_a_date_and_an_order_of_customers_are_offered() {
    let dir = temp_dir();
    cdp(dir.path(), &["demo", "cdp-demo", "--people", "40"]).expect(0);
    let world = World::of(dir);
    let note = "select note from ops.runs where task = 'scores.churn_model'";
    let note = ask(&world, note)[0]["note"].clone();
    let note = note.as_str().expect("a note");
    assert!(note.starts_with("no model: "), "{note}");
    assert!(note.contains("there will be enough on about 20"), "{note}");
    let told = world
        .cdp(&["model", "data", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(told["suffices"], false);
    let date = told["suffices_on"].as_str().expect("a date");
    assert!(date > TODAY, "{date}");
    let counts = "select count(*) as scored from scores.churn_scores where risk_band is not null";
    assert_eq!(ask(&world, counts)[0]["scored"], 0);

    configure(
        &world,
        "fallback = \"none\"",
        "fallback = \"recency_frequency\"",
    );
    world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
    let counts = format!(
        "select count(*) as eligible, count(churn_probability) as told, count(percentile) as ordered, \
         count(risk_band) as bands, count(model_id) as models, max(percentile) as highest, \
         sum(case when score_kind = 'fallback_recency_frequency' \
             and not_scored_reason = 'there is no model yet' then 1 else 0 end) as labelled \
         from scores.churn_scores where as_of_date = date '{TOMORROW}' and is_eligible"
    );
    let counts = &ask(&world, &counts)[0];
    let eligible = &counts["eligible"];
    assert!(eligible.as_i64().is_some_and(|count| count > 10));
    for ordered in ["ordered", "bands", "labelled"] {
        assert_eq!(&counts[ordered], eligible, "{ordered}");
    }
    assert_eq!((&counts["told"], &counts["models"]), (&0.into(), &0.into()));
    assert_eq!(counts["highest"].as_f64(), Some(100.0));
    // The report tells whom it put in order.
    let page = world.dir().join("fallback.html");
    let page_text = page.to_str().expect("a path");
    let told = world.cdp(&["report", "--out", page_text, "--format", "json"]);
    assert_eq!(&told.expect(0).json()["customers_in_order"], eligible);
    let page = fs::read_to_string(&page).expect("a report");
    let tile = format!("Customers put in order</dt><dd class=\"figure\">{eligible}</dd>");
    assert!(page.contains(&tile), "{tile}");
    // Nothing that needs a probability is made of it.
    let made = "select (select count(*) from scores.retention_offers) as offers, \
                (select count(*) from scores.churn_reasons) as reasons";
    assert_eq!(
        ask(&world, made)[0],
        serde_json::json!({"offers": 0, "reasons": 0})
    );
}

/// `model data` and the labels of a date, cut-off by cut-off.
fn assert_data_tells_the_labels(world: &World, date: &str) {
    let told = world.cdp(&["model", "data", "--as-of", date, "--format", "json"]);
    let told = told.expect(0).json();
    // Profiles may have merged since a cut-off: counted as those of the date.
    let labels = format!(
        "with now as ( \
             select distinct past.as_of_date as cutoff_date, past.profile_id, \
                 present.profile_id as profile_id_now \
             from identity.profile_map as past \
             inner join identity.profile_map as present on past.identifier = present.identifier \
             where present.as_of_date = date '{date}' \
         ) \
         select cast(labels.cutoff_date as varchar) as cutoff_date, \
             count(distinct now.profile_id_now) as eligible, \
             count(distinct case when labels.churned then now.profile_id_now end) as churned \
         from features.churn_labels as labels \
         inner join now on now.cutoff_date = labels.cutoff_date \
             and now.profile_id = labels.profile_id \
         where labels.as_of_date = date '{date}' \
         group by labels.cutoff_date order by cutoff_date desc limit 6"
    );
    let labels = ask(world, &labels);
    assert_eq!(labels.as_array().map(Vec::len), Some(6), "{labels}");
    for (told, label) in told["cutoffs"]
        .as_array()
        .into_iter()
        .flatten()
        .zip(labels.as_array().into_iter().flatten())
    {
        assert_eq!(told["cutoff_date"], label["cutoff_date"]);
        for figure in ["eligible", "churned"] {
            let (a, b) = (told[figure].as_f64(), label[figure].as_f64());
            // Of a merged profile a part may not have been known yet.
            let near = a
                .zip(b)
                .is_some_and(|(a, b)| (a - b).abs() <= 1.0 + 0.03 * b);
            assert!(near, "{told} {label}");
        }
    }
}

#[test]
fn whoever_has_a_contract_is_asked_whether_it_ends() {
    let world = demo().copy();
    configure(
        &world,
        "kind = \"non_contractual\"",
        "kind = \"contractual\"",
    );
    world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
    // Who has a subscription by features that know nothing of churn.
    let counts = format!(
        "select sum(case when churn.is_eligible then 1 else 0 end) as eligible, \
         sum(case when churn.is_eligible <> (coalesce(held.active_subscription_count, 0) > 0) \
             then 1 else 0 end) as others \
         from features.churn_features as churn \
         left join features.subscription_features as held \
         on churn.profile_id = held.profile_id and churn.as_of_date = held.as_of_date \
         where churn.as_of_date = date '{TOMORROW}'"
    );
    let counts = &ask(&world, &counts)[0];
    assert!(
        counts["eligible"].as_i64().is_some_and(|count| count > 5),
        "{counts}"
    );
    assert_eq!(counts["others"], 0);
    assert_data_tells_the_labels(&world, TOMORROW);
    // The model of before says who will order no more, which nobody asks now.
    let scored = format!(
        "select count(churn_probability) as told, count(*) as all_rows from scores.churn_scores \
         where as_of_date = date '{TOMORROW}'"
    );
    let scored = &ask(&world, &scored)[0];
    assert_eq!(scored["told"], 0, "{scored}");
    assert_ne!(scored["all_rows"], 0);
    let told = world.cdp(&["model", "horizon"]).expect(2).stderr;
    assert!(told.contains("cdp-jobs model data"), "{told}");

    // Where visits count too, most people are customers, and there is enough to learn from.
    configure(
        &world,
        "kind = \"contractual\"",
        "kind = \"non_contractual\"",
    );
    configure(
        &world,
        "target = [\"order\"]",
        "target = [\"order\", \"web_visit\"]",
    );
    world.cdp(&["run", "--as-of", "2026-01-03"]).expect(0);
    assert_data_tells_the_labels(&world, "2026-01-03");
    let told = world.cdp(&["model", "show"]).expect(0).stdout;
    assert!(
        told.contains("no order and no web visit in 90 days"),
        "{told}"
    );
    assert!(told.contains("such event"), "{told}");
}

#[test]
fn what_offers_by_a_model_bring_is_told() {
    let offer = |cost, rate| {
        let flags = ["--offer-cost", cost, "--save-rate", rate, "--value", "120"];
        [&["model", "profit"], flags.as_slice()].concat()
    };
    let found = demo()
        .cdp(&[offer("5", "0.1"), vec!["--format", "json"]].concat())
        .expect(0)
        .json();
    let number = |name: &str| found[name].as_f64().expect("a number");
    assert!((number("threshold") - 5.0 / 12.0).abs() < 1e-12);
    // Nobody does better than who knows the outcome, and the model names better than all or none.
    assert!(number("at_best") > number("per_row"));
    assert!(number("per_row") > number("of_all").max(0.0), "{found}");
    let best = number("churn_rate") * (12.0 - 5.0);
    assert!((number("at_best") - best).abs() < 1e-9);
    let told = demo().cdp(&offer("5", "0.1")).expect(0).stdout;
    assert!(
        told.contains("pays from a churn probability of 0.417 on"),
        "{told}"
    );
    let told = demo().cdp(&offer("50", "0.1")).expect(0).stdout;
    assert!(told.contains("never pays"), "{told}");
    let told = demo().cdp(&offer("5", "1.5")).expect(2);
    let expected = "`--save-rate` is 1.5, expected a share above 0 and up to 1";
    assert!(told.stderr.contains(expected), "{told}");
}
