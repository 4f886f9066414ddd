//! Gamma–Gamma: what an order of a customer is worth on the long run.
//!
//! Amounts of one customer follow a gamma distribution of shape p around the customer's own mean;
//! the means differ between customers as an inverse gamma distribution (q, v). Fader and Hardie
//! 2013, "The Gamma-Gamma model of monetary value" (v is their γ), after Colombo and Jiang 1999.
//! The model takes amounts not to depend on how often somebody orders; [`GammaGammaFit`] tells how
//! true that is.

use serde::{Deserialize, Serialize};

use crate::fit::{Degeneracy, Fit, FitError, Likelihood, SHAPE_MAX, maximise};
use crate::order_model::{ParameterError, check_positive};
use crate::population::REPEATERS_MIN;
use crate::special::{digamma, ln_gamma};

/// What a customer spent: the number of orders and their mean amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    orders: u32,
    mean: f64,
}

/// An order count and a mean amount that do not make a [`Spend`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{orders} orders of {mean} on average, expected at least one and a finite amount above 0")]
pub struct SpendError {
    /// Number of orders.
    pub orders: u32,
    /// Their mean amount.
    pub mean: f64,
}

impl Spend {
    /// Checks a number of orders, at least 1, and their mean amount, finite and above 0.
    pub fn new(orders: u32, mean: f64) -> Result<Self, SpendError> {
        if orders > 0 && mean.is_finite() && mean > 0.0 {
            Ok(Self { orders, mean })
        } else {
            Err(SpendError { orders, mean })
        }
    }

    /// Number of orders.
    pub fn orders(&self) -> u32 {
        self.orders
    }

    /// Their mean amount: the baseline for the value of the next.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}

/// A Gamma–Gamma model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawGammaGamma", into = "RawGammaGamma")]
pub struct GammaGamma {
    parameters: [f64; 3],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGammaGamma {
    p: f64,
    q: f64,
    v: f64,
}

/// A Gamma–Gamma model with a check of what it supposes.
#[derive(Debug, Clone, PartialEq)]
pub struct GammaGammaFit {
    /// The model and how it was found.
    pub fit: Fit<GammaGamma>,
    /// Pearson's correlation of order count and mean amount. The model takes it to be 0; `None`
    /// where either does not vary.
    pub correlation: Option<f64>,
}

impl GammaGamma {
    /// Names of the parameters, in their order.
    pub const NAMES: [&'static str; 3] = ["p", "q", "v"];

    /// Checks parameters: p of the amounts of one customer; q, above 1, and v (an amount) of the
    /// means of customers.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self, ParameterError> {
        let parameters = [p, q, v];
        check_positive(Self::NAMES, parameters)?;
        check_positive(["q - 1"], [q - 1.0])?;
        Ok(Self { parameters })
    }

    /// The most likely model of customers with a repeat order and a positive mean amount, in
    /// whatever order they come. At least [`REPEATERS_MIN`] are needed.
    pub fn fit(spends: impl IntoIterator<Item = Spend>) -> Result<GammaGammaFit, FitError> {
        let mut spends: Vec<Spend> = spends.into_iter().collect();
        if spends.len() < REPEATERS_MIN {
            let repeaters = spends.len();
            return Err(FitError::TooFewRepeaters { repeaters });
        }
        spends.sort_unstable_by(|a, b| {
            let by_mean = || a.mean.total_cmp(&b.mean);
            a.orders.cmp(&b.orders).then_with(by_mean)
        });
        let unit = spends.iter().map(|spend| spend.mean).sum::<f64>() / spends.len() as f64;
        let likelihood = Of { spends, unit };
        let ([p, q, v], report) = maximise(&likelihood)?;
        let parameters = [p, q, v * unit];
        Ok(GammaGammaFit {
            fit: Fit {
                model: Self { parameters },
                report,
            },
            correlation: correlation(&likelihood.spends),
        })
    }

    /// p, q and v.
    pub fn parameters(&self) -> [f64; 3] {
        self.parameters
    }

    /// Mean amount over customers, p v / (q − 1): what to expect of one who is not known.
    pub fn population_mean(&self) -> f64 {
        let [p, q, v] = self.parameters;
        p * v / (q - 1.0)
    }

    /// Mean amount to expect of a customer's orders: the population's mean, drawn towards the
    /// customer's own with every order, p (v + x m) / (p x + q − 1).
    pub fn expected_amount(&self, spend: Option<&Spend>) -> f64 {
        let [p, q, v] = self.parameters;
        let Some(spend) = spend else {
            return self.population_mean();
        };
        let orders = f64::from(spend.orders);
        p * (v + orders * spend.mean) / (p * orders + q - 1.0)
    }
}

/// The likelihood of sorted spends, amounts in units of their mean.
struct Of {
    spends: Vec<Spend>,
    unit: f64,
}

impl Likelihood<3> for Of {
    const PARAMETERS: [&'static str; 3] = GammaGamma::NAMES;

    fn model(&self) -> &'static str {
        "Gamma-Gamma"
    }

    /// The density of the mean of x amounts (Fader and Hardie 2013).
    fn at(&self, &[p, q, v]: &[f64; 3]) -> (f64, [f64; 3]) {
        let (mut sum, mut gradient) = (0.0, [0.0; 3]);
        for same in self.spends.chunk_by(|a, b| a.orders == b.orders) {
            let orders = f64::from(same[0].orders);
            let (own, all) = (p * orders, p * orders + q);
            let common = ln_gamma(all) - ln_gamma(own) - ln_gamma(q) + q * v.ln();
            let of_p = digamma(all) - digamma(own);
            let of_q = digamma(all) - digamma(q) + v.ln();
            for spend in same {
                let mean = spend.mean / self.unit;
                let amount = orders * mean;
                let ln_total = (v + amount).ln();
                sum += common + own * amount.ln() - mean.ln() - all * ln_total;
                gradient[0] += orders * (of_p + amount.ln() - ln_total);
                gradient[1] += of_q - ln_total;
                gradient[2] += q / v - all / (v + amount);
            }
        }
        (sum, gradient)
    }

    fn degeneracy(&self, &[p, q, _]: &[f64; 3]) -> Option<Degeneracy> {
        if p > SHAPE_MAX {
            Some(Degeneracy::AmountsNeverVary)
        } else if p < 1.0 / SHAPE_MAX {
            Some(Degeneracy::AmountsAreAllOrNothing)
        } else if q > SHAPE_MAX {
            Some(Degeneracy::SpendersAreAlike)
        } else if q <= 1.0 {
            Some(Degeneracy::AmountsWithoutMean)
        } else {
            None
        }
    }

    /// Each mean amount is a density over amounts.
    fn scale(&self) -> (usize, f64) {
        let customers = self.spends.len();
        (customers, -(customers as f64) * self.unit.ln())
    }
}

fn correlation(spends: &[Spend]) -> Option<f64> {
    let count = spends.len() as f64;
    let mean = |of: fn(&Spend) -> f64| spends.iter().map(of).sum::<f64>() / count;
    let (orders, amount) = (mean(|s| f64::from(s.orders)), mean(|s| s.mean));
    let [mut both, mut of_orders, mut of_amount] = [0.0; 3];
    for spend in spends {
        let (x, y) = (f64::from(spend.orders) - orders, spend.mean - amount);
        both += x * y;
        of_orders += x * x;
        of_amount += y * y;
    }
    let spread = (of_orders * of_amount).sqrt();
    (spread > 0.0).then(|| both / spread)
}

impl TryFrom<RawGammaGamma> for GammaGamma {
    type Error = ParameterError;

    fn try_from(raw: RawGammaGamma) -> Result<Self, ParameterError> {
        Self::new(raw.p, raw.q, raw.v)
    }
}

impl From<GammaGamma> for RawGammaGamma {
    fn from(model: GammaGamma) -> Self {
        let [p, q, v] = model.parameters;
        Self { p, q, v }
    }
}
