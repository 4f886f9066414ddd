//! Evidence that comes in pieces makes the profiles that evidence read at once makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::cases::testdata;
use crate::command::print;
use crate::lake::{DATES, Lake};
use crate::laws::Draw;

/// The rows of every source, each in one of so many batches, and some in two.
fn batches(draw: &mut Draw, count: usize, dir: &Path) -> Vec<Vec<(String, String)>> {
    let mut batches = vec![Vec::new(); count];
    for entry in fs::read_dir(testdata().join("small_world/raw")).expect("a world") {
        let path = entry.expect("a file of the world").path();
        let part = |part: Option<&std::ffi::OsStr>| {
            part.expect("a part of a name")
                .to_string_lossy()
                .into_owned()
        };
        let (source, end) = (part(path.file_stem()), part(path.extension()));
        let text = fs::read_to_string(&path).expect("a file of the world");
        let (header, body) = match end.as_str() {
            "csv" => text.split_once('\n').expect("a header"),
            _ => ("", text.as_str()),
        };
        let mut parts = vec![format!("{header}\n").trim_start().to_owned(); count];
        for line in body.lines() {
            let first = draw.below(count);
            let again = if draw.below(20) == 0 {
                draw.below(count)
            } else {
                first
            };
            for batch in BTreeSet::from([first, again]) {
                parts[batch].push_str(line);
                parts[batch].push('\n');
            }
        }
        for (batch, part) in parts.into_iter().enumerate() {
            let file = dir.join(format!("{source}-{batch}.{end}"));
            fs::write(&file, part).expect("a file can be written");
            batches[batch].push((source.clone(), file.display().to_string()));
        }
    }
    batches
}

#[test]
fn evidence_in_random_batches_makes_the_profiles_of_evidence_read_at_once() {
    let (pieces, whole) = (Lake::new(), Lake::new());
    let mut draw = Draw(11);
    let batches = batches(&mut draw, DATES.len(), pieces.path());
    for (date, files) in DATES.iter().zip(&batches) {
        for (source, file) in files {
            pieces.cdp(&["load", source, file]).expect(0);
        }
        pieces.run(date);
        pieces
            .cdp(&["identity", "verify", "--as-of", date])
            .expect(0);
    }
    let bases = [Some(DATES[0]), Some(DATES[1]), Some(DATES[2])];
    let told = pieces.bases();
    let told: Vec<Option<&str>> = told.iter().map(Option::as_deref).collect();
    assert_eq!(told, bases, "each date builds on the one before");
    let (note, base) = pieces.map_task(DATES[1]);
    assert_eq!(base.as_deref(), Some(DATES[0]), "{note}");
    for (source, _) in &batches[0] {
        let files = pieces.path().join(format!("{source}-*"));
        whole
            .cdp(&["load", source, &files.display().to_string()])
            .expect(0);
    }
    let last = DATES[3];
    whole.run(last);
    assert_eq!(pieces.evidence(last), whole.evidence(last));
    let (people, expected) = (pieces.people(last), whole.people(last));
    assert_eq!(people, expected);
    print(format!(
        "increments: {} profiles of 4 batches are those of one",
        people.len()
    ));
    pieces.every_change_is_told(&DATES);
    every_base_is_the_one_that_was_read(&pieces);
}

/// Late rows for an earlier date: what builds on it is made again, and stays whole.
fn every_base_is_the_one_that_was_read(pieces: &Lake) {
    let order = "order_id,original_order_id,order_type,user_id,email,phone,cart_id,channel,\
                 total_amount,currency,ordered_at,ingested_at\n\
                 late,,sale,u-late,late@mail.test,,,web,5.00,EUR,\
                 2025-10-15T10:00:00Z,2025-10-15T10:00:00Z\n";
    fs::write(pieces.path().join("late.csv"), order).expect("a file can be written");
    pieces.cdp(&["load", "orders", "late.csv"]).expect(0);
    pieces.run(DATES[1]);
    let stale = pieces.cdp(&["identity", "verify", "--as-of", DATES[3]]);
    assert_eq!(stale.code, 5, "what it builds on is another: {stale}");
    pieces.run(DATES[3]);
    pieces
        .cdp(&["identity", "verify", "--as-of", DATES[3]])
        .expect(0);
    let query = "select identifier from identity.profile_map where identifier = 'user_id:u-late'";
    assert!(!pieces.rows(DATES[3], query).is_empty(), "late rows count");
    let refresh = [
        "run",
        "--as-of",
        DATES[3],
        "--select",
        "layer:identity",
        "--full-refresh",
    ];
    pieces.cdp(&refresh).expect(0);
    assert_eq!(
        pieces.bases().last(),
        Some(&None),
        "everything was read again"
    );
    pieces.cdp(&["identity", "verify"]).expect(0);
}

/// Rules that are changed and changed back leave everybody with the id that they had.
#[test]
fn a_rule_that_was_changed_and_changed_back_never_was() {
    let (changed, steady) = (Lake::loaded(), Lake::loaded());
    for (date, rules) in DATES
        .iter()
        .zip(["", "[identity]\ncluster_size_max = 3\n", "", ""])
    {
        changed.configure(rules);
        changed.run(date);
        changed
            .cdp(&["identity", "verify", "--as-of", date])
            .expect(0);
        steady.run(date);
    }
    assert_eq!(changed.profiles(DATES[0]), steady.profiles(DATES[0]));
    let (few, many) = (steady.profiles(DATES[1]), changed.profiles(DATES[1]));
    let count =
        |profiles: &BTreeMap<String, String>| profiles.values().collect::<BTreeSet<_>>().len();
    assert!(count(&many) > count(&few), "the rule splits profiles");
    assert_eq!(changed.profiles(DATES[2]), steady.profiles(DATES[2]));
    assert_eq!(changed.profiles(DATES[3]), steady.profiles(DATES[3]));
    changed.every_change_is_told(&DATES[1..]);
    steady.every_change_is_told(&DATES);
}

/// Days after the rows of the small world, and what is known of them.
struct Days {
    lake: Lake,
    said: Vec<String>,
}

impl Days {
    fn new(settings: &str) -> Self {
        let lake = Lake::loaded();
        lake.configure(settings);
        lake.run(DATES[3]);
        Self {
            lake,
            said: Vec::new(),
        }
    }

    /// Somebody decides, from a day on.
    fn say(&mut self, words: &[&str], from: &str) {
        let more = [
            "--valid-from",
            from,
            "--author",
            "ann",
            "--reason",
            "told so",
        ];
        let words = [&["identity"], words, &more, &["--format", "json"]].concat();
        let told = self.lake.cdp(&words).expect(0).json();
        let id = told["override"]["override_id"].as_str().expect("a name");
        self.said.push(id.to_owned());
    }

    /// Makes a date, which is what making it from the beginning gives. How many identifiers were
    /// resolved, and how many there are.
    fn run(&self, date: &str) -> Option<(usize, usize)> {
        self.lake.run(date);
        self.lake
            .cdp(&["identity", "verify", "--as-of", date])
            .expect(0);
        let (note, base) = self.lake.map_task(date);
        let words: Vec<&str> = note.split(' ').collect();
        let number = |place: usize| words[place].parse().expect("a number");
        print(format!("increments: {date}: {note}"));
        base.map(|_| (number(1), number(3)))
    }

    fn count(&self, date: &str, condition: &str) -> usize {
        let query = format!(
            "select 1 from identity.violations where as_of_date = date '{date}' and {condition}"
        );
        self.lake.rows(date, &query).len()
    }
}

#[test]
fn a_day_resolves_what_it_concerns_and_is_a_rebuild() {
    let mut days = Days::new("[identity]\ndegree_max = 6\n");
    let query = "select min(identifier) as identifier from identity.profile_map \
                 where identifier_type = 'user_id' group by profile_id order by 1 limit 3";
    let people: Vec<String> = days
        .lake
        .rows(DATES[3], query)
        .iter()
        .map(|row| row["identifier"].as_str().expect("a text").to_owned())
        .collect();
    let account = |person: usize| people[person].trim_start_matches("user_id:");
    let mut dates = vec![DATES[3]];
    let mut run = |days: &Days, date: &'static str| {
        let (resolved, all) = days
            .run(date)
            .unwrap_or_else(|| panic!("{date} is not a part"));
        assert!(resolved * 2 < all, "{date}: {resolved} of {all}");
        dates.push(date);
    };

    let new = [(
        "n1",
        account(0),
        "new@mail.test",
        "2026-01-01",
        "2026-01-01",
    )];
    days.lake.order(&new);
    run(&days, "2026-01-02");
    days.say(&["link", &people[0], &people[1]], "2026-01-02");
    days.say(&["block", "email:nobody@mail.test"], "2026-01-02");
    run(&days, "2026-01-03");
    assert_eq!(days.count("2026-01-03", "rule = 'override_unused'"), 1);
    // A late row, a row that comes twice, and one that names who is blocked.
    days.lake.order(&[
        (
            "n2",
            account(2),
            "late@mail.test",
            "2025-10-15",
            "2026-01-03",
        ),
        new[0],
        (
            "n3",
            "u-new",
            "nobody@mail.test",
            "2026-01-03",
            "2026-01-03",
        ),
    ]);
    days.say(&["detach", "email:new@mail.test"], "2026-01-03");
    run(&days, "2026-01-04");
    assert_eq!(days.count("2026-01-04", "rule = 'override_unused'"), 0);
    let hub = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|one| format!("{one}@mail.test"));
    let day = "2026-01-04";
    let hub: Vec<_> = hub
        .iter()
        .map(|one| (one.as_str(), "kiosk", one.as_str(), day, day))
        .collect();
    days.lake.order(&hub);
    run(&days, "2026-01-05");
    let is_kiosk = "left_identifier_sha256 = encode(sha256('user_id:kiosk'), 'hex')";
    let hub = |days: &Days, date: &str, size: usize| {
        let condition = format!("rule = 'degree_max' and size = {size} and {is_kiosk}");
        days.count(date, &condition)
    };
    assert_eq!(hub(&days, "2026-01-04", 8), 0);
    assert_eq!(hub(&days, "2026-01-05", 8), 1, "a new hub");
    days.lake
        .order(&[("n4", "kiosk", "i@mail.test", "2026-01-05", "2026-01-05")]);
    for revoked in days.said.clone() {
        days.say(&["revoke", &revoked], "2026-01-05");
    }
    run(&days, "2026-01-06");
    assert_eq!(hub(&days, "2026-01-06", 8), 0);
    assert_eq!(hub(&days, "2026-01-06", 9), 1, "it is seen with one more");
    days.lake.every_change_is_told(&dates);
    every_filter_finds_its_dates(&days.lake, &dates);
}

/// Hashes find rows, but only texts are the same: one who chooses an id by its hash is still another.
#[test]
fn two_identifiers_of_one_hash_are_two() {
    let days = Days::new("");
    let (mine, forged) = ("collideswithmine", "0aq1cxjr6t6yakkz");
    let query =
        format!("select xxhash64('user_id:{mine}') = xxhash64('user_id:{forged}') as is_same");
    let told = days.lake.rows(DATES[3], &query);
    assert_eq!(told[0]["is_same"].as_bool(), Some(true));
    let orders = [
        ("c1", mine, "mine@mail.test", "2026-01-01"),
        ("c2", forged, "forged@mail.test", "2026-01-02"),
        ("c3", mine, "more@mail.test", "2026-01-03"),
        ("c4", forged, "most@mail.test", "2026-01-04"),
    ];
    let next = ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"];
    for ((order, user, mail, day), next) in orders.into_iter().zip(next) {
        days.lake.order(&[(order, user, mail, day, day)]);
        let (resolved, all) = days.run(next).expect("a part is resolved");
        assert!(resolved * 2 < all, "{next}: {resolved} of {all}");
    }
    let query = format!(
        "select distinct mail.identifier from identity.profile_map as mail, \
         identity.profile_map as one \
         where one.profile_id = mail.profile_id and one.identifier = 'user_id:{mine}' \
         and mail.identifier_type = 'email' order by 1"
    );
    let mails = days.lake.rows("2026-01-05", &query);
    let mails = mails.iter().map(|row| row["identifier"].as_str());
    let expected = ["email:mine@mail.test", "email:more@mail.test"];
    assert!(mails.eq(expected.map(Some)));
}

/// However dates are asked for, they show the same rows.
fn every_filter_finds_its_dates(lake: &Lake, dates: &[&str]) {
    let last = dates[dates.len() - 1];
    let expected: Vec<(String, i64)> = dates
        .iter()
        .map(|date| {
            let count = lake.map(date).len();
            ((*date).to_owned(), i64::try_from(count).expect("a count"))
        })
        .collect();
    let listed: Vec<String> = dates.iter().map(|date| format!("date '{date}'")).collect();
    let listed = listed.join(", ");
    for condition in [
        "true".to_owned(),
        format!("as_of_date in ({listed})"),
        format!("array_has([{listed}], as_of_date)"),
        format!(
            "as_of_date >= date '{}' and as_of_date <= date '{last}'",
            dates[0]
        ),
    ] {
        let query = format!(
            "select as_of_date, count(*) as n, count(distinct identifier) as d \
             from identity.profile_map where {condition} group by as_of_date order by as_of_date"
        );
        let rows = lake.rows(last, &query);
        let found: Vec<(String, i64)> = rows
            .iter()
            .map(|row| {
                assert_eq!(row["n"], row["d"], "{condition}");
                let date = row["as_of_date"].as_str().expect("a date").to_owned();
                (date, row["n"].as_i64().expect("a count"))
            })
            .collect();
        assert_eq!(found, expected, "{condition}");
    }
    let earlier = lake.rows(
        dates[1],
        "select distinct as_of_date from identity.profile_map",
    );
    assert_eq!(earlier.len(), 2, "the future is not shown");
}

#[test]
fn a_map_is_written_whole_when_much_has_changed_and_dates_come_in_any_order() {
    let days = Days::new("");
    let lake = &days.lake;
    let rows = |from: usize, to: usize, day: &str| {
        let names: Vec<(String, String)> = (from..to)
            .map(|n| (format!("u-{n}"), format!("{n}@mail.test")))
            .collect();
        let orders: Vec<_> = names
            .iter()
            .map(|(user, email)| (user.as_str(), user.as_str(), email.as_str(), day, day))
            .collect();
        lake.order(&orders);
    };
    rows(0, 2, "2026-01-01");
    assert!(days.run("2026-01-02").is_some());
    rows(2, 400, "2026-01-03");
    assert!(days.run("2026-01-04").is_some(), "whatever it concerns");
    rows(400, 402, "2026-01-04");
    assert_eq!(days.run("2026-01-05"), None, "much has changed");
    let (note, _) = lake.map_task("2026-01-05");
    assert!(
        note.contains("much has changed since the whole map of 2026-01-01"),
        "{note}"
    );
    rows(402, 404, "2026-01-05");
    assert!(days.run("2026-01-06").is_some());

    // A date in between, made later, changes no other one.
    let before = ["2026-01-04", "2026-01-05", "2026-01-06"].map(|date| lake.map(date));
    assert_eq!(days.run("2026-01-03"), None, "a later date is there");
    // A late row, and a date that others build on is made again.
    lake.order(&[("late", "u-1", "late@mail.test", "2025-10-15", "2026-01-03")]);
    assert_eq!(days.run("2026-01-04"), None, "a later date is there");
    lake.order(&[(
        "later",
        "u-2",
        "later@mail.test",
        "2025-10-15",
        "2026-01-04",
    )]);
    assert_eq!(days.run("2026-01-05"), None, "a later date is there");
    let after = ["2026-01-04", "2026-01-05", "2026-01-06"].map(|date| lake.map(date));
    assert_eq!(before[2], after[2], "it stands as it was made");
    assert_ne!(before[1], after[1]);
    assert!(days.run("2026-01-06").is_some(), "on what was made again");
    rows(404, 406, "2026-01-06");
    assert!(days.run("2026-01-07").is_some(), "on its way again");
    let refresh = [
        "run",
        "--as-of",
        "2026-01-07",
        "--select",
        "layer:identity",
        "--full-refresh",
    ];
    lake.cdp(&refresh).expect(0);
    assert_eq!(lake.map_task("2026-01-07").1, None);
}
