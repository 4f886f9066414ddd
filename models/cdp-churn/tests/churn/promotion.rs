//! Which model takes the place of which.

use cdp_churn::{
    Basis, Champion, ChurnConfig, ChurnModel, ContestResult, FeatureTable, Guard, Promotion,
    RawChurnConfig, TrainingSet, Verdict, contest, judge, train,
};

use crate::support::{COLUMNS, Row, config, features, rows, training_set};

const AS_OF: i32 = 20_000;
const WEEK: i32 = 7;

/// The rows that trainings for these days read.
fn rows_of(days: &[i32], count: usize) -> Vec<Row> {
    let config = config(|_| {});
    let mut cutoffs: Vec<i32> = days
        .iter()
        .flat_map(|day| config.all_cutoffs(*day))
        .collect();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    rows(&cutoffs, count, -1.0, 42)
}

fn trained(config: &ChurnConfig, set: &TrainingSet, day: i32) -> ChurnModel {
    let known: Vec<i32> = config.all_cutoffs(day);
    train(config, &only(set, &known), day, &COLUMNS).expect("trains")
}

/// The rows of some cut-offs.
fn only(set: &TrainingSet, cutoffs: &[i32]) -> TrainingSet {
    let keep: Vec<usize> = (0..set.rows())
        .filter(|row| cutoffs.contains(&set.cutoff_days()[*row]))
        .collect();
    let pick = |row: &usize| set.profile_ids()[*row].clone();
    let ids: Vec<String> = keep.iter().map(pick).collect();
    let churned: Vec<bool> = keep.iter().map(|row| set.churned()[*row]).collect();
    let days: Vec<i32> = keep.iter().map(|row| set.cutoff_days()[*row]).collect();
    let columns = set.features().columns().map(|(name, column)| {
        let column = match column {
            cdp_churn::FeatureColumn::Numeric(values) => {
                cdp_churn::FeatureColumn::Numeric(keep.iter().map(|row| values[*row]).collect())
            }
            cdp_churn::FeatureColumn::Categorical(levels) => {
                let levels = keep.iter().map(|row| levels[*row].clone());
                cdp_churn::FeatureColumn::Categorical(levels.collect())
            }
        };
        (name.to_owned(), column)
    });
    let table = FeatureTable::from_columns(columns).expect("sound columns");
    TrainingSet::new(&table, &churned, &ids, &days).expect("a sound set")
}

fn judged(
    change: impl FnOnce(&mut RawChurnConfig),
    set: &TrainingSet,
    champion: &ChurnModel,
    person: Option<&str>,
    candidate: &ChurnModel,
) -> Promotion {
    let champion = Champion::Model {
        model: champion,
        person,
    };
    judge(&config(change), set, AS_OF, &COLUMNS, champion, candidate).expect("judges")
}

fn verdict(promotion: &Promotion) -> Verdict {
    let held = promotion.contest.as_ref().and_then(ContestResult::held);
    held.expect("it was held").comparison.verdict()
}

#[test]
fn a_fresher_model_of_the_same_recipe_takes_the_place() {
    let set = training_set(&rows_of(&[AS_OF, AS_OF - WEEK], 400));
    let config = config(|_| {});
    let champion = trained(&config, &set, AS_OF - WEEK);
    let candidate = trained(&config, &set, AS_OF);
    let promotion = judged(|_| {}, &set, &champion, None, &candidate);
    assert!(promotion.is_promoted, "{promotion:#?}");
    let Some(ContestResult::Held(contest)) = &promotion.contest else {
        panic!("{promotion:#?}");
    };
    assert!(contest.is_same);
    assert_eq!(contest.champion.basis, Basis::LearnedAgain);
    assert_eq!(
        (contest.comparison.gain, contest.cutoff_day),
        (0.0, AS_OF - 90)
    );
    // What stands in for it is what its evaluation was made of.
    let measured = candidate.evaluation().measured().expect("enough history");
    assert_eq!(contest.comparison.candidate, measured.model);
    assert!(promotion.guards.iter().all(Guard::holds), "{promotion:#?}");

    // Under the other rules it stays, and a person's choice stays under all.
    let better = |raw: &mut RawChurnConfig| raw.promote = "better".to_owned();
    assert!(!judged(better, &set, &champion, None, &candidate).is_promoted);
    let manual = |raw: &mut RawChurnConfig| raw.promote = "manual".to_owned();
    let promotion = judged(manual, &set, &champion, None, &candidate);
    assert!(!promotion.is_promoted && promotion.because.contains("manual"));
    let promotion = judged(|_| {}, &set, &champion, Some("ann"), &candidate);
    assert!(!promotion.is_promoted && promotion.because.contains("ann"));
}

#[test]
fn an_old_model_is_tried_as_it_stands_and_a_young_one_never() {
    let old = AS_OF - 90;
    let set = training_set(&rows_of(&[AS_OF, old, old + 1], 300));
    let config = config(|_| {});
    let candidate = trained(&config, &set, AS_OF);
    let basis = |day: i32| {
        let champion = trained(&config, &set, day);
        let held =
            contest(&config, &set, AS_OF, &COLUMNS, &champion, &candidate).expect("compares");
        held.held().expect("it was held").champion.basis
    };
    assert_eq!(basis(old), Basis::AsTrained);
    assert_eq!(basis(old + 1), Basis::LearnedAgain);
}

#[test]
fn a_contest_looks_at_nothing_that_came_after_its_cutoff() {
    let rows = rows_of(&[AS_OF, AS_OF - WEEK], 300);
    let with_l2 = config(|raw| raw.l2 = Some(30.0));
    let other = |rows: &[Row]| {
        let set = training_set(rows);
        let champion = trained(&config(|_| {}), &set, AS_OF - WEEK);
        let candidate = trained(&with_l2, &set, AS_OF);
        let held =
            contest(&with_l2, &set, AS_OF, &COLUMNS, &champion, &candidate).expect("compares");
        held.held().expect("it was held").comparison.clone()
    };
    let mut tampered = rows.clone();
    // Their windows had not closed by the cut-off.
    for row in &mut tampered {
        if (AS_OF - 179..AS_OF - 90).contains(&row.cutoff_day) {
            row.churned = !row.churned;
            row.recency_days += 1.0;
        }
    }
    assert_eq!(other(&rows), other(&tampered));
}

#[test]
fn a_guard_that_does_not_hold_refuses_a_fresher_model() {
    let rows = rows_of(&[AS_OF, AS_OF - WEEK], 400);
    let config = config(|_| {});
    let champion = trained(&config, &training_set(&rows), AS_OF - WEEK);
    // At the newest cut-off the feed is broken: everybody looks as if they had just ordered.
    let mut broken = rows;
    for row in &mut broken {
        if row.cutoff_day == AS_OF - 90 {
            row.recency_days = 0.0;
        }
    }
    let set = training_set(&broken);
    let candidate = trained(&config, &set, AS_OF);
    let promotion = judged(|_| {}, &set, &champion, None, &candidate);
    assert!(!promotion.is_promoted, "{promotion:#?}");
    assert_eq!(promotion.champion_id, Some(champion.model_id()));
    let told: Vec<String> = promotion.broken().map(Guard::to_string).collect();
    assert!(promotion.because == told.join("; ") && !told.is_empty());
    let has_shifted = |guard: &Guard| matches!(guard, Guard::ScoreShift { .. });
    assert!(promotion.broken().any(has_shifted), "{told:?}");
}

#[test]
fn labels_by_lot_take_no_place() {
    let rows = rows_of(&[AS_OF, AS_OF - WEEK], 400);
    let config = config(|_| {});
    let champion = trained(&config, &training_set(&rows), AS_OF - WEEK);
    let mut by_lot = rows;
    let churned: Vec<bool> = by_lot.iter().map(|row| row.churned).collect();
    for (place, row) in by_lot.iter_mut().enumerate() {
        row.churned = churned[(place * 7919 + 13) % churned.len()];
    }
    let set = training_set(&by_lot);
    let candidate = trained(&config, &set, AS_OF);
    // Learned again on such labels the champion tells nothing either; what it told once does.
    let promotion = judged(|_| {}, &set, &champion, None, &candidate);
    assert!(!promotion.is_promoted, "{promotion:#?}");
    let declines = |guard: &Guard| matches!(guard, Guard::Decline { .. });
    assert!(promotion.broken().any(declines), "{promotion:#?}");
}

#[test]
fn a_model_that_lacks_the_best_feature_is_surely_worse() {
    let rows = rows_of(&[AS_OF], 800);
    let set = training_set(&rows);
    let config = config(|_| {});
    let champion = trained(&config, &set, AS_OF);
    let mut lacking = FeatureTable::new();
    for (name, column) in features(&rows).columns() {
        if name != "order_count" {
            lacking
                .insert(name, column.clone())
                .expect("a sound column");
        }
    }
    let churned: Vec<bool> = rows.iter().map(|row| row.churned).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|row| row.cutoff_day).collect();
    let without = TrainingSet::new(&lacking, &churned, &ids, &days).expect("a sound set");
    let candidate = train(&config, &without, AS_OF, &COLUMNS).expect("trains");
    let promotion = judged(|_| {}, &set, &champion, None, &candidate);
    assert_eq!(verdict(&promotion), Verdict::Worse, "{promotion:#?}");
    assert!(!promotion.is_promoted);

    // The other way round it is surely better, also than what a person chose, and under every rule
    // but one.
    let promotion = judged(|_| {}, &set, &candidate, Some("ann"), &champion);
    assert_eq!(verdict(&promotion), Verdict::Better);
    assert!(promotion.is_promoted, "{promotion:#?}");
    let better = |raw: &mut RawChurnConfig| raw.promote = "better".to_owned();
    assert!(judged(better, &set, &candidate, None, &champion).is_promoted);

    // Where the feature is gone the champion can't serve, and does not block.
    let promotion = judged(|_| {}, &without, &champion, Some("ann"), &candidate);
    assert!(promotion.is_promoted, "{promotion:#?}");
    assert!(
        promotion.because.contains("`order_count`"),
        "{}",
        promotion.because
    );
}

#[test]
fn another_horizon_is_another_question() {
    let set = training_set(&rows_of(&[AS_OF], 300));
    let champion = trained(&config(|_| {}), &set, AS_OF);
    let short = |raw: &mut RawChurnConfig| raw.horizon_days = 60.into();
    let days = config(short).all_cutoffs(AS_OF);
    let rows = rows(&days, 300, -1.0, 7);
    let set = training_set(&rows);
    let candidate = train(&config(short), &set, AS_OF, &COLUMNS).expect("trains");
    let promotion = judged(short, &set, &champion, None, &candidate);
    assert!(promotion.is_promoted, "{promotion:#?}");
    assert!(
        promotion
            .because
            .contains("it foretells 90 days, and 60 days")
    );
}

#[test]
fn the_first_model_serves_unless_it_tells_nothing() {
    let set = training_set(&rows_of(&[AS_OF], 300));
    let config = config(|_| {});
    let candidate = trained(&config, &set, AS_OF);
    let first =
        judge(&config, &set, AS_OF, &COLUMNS, Champion::Nobody, &candidate).expect("judges");
    assert!(first.is_promoted && first.contest.is_none(), "{first:#?}");

    // A model that can't be read is nobody's champion any more.
    let gone = Champion::Unreadable {
        model_id: "m_gone",
        reason: "it is of format version 1",
    };
    let next = judge(&config, &set, AS_OF, &COLUMNS, gone, &candidate).expect("judges");
    assert!(next.is_promoted && next.because.contains("format version 1"));
    assert_eq!(next.champion_id.as_deref(), Some("m_gone"));

    // Who churns is drawn by lot.
    let mut rows = rows_of(&[AS_OF], 300);
    for (place, row) in (1_u32..).zip(&mut rows) {
        row.churned = place.wrapping_mul(2_654_435_761) >> 31 == 1;
    }
    let set = training_set(&rows);
    let candidate = trained(&config, &set, AS_OF);
    let blind =
        judge(&config, &set, AS_OF, &COLUMNS, Champion::Nobody, &candidate).expect("judges");
    assert!(!blind.is_promoted, "{blind:#?}");
    assert!(blind.because.starts_with("gain over the base rate -"));
}

#[test]
fn a_verdict_is_kept_whole() {
    let set = training_set(&rows_of(&[AS_OF], 300));
    let config = config(|_| {});
    let model = trained(&config, &set, AS_OF);
    let promotion = judged(|_| {}, &set, &model, None, &model);
    let json = serde_json::to_string(&promotion).expect("plain data");
    let again: Promotion = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(again, promotion);
}
