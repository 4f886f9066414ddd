//! The default world has every kind of trouble that real tables have.

use std::collections::{HashMap, HashSet};

use cdp_sample_world::WorldSpec;
use chrono::{NaiveDateTime, TimeDelta};

use crate::files::{Generated, Record};

/// How many rows satisfy a condition.
fn count(rows: &[Record], condition: impl Fn(&Record) -> bool) -> usize {
    rows.iter().filter(|row| condition(row)).count()
}

fn is(row: &Record, column: &str, value: &str) -> bool {
    row.get(column).is_some_and(|found| found == value)
}

fn any_is(row: &Record, column: &str, values: &[&str]) -> bool {
    values.iter().any(|value| is(row, column, value))
}

fn grouped<'r>(rows: &'r [Record], column: &str) -> HashMap<&'r str, Vec<&'r Record>> {
    let mut groups: HashMap<&str, Vec<&Record>> = HashMap::new();
    for row in rows {
        if let Some(value) = row.get(column) {
            groups.entry(value).or_default().push(row);
        }
    }
    groups
}

fn time(row: &Record, column: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(&row[column], "%Y-%m-%dT%H:%M:%SZ").expect("a timestamp")
}

fn cents(row: &Record, column: &str) -> i64 {
    row[column].replace('.', "").parse().expect("an amount")
}

fn check_behaviour(rows: &[Record], source_column: &str) {
    let id_placeholders = ["null", "anonymous", "0", "unknown"];
    assert!(count(rows, |row| any_is(row, source_column, &id_placeholders)) > 10);
    assert!(count(rows, |row| any_is(row, "user_id", &id_placeholders)) > 10);
    assert!(count(rows, |row| !row.contains_key(source_column)) > 10);
    let late = |row: &Record| time(row, "ingested_at") - time(row, "occurred_at");
    let late_count = count(rows, |row| late(row) > TimeDelta::days(1));
    assert!(late_count > rows.len() / 200 && late_count < rows.len() / 10);
    assert!(rows.iter().all(|row| late(row) > TimeDelta::zero()));
    let events = grouped(rows, "event_id");
    let repeated: Vec<_> = events.values().filter(|rows| rows.len() > 1).collect();
    assert!(repeated.len() > rows.len() / 500);
    for rows in repeated {
        assert!(time(rows[1], "ingested_at") > time(rows[0], "ingested_at"));
        let content = |row: &Record| {
            let mut row = row.clone();
            row.remove("ingested_at");
            row
        };
        assert_eq!(content(rows[0]), content(rows[1]));
    }
}

fn check_sharing(world: &Generated, web_events: &[Record]) {
    let truth = world.records("truth/identifiers.csv");
    let values = grouped(&truth, "identifier_value");
    let shared: Vec<_> = values.values().filter(|rows| rows.len() > 1).collect();
    for kind in ["anonymous_id", "device_id"] {
        let of_kind = shared
            .iter()
            .filter(|rows| is(rows[0], "identifier_type", kind));
        assert!(of_kind.count() > 10, "{kind}");
    }
    let users_by_cookie = grouped(web_events, "anonymous_id");
    let two_users = users_by_cookie.iter().filter(|(cookie, rows)| {
        let users = rows.iter().filter_map(|row| row.get("user_id"));
        let users: HashSet<_> = users.filter(|user| user.starts_with('u')).collect();
        cookie.starts_with("ck-") && users.len() > 1
    });
    assert!(two_users.count() > 5);
    let several = grouped(&truth, "person_id").into_values().filter(|rows| {
        rows.iter()
            .filter(|row| is(row, "identifier_type", "anonymous_id"))
            .count()
            > 2
    });
    assert!(several.count() > 300);
}

fn check_orders(world: &Generated, web_events: &[Record]) {
    let orders = world.records("orders.csv");
    let sales = grouped(&orders, "order_id");
    let lines = world.records("order_lines.csv");
    let lines = grouped(&lines, "order_id");
    for order in &orders {
        let sum: i64 = lines[order["order_id"].as_str()]
            .iter()
            .map(|line| cents(line, "unit_price") * line["quantity"].parse::<i64>().expect("int"))
            .sum();
        assert_eq!(sum, cents(order, "total_amount"));
        assert_eq!(sum < 0, is(order, "order_type", "return"));
        if let Some(original) = order.get("original_order_id") {
            assert!(is(sales[original.as_str()][0], "order_type", "sale"));
        }
        assert!(!order.contains_key("cart_id") || order["channel"] != "store");
    }
    assert!(count(&orders, |row| is(row, "order_type", "return")) > 300);
    assert!(
        count(&orders, |row| any_is(
            row,
            "email",
            &["test@test.com", "null"]
        )) > 3
    );
    assert!(count(&orders, |row| is(row, "phone", "0")) > 3);
    assert!(count(&orders, |row| is(row, "user_id", "null")) > 3);
    assert!(
        count(&orders, |row| !row.contains_key("user_id")
            && row.contains_key("email"))
            > 500
    );
    let bought = grouped(&orders, "cart_id");
    let carts = grouped(web_events, "cart_id");
    let abandoned = carts.keys().filter(|cart| !bought.contains_key(**cart));
    assert!(abandoned.count() > 500);
    assert!(carts.keys().any(|cart| bought.contains_key(cart)));
}

fn check_contacts(world: &Generated) {
    let contacts = world.records("crm_contacts.csv");
    let email = |row: &Record| row.get("email").cloned().unwrap_or_default();
    assert!(count(&contacts, |row| email(row) != email(row).trim()) > 20);
    assert!(count(&contacts, |row| email(row) != email(row).to_lowercase()) > 20);
    assert!(count(&contacts, |row| email(row).ends_with("@mial.test")) > 0);
    assert!(
        count(&contacts, |row| any_is(
            row,
            "email",
            &["unknown", "test@test.com"]
        )) > 5
    );
    for start in ["00999 ", "+999 (", "+999-", "+999 0", "+9990"] {
        assert!(
            count(&contacts, |row| row
                .get("phone")
                .is_some_and(|phone| phone.starts_with(start)))
                > 5
        );
    }
    let versions = grouped(&contacts, "contact_id");
    assert!(versions.values().filter(|rows| rows.len() > 1).count() > 100);
    let keys: HashSet<_> = contacts
        .iter()
        .map(|row| (&row["contact_id"], &row["updated_at"]))
        .collect();
    assert_eq!(keys.len(), contacts.len());
    let names: HashSet<_> = contacts.iter().map(|row| &row["last_name"]).collect();
    assert!(names.len() > 100, "typos in names");
    let truth = world.records("truth/identifiers.csv");
    let contacts_of = grouped(&truth, "person_id").into_values().map(|rows| {
        rows.iter()
            .filter(|row| is(row, "identifier_type", "crm_id"))
            .count()
    });
    assert!(contacts_of.filter(|contacts| *contacts == 2).count() > 20);
    for row in world.text("truth/identifiers.csv").lines() {
        assert!(!row.contains("@example."));
    }
}

fn check_messages(world: &Generated) {
    let emails = world.records("email_events.csv");
    for (event_type, least) in [
        ("delivered", 10_000),
        ("opened", 2_000),
        ("clicked", 500),
        ("unsubscribed", 50),
        ("bounced", 10),
        ("complained", 10),
    ] {
        let found = count(&emails, |row| is(row, "event_type", event_type));
        assert!(found >= least, "{event_type}: {found}");
    }
    let consents = world.records("consents.csv");
    assert!(count(&consents, |row| is(row, "status", "refused")) > 500);
    let said: HashSet<_> = consents
        .iter()
        .filter_map(|row| Some((row.get("email")?, &row["channel"], &row["status"])))
        .collect();
    let contradicting = consents.iter().filter(|row| {
        let email = row.get("email");
        is(row, "source", "crm")
            && email.is_some_and(|email| {
                ["granted", "refused"]
                    .iter()
                    .all(|status| said.contains(&(email, &row["channel"], &(*status).to_owned())))
            })
    });
    assert!(contradicting.count() > 5);
    let tickets = world.records("support_tickets.csv");
    assert!(count(&tickets, |row| any_is(row, "satisfaction", &["1", "2"])) > 50);
    assert!(
        grouped(&tickets, "ticket_id")
            .values()
            .any(|rows| rows.len() == 2)
    );
    let subscriptions = world.records("subscription_events.csv");
    for event_type in ["started", "renewed", "cancelled"] {
        assert!(count(&subscriptions, |row| is(row, "event_type", event_type)) > 10);
    }
}

#[test]
fn the_default_world_has_every_kind_of_noise() {
    let world = Generated::new(&WorldSpec::default());
    let web_events = world.records("web_events.jsonl");
    check_behaviour(&web_events, "anonymous_id");
    check_behaviour(&world.records("app_events.jsonl"), "device_id");
    check_sharing(&world, &web_events);
    check_orders(&world, &web_events);
    check_contacts(&world);
    check_messages(&world);
    let people = world.records("truth/people.csv");
    assert!(count(&people, |row| is(row, "is_customer", "false")) > 500);
    let products = world.records("products.csv");
    assert_eq!(grouped(&products, "product_id").len(), 120);
    assert!(count(&products, |row| is(row, "is_available", "false")) > 5);
    // Most rows are behaviour, 60 to 100 for each person and year.
    let behaviour = world.summary.rows("web_events.jsonl") + world.summary.rows("app_events.jsonl");
    assert!(2 * behaviour > world.summary.total());
    let per_person_year = behaviour as f64 / 2_000.0 / (455.0 / 365.0);
    assert!(
        (60.0..100.0).contains(&per_person_year),
        "{per_person_year}"
    );
}
