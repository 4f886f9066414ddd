//! People who are in the CRM twice, without an identifier that says so.

mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::sync::OnceLock;

use cdp_linkage::{LinkageConfig, RawLinkageConfig, Records, link};
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Told, cdp, print};
use crate::world::{copy_folder, temp_dir};
use people::contacts;

/// The first day that is run for.
const FIRST: &str = "2026-01-02";
/// The day after it.
const SECOND: &str = "2026-01-03";
/// The day after that.
const THIRD: &str = "2026-01-04";
/// Who says so and why, from the run of the second day on.
const SAID: [&str; 6] = [
    "--valid-from",
    "2026-01-02",
    "--author",
    "ann",
    "--reason",
    "two sisters",
];

/// The project with its contacts loaded and run for the first day; only to be read.
fn project() -> &'static TempDir {
    static PROJECT: OnceLock<TempDir> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let dir = temp_dir();
        cdp(dir.path(), &["init", "crm"]).expect(0);
        let mut text = "contact_id,user_id,loyalty_id,email,phone,first_name,last_name,gender,\
                        birth_date,street,postcode,city,country,language,created_at,updated_at,\
                        ingested_at\n"
            .to_owned();
        for contact in contacts() {
            if contact.updated_at > "2026-01-02" {
                let early = "2026-01-01T09:00:00Z";
                let _ = writeln!(text, "{},,,,,,,,,,,,,,{early},{early},{early}", contact.id);
            }
            text += &contact.line();
        }
        fs::write(dir.path().join("contacts.csv"), text).expect("a file can be written");
        let load = ["load", "crm_contacts", "../contacts.csv"];
        cdp(&dir.path().join("crm"), &load).expect(0);
        run(&dir, FIRST).expect(0);
        dir
    })
}

fn copy(of: &TempDir) -> TempDir {
    let dir = temp_dir();
    copy_folder(of.path(), dir.path());
    dir
}

fn type_in(dir: &TempDir, args: &[&str]) -> Told {
    cdp(&dir.path().join("crm"), args)
}

fn run(dir: &TempDir, date: &str) -> Told {
    let select = "+identity.profile_map,+identity.profile_changes,+identity.violations".split(',');
    let select: Vec<&str> = select.flat_map(|one| ["--select", one]).collect();
    type_in(dir, &[&["run", "--as-of", date], &select[..]].concat())
}

fn rows(dir: &TempDir, query: &str) -> Vec<Value> {
    let args = ["sql", "--format", "json", "--limit", "100000", query];
    let told = type_in(dir, &args).expect(0);
    told.json().as_array().expect("rows").clone()
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

/// The profile of each contact.
fn profiles(dir: &TempDir, date: &str) -> BTreeMap<String, String> {
    let query = format!(
        "select identifier, profile_id from identity.profile_map \
         where as_of_date = '{date}' and identifier_type = 'crm_id'"
    );
    let rows = rows(dir, &query);
    rows.iter()
        .map(|row| (text(row, "identifier"), text(row, "profile_id")))
        .collect()
}

/// Every two contacts of one profile, and every two of one person.
fn pairs(profiles: &BTreeMap<String, String>) -> (BTreeSet<[&String; 2]>, BTreeSet<[&String; 2]>) {
    let both = |same: &dyn Fn(&String, &String) -> bool| {
        let all = profiles.keys();
        all.flat_map(|one| profiles.keys().map(move |other| [one, other]))
            .filter(|[one, other]| one < other && same(one, other))
            .collect()
    };
    (
        both(&|one, other| profiles[one] == profiles[other]),
        both(&|one, other| one.trim_end_matches('x') == other.trim_end_matches('x')),
    )
}

#[test]
fn people_who_are_there_twice_become_one_and_nobody_else_does() {
    let dir = project();
    let profiles = profiles(dir, FIRST);
    let (found, true_pairs) = pairs(&profiles);
    let right = found.intersection(&true_pairs).count();
    print(format_args!(
        "linkage of {} contacts: {right} of {} pairs right, {} people were there twice",
        profiles.len(),
        found.len(),
        true_pairs.len()
    ));
    assert_eq!(right, found.len(), "precision");
    assert!(true_pairs.len() > 90, "{}", true_pairs.len());
    assert!(right * 100 >= true_pairs.len() * 95, "recall");
}

#[test]
fn weights_are_stored_shown_and_serve_on_the_next_day() {
    let dir = copy(project());
    run(&dir, SECOND).expect(0);
    let trained = rows(
        &dir,
        "select distinct as_of_date from identity.linkage_model",
    );
    assert_eq!(trained.len(), 1);
    let used = rows(
        &dir,
        "select as_of_date, min(model_id) as id, max(model_id) as last from \
         identity.linked_records group by as_of_date",
    );
    assert_eq!(used.len(), 2);
    assert!(
        used.iter()
            .all(|row| row["id"] == used[0]["id"] && row["id"] == row["last"])
    );

    let args = ["identity", "weights", "--format", "json"];
    let told = type_in(&dir, &args).expect(0).json();
    assert_eq!(told["as_of_date"], FIRST);
    assert_eq!(told["model_id"], used[0]["id"]);
    let told = type_in(&dir, &["identity", "weights"]).expect(0).stdout;
    assert!(told.contains("birth_date"), "{told}");
    assert!(told.contains("names_swapped"), "{told}");

    // Another setting, other weights; a date before them keeps those that it had.
    let path = dir.path().join("crm/cdp.toml");
    let settings = fs::read_to_string(&path).expect("the settings");
    let other = settings.replace("\nblock_records_max = 100\n", "\nblock_records_max = 90\n");
    fs::write(&path, other).expect("written");
    let plan = ["plan", "--as-of", THIRD, "--format", "json"];
    let told = type_in(&dir, &plan).expect(0).json().to_string();
    assert!(
        told.contains(&format!("identity.linkage_model@{THIRD}")),
        "{told}"
    );
    run(&dir, THIRD).expect(0);
    let select = ["--select", "identity.linked_records", "--force"];
    type_in(&dir, &[&["run", "--as-of", SECOND], &select[..]].concat()).expect(0);
    let query = "select distinct as_of_date, model_id from identity.linked_records \
                 order by as_of_date";
    let ids: Vec<String> = rows(&dir, query)
        .iter()
        .map(|row| text(row, "model_id"))
        .collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[test]
fn a_change_says_that_records_were_linked() {
    let dir = copy(project());
    run(&dir, SECOND).expect(0);
    let query = format!(
        "select reason from identity.profile_changes \
         where as_of_date = '{SECOND}' and change_type = 'merged'"
    );
    let reasons = rows(&dir, &query);
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert_eq!(reasons[0]["reason"], "crm_id+crm_id@linked_records");
}

#[test]
fn who_says_that_they_are_two_is_obeyed() {
    let dir = copy(project());
    let query = "select left_identifier, right_identifier from identity.linked_records \
                 where is_accepted order by left_identifier limit 1";
    let pair = rows(&dir, query).swap_remove(0);
    let [one, other] = ["left_identifier", "right_identifier"].map(|name| text(&pair, name));
    let before = profiles(&dir, FIRST);
    assert_eq!(before[&one], before[&other]);
    let unlink = ["identity", "unlink", &one, &other];
    type_in(&dir, &[&unlink[..], &SAID].concat()).expect(0);
    run(&dir, SECOND).expect(0);
    let after = profiles(&dir, SECOND);
    assert_ne!(after[&one], after[&other]);
    let query = format!(
        "select count(*) as told from identity.violations where as_of_date = '{SECOND}' \
         and rule = 'never_link' and source = 'linked_records'"
    );
    assert_eq!(rows(&dir, &query)[0]["told"], 1);
    let args = ["identity", "matches", "--purpose", "identity"];
    let told = type_in(&dir, &args).expect(0).stdout;
    assert!(told.contains(&format!("{one} {other}")), "{told}");
}

/// The pairs of a date: identifiers, weight, and whether they are evidence.
fn linked(dir: &TempDir) -> BTreeMap<[String; 2], (f64, bool)> {
    let query = format!(
        "select left_identifier, right_identifier, match_weight, is_accepted \
         from identity.linked_records where as_of_date = '{FIRST}'"
    );
    let rows = rows(dir, &query);
    rows.iter()
        .map(|row| {
            let pair = ["left_identifier", "right_identifier"].map(|name| text(row, name));
            let weight = row["match_weight"].as_f64().expect("a number");
            (pair, (weight, row["is_accepted"] == true))
        })
        .collect()
}

#[test]
fn the_engine_links_as_memory_does() {
    let dir = project();
    let query = "select * from identity.records";
    let args = [
        "sql", "--format", "csv", "--as-of", FIRST, "--limit", "100000", query,
    ];
    let told = type_in(dir, &args).expect(0).stdout;
    let mut reader = csv::Reader::from_reader(told.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .expect("a header")
        .iter()
        .map(str::to_owned)
        .collect();
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let config = LinkageConfig::from_raw(&RawLinkageConfig::default()).expect("sound defaults");
    let columns = config.columns(&names);
    let mut records = Records::new(&config);
    let mut identifiers = Vec::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let values = columns.iter().map(|column| column.map(|place| &row[place]));
        records.push(&config, &values.collect::<Vec<_>>());
        identifiers.push(row[0].to_owned());
    }
    let linkage = link(&config, &records, 1);
    let clusters = linkage.clusters(0.99);
    let found = linked(dir);
    let expected = linkage.pairs();
    assert_eq!(found.len(), expected.len());
    for pair in expected {
        let (left, right) = (pair.left as usize, pair.right as usize);
        let mut names = [identifiers[left].clone(), identifiers[right].clone()];
        names.sort();
        let (weight, is_accepted) = found[&names];
        assert!(
            (weight - pair.weight).abs() < 1e-6,
            "{names:?}: {weight} {}",
            pair.weight
        );
        let is_one = pair.probability >= 0.99 && clusters[left] == clusters[right];
        assert_eq!(is_accepted, is_one, "{names:?}");
    }
    let model = type_in(dir, &["identity", "weights", "--format", "json"])
        .expect(0)
        .json();
    let expected = serde_json::to_value(linkage.model()).expect("plain data");
    assert_eq!(model["model"], expected);
}

#[test]
fn the_number_of_partitions_changes_no_pair() {
    let expected = linked(project());
    let dir = copy(project());
    let path = dir.path().join("crm/cdp.toml");
    let settings = fs::read_to_string(&path).expect("the settings");
    for partitions in ["1", "5"] {
        let other = settings.replace(
            "\npartitions = 0\n",
            &format!("\npartitions = {partitions}\n"),
        );
        fs::write(&path, other).expect("written");
        let select = ["--select", "+identity.linked_records", "--force"];
        type_in(&dir, &[&["run", "--as-of", FIRST], &select[..]].concat()).expect(0);
        assert_eq!(linked(&dir), expected, "{partitions}");
    }
}

#[test]
fn an_unknown_purpose_and_a_faulty_setting_are_told() {
    let dir = copy(project());
    let args = ["identity", "matches", "--purpose", "reviw"];
    let told = type_in(&dir, &args).expect(3);
    assert!(told.stderr.contains("did you mean `review`?"), "{told}");
    let path = dir.path().join("crm/cdp.toml");
    let settings = fs::read_to_string(&path).expect("the settings");
    fs::write(
        &path,
        settings.replace("\nreview = 0.8\n", "\nreview = 8\n"),
    )
    .expect("written");
    let told = type_in(&dir, &["validate"]).expect(3);
    assert!(told.stderr.contains("linkage.purposes.review"), "{told}");
    assert!(
        told.stderr.contains("a number above 0 and below 1"),
        "{told}"
    );
}

#[test]
fn without_linkage_nobody_is_linked() {
    let dir = copy(project());
    let path = dir.path().join("crm/cdp.toml");
    let settings = fs::read_to_string(&path).expect("the settings");
    fs::write(
        &path,
        settings.replacen("\nenabled = true\n", "\nenabled = false\n", 1),
    )
    .expect("written");
    run(&dir, SECOND).expect(0);
    let profiles = profiles(&dir, SECOND);
    assert!(pairs(&profiles).0.is_empty());
}
