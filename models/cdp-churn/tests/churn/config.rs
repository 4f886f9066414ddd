//! Configuration and cut-offs.

use cdp_churn::{ChurnConfig, RawChurnConfig, RiskBand};

use crate::support::config;

#[test]
fn an_empty_table_is_the_default_configuration() {
    let raw: RawChurnConfig = serde_json::from_str("{}").expect("all keys have defaults");
    assert_eq!(raw, RawChurnConfig::default());
    let config = ChurnConfig::from_raw(&raw).expect("defaults are sound");
    assert_eq!(config.horizon_days(), 90);
    assert_eq!(config.eligible_within_days(), None);
    assert_eq!(config.reasons(), 3);
}

#[test]
fn an_unknown_key_is_refused() {
    let error = serde_json::from_str::<RawChurnConfig>(r#"{"horizont_days": 30}"#)
        .expect_err("no such key");
    assert!(error.to_string().contains("horizont_days"));
}

#[test]
fn all_faults_are_told_at_once_with_their_keys() {
    let raw: RawChurnConfig = serde_json::from_str(
        r#"{"horizon_days": 0, "gap_days": -1, "step_days": 0, "training_cutoffs": 0,
            "eligible_within_days": -5, "orders_min": 0, "l2": 0.0, "rows_min": 0, "reasons": -1,
            "risk_bands": {"medium": 0.7, "high": 0.6}}"#,
    )
    .expect("known keys");
    let faults = ChurnConfig::from_raw(&raw).expect_err("ten faults");
    let mut keys: Vec<&str> = faults.iter().map(|fault| fault.key).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "churn.eligible_within_days",
            "churn.gap_days",
            "churn.horizon_days",
            "churn.l2",
            "churn.orders_min",
            "churn.reasons",
            "churn.risk_bands.high",
            "churn.rows_min",
            "churn.step_days",
            "churn.training_cutoffs",
        ]
    );
    let horizon = faults
        .iter()
        .find(|fault| fault.key == "churn.horizon_days");
    assert_eq!(
        horizon.map(ToString::to_string).as_deref(),
        Some("`churn.horizon_days` is 0, expected a whole number of days from 1 to 3650")
    );
}

#[test]
fn a_number_that_is_none_is_refused() {
    let raw = RawChurnConfig {
        l2: f64::NAN,
        ..RawChurnConfig::default()
    };
    let faults = ChurnConfig::from_raw(&raw).expect_err("NaN");
    assert_eq!(faults.len(), 1);
}

#[test]
fn a_probability_on_a_threshold_belongs_to_the_graver_band() {
    let config = config(|raw| raw.risk_bands.medium = 0.5);
    assert_eq!(config.risk_band(0.499_999), RiskBand::Low);
    assert_eq!(config.risk_band(0.5), RiskBand::Medium);
    assert_eq!(config.risk_band(0.66), RiskBand::High);
    assert_eq!(config.risk_band(0.66).to_string(), "high");
}

#[test]
fn closed_cutoffs_go_back_in_steps_from_the_newest_closed_window() {
    let config = config(|raw| {
        raw.horizon_days = 60;
        raw.gap_days = 7;
        raw.step_days = 14;
    });
    assert_eq!(config.closed_cutoffs(1000, 3), [933, 919, 905]);
    assert_eq!(config.closed_cutoffs(1000, 0), [0_i32; 0]);
    assert_eq!(config.window_closes(933), 1000);
}

#[test]
fn an_evaluation_is_a_training_on_the_day_of_the_test_cutoff() {
    let config = config(|_| {});
    let evaluation = config.evaluation_cutoffs(1000);
    assert_eq!(evaluation.test, 910);
    assert_eq!(evaluation.training, [820, 790, 760, 730]);
    assert_eq!(config.training_cutoffs(1000), [910, 880, 850, 820]);
    assert_eq!(
        config.all_cutoffs(1000),
        [730, 760, 790, 820, 850, 880, 910]
    );
}

#[test]
fn no_evaluation_cutoff_is_open_at_the_test_cutoff_whatever_the_step() {
    for horizon_days in [1, 29, 30, 31, 90] {
        for step_days in [1, 7, 30, 45] {
            for gap_days in [0, 3] {
                let config = config(|raw| {
                    raw.horizon_days = horizon_days;
                    raw.step_days = step_days;
                    raw.gap_days = gap_days;
                });
                let evaluation = config.evaluation_cutoffs(20_000);
                assert_eq!(config.window_closes(evaluation.test), 20_000);
                assert_eq!(evaluation.training.len(), 4);
                assert_eq!(
                    config.window_closes(evaluation.training[0]),
                    evaluation.test
                );
                for cutoff in evaluation.training {
                    assert!(config.window_closes(cutoff) <= evaluation.test);
                }
            }
        }
    }
}
