//! Feature tables and the fitted specification.

use cdp_churn::{
    Encoding, FeatureColumn, FeatureKind, FeatureSpec, FeatureTable, FeatureTableError, SpecError,
};
use ndarray::Axis;

use crate::support::{Rng, assert_close, features, rows};

fn numeric(values: Vec<f64>) -> FeatureTable {
    FeatureTable::new()
        .with_numeric("x", values)
        .expect("one column")
}

fn levels(counts: &[(Option<&str>, usize)]) -> FeatureTable {
    let mut values = Vec::new();
    for (level, count) in counts {
        values.extend(vec![level.map(str::to_owned); *count]);
    }
    FeatureTable::new()
        .with_categorical("c", values)
        .expect("one column")
}

fn names(spec: &FeatureSpec) -> Vec<String> {
    spec.output_columns()
        .into_iter()
        .map(|column| column.name)
        .collect()
}

#[test]
fn a_table_refuses_columns_that_do_not_fit() {
    let table = numeric(vec![1.0, 2.0]);
    let duplicate = table.clone().with_numeric("x", vec![1.0, 2.0]);
    assert!(matches!(duplicate, Err(FeatureTableError::Duplicate { name }) if name == "x"));
    let longer = table.clone().with_categorical("y", vec![None; 3]);
    assert!(matches!(
        longer,
        Err(FeatureTableError::Rows {
            rows: 3,
            expected: 2,
            ..
        })
    ));
    let infinite = table.clone().with_numeric("y", vec![1.0, f64::INFINITY]);
    assert!(matches!(
        infinite,
        Err(FeatureTableError::Infinite { row: 1, .. })
    ));
    let odd = table.with_numeric("a=b", vec![1.0, 2.0]);
    assert!(matches!(odd, Err(FeatureTableError::Name { .. })));
}

#[test]
fn training_and_scoring_encode_a_row_the_same() {
    let rows = rows(&[100], 800, -1.0, 11);
    let spec = FeatureSpec::fit(&features(&rows)).expect("fits");
    let whole = spec.transform(&features(&rows)).expect("same columns");
    let json = serde_json::to_string(&spec).expect("plain data");
    let read: FeatureSpec = serde_json::from_str(&json).expect("what was written");
    assert_eq!(read, spec);
    for (index, row) in rows.iter().enumerate().step_by(7) {
        let alone = read
            .transform(&features(std::slice::from_ref(row)))
            .expect("same columns");
        for (a, b) in alone.iter().zip(whole.row(index)) {
            assert_close(*a, *b, 1e-12);
        }
    }
}

#[test]
fn the_matrix_is_column_major_finite_and_standardised() {
    let rows = rows(&[100], 1000, -1.0, 5);
    let table = features(&rows);
    let spec = FeatureSpec::fit(&table).expect("fits");
    let matrix = spec.transform(&table).expect("same columns");
    assert!(matrix.t().is_standard_layout());
    assert!(matrix.iter().all(|cell| cell.is_finite()));
    assert_eq!(
        names(&spec),
        [
            "country=be",
            "country=de",
            "country=nl",
            "country:other",
            "country:missing",
            "order_amount",
            "order_amount:missing",
            "order_count",
            "recency_days",
        ]
    );
    for index in [5, 7, 8] {
        let column = matrix.index_axis(Axis(1), index);
        assert_close(column.mean().expect("rows"), 0.0, 1e-12);
        assert_close(column.std(0.0), 1.0, 1e-12);
    }
}

#[test]
fn a_number_is_imputed_cut_off_logged_and_standardised() {
    // Present values 0, 1, 3: median 1. Quantiles at .001 and .999 are .002 and 2.996; their logarithms
    // lie so far apart, and as far beyond them values are cut off.
    let spec = FeatureSpec::fit(&numeric(vec![0.0, 1.0, 3.0, f64::NAN])).expect("fits");
    let Encoding::Numeric(encoding) = &spec.columns()[0].encoding else {
        panic!("a number is encoded as one");
    };
    assert_close(encoding.median, 1.0, 1e-15);
    let [low, high] = [0.002_f64.ln_1p(), 3.996_f64.ln()];
    assert_close(encoding.low, 2.0 * low - high, 1e-12);
    assert_close(encoding.high, 2.0 * high - low, 1e-12);
    let squashed = [0.0, 2_f64.ln(), 4_f64.ln(), 2_f64.ln()];
    let mean = squashed.iter().sum::<f64>() / 4.0;
    let scale = (squashed.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
    let matrix = spec
        .transform(&numeric(vec![-7.0, 1e9, f64::NAN, 5.0]))
        .expect("same columns");
    let expected = [encoding.low, encoding.high, squashed[3], 6_f64.ln()];
    for (row, expected) in expected.into_iter().enumerate() {
        assert_close(matrix[[row, 0]], (expected - mean) / scale, 1e-12);
    }
    assert_eq!(matrix.column(1).to_vec(), [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn negative_numbers_keep_their_sign() {
    let spec = FeatureSpec::fit(&numeric((-50..=50).map(f64::from).collect())).expect("fits");
    let matrix = spec
        .transform(&numeric(vec![-20.0, 0.0, 20.0]))
        .expect("same columns");
    assert_close(matrix[[0, 0]], -matrix[[2, 0]], 1e-12);
    assert_close(matrix[[1, 0]], 0.0, 1e-12);
}

#[test]
fn a_missing_value_never_seen_in_training_takes_the_median() {
    let spec = FeatureSpec::fit(&numeric(vec![1.0, 2.0, 9.0])).expect("fits");
    assert_eq!(names(&spec), ["x"]);
    let matrix = spec
        .transform(&numeric(vec![f64::NAN, 2.0]))
        .expect("same columns");
    assert_close(matrix[[0, 0]], matrix[[1, 0]], 0.0);
}

#[test]
fn what_does_not_vary_is_dropped() {
    for table in [
        numeric(vec![4.2; 50]),
        numeric(vec![f64::NAN; 50]),
        levels(&[(Some("a"), 50)]),
        levels(&[(None, 50)]),
        levels(&[(Some("a"), 10), (Some("b"), 10)]), // both rare, so both `other`
    ] {
        let spec = FeatureSpec::fit(&table).expect("fits");
        assert_eq!(names(&spec), [""; 0]);
        assert_eq!(
            spec.transform(&table).expect("same columns").dim(),
            (table.rows(), 0)
        );
    }
    let partly = [vec![4.2; 40], vec![f64::NAN; 10]].concat();
    let spec = FeatureSpec::fit(&numeric(partly)).expect("fits");
    assert_eq!(names(&spec), ["x:missing"]);
}

#[test]
fn rare_and_unknown_levels_are_pooled() {
    let counts = [
        (Some("a"), 2000),
        (Some("b"), 30),
        (Some("c"), 19),
        (Some("d"), 960),
        (None, 5),
    ];
    let spec = FeatureSpec::fit(&levels(&counts)).expect("fits");
    // One hundredth of 3014 rows is 30.14: 30 rows are too few.
    assert_eq!(names(&spec), ["c=a", "c=d", "c:other"]);
    let asked = levels(&[
        (Some("a"), 1),
        (Some("b"), 1),
        (Some("never seen"), 1),
        (None, 1),
    ]);
    let matrix = spec.transform(&asked).expect("same columns");
    assert_eq!(matrix.row(0).to_vec(), [1.0, 0.0, 0.0]);
    for row in 1..4 {
        assert_eq!(matrix.row(row).to_vec(), [0.0, 0.0, 1.0]);
    }
}

#[test]
fn an_unknown_level_without_a_pool_says_nothing() {
    let spec = FeatureSpec::fit(&levels(&[(Some("a"), 75), (Some("b"), 25)])).expect("fits");
    let matrix = spec
        .transform(&levels(&[(Some("z"), 1), (None, 1)]))
        .expect("same columns");
    for row in 0..2 {
        assert_eq!(matrix.row(row).to_vec(), [0.75, 0.25]);
    }
}

#[test]
fn a_missing_or_extra_or_mistyped_column_is_named() {
    let table = features(&rows(&[100], 100, 0.0, 3));
    let spec = FeatureSpec::fit(&table).expect("fits");
    let columns = || {
        table
            .columns()
            .map(|(name, column)| (name.to_owned(), column.clone()))
    };

    let short = FeatureTable::from_columns(columns().filter(|c| c.0 != "country")).expect("sound");
    let missing = SpecError::MissingColumn {
        name: "country".to_owned(),
    };
    assert_eq!(spec.transform(&short), Err(missing));

    let long = table
        .clone()
        .with_numeric("surplus", vec![0.0; 100])
        .expect("sound");
    let extra = SpecError::ExtraColumn {
        name: "surplus".to_owned(),
    };
    assert_eq!(spec.transform(&long), Err(extra));

    let numbers = short
        .with_numeric("country", vec![0.0; 100])
        .expect("sound");
    let error = spec.transform(&numbers).expect_err("another kind");
    assert_eq!(
        error.to_string(),
        "feature `country` is numeric, the model was fitted on categorical values"
    );
    assert_eq!(
        FeatureSpec::fit(&FeatureTable::new()),
        Err(SpecError::Empty)
    );
}

#[test]
fn order_of_rows_and_columns_does_not_matter() {
    let rows = rows(&[100], 500, 0.0, 21);
    let shuffled: Vec<_> = Rng(1)
        .permutation(500)
        .into_iter()
        .map(|i| rows[i].clone())
        .collect();
    let spec = FeatureSpec::fit(&features(&rows)).expect("fits");
    assert_eq!(FeatureSpec::fit(&features(&shuffled)).expect("fits"), spec);
    let table = features(&rows);
    let mut columns: Vec<(String, FeatureColumn)> = table
        .columns()
        .map(|(name, column)| (name.to_owned(), column.clone()))
        .collect();
    columns.reverse();
    let reversed = FeatureTable::from_columns(columns).expect("sound");
    assert_eq!(FeatureSpec::fit(&reversed).expect("fits"), spec);
}

#[test]
fn the_fingerprint_speaks_for_names_and_kinds_only() {
    let a = FeatureSpec::fit(&numeric(vec![1.0, 2.0])).expect("fits");
    let b = FeatureSpec::fit(&numeric(vec![5.0, 9.0, f64::NAN])).expect("fits");
    assert_eq!(a.fingerprint(), b.fingerprint());
    // printf 'x:numeric\n' | sha256sum
    assert_eq!(
        a.fingerprint(),
        "d35defe068533b4ae65cd5726d6d2fdabbdb459164ac956f2f2c69538215d3d4"
    );
    let levels = FeatureTable::new()
        .with_categorical("x", vec![None, Some("a".to_owned())])
        .expect("one column");
    let c = FeatureSpec::fit(&levels).expect("fits");
    assert_eq!(c.columns()[0].kind(), FeatureKind::Categorical);
    assert_ne!(a.fingerprint(), c.fingerprint());
}
