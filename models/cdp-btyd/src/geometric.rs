//! BG/NBD and MBG/NBD: customers order at random times, each at a rate of its own, and may leave
//! for good at an order, each with a chance of its own.
//!
//! Rates follow a gamma distribution (r, α), chances to leave a beta distribution (a, b). In the
//! BG/NBD (Fader, Hardie and Lee 2005, "Counting your customers the easy way", Marketing Science
//! 24:2) nobody leaves at the first order; in the MBG/NBD (Batislam, Denizel and Filiztekin 2007,
//! International Journal of Research in Marketing 24:3; Hoppe and Wagner 2007) one may. The papers
//! give the likelihood and P(alive); both follow from n, the number of orders at which the customer
//! could have left and did not (x or x + 1), so they are one program here.

use serde::{Deserialize, Serialize};

use crate::fit::{CHANCE_MIN, Degeneracy, Fit, FitError, Likelihood, SHAPE_MAX, maximise};
use crate::history::{History, Horizon};
use crate::nbd::Nbd;
use crate::order_model::{OrderModel, ParameterError, Rate, check_positive};
use crate::population::{Population, Row};
use crate::special::{digamma, ln_beta, ln_gamma};

/// At which orders a customer may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// At every order after the first: the BG/NBD. Who ordered once is alive for certain.
    AtRepeats,
    /// At every order: the MBG/NBD.
    AtAnyOrder,
}

/// A BG/NBD or MBG/NBD model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBetaGeometricNbd", into = "RawBetaGeometricNbd")]
pub struct BetaGeometricNbd {
    leaving: Leaving,
    parameters: [f64; 4],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBetaGeometricNbd {
    leaving: Leaving,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

/// Most terms of a sum over orders; only horizons of many thousand times α + T need more.
const TERMS: u32 = 1_000_000;
/// What may be left of the sum.
const LEFT: f64 = 1e-14;

impl Leaving {
    /// Orders at which the customer could have left, the last one included.
    fn chances(self, repeats: u32) -> f64 {
        match self {
            Self::AtRepeats => f64::from(repeats),
            Self::AtAnyOrder => f64::from(repeats) + 1.0,
        }
    }

    fn model(self) -> &'static str {
        match self {
            Self::AtRepeats => "BG/NBD",
            Self::AtAnyOrder => "MBG/NBD",
        }
    }
}

impl BetaGeometricNbd {
    /// Names of the parameters, in their order.
    pub const NAMES: [&'static str; 4] = ["r", "alpha", "a", "b"];

    /// Checks parameters: r and α (a time) of the order rate, a and b of the chance to leave.
    pub fn new(
        leaving: Leaving,
        r: f64,
        alpha: f64,
        a: f64,
        b: f64,
    ) -> Result<Self, ParameterError> {
        let parameters = [r, alpha, a, b];
        check_positive(Self::NAMES, parameters)?;
        Ok(Self {
            leaving,
            parameters,
        })
    }

    /// The most likely model of a population.
    pub fn fit(leaving: Leaving, population: &Population) -> Result<Fit<Self>, FitError> {
        let ([r, alpha, a, b], report) = maximise(&Of {
            leaving,
            population,
        })?;
        let parameters = [r, alpha * population.unit(), a, b];
        Ok(Fit {
            model: Self {
                leaving,
                parameters,
            },
            report,
        })
    }

    /// At which orders one may leave.
    pub fn leaving(&self) -> Leaving {
        self.leaving
    }

    /// r, α, a and b.
    pub fn parameters(&self) -> [f64; 4] {
        self.parameters
    }

    fn rate(&self, history: &History) -> Rate {
        let [r, alpha, ..] = self.parameters;
        Rate::given(r, alpha, history)
    }
}

impl OrderModel for BetaGeometricNbd {
    fn name(&self) -> &'static str {
        self.leaving.model()
    }

    fn p_alive(&self, history: &History) -> f64 {
        let [_, alpha, a, b] = self.parameters;
        let chances = self.leaving.chances(history.repeats());
        let rate = self.rate(history);
        1.0 / (1.0 + left_over_stayed(rate, alpha + history.last(), a, b, chances).exp())
    }

    fn p_no_order(&self, history: &History, horizon: Horizon) -> f64 {
        // One who has stayed until now leaves at an order only, so the next one comes for certain
        // unless time runs out.
        let some = -self.rate(history).ln_nothing(horizon).exp_m1();
        (1.0 - self.p_alive(history) * some).clamp(0.0, 1.0)
    }

    /// Σ over k of P(at least k orders fall in the horizon) × P(not left at the k − 1 before): the
    /// closed form of the papers with 2F1, as the sum of positive terms that it stands for. It needs
    /// no case for a = 1 and does not cancel.
    fn expected_orders(&self, history: &History, horizon: Horizon) -> f64 {
        let [_, _, a, b] = self.parameters;
        let rate = self.rate(history);
        let stays = b + self.leaving.chances(history.repeats());
        let share = horizon.get() / (rate.time + horizon.get());
        let mut ln_exactly = rate.ln_nothing(horizon);
        let mut at_least = -ln_exactly.exp_m1();
        let (mut still_here, mut sum) = (1.0, 0.0);
        for k in (1..=TERMS).map(f64::from) {
            let term = still_here * at_least;
            sum += term;
            if term <= LEFT * sum * (1.0 - share) {
                break;
            }
            ln_exactly += ((rate.shape + k - 1.0) / k * share).ln();
            at_least = (at_least - ln_exactly.exp()).max(0.0);
            still_here *= (stays + k - 1.0) / (a + stays + k - 1.0);
        }
        self.p_alive(history) * sum
    }

    fn rate_while_active(&self, history: &History) -> f64 {
        self.rate(history).mean()
    }
}

/// ln of P(left at the last order) / P(stayed), each with what was seen:
/// a / (b + n − 1) · ((α + T) / (α + t_x))^(r + x).
fn left_over_stayed(rate: Rate, at_last: f64, a: f64, b: f64, chances: f64) -> f64 {
    if chances == 0.0 {
        return f64::NEG_INFINITY;
    }
    (a / (b + chances - 1.0)).ln() + rate.shape * ((rate.time - at_last) / at_last).ln_1p()
}

/// The likelihood of a population.
struct Of<'a> {
    leaving: Leaving,
    population: &'a Population,
}

impl Likelihood<4> for Of<'_> {
    const PARAMETERS: [&'static str; 4] = BetaGeometricNbd::NAMES;

    fn model(&self) -> &'static str {
        self.leaving.model()
    }

    fn at(&self, parameters: &[f64; 4]) -> (f64, [f64; 4]) {
        likelihood(self.population, self.leaving, parameters)
    }

    fn without_leaving(&self) -> Option<f64> {
        let plain = Nbd::fit(self.population).ok()?;
        Some(plain.report.log_likelihood)
    }

    fn degeneracy(&self, &[r, _, a, b]: &[f64; 4]) -> Option<Degeneracy> {
        let chance = a / (a + b);
        if chance < CHANCE_MIN {
            Some(Degeneracy::NobodyLeaves)
        } else if chance > 1.0 - CHANCE_MIN {
            Some(Degeneracy::EverybodyLeaves)
        } else if a.max(b) > SHAPE_MAX {
            Some(Degeneracy::LeavingIsAlike)
        } else if a.max(b) < 1.0 / SHAPE_MAX {
            Some(Degeneracy::LeavingIsAllOrNothing)
        } else {
            Degeneracy::of_rates(r)
        }
    }

    fn scale(&self) -> (usize, f64) {
        self.population.scale()
    }
}

/// The log-likelihood (for n = x that of Fader, Hardie and Lee 2005) and its gradient.
fn likelihood(
    population: &Population,
    leaving: Leaving,
    &[r, alpha, a, b]: &[f64; 4],
) -> (f64, [f64; 4]) {
    let (mut sum, mut gradient) = (0.0, [0.0; 4]);
    for rows in population.by_repeats() {
        let Some(&Row { repeats, .. }) = rows.first() else {
            continue;
        };
        let (shape, chances) = (r + f64::from(repeats), leaving.chances(repeats));
        let common = ln_gamma(shape) - ln_gamma(r) + r * alpha.ln() + ln_beta(a, b + chances)
            - ln_beta(a, b);
        let of_r = digamma(shape) - digamma(r) + alpha.ln();
        let of_a = digamma(a + b) - digamma(a + b + chances);
        let of_b = digamma(b + chances) - digamma(b) + of_a;
        for row in rows {
            let time = alpha + row.age;
            let at_last = alpha + row.last;
            let ln_odds = left_over_stayed(Rate { shape, time }, at_last, a, b, chances);
            let left = 1.0 / (1.0 + (-ln_odds).exp());
            // ln(1 + e^odds), without overflow.
            let either = ln_odds.max(0.0) + (-ln_odds.abs()).exp().ln_1p();
            sum += row.count * (common - shape * time.ln() + either);
            let by = [
                of_r - time.ln() + left * (time.ln() - at_last.ln()),
                r / alpha - shape / time + left * shape * (1.0 / time - 1.0 / at_last),
                of_a + left / a,
                of_b - if chances > 0.0 {
                    left / (b + chances - 1.0)
                } else {
                    0.0
                },
            ];
            for (sum, by) in gradient.iter_mut().zip(by) {
                *sum += row.count * by;
            }
        }
    }
    (sum, gradient)
}

impl TryFrom<RawBetaGeometricNbd> for BetaGeometricNbd {
    type Error = ParameterError;

    fn try_from(raw: RawBetaGeometricNbd) -> Result<Self, ParameterError> {
        Self::new(raw.leaving, raw.r, raw.alpha, raw.a, raw.b)
    }
}

impl From<BetaGeometricNbd> for RawBetaGeometricNbd {
    fn from(model: BetaGeometricNbd) -> Self {
        let [r, alpha, a, b] = model.parameters;
        let leaving = model.leaving;
        Self {
            leaving,
            r,
            alpha,
            a,
            b,
        }
    }
}
