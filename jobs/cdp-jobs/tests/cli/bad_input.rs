//! Input that has gone wrong: each has a clear outcome, nobody is welded to a stranger, nothing is lost.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Told, cdp};
use crate::world::temp_dir;

const DAY: &str = "2026-01-02";
const HEADER: &str =
    "consent_id,user_id,email,channel,purpose,status,source,recorded_at,ingested_at\n";
const SAID: [&str; 6] = [
    "--valid-from",
    "2026-01-01",
    "--author",
    "ann",
    "--reason",
    "told so",
];

/// A project of the built-in models with consents alone, whose rows tie accounts to addresses.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let dir = temp_dir();
        fs::write(dir.path().join("cdp.toml"), "[lake]\nurl = \"lake\"\n").expect("it is written");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn cdp(&self, args: &[&str]) -> Told {
        cdp(self.path(), args)
    }

    /// Loads rows of an account and an address each.
    fn load(&self, rows: &[(&str, &str)]) -> Told {
        let mut text = HEADER.to_owned();
        for (number, (user, email)) in rows.iter().enumerate() {
            add(&mut text, number, user, email);
        }
        self.load_file(&text)
    }

    fn load_file(&self, text: &str) -> Told {
        let file = self.path().join("consents.csv");
        fs::write(&file, text).expect("it is written");
        let file = file.display().to_string();
        self.cdp(&["load", "consents", &file]).expect(0)
    }

    fn run(&self) -> Told {
        let select = "+identity.profile_map,+identity.violations";
        self.cdp(&["run", "--as-of", DAY, "--select", select])
            .expect(0)
    }

    fn rows(&self, query: &str) -> Vec<Value> {
        let told = self.cdp(&["sql", "--format", "json", query]).expect(0);
        told.json().as_array().expect("rows").clone()
    }

    /// Each identifier with its profile.
    fn map(&self) -> Vec<(String, String)> {
        let query = "select identifier, profile_id from identity.profile_map order by identifier";
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let rows = self.rows(query);
        let rows = rows
            .iter()
            .map(|row| (text(&row["identifier"]), text(&row["profile_id"])));
        rows.collect()
    }

    fn rules(&self) -> Vec<String> {
        let rows = self.rows("select rule from identity.violations order by rule");
        let rows = rows
            .iter()
            .map(|row| row["rule"].as_str().expect("a text").to_owned());
        rows.collect()
    }

    fn count(&self, table: &str) -> Value {
        self.rows(&format!("select count(*) as n from {table}"))[0]["n"].clone()
    }

    fn say(&self, args: &[&str]) -> Told {
        self.cdp(&[&["identity"], args, &SAID].concat())
    }
}

fn add(text: &mut String, number: usize, user: &str, email: &str) {
    let at = "2026-01-01T08:00:00Z";
    let _ = writeln!(
        text,
        "c{number},{user},{email},email,marketing,granted,web,{at},{at}"
    );
}

/// How many profiles there are among the identifiers of a map.
fn profiles(map: &[(String, String)]) -> usize {
    let ids: std::collections::BTreeSet<&String> = map.iter().map(|(_, id)| id).collect();
    ids.len()
}

#[test]
fn a_million_rows_that_share_a_placeholder_weld_nobody() {
    let project = Project::new();
    let mut text = HEADER.to_owned();
    // One that is known to be nobody, and one that only its company can tell.
    for number in 0..1_000_000 {
        let user = format!("u{}", number % 5_000);
        let email = if number % 2 == 0 {
            "unknown"
        } else {
            "till@shop.de"
        };
        add(&mut text, number, &user, email);
    }
    let told = project.load_file(&text);
    assert!(told.stdout.contains("1,000,000 rows added"), "{told}");
    let told = project.run();
    assert!(told.to_string().contains("1 violation"), "{told}");
    assert_eq!(project.count("raw.consents"), 1_000_000);
    let map = project.map();
    assert_eq!((map.len(), profiles(&map)), (5_000, 5_000));
    let broken = project.rows("select rule, identifier_type, size from identity.violations");
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0]["rule"], "degree_max");
    assert_eq!(broken[0]["size"], 2_500);
}

#[test]
fn who_was_seen_with_too_many_is_nobody_and_it_is_told_why() {
    let project = Project::new();
    let users: Vec<String> = (0..250).map(|number| format!("u{number}")).collect();
    let rows: Vec<(&str, &str)> = users
        .iter()
        .map(|user| (user.as_str(), "till@shop.de"))
        .collect();
    project.load(&rows);
    project.run();
    let told = project
        .cdp(&["explain", "link", "user_id:u1", "email:till@shop.de"])
        .expect(0);
    assert!(
        told.stdout.contains("it was seen with 250 others"),
        "{told}"
    );
    assert!(told.stdout.contains("degree_max"), "{told}");
}

#[test]
fn without_an_identifier_a_row_is_kept_and_is_nobodys() {
    let project = Project::new();
    project.load(&[("", ""), ("u1", ""), ("", "jane@shop.de"), (" ", "null")]);
    project.run();
    assert_eq!(project.count("raw.consents"), 4);
    assert_eq!(project.count("staging.consents"), 4);
    assert_eq!(
        project.count("staging.consents where identifier is null"),
        2
    );
    let map = project.map();
    assert_eq!((map.len(), profiles(&map)), (2, 2));
}

#[test]
fn ten_megabytes_are_no_identifier_and_cost_nobody_his_own() {
    let project = Project::new();
    let long = "x".repeat(10 * 1024 * 1024);
    project.load(&[("u1", &format!("{long}@shop.de")), (&long, "jane@shop.de")]);
    project.run();
    let map = project.map();
    let names: Vec<&str> = map
        .iter()
        .map(|(identifier, _)| identifier.as_str())
        .collect();
    assert_eq!(names, ["email:jane@shop.de", "user_id:u1"]);
    assert_eq!(profiles(&map), 2);
    let kept = project.rows("select max(length(user_id)) as n from raw.consents");
    assert_eq!(kept[0]["n"], 10 * 1024 * 1024);
    let told = project.cdp(&[
        "explain",
        "profile",
        &format!("user_id:{}", "x".repeat(2_000)),
    ]);
    let told = told.expect(2);
    assert!(told.stderr.contains("names nobody as `user_id`"), "{told}");
}

#[test]
fn of_contradictory_overrides_the_careful_one_holds_and_both_are_told() {
    let project = Project::new();
    project.load(&[("u1", "jane@shop.de"), ("u2", "john@shop.de")]);
    project.say(&["link", "user_id:u1", "user_id:u2"]).expect(0);
    let told = project
        .say(&["unlink", "user_id:u1", "user_id:u2"])
        .expect(0);
    assert!(
        told.stdout.contains("says the opposite and gives way"),
        "{told}"
    );
    project.run();
    assert_eq!(profiles(&project.map()), 2);
    assert_eq!(project.rules(), ["override_conflict"]);
    let told = project
        .cdp(&["explain", "link", "user_id:u1", "user_id:u2"])
        .expect(0);
    for words in ["are not one person", "override_conflict", "identity revoke"] {
        assert!(told.stdout.contains(words), "{told}");
    }
}

#[test]
fn an_override_names_identifiers_and_no_profile() {
    let project = Project::new();
    project.load(&[("u1", "jane@shop.de"), ("u2", "john@shop.de")]);
    project.run();
    let id = project.map()[0].1.clone();
    for named in [id.clone(), format!("profile:{id}")] {
        let told = project.say(&["link", &named, "user_id:u2"]).expect(2);
        assert!(
            told.stderr.contains("is a profile id, not an identifier"),
            "{told}"
        );
        assert!(told.stderr.contains("`email:jane@shop.de`"), "{told}");
    }
    // A profile that is gone, or never was.
    let told = project
        .say(&["link", "p_0123456789abcdef", "user_id:u2"])
        .expect(2);
    assert!(
        told.stderr.contains("is a profile id, not an identifier"),
        "{told}"
    );
    // An identifier that nobody has seen is a typing error, or comes later.
    let told = project
        .say(&["link", "user_id:u1", "email:late@shop.de"])
        .expect(0);
    assert!(
        told.stdout.contains("so far it has nothing to act on"),
        "{told}"
    );
    project.run();
    assert_eq!(project.rules(), ["override_unused"]);
    assert_eq!(profiles(&project.map()), 2);
}

#[test]
fn letters_that_look_alike_are_different_people_and_one_letter_is_one() {
    let project = Project::new();
    let rows = [
        ("u1", "jane@shop.de"),
        // The second letter is Cyrillic.
        ("u2", "j\u{430}ne@shop.de"),
        // Composed, and letter by letter.
        ("u3", "ren\u{e9}@shop.de"),
        ("", "rene\u{301}@shop.de"),
        // Wide forms of Latin letters, and a mark that nobody sees.
        ("", "\u{ff4a}\u{ff41}ne\u{200b}@shop.de"),
        ("\u{645}\u{631}\u{64a}\u{645}1", "\u{7f8e}\u{54b2}@shop.jp"),
    ];
    project.load(&rows);
    project.run();
    assert_eq!(project.count("raw.consents"), 6);
    let map = project.map();
    assert_eq!((map.len(), profiles(&map)), (8, 4), "{map:#?}");
    let told = project
        .cdp(&["explain", "link", "user_id:u1", "user_id:u2"])
        .expect(0);
    assert!(told.stdout.contains("are not one person"), "{told}");
    let told = project.cdp(&[
        "explain",
        "profile",
        "user_id:\u{645}\u{631}\u{64a}\u{645}1",
    ]);
    assert!(told.expect(0).stdout.contains("\u{7f8e}\u{54b2}@shop.jp"));
}
