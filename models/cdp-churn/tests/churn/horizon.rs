//! Horizons that are chosen by the gaps between orders.

use cdp_btyd::{Gaps, Repurchase};
use cdp_churn::{ChurnConfig, Horizon, RawChurnConfig, advised_horizon, chosen_horizon};
use proptest::collection::btree_map;
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use crate::support::config;

/// A hundred gaps of one length, as many of twice it, and those that are open.
fn gaps(days: u32, open: &[(u32, u64)]) -> Gaps {
    Gaps {
        closed: [(days, 100), (2 * days, 100)].into(),
        open: open.iter().copied().collect(),
    }
}

#[test]
fn a_horizon_is_the_weeks_in_which_nine_of_ten_come_back() {
    assert_eq!(advised_horizon(&gaps(20, &[])), Some(42));
    assert_eq!(advised_horizon(&gaps(21, &[])), Some(42));
    assert_eq!(advised_horizon(&gaps(22, &[])), Some(49));
    assert_eq!(advised_horizon(&gaps(1, &[])), Some(7));
    // Those who have gone for good lengthen nothing.
    assert_eq!(advised_horizon(&gaps(20, &[(900, 1000)])), Some(42));
    let few = Gaps {
        closed: [(20, 99)].into(),
        open: [(5, 1000)].into(),
    };
    assert_eq!(advised_horizon(&few), None);
}

#[test]
fn a_chosen_horizon_stays_until_the_gaps_ask_for_another_by_two_weeks() {
    let asks_for_42 = gaps(20, &[]);
    for (before, chosen) in [(35, 35), (42, 42), (49, 49), (28, 42), (56, 42)] {
        assert_eq!(chosen_horizon(&asks_for_42, Some(before)), chosen);
    }
    assert_eq!(chosen_horizon(&asks_for_42, None), 42);
    assert_eq!(chosen_horizon(&Gaps::default(), None), 90);
    assert_eq!(chosen_horizon(&Gaps::default(), Some(63)), 63);
}

#[test]
fn only_a_horizon_that_is_to_be_chosen_is() {
    let raw: RawChurnConfig =
        serde_json::from_str(r#"{"horizon_days": "auto"}"#).expect("a known word");
    let auto = ChurnConfig::from_raw(&raw).expect("sound");
    assert_eq!(auto.horizon(), Horizon::Auto);
    assert_eq!(auto.horizon_days(), 90);
    let chosen = auto.with_chosen_horizon(Some(63));
    assert_eq!(chosen.horizon_days(), 63);
    assert_eq!(chosen.closed_cutoffs(1000, 2), [937, 907]);
    let set = config(|raw| raw.horizon_days = 30.into());
    assert_eq!(set.with_chosen_horizon(Some(63)), set);

    let raw: RawChurnConfig =
        serde_json::from_str(r#"{"horizon_days": "ninety"}"#).expect("a text");
    let faults = ChurnConfig::from_raw(&raw).expect_err("no such word");
    assert_eq!(
        faults[0].to_string(),
        "`churn.horizon_days` is \"ninety\", expected a whole number of days from 1 to 3650, or \"auto\""
    );
    let error = serde_json::from_str::<RawChurnConfig>(r#"{"horizon_days": 1.5}"#);
    let error = error.expect_err("not whole").to_string();
    assert!(error.starts_with("expected a whole number of days, or \"auto\""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the gaps: whole weeks, within bounds, and no shorter than what nine of ten need.
    #[test]
    fn a_chosen_horizon_is_whole_weeks_that_hold_nine_of_ten(
        closed in btree_map(1_u32..4000, 1_u64..200, 1..30),
        open in btree_map(0_u32..4000, 1_u64..200, 0..30),
    ) {
        let gaps = Gaps { closed, open };
        let chosen = chosen_horizon(&gaps, None);
        if gaps.closed_count() < 100 {
            prop_assert!(chosen == 90);
        } else {
            prop_assert!(chosen % 7 == 0 && (7..=3650).contains(&chosen));
            let curve = Repurchase::of(&gaps).expect("some ended");
            let nine_of_ten = i64::from(curve.quantile(0.9));
            prop_assert!(i64::from(chosen) >= nine_of_ten.min(3640));
            prop_assert!(i64::from(chosen) < nine_of_ten + 7);
        }
        // Choosing again from the same gaps changes nothing.
        prop_assert!(chosen_horizon(&gaps, Some(chosen)) == chosen);
    }
}
