//! The artefact and its reasons.

use std::collections::BTreeMap;

use cdp_churn::{
    BaselineColumns, ChurnModel, Direction, FORMAT_VERSION, FeatureKind, FeatureTable, ModelError,
    SpecError, TrainingSet, train,
};

use crate::support::{COLUMNS, Row, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;

fn model() -> (ChurnModel, Vec<Row>) {
    let config = config(|_| {});
    let rows = rows(&config.all_cutoffs(AS_OF), 400, -1.0, 42);
    let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
    (model, rows)
}

#[test]
fn a_model_survives_its_json_bit_for_bit() {
    let (model, rows) = model();
    let read = ChurnModel::from_json(&model.to_json()).expect("what was written");
    assert_eq!(read, model);
    assert_eq!(read.to_json(), model.to_json());
    assert_eq!(read.model_id(), model.model_id());
    assert!(model.model_id().starts_with("m_") && model.model_id().len() == 18);
    let table = features(&rows);
    assert_eq!(
        read.predict(&table).expect("fits"),
        model.predict(&table).expect("fits")
    );
}

#[test]
fn a_model_of_another_format_or_with_changed_parts_is_refused() {
    let (model, _) = model();
    let json = model.to_json();
    let current = format!(r#""format_version":{FORMAT_VERSION}"#);
    let other = format!(r#""format_version":{},"novelty":4"#, FORMAT_VERSION + 1);
    let newer = json.replace(&current, &other);
    assert!(matches!(
        ChurnModel::from_json(&newer),
        Err(ModelError::FormatVersion { found }) if found == FORMAT_VERSION + 1
    ));

    let renamed = json.replace(r#"{"name":"order_count""#, r#"{"name":"orders""#);
    let error = ChurnModel::from_json(&renamed).expect_err("another fingerprint");
    assert!(
        matches!(&error, ModelError::Fingerprint { stored, .. } if stored == model.feature_fingerprint())
    );
    assert!(error.to_string().contains("changed after training"));

    let swapped = json.replace(r#""column":"order_count""#, r#""column":"other""#);
    let error = ChurnModel::from_json(&swapped).expect_err("another coefficient");
    assert!(
        matches!(error, ModelError::Coefficient { found, expected, .. }
        if found == "other" && expected == "order_count")
    );

    assert!(matches!(
        ChurnModel::from_json("{}"),
        Err(ModelError::Json(_))
    ));
    assert!(matches!(
        ChurnModel::from_json("not json"),
        Err(ModelError::Json(_))
    ));
}

#[test]
fn contributions_of_all_features_add_up_to_the_log_odds() {
    let (model, mut rows) = model();
    rows[0].country = Some("never seen".to_owned());
    rows[1].recency_days = f64::NAN;
    rows[2].order_amount = 1e12;
    let table = features(&rows);
    let contributions = model.contributions(&table).expect("fits");
    let log_odds = model.log_odds(&table).expect("fits");
    let probabilities = model.predict(&table).expect("fits");
    assert_eq!(contributions.rows(), rows.len());
    assert_eq!(
        contributions.features(),
        [
            "always_one",
            "country",
            "order_amount",
            "order_count",
            "recency_days"
        ]
    );
    for row in 0..rows.len() {
        let sum: f64 = contributions.row(row).map(|(_, part)| part).sum();
        assert_close(contributions.base() + sum, log_odds[row], 1e-9);
        let p = probabilities[row];
        assert!((0.0..=1.0).contains(&p));
        assert_close(p, model.calibration().probability(log_odds[row]), 0.0);
    }
    assert_eq!(contributions.row(rows.len()).count(), 0);
}

#[test]
fn reasons_are_the_largest_contributions_with_the_values_people_know() {
    let (model, mut rows) = model();
    rows.truncate(3);
    rows[0].recency_days = 199.0;
    rows[0].order_count = 1.0;
    rows[0].order_amount = 12.345_678;
    rows[0].country = Some("de".to_owned());
    rows[1].country = None;
    rows[1].order_amount = f64::NAN;
    let table = features(&rows);
    let reasons = model.reasons(&table, 5).expect("fits");
    let find = |row: usize, feature: &str| {
        let mut of_row = reasons[row].iter();
        of_row.find(|r| r.feature == feature).expect("a reason")
    };
    let recency = find(0, "recency_days");
    assert_eq!(
        (recency.value.as_str(), recency.direction),
        ("199", Direction::Raises)
    );
    assert_eq!(find(0, "order_count").value, "1");
    assert_eq!(find(0, "order_amount").value, "12.3457");
    assert_eq!(find(0, "country").value, "de");
    assert_eq!(find(1, "country").value, "missing");
    assert_eq!(find(1, "order_amount").value, "missing");
    for row in &reasons {
        // `always_one` was dropped and is never a reason.
        assert_eq!(row.len(), 4);
        assert!(
            row.windows(2)
                .all(|w| w[0].contribution.abs() >= w[1].contribution.abs())
        );
        assert!(
            row.iter()
                .all(|r| (r.contribution > 0.0) == (r.direction == Direction::Raises))
        );
    }
    let two = model.reasons(&table, 2).expect("fits");
    assert!(
        two.iter()
            .zip(&reasons)
            .all(|(two, all)| two[..] == all[..2])
    );
    assert!(
        model
            .reasons(&table, 0)
            .expect("fits")
            .iter()
            .all(Vec::is_empty)
    );
}

#[test]
fn equal_contributions_are_ordered_by_name() {
    let config = config(|raw| raw.models = vec!["logistic".to_owned()]);
    let rows = rows(&config.all_cutoffs(AS_OF), 300, -1.0, 42);
    let copied = |name: &str| FeatureTable::new().with_numeric(name, numbers(&rows));
    let table = copied("b_copy").and_then(|t| t.with_numeric("a_copy", numbers(&rows)));
    let table = table.expect("sound columns");
    let ids: Vec<String> = rows.iter().map(|r| r.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|r| r.cutoff_day).collect();
    let churned: Vec<bool> = rows.iter().map(|r| r.churned).collect();
    let set = TrainingSet::new(&table, &churned, &ids, &days).expect("a sound set");
    let columns = BaselineColumns {
        recency_days: "a_copy",
        ..COLUMNS
    };
    let model = train(&config, &set, AS_OF, &columns).expect("trains");
    for reasons in model.reasons(&table, 2).expect("fits") {
        let [first, second] = &reasons[..] else {
            panic!("two reasons, found {reasons:?}");
        };
        assert_close(first.contribution, second.contribution, 0.0);
        assert_eq!([&first.feature, &second.feature], ["a_copy", "b_copy"]);
    }
}

fn numbers(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(|row| row.recency_days).collect()
}

#[test]
fn a_table_that_does_not_fit_the_model_is_refused_by_name() {
    let (model, rows) = model();
    let table = features(&rows);
    let short = table.columns().filter(|c| c.0 != "order_count");
    let short = FeatureTable::from_columns(short.map(|(n, c)| (n.to_owned(), c.clone())));
    let error = model
        .predict(&short.expect("sound"))
        .expect_err("a column is missing");
    assert!(
        matches!(error, ModelError::Spec(SpecError::MissingColumn { name }) if name == "order_count")
    );
}

#[test]
fn a_model_tells_what_has_changed_since_its_training() {
    let (model, rows) = model();
    let table = features(&rows);
    let mut kinds: BTreeMap<String, FeatureKind> = table
        .columns()
        .map(|(name, column)| (name.to_owned(), column.kind()))
        .collect();
    let same = config(|raw| {
        raw.retrain_days = 30;
        raw.reasons = 9;
        raw.rows_min = 7;
        raw.risk_bands.high = 0.9;
    });
    assert!(model.changes(&same, &kinds).is_empty());

    kinds.insert("order_amount_7d".to_owned(), FeatureKind::Numeric);
    kinds.insert("order_count".to_owned(), FeatureKind::Categorical);
    kinds.remove("always_one");
    let horizon = model.settings().horizon_days;
    let other = config(|raw| {
        raw.horizon_days = i64::from(horizon + 1).into();
        raw.l2 = Some(2.5);
    });
    assert_eq!(
        model.changes(&other, &kinds),
        [
            "new feature `order_amount_7d`".to_owned(),
            "gone feature `always_one`".to_owned(),
            "differently typed feature `order_count`".to_owned(),
            format!("`churn.horizon_days` is {} and was {horizon}", horizon + 1),
            "`churn.l2` is 2.5 and was auto".to_owned(),
        ]
    );
}

#[test]
fn columns_that_came_after_the_training_can_be_taken_out() {
    let (model, rows) = model();
    let table = features(&rows);
    let later = vec![1.0; rows.len()];
    let mut wide = table.clone().with_numeric("later", later).expect("sound");
    assert_eq!(model.take_unknown(&mut wide), ["later"]);
    let scores = |table| model.predict(table).expect("fits");
    assert_eq!(scores(&wide), scores(&table));
}

#[test]
fn a_row_scores_the_same_alone_and_in_company() {
    let (model, rows) = model();
    let all = model.predict(&features(&rows)).expect("fits");
    for (row, expected) in rows.iter().zip(all).step_by(50) {
        let alone = model
            .predict(&features(std::slice::from_ref(row)))
            .expect("fits");
        assert_close(alone[0], expected, 0.0);
    }
}
