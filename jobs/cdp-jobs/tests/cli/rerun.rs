//! The same work again, whatever came between, leaves the same rows.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::command::{Told, program};
use crate::world::{TOMORROW, demo, next_day};

/// Tables that hold one date only.
const CURRENT: [&str; 3] = [
    "profiles.profiles",
    "activations.audiences",
    "activations.next_actions",
];

#[test]
fn the_same_day_again_does_nothing_and_says_so() {
    let (world, before) = next_day();
    let world = world.copy();
    let told = world.cdp(&["run", "--as-of", TOMORROW]).expect(99);
    assert!(told.stdout.contains("up to date"), "{told}");
    assert!(!told.stdout.contains(" done"), "{told}");
    before.assert_same(&world.tables(), "the same day again");
}

#[test]
fn the_same_day_again_by_force_makes_the_same_rows() {
    let (world, before) = next_day();
    let world = world.copy();
    world
        .cdp(&["run", "--as-of", TOMORROW, "--force"])
        .expect(0);
    before.assert_same(&world.tables(), "by force");
}

#[test]
fn a_killed_run_is_mended_by_running_again() {
    let (_, undisturbed) = next_day();
    let world = demo().copy();
    let mut child = program(&world.project())
        .args(["run", "--as-of", TOMORROW])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stderr = child.stderr.take().expect("standard error is piped");
    let lines = BufReader::new(stderr).lines();
    let lines = lines.map(|line| line.expect("a line of an event"));
    // Past the look at the sources, in the middle of what writes.
    let started = |line: &String| line.contains("task_started") && line.contains("features.");
    assert!(
        lines.filter(started).nth(2).is_some(),
        "the run has features"
    );
    child.kill().expect("it still runs");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), None, "it ended before it was killed");

    let told = world.cdp(&["run", "--as-of", TOMORROW]).expect(0);
    assert!(told.stdout.contains("up to date"), "{told}");
    undisturbed.assert_same(&world.tables(), "after a kill");
    world.cdp(&["run", "--as-of", TOMORROW]).expect(99);
}

#[test]
fn two_runs_at_once_both_end_well() {
    let (_, undisturbed) = next_day();
    let world = demo().copy();
    let start = || {
        let mut command = program(&world.project());
        command
            .args(["run", "--as-of", TOMORROW])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    };
    for child in [start(), start()] {
        let told = Told::of(child.wait_with_output().expect("it ends"));
        assert!(matches!(told.code, 0 | 99), "{told}");
    }
    undisturbed.assert_same(&world.tables(), "after two runs at once");
}

#[test]
fn a_backfill_touches_its_dates_only() {
    let (world, before) = next_day();
    let world = world.copy();
    let dates = ["2025-12-30", "2025-12-31"];
    let backfill = [
        "backfill", "--from", dates[0], "--to", dates[1], "--reason", "a test",
    ];
    let told = world.cdp(&backfill).expect(0);
    assert!(told.stdout.contains("superseded by a later date"), "{told}");

    let after = world.tables();
    // A date before the model was trained trains one of its own, on cut-offs that may not have been
    // made yet; what was there stays.
    let known = |name: &str, date: &str| before.0[name].iter().any(|row| row.date == date);
    before.assert_same(&after.filter(known), "outside of the backfill");
    for date in dates {
        let inside = after.filter(|_, of| of == date);
        assert!(inside.row_count() > 0, "no rows for {date}");
    }
    for name in CURRENT {
        assert_eq!(before.0[name], after.0[name], "{name} moved");
        assert!(after.0[name].iter().all(|row| row.date == TOMORROW));
    }
    // What stopped can be started again: what is done is not done twice.
    world.cdp(&backfill).expect(99);
}
