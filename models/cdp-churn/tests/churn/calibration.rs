//! From fitted log-odds to those that are told.

use cdp_churn::metrics::{cox_calibration, ece};
use cdp_churn::{
    Calibration, CalibrationMethod, CalibrationTrials, ChurnConfig, ChurnModel, TrainingSet,
    TuningResult, train,
};
use proptest::prelude::*;

use crate::support::{COLUMNS, Rng, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;

/// Rows whose true log-odds are a function of the fitted ones.
fn sample(count: usize, truth: impl Fn(f64) -> f64) -> (Vec<bool>, Vec<f64>) {
    let mut rng = Rng(5);
    let rows = (0..count).map(|_| {
        let fitted = 1.5 * rng.normal();
        let p = 1.0 / (1.0 + (-truth(fitted)).exp());
        (rng.uniform() < p, fitted)
    });
    rows.unzip()
}

fn told(method: CalibrationMethod, churned: &[bool], log_odds: &[f64]) -> Vec<f64> {
    let calibration = Calibration::fit(method, churned, log_odds).expect("is learned");
    assert_eq!(calibration.method(), method);
    log_odds
        .iter()
        .map(|z| calibration.probability(*z))
        .collect()
}

#[test]
fn a_level_makes_as_many_expected_as_happened() {
    let (churned, log_odds) = sample(2000, |z| z - 1.0);
    let told = told(CalibrationMethod::Intercept, &churned, &log_odds);
    let happened = churned.iter().filter(|churned| **churned).count() as f64;
    assert_close(told.iter().sum(), happened, 1e-6);
}

#[test]
fn a_line_leaves_coxs_line_nothing_to_do() {
    let (churned, log_odds) = sample(2000, |z| 0.4 * z + 0.3);
    let told = told(CalibrationMethod::Platt, &churned, &log_odds);
    let cox = cox_calibration(&churned, &told).expect("a line");
    assert_close(cox.slope, 1.0, 1e-9);
    assert_close(cox.intercept, 0.0, 1e-9);
}

#[test]
fn blocks_follow_what_is_no_line() {
    let truth = |z: f64| if z > 0.0 { 2.0 * z } else { 0.1 * z };
    let (churned, log_odds) = sample(20_000, truth);
    let (others, theirs) = {
        let mut rng = Rng(6);
        let rows = (0..20_000).map(|_| {
            let fitted = 1.5 * rng.normal();
            let p = 1.0 / (1.0 + (-truth(fitted)).exp());
            (rng.uniform() < p, fitted)
        });
        rows.unzip::<bool, f64, Vec<_>, Vec<_>>()
    };
    let calibrated = |method| {
        let calibration = Calibration::fit(method, &churned, &log_odds).expect("is learned");
        let told: Vec<f64> = theirs.iter().map(|z| calibration.probability(*z)).collect();
        ece(&others, &told, 10).expect("a figure")
    };
    let [none, line, blocks] = [
        CalibrationMethod::None,
        CalibrationMethod::Platt,
        CalibrationMethod::Isotonic,
    ]
    .map(calibrated);
    assert!(blocks < 0.02, "{blocks}");
    assert!(blocks < 0.7 * line && line < none, "{none} {line} {blocks}");
}

#[test]
fn what_teaches_nothing_is_not_learned() {
    for method in &CalibrationMethod::ALL[1..] {
        assert_eq!(Calibration::fit(*method, &[], &[]), None);
        assert_eq!(Calibration::fit(*method, &[true, true], &[0.1, 2.0]), None);
        assert_eq!(Calibration::fit(*method, &[true, false], &[0.1]), None);
    }
    // Turned round it would rank churners last.
    let (churned, log_odds) = sample(2000, |z| -z);
    for method in [CalibrationMethod::Platt, CalibrationMethod::Isotonic] {
        assert_eq!(Calibration::fit(method, &churned, &log_odds), None);
    }
}

proptest! {
    #[test]
    fn the_order_of_scores_never_changes(
        rows in prop::collection::vec((any::<bool>(), -8..8_i32), 2..600),
        asked in prop::collection::vec(-20.0..20.0, 2..9),
    ) {
        let churned: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let log_odds: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 2.0).collect();
        let mut asked: Vec<f64> = asked;
        asked.sort_by(f64::total_cmp);
        for method in CalibrationMethod::ALL {
            let Some(calibration) = Calibration::fit(method, &churned, &log_odds) else {
                continue;
            };
            let told: Vec<f64> = asked.iter().map(|z| calibration.apply(*z)).collect();
            let is_rising = |(z, t): (&[f64], &[f64])| z[0] >= z[1] || t[0] < t[1];
            prop_assert!(asked.windows(2).zip(told.windows(2)).all(is_rising));
            prop_assert!(told.iter().all(|z| z.is_finite()));
        }
    }
}

/// A model of few customers with many columns that say nothing.
fn trained_on_noise(config: &ChurnConfig, seed: u64) -> ChurnModel {
    let rows = rows(&config.all_cutoffs(AS_OF), 150, 0.0, seed);
    let mut rng = Rng(seed + 100);
    let mut table = features(&rows);
    for column in 0..40 {
        let values = rows.iter().map(|_| rng.normal()).collect();
        let added = table.with_numeric(format!("noise_{column}"), values);
        table = added.expect("sound");
    }
    let labels: Vec<bool> = rows.iter().map(|row| row.churned).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|row| row.cutoff_day).collect();
    let set = TrainingSet::new(&table, &labels, &ids, &days).expect("sound");
    train(config, &set, AS_OF, &COLUMNS).expect("trains")
}

#[test]
fn what_is_chosen_is_better_than_coefficients_that_run_free() {
    let free = config(|raw| {
        raw.rows_min = 20;
        raw.models = vec!["logistic".to_owned()];
        raw.l2 = Some(1e-3);
        raw.calibration = "none".to_owned();
    });
    let chosen = config(|raw| {
        raw.rows_min = 20;
        raw.models = vec!["logistic".to_owned()];
    });
    let mut gain = 0.0;
    for seed in 0..8 {
        let [free, chosen] = [&free, &chosen].map(|config| trained_on_noise(config, seed));
        let log_loss = |model: &ChurnModel| {
            let measured = model.evaluation().measured().expect("enough history");
            measured.model.log_loss
        };
        gain += (log_loss(&free) - log_loss(&chosen)) / 8.0;

        let TuningResult::Tried(tuning) = chosen.tuning() else {
            panic!("{:?}", chosen.tuning());
        };
        assert_eq!(tuning.cutoff_day, 19_910);
        let best = tuning.l2.iter();
        let best = best.min_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
        let l2 = best.expect("one was tried").l2_per_row * chosen.training().rows() as f64;
        let logistic = chosen.scorer().logistic().expect("is one");
        assert_close(logistic.l2(), l2, 1e-9);
        let TuningResult::Tried(tuning) = free.tuning() else {
            panic!("{:?}", free.tuning());
        };
        assert!(tuning.l2.is_empty());
        assert_eq!(tuning.calibrations, CalibrationTrials::Set);
        assert_eq!(*free.calibration(), Calibration::None);
    }
    assert!(gain > 0.01, "{gain}");
}

#[test]
fn a_short_history_calibrates_nothing() {
    let config = config(|_| {});
    let cutoffs = config.all_cutoffs(AS_OF);
    let of = |cutoffs: &[i32]| {
        let set = training_set(&rows(cutoffs, 400, -1.0, 42));
        train(&config, &set, AS_OF, &COLUMNS).expect("trains")
    };
    let calibrations = |model: &ChurnModel| match model.tuning() {
        TuningResult::Tried(tuning) => tuning.calibrations.clone(),
        TuningResult::NotTried { reason } => panic!("{reason}"),
    };
    assert!(matches!(
        calibrations(&of(&cutoffs)),
        CalibrationTrials::Tried {
            cutoff_day: 19_820,
            ..
        }
    ));
    let short = of(&cutoffs[2..]);
    assert_eq!(
        calibrations(&short),
        CalibrationTrials::NotTried {
            reason: "of 2 cut-offs to learn from before the one of a window earlier 1 have rows"
                .into()
        }
    );
    assert_eq!(*short.calibration(), Calibration::None);
}

#[test]
fn a_calibrated_model_tells_calibrated_probabilities() {
    let rows = rows(&config(|_| {}).all_cutoffs(AS_OF), 400, -1.0, 42);
    let config = config(|raw| raw.calibration = "platt".to_owned());
    let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
    assert_eq!(model.calibration().method(), CalibrationMethod::Platt);
    let table = features(&rows);
    let told = model.predict(&table).expect("fits");
    let fitted = model.log_odds(&table).expect("fits");
    for (p, z) in told.iter().zip(fitted) {
        assert_close(*p, model.calibration().probability(z), 0.0);
    }
    let again = ChurnModel::from_json(&model.to_json()).expect("reads");
    assert_eq!(again, model);
    let measured = model.evaluation().measured().expect("enough history");
    let before = measured.uncalibrated.as_ref().expect("is told beside");
    assert_eq!(before.roc_auc, measured.model.roc_auc);
}
