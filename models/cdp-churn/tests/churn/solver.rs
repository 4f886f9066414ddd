//! The solvers: the same minimum by each, on any number of threads, with weights, offset and L1.

use cdp_churn::{ChurnLogit, ChurnLogitParams, FitError, LogitRows, Solver};
use linfa::DatasetBase;
use linfa::prelude::{Fit, ParamGuard};
use ndarray::{Array1, Array2, Axis, ShapeBuilder, concatenate};

use crate::support::{Rng, assert_close};

/// Standard normal columns, and labels from a logistic model with the given intercept.
fn problem(rows: usize, weights: &[f64], intercept: f64, seed: u64) -> (Array2<f64>, Array1<bool>) {
    let mut rng = Rng(seed);
    let mut matrix = Array2::zeros((rows, weights.len()).f());
    for mut column in matrix.columns_mut() {
        column.mapv_inplace(|_: f64| rng.normal());
    }
    let weights = Array1::from(weights.to_vec());
    let log_odds = matrix.dot(&weights) + intercept;
    let labels = log_odds.mapv(|z| rng.uniform() < 1.0 / (1.0 + (-z).exp()));
    (matrix, labels)
}

fn fit_rows(params: ChurnLogitParams, rows: &LogitRows<'_>) -> Result<ChurnLogit, FitError> {
    params.check()?.fit_rows(rows)
}

fn plain<'a>(x: &'a Array2<f64>, y: &'a Array1<bool>) -> LogitRows<'a> {
    LogitRows {
        matrix: x.view(),
        labels: y.view(),
        weights: None,
        offset: None,
    }
}

fn refused<'a>(
    x: &'a Array2<f64>,
    y: &'a Array1<bool>,
    weights: Option<&'a Array1<f64>>,
    offset: Option<&'a Array1<f64>>,
) -> FitError {
    let rows = LogitRows {
        matrix: x.view(),
        labels: y.view(),
        weights: weights.map(Array1::view),
        offset: offset.map(Array1::view),
    };
    fit_rows(ChurnLogitParams::default(), &rows).expect_err("refused")
}

fn coefficients(logit: &ChurnLogit) -> Vec<f64> {
    let weights = logit.weights();
    weights.iter().copied().chain([logit.intercept()]).collect()
}

fn assert_same(one: &ChurnLogit, other: &ChurnLogit, tolerance: f64) {
    for (one, other) in coefficients(one).into_iter().zip(coefficients(other)) {
        assert_close(one, other, tolerance);
    }
}

#[test]
fn linfa_logistic_finds_the_same_coefficients() {
    let weights = [0.8, -0.4, 0.0, 1.5, -0.1];
    for (intercept, l2) in [(0.1, 1.0), (-3.6, 1.0), (3.6, 0.1), (0.0, 30.0)] {
        let (mut x, y) = problem(4000, &weights, intercept, 21);
        // One column in hundreds and one in thousandths.
        x.column_mut(1).mapv_inplace(|value| 300.0 + 100.0 * value);
        x.column_mut(4).mapv_inplace(|value| 0.01 * value);
        let params = ChurnLogitParams::default().l2(l2).iterations_max(5000);
        let ours = fit_rows(params.clone(), &plain(&x, &y)).expect("fits");
        let theirs = fit_rows(params.solver(Solver::Linfa), &plain(&x, &y));
        match theirs {
            Ok(theirs) => assert_same(&ours, &theirs, 1e-5),
            Err(FitError::NotConverged { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        // As they are, it converges always.
        let (x, y) = problem(4000, &weights, intercept, 21);
        let params = ChurnLogitParams::default().l2(l2);
        let ours = fit_rows(params.clone(), &plain(&x, &y)).expect("fits");
        let theirs = fit_rows(params.solver(Solver::Linfa), &plain(&x, &y)).expect("fits");
        assert_same(&ours, &theirs, 1e-6);
        assert_eq!(theirs.report().solver, Solver::Linfa);
        assert_eq!(theirs.report().iterations, None);
        assert!(ours.report().iterations.is_some_and(|count| count < 12));
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // So many rows that they are begun on a sample.
    let weights = [0.8, -0.4, 0.0, 1.5, -0.1, 0.3];
    let (x, y) = problem(600_000, &weights, 0.3, 5);
    let fits: Vec<ChurnLogit> = [1, 2, 3, 8]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads");
            let fitted = pool.install(|| fit_rows(ChurnLogitParams::default(), &plain(&x, &y)));
            fitted.expect("fits")
        })
        .collect();
    for other in &fits[1..] {
        assert_eq!(other, &fits[0]);
    }
}

#[test]
fn a_row_of_weight_two_is_two_rows() {
    let (x, y) = problem(900, &[0.8, -0.4], 0.3, 6);
    let counts: Array1<f64> = (0..900).map(|row| f64::from(row % 4)).collect();
    let repeated: Vec<usize> = (0..900).flat_map(|row| vec![row; row % 4]).collect();
    let (many, of_many) = (x.select(Axis(0), &repeated), y.select(Axis(0), &repeated));
    let weighted = LogitRows {
        weights: Some(counts.view()),
        ..plain(&x, &y)
    };
    let weighted = fit_rows(ChurnLogitParams::default(), &weighted).expect("fits");
    let all = fit_rows(ChurnLogitParams::default(), &plain(&many, &of_many)).expect("fits");
    assert_same(&weighted, &all, 1e-9);
    // The weights of a linfa dataset do the same.
    let weights = (0..900_u16).map(|row| f32::from(row % 4)).collect();
    let dataset = DatasetBase::new(x, y).with_weights(weights);
    let by_linfa = ChurnLogitParams::default().fit(&dataset).expect("fits");
    assert_eq!(by_linfa, weighted);
}

#[test]
fn an_offset_is_known_log_odds() {
    let (x, y) = problem(3000, &[0.8, -0.4, 0.5], 0.3, 7);
    let fitted = fit_rows(ChurnLogitParams::default().l2(1e-6), &plain(&x, &y)).expect("fits");
    // What the last column adds is known beforehand: nothing changes for the others.
    let known = &x.column(2) * fitted.weights()[2];
    let rest = x.select(Axis(1), &[0, 1]);
    let rows = LogitRows {
        offset: Some(known.view()),
        ..plain(&rest, &y)
    };
    let other = fit_rows(ChurnLogitParams::default().l2(1e-6), &rows).expect("fits");
    for index in 0..2 {
        assert_close(other.weights()[index], fitted.weights()[index], 1e-7);
    }
    assert_close(other.intercept(), fitted.intercept(), 1e-7);
}

#[test]
fn the_elastic_net_is_that_of_scikit_learn() {
    // scikit-learn 1.9.1: LogisticRegression(solver="saga", C=0.1, l1_ratio=0.6, tol=1e-13) on the
    // same rows.
    let expected = [
        0.613_624_228_4,
        -0.481_511_087_4,
        -0.233_382_871_9,
        0.0,
        -0.269_761_115_1,
    ];
    let (x, y) = problem(400, &[0.9, -0.5, 0.0, 0.15], -0.3, 31);
    let params = ChurnLogitParams::default().l1(6.0).l2(4.0);
    let logit = fit_rows(params, &plain(&x, &y)).expect("fits");
    for (found, expected) in coefficients(&logit).into_iter().zip(expected) {
        assert_close(found, expected, 1e-6);
    }
}

#[test]
fn an_l1_penalty_drops_what_says_nothing() {
    let mut weights = vec![0.0; 12];
    (weights[0], weights[1]) = (1.0, -0.7);
    let (x, y) = problem(2000, &weights, 0.2, 12);
    let zeros = |l1: f64| {
        let params = ChurnLogitParams::default().l1(l1).l2(1e-3);
        let logit = fit_rows(params, &plain(&x, &y)).expect("fits");
        let weights = logit.weights().to_vec();
        assert!(weights[0] > 0.2 && weights[1] < -0.2, "{weights:?}");
        weights.iter().filter(|weight| weight.abs() <= 0.0).count()
    };
    let dropped = [0.0, 10.0, 60.0].map(zeros);
    assert_eq!((dropped[0], dropped[2]), (0, 10), "{dropped:?}");
    assert!(dropped.is_sorted());
}

#[test]
fn a_report_tells_condition_and_separation() {
    let (x, y) = problem(2000, &[0.8, -0.4], 0.3, 14);
    let sound = fit_rows(ChurnLogitParams::default(), &plain(&x, &y)).expect("fits");
    assert!(!sound.report().separated);
    assert!((1.0..5.0).contains(&sound.report().condition), "{sound:?}");
    // A column and nearly the same once more.
    let near = &x.column(0) + &(1e-4 * &x.column(1));
    let twice = concatenate(Axis(1), &[x.view(), near.insert_axis(Axis(1)).view()]);
    let twice = twice.expect("as many rows");
    let near = fit_rows(ChurnLogitParams::default().l2(1e-3), &plain(&twice, &y)).expect("fits");
    assert!(near.report().condition > 1e5, "{near:?}");
    let separable = x.column(0).mapv(|value| value > 0.0);
    let apart = fit_rows(ChurnLogitParams::default().l2(0.01), &plain(&x, &separable));
    assert!(
        apart
            .expect("the penalty keeps it finite")
            .report()
            .separated
    );
}

#[test]
fn weights_and_offsets_that_are_none_are_refused() {
    let (x, y) = problem(50, &[1.0], 0.0, 2);
    let short = Array1::ones(49);
    let told = refused(&x, &y, Some(&short), None).to_string();
    assert_eq!(told, "there are 49 weights for 50 rows");
    let mut values = Array1::ones(50);
    values[3] = -1.0;
    let told = refused(&x, &y, Some(&values), None).to_string();
    assert_eq!(
        told,
        "the weight of row 3 is -1, expected a finite number of at least 0"
    );
    values[3] = f64::INFINITY;
    let told = refused(&x, &y, None, Some(&values)).to_string();
    assert_eq!(told, "the offset of row 3 is inf, expected a finite number");
    let nobody = Array1::zeros(50);
    assert!(matches!(
        refused(&x, &y, Some(&nobody), None),
        FitError::TooFewRows { .. }
    ));
    // linfa-logistic knows less, and says so.
    let params = ChurnLogitParams::default().l1(1.0).solver(Solver::Linfa);
    let told = fit_rows(params, &plain(&x, &y))
        .expect_err("refused")
        .to_string();
    assert_eq!(told, "the solver `linfa` knows no L1 penalty: use `newton`");
}

#[test]
fn what_linfa_logistic_gets_wrong_is_right_or_refused_whatever_the_solver() {
    for solver in Solver::ALL {
        let params = || ChurnLogitParams::default().solver(solver);
        // It names the more frequent class positive: the probability must not flip.
        for intercept in [-3.5, -0.05, 0.05, 3.5] {
            let (x, y) = problem(3000, &[1.2, -0.6], intercept, 5);
            let logit = fit_rows(params(), &plain(&x, &y)).expect("fits");
            let p = logit.predict_proba(&x).expect("same columns");
            let rate = y.iter().filter(|churned| **churned).count() as f64 / 3000.0;
            assert_close(p.mean().expect("rows"), rate, 1e-4);
            let auc = cdp_churn::metrics::roc_auc(&y.to_vec(), &p.to_vec());
            assert!(auc.expect("both classes") > 0.7, "{solver} {rate}");
        }
        // It says `Ok` of a column that is far from standardised, whatever came of it.
        let (mut x, y) = problem(500, &[0.8, -0.4], 0.3, 10);
        x.column_mut(1).mapv_inplace(|value| 1.7e9 + 1e3 * value);
        let unscaled = fit_rows(params(), &plain(&x, &y));
        let is_caught = matches!(
            unscaled,
            Err(FitError::NotConverged { .. } | FitError::Solver(_))
        );
        assert!(is_caught, "{solver}: {unscaled:?}");
        // A constant column beside the intercept is held at nothing by the penalty.
        let (mut x, y) = problem(400, &[1.0, 0.0], 0.2, 3);
        x.column_mut(1).fill(0.0);
        let constant = fit_rows(params(), &plain(&x, &y)).expect("fits");
        assert_close(constant.weights()[1], 0.0, 1e-6);
        // Ten rows, and classes that a line separates, are fitted for what they are.
        let (x, y) = problem(10, &[1.0], 0.0, 8);
        fit_rows(params(), &plain(&x, &y)).expect("fits");
        let x = Array2::from_shape_fn((60, 1), |(row, _)| if row < 30 { -1.0 } else { 1.0 });
        let y = Array1::from_shape_fn(60, |row| row >= 30);
        let separated = fit_rows(params(), &plain(&x, &y)).expect("the penalty keeps it finite");
        assert!(separated.report().separated && separated.weights()[0].is_finite());
        // Gaps and a single class are refused.
        let gap = Array2::from_elem((60, 1), f64::NAN);
        let gap = fit_rows(params(), &plain(&gap, &y));
        assert!(matches!(gap, Err(FitError::NotFinite { .. })), "{gap:?}");
        let one = fit_rows(params(), &plain(&x, &Array1::from_elem(60, false)));
        assert!(matches!(one, Err(FitError::OneClass { .. })), "{one:?}");
    }
}
