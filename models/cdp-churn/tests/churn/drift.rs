//! How far people have moved since a training.

use cdp_churn::{ChurnModel, Drift, DriftBaseline, DriftLevel, TrainingSet, train};

use crate::support::{COLUMNS, Row, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;

fn trained() -> (ChurnModel, TrainingSet) {
    let set = training_set(&rows(&config(|_| {}).all_cutoffs(AS_OF), 500, -1.0, 42));
    let model = train(&config(|_| {}), &set, AS_OF, &COLUMNS).expect("trains");
    (model, set)
}

fn drift(model: &ChurnModel, baseline: &DriftBaseline, rows: &[Row]) -> Vec<Drift> {
    let features = features(rows);
    let told = model.predict(&features).expect("predicts");
    let mut count = baseline.count();
    count.add(&features, &told);
    count.drift()
}

fn of<'d>(drift: &'d [Drift], name: &str) -> &'d Drift {
    drift.iter().find(|one| one.name() == name).expect("a row")
}

#[test]
fn people_like_those_of_the_training_have_not_moved() {
    let (model, set) = trained();
    let baseline = DriftBaseline::of(&model, &set).expect("fits");
    let moved = drift(&model, &baseline, &rows(&[AS_OF], 700, -1.0, 9));
    assert_eq!(moved.len(), 6);
    for one in &moved {
        assert_eq!(one.level(), DriftLevel::Stable, "{one:#?}");
        assert_eq!((one.rows, one.training_rows), (700, 2000));
    }
    // Ten bins and the missing ones, of which amounts have some.
    let amounts = of(&moved, "order_amount");
    assert_close(
        amounts.noise_floor,
        10.0 * (1.0 / 700.0 + 1.0 / 2000.0),
        1e-12,
    );
    assert_close(amounts.training_missing_rate, 0.1, 0.03);
    // What never varies has one bin, and nowhere to go.
    let constant = of(&moved, "always_one");
    assert_eq!((constant.psi, constant.noise_floor), (0.0, 0.0));
    assert!(moved[5].is_score());
}

#[test]
fn what_moves_is_named_and_what_does_not_is_not() {
    let (model, set) = trained();
    let baseline = DriftBaseline::of(&model, &set).expect("fits");
    let mut today = rows(&[AS_OF], 700, -1.0, 9);
    for (place, row) in today.iter_mut().enumerate() {
        if place % 3 == 0 {
            row.order_amount = f64::NAN;
        }
        if place % 2 == 0 {
            row.country = Some("fr".to_owned());
        }
        row.recency_days += 100.0;
    }
    let moved = drift(&model, &baseline, &today);
    for name in [
        "order_amount",
        "country",
        "recency_days",
        "churn_probability",
    ] {
        assert_ne!(of(&moved, name).level(), DriftLevel::Stable, "{name}");
    }
    assert_eq!(of(&moved, "order_count").level(), DriftLevel::Stable);
    let amounts = of(&moved, "order_amount");
    assert!(amounts.missing_rate > 0.3, "{amounts:#?}");
    let recency = of(&moved, "recency_days");
    let (now, then) = (recency.mean, recency.training_mean);
    assert_close(now.expect("numbers") - then.expect("numbers"), 100.0, 10.0);
}

#[test]
fn parts_and_their_order_change_nothing_and_json_keeps_all() {
    let (model, set) = trained();
    let baseline = DriftBaseline::of(&model, &set).expect("fits");
    let read = DriftBaseline::from_json(&baseline.to_json()).expect("reads what it wrote");
    assert_eq!(read, baseline);
    let today = rows(&[AS_OF], 300, 0.5, 9);
    let whole = drift(&model, &baseline, &today);
    let mut count = read.count();
    for part in today.chunks(70).rev() {
        let features = features(part);
        count.add(&features, &model.predict(&features).expect("predicts"));
    }
    assert_eq!(count.drift(), whole);
    assert_eq!(baseline.count().drift(), []);
}

#[test]
fn the_index_is_that_of_the_formula() {
    let (model, set) = trained();
    let baseline = DriftBaseline::of(&model, &set).expect("fits");
    let mut today = rows(&[AS_OF], 100, -1.0, 3);
    for row in &mut today {
        row.country = None;
    }
    // Half a row is added to each of six bins: the levels, and those without one.
    let counted = |level: Option<&str>| {
        let cutoffs = model.training_cutoff_days();
        let levels = set.features().categorical("country").expect("a category");
        let rows = levels.iter().zip(set.cutoff_days());
        let rows = rows.filter(|(_, cutoff)| cutoffs.contains(cutoff));
        rows.filter(|(found, _)| found.as_deref() == level).count() as f64
    };
    let levels = [Some("nl"), Some("be"), Some("lu"), Some("de"), None];
    let mut psi = 0.0;
    for level in levels {
        let then = (counted(level) + 0.5) / (2000.0 + 2.5);
        let now = if level.is_none() { 100.5 } else { 0.5 } / (100.0 + 2.5);
        psi += (now - then) * f64::ln(now / then);
    }
    let moved = drift(&model, &baseline, &today);
    assert_close(of(&moved, "country").psi, psi, 1e-12);
}
