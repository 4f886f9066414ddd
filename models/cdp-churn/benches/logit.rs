//! Fits a million rows of fifty features, and next to it, when `CDP_BENCH_PYTHON` names a Python with
//! NumPy and scikit-learn, scikit-learn's LogisticRegression (lbfgs) on the same matrix in the same
//! run; linfa-logistic on a tenth of the rows.
//!
//! `CDP_BENCH_PYTHON=… cargo bench -p cdp-churn --bench logit`. `CDP_BENCH_ROWS` (default 1,000,000)
//! sets the size.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;
use std::time::Instant;

use cdp_churn::{ChurnLogit, ChurnLogitParams, LogitRows, Solver};
use linfa::prelude::ParamGuard;
use ndarray::{Array1, Array2, Axis, ShapeBuilder, Slice};

const COLUMNS: usize = 50;
const L2: f64 = 1.0;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Roughly standard normal.
    fn normal(&mut self) -> f64 {
        2.0 * (0..3).map(|_| self.uniform()).sum::<f64>() - 3.0
    }
}

/// Columns that go together in pairs, as features do, and labels of a logistic model.
fn problem(rows: usize) -> (Array2<f64>, Array1<bool>) {
    let mut rng = Rng(1);
    let mut matrix = Array2::zeros((rows, COLUMNS).f());
    for mut column in matrix.columns_mut() {
        column.mapv_inplace(|_: f64| rng.normal());
    }
    for index in (1..COLUMNS).step_by(2) {
        let (left, mut right) = matrix.view_mut().split_at(Axis(1), index);
        let before = left.column(index - 1).to_owned();
        right.column_mut(0).zip_mut_with(&before, |value, before| {
            *value = 0.6 * *value + 0.8 * before;
        });
    }
    let weights = Array1::from_shape_fn(COLUMNS, |index| 0.3 * (index as f64).sin());
    let labels = (matrix.dot(&weights) - 0.5).mapv(|z| rng.uniform() < 1.0 / (1.0 + (-z).exp()));
    (matrix, labels)
}

fn fit(solver: Solver, x: &Array2<f64>, y: &Array1<bool>) -> Result<(ChurnLogit, f64)> {
    let began = Instant::now();
    let params = ChurnLogitParams::default().l2(L2).solver(solver);
    let logit = params.check()?.fit_rows(&LogitRows {
        matrix: x.view(),
        labels: y.view(),
        weights: None,
        offset: None,
    })?;
    Ok((logit, began.elapsed().as_secs_f64()))
}

/// The penalised loss, summed over rows.
fn loss(x: &Array2<f64>, y: &Array1<bool>, weights: &[f64], intercept: f64) -> f64 {
    let weights = Array1::from(weights.to_vec());
    let log_odds = x.dot(&weights) + intercept;
    let losses = log_odds.iter().zip(y).map(|(z, churned)| {
        let miss = if *churned { -z } else { *z };
        miss.max(0.0) + (-miss.abs()).exp().ln_1p()
    });
    losses.sum::<f64>() + 0.5 * L2 * weights.dot(&weights)
}

const PEER: &str = "
import sys, time, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
warnings.filterwarnings('ignore')
folder, rows, columns, l2 = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
x = np.fromfile(folder + '/x', dtype='<f8').reshape(columns, rows).T
x = np.ascontiguousarray(x)
y = np.fromfile(folder + '/y', dtype='u1')
best = None
for tol in [1e-4, 1e-6]:
    began = time.perf_counter()
    model = LogisticRegression(C=1 / l2, tol=tol, max_iter=1000).fit(x, y)
    seconds = time.perf_counter() - began
    print(tol, seconds, model.n_iter_[0], model.intercept_[0], *model.coef_[0])
";

/// Scikit-learn on the same rows: tolerance, seconds, iterations, and its penalised loss.
fn peer(python: &str, x: &Array2<f64>, y: &Array1<bool>) -> Result<Vec<[f64; 4]>> {
    let folder = tempfile::tempdir()?;
    let mut file = BufWriter::new(File::create(folder.path().join("x"))?);
    for column in x.columns() {
        for value in column {
            file.write_all(&value.to_le_bytes())?;
        }
    }
    file.flush()?;
    let labels: Vec<u8> = y.iter().map(|churned| u8::from(*churned)).collect();
    std::fs::write(folder.path().join("y"), labels)?;
    let output = Command::new(python)
        .args(["-c", PEER])
        .arg(folder.path())
        .args([y.len().to_string(), COLUMNS.to_string(), L2.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let told = String::from_utf8(output.stdout)?;
    let mut fits = Vec::new();
    for line in told.lines() {
        let numbers = line.split(' ').map(str::parse::<f64>);
        let numbers = numbers.collect::<std::result::Result<Vec<_>, _>>()?;
        let [tolerance, seconds, iterations, intercept, weights @ ..] = numbers.as_slice() else {
            return Err("scikit-learn told nothing".into());
        };
        let loss = loss(x, y, weights, *intercept);
        fits.push([*tolerance, *seconds, *iterations, loss]);
    }
    Ok(fits)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is its own program")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn main() -> Result<()> {
    let rows = setting("CDP_BENCH_ROWS").and_then(|rows| rows.parse().ok());
    let rows = rows.unwrap_or(1_000_000);
    let (x, y) = problem(rows);
    println!("| fit of {rows} x {COLUMNS} | seconds | passes | loss above the least | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let (ours, seconds) = fit(Solver::Newton, &x, &y)?;
    let least = loss(&x, &y, &ours.weights().to_vec(), ours.intercept());
    let passes = ours.report().iterations.unwrap_or_default();
    println!("| cdp-churn | {seconds:.2} | {passes} | 0 | 1 |");
    if let Some(python) = setting("CDP_BENCH_PYTHON") {
        for [tolerance, took, iterations, loss] in peer(&python, &x, &y)? {
            println!(
                "| scikit-learn, lbfgs, tol {tolerance:e} | {took:.2} | {iterations} | {:.1e} | {:.2} |",
                loss - least,
                seconds / took
            );
        }
    }
    let tenth = Slice::from(..rows / 10);
    let (x, y) = (x.slice_axis(Axis(0), tenth), y.slice_axis(Axis(0), tenth));
    let mut of_tenth = Array2::zeros((rows / 10, COLUMNS).f());
    of_tenth.assign(&x);
    let (_, ours) = fit(Solver::Newton, &of_tenth, &y.to_owned())?;
    let (_, theirs) = fit(Solver::Linfa, &of_tenth, &y.to_owned())?;
    println!("| cdp-churn, a tenth of the rows | {ours:.2} | | | |");
    println!(
        "| linfa-logistic, a tenth | {theirs:.2} | | | {:.2} |",
        ours / theirs
    );
    Ok(())
}
