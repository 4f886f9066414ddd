//! The models' answers against the closed forms of the papers, and against brute force: the story
//! of one customer of known rates, averaged over all rates there are.

use cdp_btyd::{BetaGeometricNbd, History, Horizon, Leaving, OrderModel, ParetoNbd};

/// Gauss's hypergeometric series 2F1(a, b; c; z), for z well below 1.
fn series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in (0..20_000).map(f64::from) {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
        sum += term;
    }
    sum
}

fn histories() -> Vec<History> {
    [
        (0, 0.0, 38.86),
        (0, 0.0, 0.0),
        (2, 30.43, 38.86),
        (1, 1.71, 38.86),
        (26, 30.86, 31.0),
        (7, 3.0, 36.0),
    ]
    .into_iter()
    .map(|(repeats, last, age)| History::new(repeats, last, age).expect("a history"))
    .collect()
}

fn close(found: f64, known: f64, within: f64, what: &str) {
    let gap = (found - known).abs();
    assert!(
        gap <= within * known.abs().max(1e-3),
        "{what}: {found}, known {known}"
    );
}

#[test]
fn orders_of_the_bg_nbd_are_the_closed_form_with_2f1() {
    // The conditional expectation of Fader, Hardie and Lee 2005.
    for (r, alpha, a, b) in [(0.243, 4.414, 0.793, 2.426), (1.3, 9.0, 2.5, 1.5)] {
        let model = BetaGeometricNbd::new(Leaving::AtRepeats, r, alpha, a, b).expect("a model");
        for history in histories() {
            let (x, age) = (f64::from(history.repeats()), history.age());
            for t in [1.0, 13.0, 39.0] {
                let grown = series(r + x, b + x, a + b + x - 1.0, t / (alpha + age + t));
                let kept = ((alpha + age) / (alpha + age + t)).powf(r + x);
                let given = (a + b + x - 1.0) / (a - 1.0) * (1.0 - kept * grown);
                let known = model.p_alive(&history) * given;
                let horizon = Horizon::new(t).expect("a horizon");
                let found = model.expected_orders(&history, horizon);
                close(found, known, 1e-10, &format!("{history:?} in {t}"));
            }
        }
    }
}

#[test]
fn orders_pass_through_a_of_1_and_s_of_1_without_a_break() {
    let horizon = Horizon::new(20.0).expect("a horizon");
    for history in histories() {
        let bg = |a| {
            let model = BetaGeometricNbd::new(Leaving::AtRepeats, 0.5, 5.0, a, 2.0);
            model.expect("a model").expected_orders(&history, horizon)
        };
        close(bg(1.0), 0.5 * (bg(1.0 - 1e-6) + bg(1.0 + 1e-6)), 1e-9, "a");
        let pareto = |s| {
            let model = ParetoNbd::new(0.5, 5.0, s, 9.0).expect("a model");
            model.expected_orders(&history, horizon)
        };
        close(
            pareto(1.0),
            0.5 * (pareto(1.0 - 1e-6) + pareto(1.0 + 1e-6)),
            1e-9,
            "s",
        );
    }
}

#[test]
fn p_alive_of_the_pareto_nbd_is_the_closed_form_with_2f1() {
    // Fader and Hardie 2005, "A note on deriving the Pareto/NBD model and related expressions".
    for (r, alpha, s, beta) in [(0.553, 10.578, 0.606, 11.669), (0.9, 12.0, 2.0, 6.0)] {
        let model = ParetoNbd::new(r, alpha, s, beta).expect("a model");
        for history in histories() {
            let (x, age) = (f64::from(history.repeats()), history.age());
            let all = r + s + x;
            let (larger, b) = if alpha >= beta {
                (alpha, s + 1.0)
            } else {
                (beta, r + x)
            };
            let at = |t: f64| {
                let z = (alpha - beta).abs() / (larger + t);
                series(all, b, all + 1.0, z) / (larger + t).powf(all)
            };
            let between = at(history.last()) - at(age);
            let stayed = (alpha + age).powf(r + x) * (beta + age).powf(s);
            let known = 1.0 / (1.0 + s / all * stayed * between);
            close(
                model.p_alive(&history),
                known,
                1e-9,
                &format!("{history:?}"),
            );
        }
    }
}

/// A customer of known rate and known way to leave: the weight of having stayed and of having left
/// before, given the history, then P(no order) and expected orders of one who has stayed.
struct Known {
    stayed: f64,
    left: f64,
    no_order: f64,
    orders: f64,
}

/// Averages over two densities on a grid, `x` in one and `y` in the other: P(alive), P(no order)
/// and expected orders.
fn averaged(grid: &[(f64, f64)], other: &[(f64, f64)], of: impl Fn(f64, f64) -> Known) -> [f64; 3] {
    let [mut all, mut alive, mut none, mut orders] = [0.0; 4];
    for (x, weight) in grid {
        for (y, other_weight) in other {
            let known = of(*x, *y);
            let weight = weight * other_weight;
            all += weight * (known.stayed + known.left);
            alive += weight * known.stayed;
            none += weight * (known.left + known.stayed * known.no_order);
            orders += weight * known.stayed * known.orders;
        }
    }
    [alive / all, none / all, orders / all]
}

/// Points of a gamma density, evenly spaced in the logarithm.
fn gamma_grid(shape: f64, per_time: f64) -> Vec<(f64, f64)> {
    let point = |i: i32| {
        let x = (-32.0 + 0.05 * f64::from(i)).exp();
        (x, x.powf(shape) * (-per_time * x).exp())
    };
    (0..=740).map(point).collect()
}

/// Points of a beta density, evenly spaced in the log-odds.
fn beta_grid(a: f64, b: f64) -> Vec<(f64, f64)> {
    let point = |i: i32| {
        let odds = (-40.0 + 0.1 * f64::from(i)).exp();
        let p = odds / (1.0 + odds);
        (p, p.powf(a) * (1.0 + odds).powf(-b))
    };
    (0..=800).map(point).collect()
}

#[test]
fn geometric_models_are_the_mean_of_their_story() {
    let (r, alpha, a, b) = (0.6, 5.0, 0.8, 2.4);
    for leaving in [Leaving::AtRepeats, Leaving::AtAnyOrder] {
        let model = BetaGeometricNbd::new(leaving, r, alpha, a, b).expect("a model");
        for history in histories() {
            let (repeats, last, age) = (history.repeats(), history.last(), history.age());
            let extra = u32::from(leaving == Leaving::AtAnyOrder);
            let chances = i32::try_from(repeats + extra).expect("few");
            let orders = i32::try_from(repeats).expect("few");
            let length = 13.0;
            let known = averaged(&gamma_grid(r, alpha), &beta_grid(a, b), |rate, p| {
                let left =
                    p * (1.0 - p).powi(chances - 1) * rate.powi(orders) * (-rate * last).exp();
                Known {
                    stayed: (1.0 - p).powi(chances) * rate.powi(orders) * (-rate * age).exp(),
                    left: if chances > 0 { left } else { 0.0 },
                    no_order: (-rate * length).exp(),
                    orders: -(-rate * p * length).exp_m1() / p,
                }
            });
            agree(&model, &history, length, known);
        }
    }
}

#[test]
fn the_pareto_nbd_is_the_mean_of_its_story() {
    let (r, alpha, s, beta) = (0.553, 10.578, 0.606, 11.669);
    let model = ParetoNbd::new(r, alpha, s, beta).expect("a model");
    for history in histories() {
        let (last, age) = (history.last(), history.age());
        let x = i32::try_from(history.repeats()).expect("few");
        let t = 13.0;
        let known = averaged(
            &gamma_grid(r, alpha),
            &gamma_grid(s, beta),
            |rate, leaves| {
                let both = rate + leaves;
                let between = (-both * last).exp() * -(-both * (age - last)).exp_m1();
                Known {
                    stayed: rate.powi(x) * (-both * age).exp(),
                    left: rate.powi(x) * leaves / both * between,
                    no_order: 1.0 + rate / both * (-both * t).exp_m1(),
                    orders: -rate * (-leaves * t).exp_m1() / leaves,
                }
            },
        );
        agree(&model, &history, t, known);
    }
}

fn agree(model: &dyn OrderModel, history: &History, t: f64, [alive, none, orders]: [f64; 3]) {
    let horizon = Horizon::new(t).expect("a horizon");
    let what = format!("{} {history:?}", model.name());
    close(model.p_alive(history), alive, 1e-6, &what);
    close(model.p_no_order(history, horizon), none, 1e-6, &what);
    close(model.expected_orders(history, horizon), orders, 1e-6, &what);
}
