//! The guarded logistic fit.

use cdp_churn::{ChurnLogit, ChurnLogitParams, FitError};
use linfa::DatasetBase;
use linfa::prelude::{Fit, ParamGuard, Predict};
use ndarray::{Array1, Array2, Axis, ShapeBuilder};

use crate::support::{Rng, assert_close};

/// Standard normal columns, and labels from a logistic model with the given intercept.
fn problem(rows: usize, weights: &[f64], intercept: f64, seed: u64) -> (Array2<f64>, Array1<bool>) {
    let mut rng = Rng(seed);
    let matrix = Array2::from_shape_simple_fn((rows, weights.len()).f(), || rng.normal());
    let weights = Array1::from(weights.to_vec());
    let labels =
        (matrix.dot(&weights) + intercept).mapv(|z| rng.uniform() < 1.0 / (1.0 + (-z).exp()));
    (matrix, labels)
}

fn fit(
    params: ChurnLogitParams,
    x: &Array2<f64>,
    y: &Array1<bool>,
) -> Result<ChurnLogit, FitError> {
    params.check()?.fit(&DatasetBase::new(x.clone(), y.clone()))
}

/// Newton's method on the same penalised loss, with Gaussian elimination: the intercept is last.
fn newton(x: &Array2<f64>, y: &Array1<bool>, l2: f64) -> Vec<f64> {
    let width = x.ncols() + 1;
    let cell = |row: usize, column: usize| {
        if column < width - 1 {
            x[[row, column]]
        } else {
            1.0
        }
    };
    let mut beta = vec![0.0; width];
    for _ in 0..30 {
        let mut system = vec![vec![0.0; width + 1]; width];
        for row in 0..x.nrows() {
            let z: f64 = (0..width).map(|j| cell(row, j) * beta[j]).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            for (j, line) in system.iter_mut().enumerate() {
                for (k, entry) in line[..width].iter_mut().enumerate() {
                    *entry += p * (1.0 - p) * cell(row, j) * cell(row, k);
                }
                line[width] += (f64::from(u8::from(y[row])) - p) * cell(row, j);
            }
        }
        for j in 0..width - 1 {
            system[j][j] += l2;
            system[j][width] -= l2 * beta[j];
        }
        for (value, step) in beta.iter_mut().zip(solve(system)) {
            *value += step;
        }
    }
    beta
}

/// Solves a positive definite system whose last column is the right side.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let width = system.len();
    for pivot in 0..width {
        let upper = system[pivot].clone();
        for (index, line) in system.iter_mut().enumerate() {
            if index != pivot {
                let factor = line[pivot] / upper[pivot];
                line.iter_mut()
                    .zip(&upper)
                    .for_each(|(a, b)| *a -= factor * b);
            }
        }
    }
    (0..width)
        .map(|j| system[j][width] / system[j][j])
        .collect()
}

#[test]
fn the_probability_is_that_of_churn_at_any_base_rate() {
    for (intercept, low, high) in [
        (-3.9, 0.03, 0.07),
        (-0.06, 0.47, 0.4999),
        (0.06, 0.5001, 0.53),
        (3.9, 0.93, 0.97),
    ] {
        // The seed is the first whose rate lies in the band, so that 50 % is passed narrowly.
        let (x, y) = (1..200)
            .map(|seed| problem(4000, &[1.0, -0.5], intercept, seed))
            .find(|(_, y)| {
                let rate = y.iter().filter(|c| **c).count() as f64 / 4000.0;
                (low..high).contains(&rate)
            })
            .expect("a seed in the band");
        let rate = y.iter().filter(|c| **c).count() as f64 / 4000.0;
        let logit = fit(ChurnLogitParams::default(), &x, &y).expect("fits");
        let p = logit.predict_proba(&x).expect("same columns");
        assert_close(p.mean().expect("rows"), rate, 1e-6);
        assert!(logit.weights()[0] > 0.5 && logit.weights()[1] < 0.0);
        let auc = cdp_churn::metrics::roc_auc(&y.to_vec(), &p.to_vec()).expect("two classes");
        assert!(auc > 0.7, "AUC {auc} at base rate {rate}");
    }
}

#[test]
fn which_class_comes_first_does_not_matter() {
    let (x, y) = problem(1000, &[1.0], 0.0, 4);
    let logit = fit(ChurnLogitParams::default(), &x, &y).expect("fits");
    let order: Vec<usize> = (0..1000).rev().collect();
    let (x, y) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    let reversed = fit(ChurnLogitParams::default(), &x, &y).expect("fits");
    assert_close(reversed.weights()[0], logit.weights()[0], 1e-7);
}

#[test]
fn coefficients_are_those_of_newtons_method() {
    for (l2, intercept) in [(1.0, 0.4), (0.01, -2.0), (25.0, 2.5)] {
        let (x, y) = problem(3000, &[0.8, -0.4, 0.0, 1.5, -0.1], intercept, 77);
        let logit = fit(ChurnLogitParams::default().l2(l2), &x, &y).expect("fits");
        let expected = newton(&x, &y, l2);
        for (found, expected) in logit
            .weights()
            .iter()
            .chain([&logit.intercept()])
            .zip(&expected)
        {
            assert_close(*found, *expected, 1e-6);
        }
        let gradient = logit.report().gradient;
        assert!(gradient < 1e-8, "gradient {gradient:e}");
    }
}

#[test]
fn the_layout_of_the_matrix_does_not_matter() {
    let (x, y) = problem(500, &[0.8, -0.4], 0.3, 8);
    let columns = fit(ChurnLogitParams::default(), &x, &y).expect("fits");
    let row_major = x.as_standard_layout().to_owned();
    assert!(!x.is_standard_layout() && row_major.is_standard_layout());
    let rows = fit(ChurnLogitParams::default(), &row_major, &y).expect("fits");
    assert_eq!(columns, rows);
}

#[test]
fn a_fit_that_stopped_early_is_refused() {
    let (x, y) = problem(2000, &[0.8, -0.4, 1.5], 0.3, 9);
    for iterations in 1..=3 {
        let early = fit(
            ChurnLogitParams::default().iterations_max(iterations),
            &x,
            &y,
        );
        assert!(
            matches!(early, Err(FitError::NotConverged { gradient, limit }) if gradient > limit),
            "{iterations} iterations: {early:?}"
        );
    }
}

#[test]
fn a_column_of_epoch_seconds_is_refused() {
    let (mut x, y) = problem(500, &[0.8, -0.4], 0.3, 10);
    x.column_mut(1).mapv_inplace(|value| 1.7e9 + 1e3 * value);
    let result = fit(ChurnLogitParams::default(), &x, &y);
    assert!(
        matches!(result, Err(FitError::NotConverged { .. })),
        "{result:?}"
    );
}

#[test]
fn separable_classes_get_finite_coefficients() {
    let x = Array2::from_shape_fn((200, 1), |(row, _)| if row < 100 { -1.0 } else { 1.0 });
    let y = Array1::from_shape_fn(200, |row| row >= 100);
    let logit = fit(ChurnLogitParams::default(), &x, &y).expect("the penalty keeps it finite");
    assert!(logit.weights()[0].is_finite() && logit.weights()[0] > 1.0);
}

#[test]
fn unusable_rows_are_refused_with_the_rule_and_the_value() {
    let (x, y) = problem(50, &[1.0], 0.0, 2);
    let one_class = fit(
        ChurnLogitParams::default(),
        &x,
        &Array1::from_elem(50, true),
    );
    assert!(matches!(
        one_class,
        Err(FitError::OneClass {
            churned: true,
            rows: 50
        })
    ));

    let few = fit(ChurnLogitParams::default().rows_min(1000), &x, &y);
    assert!(matches!(few, Err(FitError::TooFewRows { need: 1000, .. })));

    for bad in [f64::NAN, f64::INFINITY] {
        let mut x = x.clone();
        x[[7, 0]] = bad;
        let result = fit(ChurnLogitParams::default(), &x, &y);
        assert!(matches!(
            result,
            Err(FitError::NotFinite { row: 7, column: 0 })
        ));
    }

    let short = fit(
        ChurnLogitParams::default(),
        &x,
        &Array1::from_elem(49, true),
    );
    assert!(matches!(
        short,
        Err(FitError::Rows {
            rows: 50,
            labels: 49
        })
    ));
    let empty = fit(
        ChurnLogitParams::default(),
        &Array2::zeros((0, 1)),
        &Array1::from_vec(vec![]),
    );
    assert!(matches!(empty, Err(FitError::TooFewRows { .. })));
    let narrow = fit(ChurnLogitParams::default(), &Array2::zeros((50, 0)), &y);
    assert!(matches!(narrow, Err(FitError::NoFeatures)));
    for l2 in [0.0, -1.0, f64::NAN] {
        let setting = fit(ChurnLogitParams::default().l2(l2), &x, &y);
        assert!(matches!(setting, Err(FitError::Setting { name: "l2", .. })));
    }

    let logit = fit(ChurnLogitParams::default(), &x, &y).expect("fits");
    let wide = logit.predict_proba(&Array2::zeros((1, 2)));
    assert!(matches!(
        wide,
        Err(FitError::Columns {
            found: 2,
            expected: 1
        })
    ));
}

#[test]
fn it_composes_with_linfa() {
    let (x, y) = problem(500, &[0.8, -0.4], 0.3, 8);
    let dataset = DatasetBase::new(x, y);
    // Unchecked parameters fit too; linfa checks them on the way.
    let logit: ChurnLogit = ChurnLogitParams::default().fit(&dataset).expect("fits");
    let predicted: Array1<f64> = logit.predict(dataset.records());
    assert_eq!(
        predicted,
        logit
            .predict_proba(dataset.records())
            .expect("same columns")
    );
}
