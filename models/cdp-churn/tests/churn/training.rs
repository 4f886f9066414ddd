//! Training and evaluation.

use cdp_churn::{
    BaselineColumns, ChurnModel, Curves, CutoffMetrics, EvaluationResult, HiatusRule, Interval,
    Leak, OrderBaselineResult, TrainError, TrainingSet, TrainingSetError, TuningResult, evaluate,
    train,
};

use crate::support::{COLUMNS, Rng, Row, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;

fn all_rows(count: usize) -> Vec<Row> {
    rows(&config(|_| {}).all_cutoffs(AS_OF), count, -1.0, 42)
}

fn trained(rows: &[Row]) -> ChurnModel {
    train(&config(|_| {}), &training_set(rows), AS_OF, &COLUMNS).expect("trains")
}

#[test]
fn a_model_is_fitted_on_the_newest_cutoffs_and_measured_beside_its_baselines() {
    let model = trained(&all_rows(600));
    assert_eq!(
        model.training_cutoff_days(),
        [19_820, 19_850, 19_880, 19_910]
    );
    assert_eq!(model.training().rows(), 2400);
    let evaluation = model.evaluation().measured().expect("enough history");
    assert_eq!(evaluation.test_cutoff_day, 19_910);
    assert_eq!(
        evaluation.training_cutoff_days,
        [19_730, 19_760, 19_790, 19_820]
    );
    assert_eq!(evaluation.test.rows(), 600);
    assert!(evaluation.beats_baselines());
    assert!(evaluation.model.roc_auc > evaluation.hiatus.recency_roc_auc);
    let cox = evaluation.model.cox.expect("a line");
    assert!((cox.slope - 1.0).abs() < 0.3, "slope {}", cox.slope);
    assert_eq!(evaluation.base_rate.roc_auc, Some(0.5));
    let logistic = model.scorer().logistic().expect("is one, or a part");
    assert!(logistic.fit_report().gradient < 1e-5);
}

#[test]
fn what_was_true_long_ago_and_is_not_now_is_not_learned() {
    let mut rows = all_rows(600);
    for row in rows.iter_mut().filter(|row| row.cutoff_day < 19_820) {
        row.churned = !row.churned;
    }
    let model = trained(&rows);
    let TuningResult::Tried(tuning) = model.tuning() else {
        panic!("enough history");
    };
    let tried: Vec<usize> = tuning.stacking.iter().map(|trial| trial.cutoffs).collect();
    assert_eq!(tried, [1, 2, 4]);
    let losses = tuning.stacking.iter().map(|trial| trial.log_loss);
    assert!(losses.is_sorted(), "{:?}", tuning.stacking);
    assert_eq!(model.training_cutoff_days(), [19_910]);
}

#[test]
fn without_histories_no_model_of_orders_is_fitted_and_it_is_said_why() {
    let model = trained(&all_rows(200));
    let evaluation = model.evaluation().measured().expect("enough history");
    assert_eq!(evaluation.best_order_model(), None);
    assert_eq!(evaluation.order_models.len(), 4);
    for baseline in &evaluation.order_models {
        let reason = "`tenure_days` is not a numeric feature".to_owned();
        assert_eq!(baseline.result, OrderBaselineResult::NotFitted { reason });
    }
}

#[test]
fn shuffled_rows_give_the_same_bytes() {
    let rows = all_rows(300);
    let model = trained(&rows);
    for seed in 1..4 {
        let order = Rng(seed).permutation(rows.len());
        let shuffled: Vec<Row> = order.into_iter().map(|index| rows[index].clone()).collect();
        let again = trained(&shuffled);
        assert_eq!(again.to_json(), model.to_json());
        assert_eq!(again.model_id(), model.model_id());
    }
}

#[test]
fn an_evaluation_knows_nothing_that_its_test_cutoff_did_not() {
    // Cut-offs between the evaluation's training and its test have labels from after the test
    // cut-off. Whatever they say must not show.
    let rows = all_rows(300);
    let honest = trained(&rows);
    let mut tampered = rows;
    for row in &mut tampered {
        if (19_821..19_910).contains(&row.cutoff_day) {
            row.churned = !row.churned;
            row.recency_days = 0.0;
        }
    }
    let other = trained(&tampered);
    // They are measured apart, as the cut-offs before the test one.
    let at_the_test = |model: &ChurnModel| {
        let mut measured = model.evaluation().measured().expect("history").clone();
        let earlier = std::mem::take(&mut measured.earlier);
        (measured, earlier)
    };
    let (ours, before) = at_the_test(&honest);
    let (theirs, tampered_before) = at_the_test(&other);
    assert_eq!(ours, theirs);
    let days: Vec<i32> = before.iter().map(|of| of.cutoff_day).collect();
    assert_eq!(days, [19_880, 19_850]);
    let is_worse =
        |(a, b): (&CutoffMetrics, &CutoffMetrics)| a.metrics.log_loss < b.metrics.log_loss;
    assert!(before.iter().zip(&tampered_before).all(is_worse));
    assert_ne!(other.model_id(), honest.model_id());
}

#[test]
fn a_label_from_an_open_window_is_refused() {
    let mut rows = all_rows(200);
    rows[0].cutoff_day = AS_OF - 89;
    let result = train(&config(|_| {}), &training_set(&rows), AS_OF, &COLUMNS);
    assert!(matches!(
        result,
        Err(TrainError::OpenWindow {
            cutoff_day: 19_911,
            closes_day: 20_001,
            as_of_day: AS_OF
        })
    ));
}

#[test]
fn other_closed_cutoffs_are_not_used() {
    let mut rows = all_rows(300);
    let model = trained(&rows);
    rows.extend(crate::support::rows(&[19_815, 19_000], 300, 3.0, 9));
    assert_eq!(trained(&rows).to_json(), model.to_json());
}

#[test]
fn a_short_history_still_gives_a_model_and_says_why_it_was_not_measured() {
    let newest = config(|_| {}).training_cutoffs(AS_OF);
    let model = trained(&rows(&newest[..1], 600, -1.0, 1));
    assert_eq!(model.training_cutoff_days(), [19_910]);
    let reason = model
        .evaluation()
        .reason()
        .expect("nothing to train on before the test");
    assert_eq!(
        reason,
        "the history before the test cut-off is too short: 0 churned and 0 retained training \
         rows, needs at least 100 of each"
    );
    assert_eq!(model.evaluation().measured(), None);
}

#[test]
fn a_test_cutoff_of_one_class_is_not_measured() {
    let mut rows = all_rows(300);
    rows.iter_mut()
        .filter(|r| r.cutoff_day == 19_910)
        .for_each(|r| r.churned = true);
    let result = evaluate(&config(|_| {}), &training_set(&rows), AS_OF, &COLUMNS);
    let result = result.expect("no failure");
    assert!(
        matches!(result, EvaluationResult::NotMeasured { reason } if reason.contains("300 churned"))
    );
}

#[test]
fn too_little_data_says_what_there_is_and_what_is_needed() {
    for rows in [Vec::new(), all_rows(20)] {
        let set = training_set(&rows);
        let result = train(&config(|_| {}), &set, AS_OF, &COLUMNS);
        let newest: Vec<&Row> = rows.iter().filter(|r| r.cutoff_day >= 19_820).collect();
        let Err(TrainError::NotEnoughData { have, need: 100 }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(have.rows(), newest.len());
    }
}

#[test]
fn the_recency_column_must_be_a_numeric_feature() {
    let set = training_set(&all_rows(200));
    for name in ["recency", "country"] {
        let columns = BaselineColumns {
            recency_days: name,
            ..COLUMNS
        };
        let result = train(&config(|_| {}), &set, AS_OF, &columns);
        assert!(matches!(result, Err(TrainError::RecencyColumn { name: found }) if found == name));
    }
}

#[test]
fn a_training_set_refuses_rows_that_do_not_fit() {
    let mut rows = all_rows(10);
    let table = features(&rows);
    let short = TrainingSet::new(&table, &[true], &[], &[]);
    assert!(matches!(
        short,
        Err(TrainingSetError::Rows {
            name: "churned",
            rows: 1,
            ..
        })
    ));
    rows[3] = rows[4].clone();
    let ids: Vec<String> = rows.iter().map(|r| r.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|r| r.cutoff_day).collect();
    let twice = TrainingSet::new(&features(&rows), &vec![true; rows.len()], &ids, &days);
    assert!(
        matches!(twice, Err(TrainingSetError::Duplicate { profile_id, .. }) if profile_id == "p000004")
    );
}

#[test]
fn the_hiatus_rule_finds_the_best_threshold() {
    let recency = [1.0, 2.0, 3.0, 30.0, 31.0, f64::NAN];
    let churned = [false, false, false, true, true, true];
    let rule = HiatusRule::fit(&recency, &churned).expect("rows");
    assert_close(rule.silent_from, 30.0, 0.0);
    assert_close(rule.churn_rate_silent, 0.8, 1e-15);
    assert_close(rule.churn_rate_active, 0.2, 1e-15);
    assert_eq!(rule.predict(&[29.9, 30.0, f64::NAN]), [0.2, 0.8, 0.8]);
    assert_eq!(HiatusRule::fit(&[], &[]), None);
}

/// The rows with one more feature, which knows the answer of so many in a hundred.
fn telling(rows: &[Row], percent: u64) -> TrainingSet {
    let mut rng = Rng(3);
    let knows = |row: &Row, rng: &mut Rng| {
        if rng.next() % 100 < percent {
            f64::from(u8::from(row.churned))
        } else {
            rng.uniform()
        }
    };
    let values: Vec<f64> = rows.iter().map(|row| knows(row, &mut rng)).collect();
    let table = features(rows).with_numeric("cancelled", values);
    let churned: Vec<bool> = rows.iter().map(|r| r.churned).collect();
    let ids: Vec<String> = rows.iter().map(|r| r.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|r| r.cutoff_day).collect();
    TrainingSet::new(&table.expect("a sound column"), &churned, &ids, &days).expect("a sound set")
}

#[test]
fn a_feature_that_knows_the_answer_fails_the_training_by_name() {
    let rows = all_rows(300);
    let train = |percent, waived: &[&str]| {
        let config = config(|raw| raw.leak_waivers = waived.iter().map(|w| (*w).into()).collect());
        train(&config, &telling(&rows, percent), AS_OF, &COLUMNS)
    };
    let Err(TrainError::Leaks { leaks }) = train(100, &[]) else {
        panic!("it knows everything");
    };
    let expected = [
        Leak::Feature {
            name: "cancelled".to_owned(),
            roc_auc: 1.0,
        },
        Leak::Model { roc_auc: 1.0 },
    ];
    assert_eq!(leaks, expected);
    // Waived one by one, and then nothing trips.
    let Err(TrainError::Leaks { leaks }) = train(100, &["cancelled"]) else {
        panic!("the model still knows");
    };
    assert_eq!(leaks, expected[1..]);
    train(100, &["cancelled", "model"]).expect("all is waived");
    // One that knows half of the answers is strong and no leak.
    train(50, &[]).expect("trains");
}

#[test]
fn a_category_that_knows_the_answer_fails_the_training_too() {
    let rows = all_rows(300);
    let named = |row: &Row| Some(if row.churned { "gone" } else { "here" }.to_owned());
    let table = features(&rows).with_categorical("status", rows.iter().map(named).collect());
    let churned: Vec<bool> = rows.iter().map(|r| r.churned).collect();
    let ids: Vec<String> = rows.iter().map(|r| r.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|r| r.cutoff_day).collect();
    let set = TrainingSet::new(&table.expect("a sound column"), &churned, &ids, &days);
    let result = train(&config(|_| {}), &set.expect("a sound set"), AS_OF, &COLUMNS);
    let Err(error @ TrainError::Leaks { .. }) = result else {
        panic!("it knows everything");
    };
    assert!(error.to_string().starts_with(
        "the feature `status` alone has an AUC of 1.0000, expected at most 0.95; the model has"
    ));
}

#[test]
fn figures_come_with_intervals_and_for_parts_of_the_customers() {
    let model = trained(&all_rows(600));
    let evaluation = model.evaluation().measured().expect("enough history");
    let intervals = &evaluation.intervals;
    let holds = |interval: &Interval, value: f64| interval.low < value && value < interval.high;
    assert!(holds(&intervals.log_loss, evaluation.model.log_loss));
    let auc = intervals.roc_auc.expect("both classes");
    assert!(holds(&auc, evaluation.model.roc_auc.expect("both classes")));
    // Hanley and McNeil 1982: about 0.02 either side with 600 rows.
    assert!((0.03..0.12).contains(&(auc.high - auc.low)), "{auc:?}");
    assert!(intervals.gain.low > 0.0, "{intervals:?}");
    assert!(evaluation.best_baseline.starts_with("silent for"));

    // The curves are of the same rows.
    let rows =
        |curves: &Curves| -> usize { curves.calibration.iter().map(|bin| bin.rows.rows()).sum() };
    assert_eq!(rows(&evaluation.curves), 600);
    assert_eq!(rows(&evaluation.baseline_curves), 600);
    // A rule of one threshold tells two probabilities apart.
    assert_eq!(evaluation.baseline_curves.calibration.len(), 2);

    let groups = &evaluation.groups;
    let of = |feature: &str| -> Vec<(&str, usize)> {
        let of_feature = groups.iter().filter(|group| group.feature == feature);
        of_feature
            .map(|group| (group.level.as_str(), group.rows.rows()))
            .collect()
    };
    let recency = of("recency_days");
    assert_eq!([recency[0].0, recency[1].0], ["up to 90", "above 90"]);
    assert_eq!(recency[0].1 + recency[1].1, 600);
    // Luxembourg has too few rows, and so has no figures.
    let countries: Vec<&str> = of("country").into_iter().map(|(level, _)| level).collect();
    assert_eq!(countries, ["be", "nl"]);
}
