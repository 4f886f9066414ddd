//! Pareto/NBD: customers order at random times, each at a rate of its own, and leave for good at a
//! random time, each at a rate of its own.
//!
//! Order rates follow a gamma distribution (r, α), leaving rates another (s, β): Schmittlein,
//! Morrison and Colombo 1987, "Counting your customers: who are they and what will they do next?",
//! Management Science 33:1. Formulas after Fader and Hardie 2005, "A note on deriving the
//! Pareto/NBD model and related expressions"; their 2F1 is taken as the integral it comes from
//! (`decay.rs`).

use serde::{Deserialize, Serialize};

use crate::decay::Decay;
use crate::fit::{CHANCE_MIN, Degeneracy, Fit, FitError, Likelihood, SHAPE_MAX, maximise};
use crate::history::{History, Horizon};
use crate::nbd::Nbd;
use crate::order_model::{OrderModel, ParameterError, Rate, check_positive};
use crate::population::{Population, Row};
use crate::special::{digamma, ln_gamma, ln_sum};

/// A Pareto/NBD model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawParetoNbd", into = "RawParetoNbd")]
pub struct ParetoNbd {
    parameters: [f64; 4],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParetoNbd {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl ParetoNbd {
    /// Names of the parameters, in their order.
    pub const NAMES: [&'static str; 4] = ["r", "alpha", "s", "beta"];

    /// Checks parameters: r and α (a time) of the order rate, s and β (a time) of the leaving rate.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self, ParameterError> {
        let parameters = [r, alpha, s, beta];
        check_positive(Self::NAMES, parameters)?;
        Ok(Self { parameters })
    }

    /// The most likely model of a population.
    pub fn fit(population: &Population) -> Result<Fit<Self>, FitError> {
        let ([r, alpha, s, beta], report) = maximise(&Of(population))?;
        let unit = population.unit();
        let parameters = [r, alpha * unit, s, beta * unit];
        Ok(Fit {
            model: Self { parameters },
            report,
        })
    }

    /// r, α, s and β.
    pub fn parameters(&self) -> [f64; 4] {
        self.parameters
    }

    fn rate(&self, history: &History) -> Rate {
        let [r, alpha, ..] = self.parameters;
        Rate::given(r, alpha, history)
    }
}

impl OrderModel for ParetoNbd {
    fn name(&self) -> &'static str {
        "Pareto/NBD"
    }

    fn p_alive(&self, history: &History) -> f64 {
        let [_, alpha, s, beta] = self.parameters;
        let rate = self.rate(history);
        let left = left_before(alpha, rate.shape, beta, s);
        let ln_left = s.ln() + left.integrate(history.last(), history.age()).ln;
        let ln_stayed = -rate.shape * rate.time.ln() - s * (beta + history.age()).ln();
        1.0 / (1.0 + (ln_left - ln_stayed).exp())
    }

    /// Of one who has stayed, the next order comes at time u with density
    /// (r + x) (α + T)^(r + x) / (α + T + u)^(r + x + 1) · ((β + T) / (β + T + u))^s: nothing
    /// ordered and not left until then.
    fn p_no_order(&self, history: &History, horizon: Horizon) -> f64 {
        let [_, _, s, beta] = self.parameters;
        let rate = self.rate(history);
        let stayed = beta + history.age();
        let next = Decay {
            alpha: rate.time,
            p: rate.shape + 1.0,
            beta: stayed,
            q: s,
        };
        let ln = next.integrate(0.0, horizon.get()).ln
            + rate.shape.ln()
            + rate.shape * rate.time.ln()
            + s * stayed.ln();
        (1.0 - self.p_alive(history) * ln.exp()).clamp(0.0, 1.0)
    }

    /// The rate times the time that the customer can be expected to stay within the horizon,
    /// ∫ ((β + T) / (β + T + u))^s du, which has a value for s = 1 as well.
    fn expected_orders(&self, history: &History, horizon: Horizon) -> f64 {
        let [_, _, s, beta] = self.parameters;
        let stayed = beta + history.age();
        let ln_growth = (horizon.get() / stayed).ln_1p();
        let stays = match 1.0 - s {
            0.0 => stayed * ln_growth,
            power => stayed * (power * ln_growth).exp_m1() / power,
        };
        self.p_alive(history) * self.rate(history).mean() * stays
    }

    fn rate_while_active(&self, history: &History) -> f64 {
        self.rate(history).mean()
    }
}

/// Having ordered x times, no more after t, and having left at t; s is taken out.
fn left_before(alpha: f64, shape: f64, beta: f64, s: f64) -> Decay {
    Decay {
        alpha,
        p: shape,
        beta,
        q: s + 1.0,
    }
}

/// The likelihood of a population.
struct Of<'a>(&'a Population);

impl Likelihood<4> for Of<'_> {
    const PARAMETERS: [&'static str; 4] = ParetoNbd::NAMES;

    fn model(&self) -> &'static str {
        "Pareto/NBD"
    }

    fn at(&self, &[r, alpha, s, beta]: &[f64; 4]) -> (f64, [f64; 4]) {
        let (mut sum, mut gradient) = (0.0, [0.0; 4]);
        for rows in self.0.by_repeats() {
            let Some(&Row { repeats, .. }) = rows.first() else {
                continue;
            };
            let shape = r + f64::from(repeats);
            let common = ln_gamma(shape) - ln_gamma(r) + r * alpha.ln() + s * beta.ln();
            let of_r = digamma(shape) - digamma(r) + alpha.ln();
            let decay = left_before(alpha, shape, beta, s);
            for row in rows {
                let (a, b) = (alpha + row.age, beta + row.age);
                let when = decay.integrate(row.last, row.age);
                let ln_stayed = -shape * a.ln() - s * b.ln();
                let ln_left = s.ln() + when.ln;
                let either = ln_sum(ln_stayed, ln_left);
                let (stayed, left) = ((ln_stayed - either).exp(), (ln_left - either).exp());
                sum += row.count * (common + either);
                let by = [
                    of_r - stayed * a.ln() - left * when.ln_alpha,
                    r / alpha - shape * (stayed / a + left * when.inverse_alpha),
                    beta.ln() - stayed * b.ln() + left * (1.0 / s - when.ln_beta),
                    s / beta - s * stayed / b - (s + 1.0) * left * when.inverse_beta,
                ];
                for (sum, by) in gradient.iter_mut().zip(by) {
                    *sum += row.count * by;
                }
            }
        }
        (sum, gradient)
    }

    fn without_leaving(&self) -> Option<f64> {
        let plain = Nbd::fit(self.0).ok()?;
        Some(plain.report.log_likelihood)
    }

    fn degeneracy(&self, &[r, _, s, beta]: &[f64; 4]) -> Option<Degeneracy> {
        // The chance to leave within the mean age.
        let chance = -(-s * (1.0 / beta).ln_1p()).exp_m1();
        if chance < CHANCE_MIN {
            Some(Degeneracy::NobodyLeaves)
        } else if chance > 1.0 - CHANCE_MIN {
            Some(Degeneracy::EverybodyLeaves)
        } else if s > SHAPE_MAX {
            Some(Degeneracy::LeavingIsAlike)
        } else if s < 1.0 / SHAPE_MAX {
            Some(Degeneracy::LeavingIsAllOrNothing)
        } else {
            Degeneracy::of_rates(r)
        }
    }

    fn scale(&self) -> (usize, f64) {
        self.0.scale()
    }
}

impl TryFrom<RawParetoNbd> for ParetoNbd {
    type Error = ParameterError;

    fn try_from(raw: RawParetoNbd) -> Result<Self, ParameterError> {
        Self::new(raw.r, raw.alpha, raw.s, raw.beta)
    }
}

impl From<ParetoNbd> for RawParetoNbd {
    fn from(model: ParetoNbd) -> Self {
        let [r, alpha, s, beta] = model.parameters;
        Self { r, alpha, s, beta }
    }
}
