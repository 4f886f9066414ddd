//! Configuration and cut-offs.

use cdp_churn::{ChurnConfig, ChurnKind, RawChurnConfig, RecencyFrequency, RiskBand};

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
fn a_definition_says_what_is_different_and_tells_only_its_own_faults() {
    let raw: RawChurnConfig = serde_json::from_str(
        r#"{"horizon_days": 90, "orders_min": 2, "definitions": {
            "monthly": {"horizon_days": 30},
            "visits": {"target": ["web_visit"], "orders_min": 1}}}"#,
    )
    .expect("known keys");
    let found = raw.definitions().expect("both are sound");
    let told = |name: &str| (found[name].horizon_days(), found[name].orders_min());
    assert_eq!(told("monthly"), (30, 2));
    assert_eq!(told("visits"), (90, 1));
    assert_eq!(found["visits"].framing().target, ["web_visit"]);
    let raw: RawChurnConfig = serde_json::from_str(
        r#"{"gap_days": -1, "definitions": {"monthly": {"horizon_days": 0}}}"#,
    )
    .expect("known keys");
    let faults = raw.definitions().expect_err("one fault");
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["churn.definitions.monthly.horizon_days"]);
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
    let mut keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
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
        Some(
            "`churn.horizon_days` is 0, expected a whole number of days from 1 to 3650, or \"auto\""
        )
    );
}

#[test]
fn a_number_that_is_none_is_refused() {
    let raw = RawChurnConfig {
        l2: Some(f64::NAN),
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
        raw.horizon_days = 60.into();
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
    let calibration = config.calibration_cutoffs(1000);
    assert_eq!(calibration.test, 820);
    assert_eq!(calibration.training, [730, 700]);
    assert_eq!(
        config.all_cutoffs(1000),
        [670, 700, 730, 760, 790, 820, 850, 880, 910]
    );
    let levels = config.level_cutoffs(1000);
    let tests: Vec<i32> = levels.iter().map(|cutoffs| cutoffs.test).collect();
    assert_eq!(tests, [910, 880, 850, 820, 790]);
    assert_eq!(levels[0].training, [820, 790]);
    assert_eq!(levels[4].training, [700, 670]);
}

#[test]
fn no_evaluation_cutoff_is_open_at_the_test_cutoff_whatever_the_step() {
    for horizon_days in [1, 29, 30, 31, 90] {
        for step_days in [1, 7, 30, 45] {
            for gap_days in [0, 3] {
                let config = config(|raw| {
                    raw.horizon_days = horizon_days.into();
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

#[test]
fn without_a_model_the_band_is_that_of_the_silence() {
    let of = |recency, frequency| RecencyFrequency::of(recency, frequency, 90);
    assert_eq!(of(44.0, 0.0).band, RiskBand::Low);
    assert_eq!(of(45.0, 9.0).band, RiskBand::Medium);
    assert_eq!(of(90.0, 9.0).band, RiskBand::High);
    // Longer ago is worse, more often is better, and never is worst.
    assert!(of(30.0, 2.0).risk > of(29.0, 2.0).risk);
    assert!(of(30.0, 2.0).risk > of(30.0, 3.0).risk);
    assert!(of(f64::NAN, 0.0).risk > of(3000.0, 0.0).risk);
}

#[test]
fn what_churn_is_is_checked() {
    let faults = |text: &str| -> Vec<String> {
        let raw: RawChurnConfig = serde_json::from_str(text).expect("known keys");
        let faults = ChurnConfig::from_raw(&raw).err().unwrap_or_default();
        faults.iter().map(|fault| fault.key.clone()).collect()
    };
    let sound = r#"{"kind": "contractual", "lapse_days": 40}"#;
    assert!(faults(sound).is_empty());
    assert!(faults(r#"{"target": ["order", "app_session"]}"#).is_empty());
    for (text, keys) in [
        (r#"{"kind": "contract"}"#, vec!["churn.kind"]),
        (r#"{"target": []}"#, vec!["churn.target"]),
        (r#"{"target": ["Order"]}"#, vec!["churn.target"]),
        (r#"{"lapse_days": 40}"#, vec!["churn.lapse_days"]),
        (
            r#"{"kind": "contractual", "target": ["web_visit"], "horizon_days": "auto"}"#,
            vec!["churn.target", "churn.horizon_days"],
        ),
    ] {
        assert_eq!(faults(text), keys, "{text}");
    }
    let contract = config(|raw| raw.kind = ChurnKind::Contractual.as_str().to_owned());
    assert!(!contract.framing().is_of_orders());
    assert!(config(|_| {}).framing().is_of_orders());
    let visits = config(|raw| raw.target = vec!["web_visit".to_owned()]);
    assert_eq!(visits.framing().churn_words(), "no web visit");
}
