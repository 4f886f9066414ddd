//! What data can carry.

use std::collections::BTreeMap;

use cdp_churn::{CutoffRows, Supply, silences};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use crate::support::config;

fn rows(cutoff_day: i32, eligible: u64, churned: u64) -> CutoffRows {
    CutoffRows {
        cutoff_day,
        eligible,
        churned,
    }
}

#[test]
fn only_the_cut_offs_that_are_stacked_count() {
    let config = config(|raw| raw.training_cutoffs = 2);
    let cutoffs = [rows(910, 90, 60), rows(880, 70, 50), rows(850, 9000, 4000)];
    let supply = Supply {
        as_of_day: 1000,
        first_day: 0,
        eligible: 150,
        cutoffs: &cutoffs,
    };
    assert_eq!(supply.stacked(&config), (110, 50));
    assert!(!supply.suffices(&config));
}

#[test]
fn a_shop_that_grows_evenly_has_enough_when_it_is_said_to() {
    // One new customer a day from day 0 on, one in four churns: after n days at four cut-offs
    // (n - 90) + (n - 120) + (n - 150) + (n - 180) rows, of which a quarter has to be 100.
    let config = config(|_| {});
    let customers = |day: i32| u64::try_from(day).unwrap_or(0);
    let cutoffs: Vec<CutoffRows> = (0..4)
        .map(|k| 160 - 90 - 30 * k)
        .filter(|day| *day > 0)
        .map(|day| rows(day, customers(day) / 4 * 4, customers(day) / 4))
        .collect();
    let supply = Supply {
        as_of_day: 160,
        first_day: 0,
        eligible: customers(160),
        cutoffs: &cutoffs,
    };
    assert!(!supply.suffices(&config));
    let on = supply.suffices_on(&config).expect("within ten years");
    assert!((on.day - 235).abs() <= 2, "{on:?}");
    assert!(!on.is_earliest);

    // Before a window has closed nobody knows how many churn.
    let new = Supply {
        as_of_day: 40,
        first_day: 0,
        eligible: 40,
        cutoffs: &[],
    };
    let on = new.suffices_on(&config).expect("within ten years");
    assert!(on.is_earliest && on.day > 130, "{on:?}");

    let dead = Supply {
        as_of_day: 400,
        first_day: 0,
        eligible: 5,
        cutoffs: &[rows(310, 5, 5)],
    };
    assert_eq!(dead.suffices_on(&config), None);
}

/// Fifty events on every day of a week but the last.
fn week_days(days: i32) -> BTreeMap<i32, u64> {
    let open = (0..days).filter(|day| day % 7 != 6);
    open.map(|day| (day, 50)).collect()
}

#[test]
fn a_day_off_is_no_silence_and_an_outage_is() {
    let usual = week_days(200);
    assert!(silences(&usual, 200).is_empty());
    // A source that failed for two weeks and one that failed again lately.
    let mut failed = usual.clone();
    failed.retain(|day, _| !(100..114).contains(day) && *day < 197);
    let found = silences(&failed, 200);
    let days: Vec<(i32, i32)> = found
        .iter()
        .map(|silence| (silence.first_day, silence.last_day))
        .collect();
    assert_eq!(days, [(100, 113), (197, 199)]);
    assert!(found[0].expected > 300.0, "{found:?}");
    // The days of a small shop on which nobody happened to order.
    let small: BTreeMap<i32, u64> = (0..200).step_by(3).map(|day| (day, 1)).collect();
    assert!(silences(&small, 200).is_empty());
    assert!(silences(&BTreeMap::new(), 200).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Silences are apart, in order, without an event, and the last is before the date.
    #[test]
    fn silences_are_runs_of_days_without_events(
        events in proptest::collection::btree_map(0_i32..120, 1_u64..60, 0..100),
    ) {
        let found = silences(&events, 120);
        for silence in &found {
            prop_assert!(silence.first_day <= silence.last_day && silence.last_day < 120);
            prop_assert_eq!(events.range(silence.first_day..=silence.last_day).count(), 0);
            prop_assert!(silence.expected >= 20.0);
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].last_day + 1 < pair[1].first_day);
        }
    }
}
