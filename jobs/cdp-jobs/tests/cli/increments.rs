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
