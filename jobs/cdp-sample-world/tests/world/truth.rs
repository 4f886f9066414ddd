//! Whether the truth is true.

use std::collections::BTreeSet;

use cdp_sample_world::WorldSpec;

use crate::files::{Generated, Record};

/// Probability and outcome of each customer, least probability first.
fn customers(world: &Generated) -> Vec<(f64, bool)> {
    let mut customers: Vec<_> = world
        .records("truth/people.csv")
        .iter()
        .filter(|person| person["is_customer"] == "true")
        .map(|person| {
            let probability = person["true_churn_probability"].parse::<f64>();
            (probability.expect("a number"), person["churned"] == "true")
        })
        .collect();
    customers.sort_by(|a, b| a.0.total_cmp(&b.0));
    customers
}

/// How far outcomes are from their probabilities, in standard deviations.
fn deviation(people: &[(f64, bool)]) -> f64 {
    let expected: f64 = people.iter().map(|(p, _)| p).sum();
    let variance: f64 = people.iter().map(|(p, _)| p * (1.0 - p)).sum();
    let happened = people.iter().filter(|(_, churned)| *churned).count() as f64;
    (happened - expected).abs() / variance.sqrt().max(1e-9)
}

/// The share of pairs, one churned and one not, in which the churned one is the likelier.
fn auc(people: &[(f64, bool)]) -> f64 {
    let (mut stayed, mut won, mut churned) = (0.0, 0.0, 0.0);
    for tied in people.chunk_by(|a, b| a.0 >= b.0) {
        let here = tied.iter().filter(|(_, churned)| *churned).count() as f64;
        let others = tied.len() as f64 - here;
        won += here * (stayed + others / 2.0);
        churned += here;
        stayed += others;
    }
    won / (churned * stayed)
}

#[test]
fn true_probabilities_are_calibrated_and_tell_people_apart() {
    let spec = WorldSpec {
        people: 20_000,
        activity: 0.0,
        ..WorldSpec::default()
    };
    let world = Generated::keeping(&spec, |name| name == "truth/people.csv");
    let customers = customers(&world);
    assert!(deviation(&customers) < 3.0);
    // The dead come last; they churned for certain.
    let (alive, dead) = customers.split_at(customers.partition_point(|(p, _)| *p < 0.999_999));
    assert!(dead.iter().all(|(_, churned)| *churned));
    for tenth in alive.chunks(alive.len().div_ceil(10)) {
        assert!(deviation(tenth) < 3.5, "{:?}", tenth[0]);
    }
    let churned = customers.iter().filter(|(_, churned)| *churned).count();
    let share = churned as f64 / customers.len() as f64;
    assert!((0.35..0.5).contains(&share), "{share}");
    let auc = auc(&customers);
    assert!((0.88..0.93).contains(&auc), "{auc}");
}

#[test]
fn the_truth_agrees_with_the_orders() {
    let world = Generated::new(&WorldSpec::small());
    let people = world.records("truth/people.csv");
    let truth: usize = people
        .iter()
        .map(|person| person["orders_before"].parse::<usize>().expect("a count"))
        .sum();
    let orders = world.records("orders.csv");
    let sales = orders.iter().filter(|order| {
        order["order_type"] == "sale" && order["ordered_at"].as_str() < "2026-01-01"
    });
    assert_eq!(sales.count(), truth);
    for person in &people {
        assert_eq!(
            person["is_customer"] == "true",
            person["orders_before"] != "0"
        );
        let is_alive = person["alive"] == "true";
        let has_probability = person.contains_key("true_churn_probability");
        assert!(has_probability || !is_alive);
    }
}

fn is_placeholder(value: &str) -> bool {
    ["null", "anonymous", "0", "+0", "test@test.com", "unknown"].contains(&value)
}

fn normalised(kind: &str, value: &str) -> String {
    match kind {
        "email" => value.trim().to_lowercase(),
        "phone" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            format!("+{}", digits.strip_prefix("00").unwrap_or(&digits))
        }
        _ => value.to_owned(),
    }
}

#[test]
fn the_truth_names_every_identifier_in_the_tables_and_no_other() {
    let world = Generated::new(&WorldSpec {
        people: 400,
        ..WorldSpec::default()
    });
    let kinds = [
        "email",
        "phone",
        "user_id",
        "anonymous_id",
        "device_id",
        "crm_id",
        "loyalty_id",
        "record_id",
    ];
    let mut in_tables = BTreeSet::new();
    for file in world.summary.files.iter().filter(|f| f.source.is_some()) {
        for row in world.records(file.name) {
            for kind in kinds {
                let column = if kind == "crm_id" { "contact_id" } else { kind };
                if let Some(value) = row.get(column) {
                    in_tables.insert((kind.to_owned(), normalised(kind, value)));
                }
            }
        }
    }
    in_tables.retain(|(_, value)| !is_placeholder(value));
    let of = |row: &Record, column: &str| row[column].clone();
    let truth: BTreeSet<_> = world
        .records("truth/identifiers.csv")
        .iter()
        .map(|row| (of(row, "identifier_type"), of(row, "identifier_value")))
        .collect();
    let missing: Vec<_> = in_tables.difference(&truth).collect();
    let unfounded: Vec<_> = truth.difference(&in_tables).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(unfounded.is_empty(), "{unfounded:?}");
}
