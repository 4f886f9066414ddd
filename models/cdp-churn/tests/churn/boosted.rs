//! Boosted trees, the mean of both kinds, and what a model of orders adds.

use cdp_churn::{
    ChurnConfig, ChurnModel, Direction, FeatureTable, ModelError, ModelKind, OrderFeature,
    TrainingSet, TuningResult, train,
};

use crate::support::{COLUMNS, Rng, Row, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;

fn of_kinds(kinds: &[&str]) -> ChurnConfig {
    config(|raw| raw.models = kinds.iter().map(|kind| (*kind).to_owned()).collect())
}

fn boosted(count: usize) -> (ChurnModel, Vec<Row>) {
    let config = of_kinds(&["boosted"]);
    let rows = rows(&config.all_cutoffs(AS_OF), count, -1.0, 42);
    let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
    (model, rows)
}

#[test]
fn trees_are_fitted_on_gaps_and_add_up_to_the_log_odds() {
    let (model, mut rows) = boosted(400);
    assert_eq!(model.kind(), ModelKind::Boosted);
    let trees = model.scorer().boosted().expect("is one");
    assert!(trees.size().trees > 10, "{:?}", trees.size());
    assert_eq!(trees.trees().len(), trees.size().trees);
    rows[0].country = Some("never seen".to_owned());
    rows[1].recency_days = f64::NAN;
    rows[2].order_amount = f64::NAN;
    rows[3].order_amount = 1e12;
    let table = features(&rows);
    let contributions = model.contributions(&table).expect("fits");
    let log_odds = model.log_odds(&table).expect("fits");
    for (row, expected) in log_odds.iter().enumerate() {
        let sum: f64 = contributions.row(row).map(|(_, part)| part).sum();
        assert_close(contributions.base() + sum, *expected, 1e-9);
    }
    // What a row is told does not depend on the rows beside it.
    let alone = model.log_odds(&features(&rows[7..8])).expect("fits");
    assert_close(alone[0], log_odds[7], 0.0);
}

/// Shapley values by their definition: the mean, over all orders in which features become known, of
/// what each changes. A feature that is not known sends a row both ways, in the shares of covers.
fn by_definition(model: &ChurnModel, row: &[f64], columns: usize) -> Vec<f64> {
    fn expect(tree: &cdp_churn::Tree, at: usize, row: &[f64], known: usize) -> f64 {
        match &tree.nodes()[at].step {
            cdp_churn::TreeStep::Leaf(log_odds) => *log_odds,
            cdp_churn::TreeStep::Split(split) => {
                let told = |at| expect(tree, at, row, known);
                if known >> split.column & 1 == 1 {
                    let is_left = row[split.column] < split.below;
                    return told(if is_left { split.left } else { split.right });
                }
                let cover = |at: usize| tree.nodes()[at].cover;
                let (left, right) = (cover(split.left), cover(split.right));
                (left * told(split.left) + right * told(split.right)) / (left + right)
            }
        }
    }
    let trees = model.scorer().boosted().expect("is one").trees();
    let worth = |known: usize| {
        trees
            .iter()
            .map(|tree| expect(tree, 0, row, known))
            .sum::<f64>()
    };
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    let part = |column: usize| {
        let without = (0..1_usize << columns).filter(|known| known >> column & 1 == 0);
        let gains = without.map(|known| {
            let size = known.count_ones() as usize;
            let share = factorial(size) * factorial(columns - size - 1) / factorial(columns);
            share * (worth(known | 1 << column) - worth(known))
        });
        gains.sum::<f64>()
    };
    (0..columns).map(part).collect()
}

#[test]
fn contributions_of_trees_are_shapley_values() {
    let (model, rows) = boosted(300);
    let table = features(&rows[..20]);
    let matrix = model.spec().transform(&table).expect("fits");
    let columns = model.spec().output_columns();
    let contributions = model.contributions(&table).expect("fits");
    for (row, given) in rows.iter().enumerate().take(20) {
        if given.order_amount.is_nan() {
            continue;
        }
        let expected = by_definition(&model, &matrix.row(row).to_vec(), columns.len());
        for (feature, found) in contributions.row(row) {
            let of_feature = columns.iter().zip(&expected);
            let of_feature = of_feature.filter(|(column, _)| column.feature == feature);
            assert_close(found, of_feature.map(|(_, part)| part).sum(), 1e-9);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let config = of_kinds(&["logistic", "boosted"]);
    let rows = rows(&config.all_cutoffs(AS_OF), 250, -1.0, 7);
    let set = training_set(&rows);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let model = pool
            .expect("threads")
            .install(|| train(&config, &set, AS_OF, &COLUMNS));
        model.expect("trains").to_json()
    };
    let one = with(1);
    assert_eq!(with(2), one);
    assert_eq!(with(5), one);
}

/// Rows in which what counts is whether two features agree: no sum of both tells it.
fn agreeing(cutoffs: &[i32], count: usize) -> TrainingSet {
    let mut rng = Rng(5);
    let (mut one, mut other, mut churned) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ids, mut days) = (Vec::new(), Vec::new());
    for cutoff in cutoffs {
        for row in 0..count {
            let (a, b) = (rng.uniform(), rng.uniform());
            let p = if (a < 0.5) == (b < 0.5) { 0.8 } else { 0.2 };
            churned.push(rng.uniform() < p);
            one.push(100.0 * a);
            other.push(100.0 * b);
            ids.push(format!("p{row:05}"));
            days.push(*cutoff);
        }
    }
    let table = FeatureTable::new().with_numeric("recency_days", one);
    let table = table
        .and_then(|table| table.with_numeric("other", other))
        .expect("sound");
    TrainingSet::new(&table, &churned, &ids, &days).expect("sound")
}

#[test]
fn the_kind_that_is_surely_better_is_taken_and_otherwise_the_mean_of_both() {
    let config = config(|_| {});
    let set = agreeing(&config.all_cutoffs(AS_OF), 1500);
    let model = train(&config, &set, AS_OF, &COLUMNS).expect("trains");
    assert_eq!(model.kind(), ModelKind::Boosted);
    let measured = model.evaluation().measured().expect("enough history");
    let auc = |kind| {
        let of_kind = measured.kinds.iter().find(|of| of.kind == kind);
        of_kind
            .and_then(|of| of.metrics.roc_auc)
            .expect("was tried")
    };
    assert!(
        auc(ModelKind::Boosted) > 0.75,
        "{}",
        auc(ModelKind::Boosted)
    );
    assert!(
        auc(ModelKind::Logistic) < 0.60,
        "{}",
        auc(ModelKind::Logistic)
    );

    // Where the truth is a sum, nothing is gained by trees alone.
    let rows = rows(&config.all_cutoffs(AS_OF), 500, -1.0, 42);
    let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
    assert_ne!(model.kind(), ModelKind::Boosted);
    let TuningResult::Tried(tuning) = model.tuning() else {
        panic!("{:?}", model.tuning());
    };
    let kinds: Vec<ModelKind> = tuning.kinds.iter().map(|trial| trial.kind).collect();
    assert_eq!(
        kinds,
        [ModelKind::Logistic, ModelKind::Boosted, ModelKind::Blend]
    );
    assert_eq!(tuning.boosting.len(), 3);
}

#[test]
fn one_cut_off_alone_makes_no_kind_surely_better() {
    let config = config(|_| {});
    // Enough to choose on, too little to see whether it was so one window earlier.
    let needed = config.calibration_cutoffs(AS_OF).training;
    let oldest = needed.last().copied();
    let days = config.all_cutoffs(AS_OF).into_iter();
    let days: Vec<i32> = days.filter(|day| Some(*day) > oldest).collect();
    let set = agreeing(&days, 500);
    let model = train(&config, &set, AS_OF, &COLUMNS).expect("trains");
    assert_eq!(model.kind(), ModelKind::Blend);
    let TuningResult::Tried(tuning) = model.tuning() else {
        panic!("{:?}", model.tuning());
    };
    let loss = |kind| {
        let trial = tuning.kinds.iter().find(|trial| trial.kind == kind);
        trial.expect("was tried").log_loss
    };
    assert!(loss(ModelKind::Boosted) < loss(ModelKind::Blend));
}

#[test]
fn a_mean_of_both_adds_up_and_survives_its_json() {
    let config = config(|_| {});
    let found = (1..9).find_map(|seed| {
        let rows = rows(&config.all_cutoffs(AS_OF), 200, -1.0, seed);
        let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
        (model.kind() == ModelKind::Blend).then_some((model, rows))
    });
    let (model, rows) = found.expect("few rows seldom tell which is better");
    let table = features(&rows);
    let contributions = model.contributions(&table).expect("fits");
    for (row, expected) in model.log_odds(&table).expect("fits").iter().enumerate() {
        let sum: f64 = contributions.row(row).map(|(_, part)| part).sum();
        assert_close(contributions.base() + sum, *expected, 1e-9);
    }
    let again = ChurnModel::from_json(&model.to_json()).expect("reads");
    assert_eq!(again, model);
    assert_eq!(
        again.predict(&table).expect("fits"),
        model.predict(&table).expect("fits")
    );
}

#[test]
fn trees_that_do_not_end_are_refused() {
    let (model, _) = boosted(200);
    let json = model.to_json();
    let start = json.find(r#""left":"#).expect("a split") + 7;
    let end = start + json[start..].find(',').expect("more");
    let endless = format!("{}0{}", &json[..start], &json[end..]);
    assert!(matches!(
        ChurnModel::from_json(&endless),
        Err(ModelError::Trees { .. })
    ));
}

#[test]
fn features_are_ranked_by_how_they_move_scores() {
    for kinds in [&["logistic"][..], &["boosted"]] {
        let config = of_kinds(kinds);
        let rows = rows(&config.all_cutoffs(AS_OF), 400, -1.0, 42);
        let model = train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains");
        let importance = model.importance();
        let is_ranked =
            |pair: &[cdp_churn::Importance]| pair[0].mean_contribution >= pair[1].mean_contribution;
        assert!(importance.windows(2).all(is_ranked));
        let of = |feature: &str| importance.iter().find(|of| of.feature == feature);
        let direction = |feature: &str| of(feature).and_then(|of| of.direction);
        assert_eq!(direction("recency_days"), Some(Direction::Raises));
        assert_eq!(direction("order_count"), Some(Direction::Lowers));
        assert_eq!(direction("country"), None);
        assert!(of("always_one").is_none());
    }
}

/// Customers who order at rates of their own until they leave, as BG/NBD has it.
#[expect(clippy::cast_possible_truncation, reason = "days of a few years")]
fn ordering(cutoffs: &[i32], count: usize) -> TrainingSet {
    let mut rng = Rng(11);
    let (mut recency, mut tenure, mut frequency) = (Vec::new(), Vec::new(), Vec::new());
    let (mut churned, mut ids, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for customer in 0..count {
        let rate = 0.002 + 0.06 * rng.uniform().powi(3);
        let begin = cutoffs[0] - 10 - (rng.uniform() * 300.0) as i32;
        let mut orders = vec![begin];
        let mut at = f64::from(begin);
        while rng.uniform() > 0.12 && at < f64::from(AS_OF + 400) {
            at += 1.0 - rng.uniform().ln() / rate;
            orders.push(at as i32);
        }
        for cutoff in cutoffs {
            let known: Vec<i32> = orders.iter().copied().filter(|day| day < cutoff).collect();
            let last = known[known.len() - 1];
            recency.push(f64::from(cutoff - last));
            tenure.push(f64::from(cutoff - begin));
            frequency.push((known.len() - 1) as f64);
            churned.push(
                !orders
                    .iter()
                    .any(|day| (*cutoff..cutoff + 90).contains(day)),
            );
            ids.push(format!("p{customer:05}"));
            days.push(*cutoff);
        }
    }
    let table = FeatureTable::new()
        .with_numeric("recency_days", recency)
        .and_then(|table| table.with_numeric("tenure_days", tenure))
        .and_then(|table| table.with_numeric("frequency", frequency));
    TrainingSet::new(&table.expect("sound"), &churned, &ids, &days).expect("sound")
}

#[test]
fn a_model_of_orders_is_a_feature_where_histories_are_known() {
    let config = config(|_| {});
    let set = ordering(&config.all_cutoffs(AS_OF), 600);
    let model = train(&config, &set, AS_OF, &COLUMNS).expect("trains");
    let contributions = model.contributions(set.features()).expect("fits");
    let names = [
        "frequency",
        "recency_days",
        "tenure_days",
        OrderFeature::NAME,
    ];
    assert_eq!(contributions.features(), names);
    assert_eq!(model.importance()[0].feature, OrderFeature::NAME);
    // It is no feature that a table must have, and its reasons tell its value.
    assert_eq!(model.spec().columns().len(), 3);
    let reasons = model.reasons(set.features(), 4).expect("fits");
    let of_orders = reasons[0]
        .iter()
        .find(|reason| reason.feature == OrderFeature::NAME);
    let told: f64 = of_orders
        .expect("a reason")
        .value
        .parse()
        .expect("a number");
    assert!((0.0..=1.0).contains(&told), "{told}");
    // A gap before the window leaves it out.
    let config = crate::support::config(|raw| raw.gap_days = 10);
    let model = train(
        &config,
        &ordering(&config.all_cutoffs(AS_OF), 600),
        AS_OF,
        &COLUMNS,
    );
    assert!(model.expect("trains").spec().orders().is_none());
}
