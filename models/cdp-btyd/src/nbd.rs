//! NBD: customers order at random times, each at a rate of its own, and never leave (Ehrenberg
//! 1959). It is what is left of the others where nobody is seen to leave.

use serde::{Deserialize, Serialize};

use crate::fit::{Degeneracy, Fit, FitError, Likelihood, maximise};
use crate::history::{History, Horizon};
use crate::order_model::{OrderModel, ParameterError, Rate, check_positive};
use crate::population::{Population, Row};
use crate::special::{digamma, ln_gamma};

/// An NBD model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawNbd", into = "RawNbd")]
pub struct Nbd {
    parameters: [f64; 2],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNbd {
    r: f64,
    alpha: f64,
}

impl Nbd {
    /// Names of the parameters, in their order.
    pub const NAMES: [&'static str; 2] = ["r", "alpha"];

    /// Checks parameters: r and α (a time) of the order rate.
    pub fn new(r: f64, alpha: f64) -> Result<Self, ParameterError> {
        let parameters = [r, alpha];
        check_positive(Self::NAMES, parameters)?;
        Ok(Self { parameters })
    }

    /// The most likely model of a population.
    pub fn fit(population: &Population) -> Result<Fit<Self>, FitError> {
        let ([r, alpha], report) = maximise(&Of(population))?;
        let parameters = [r, alpha * population.unit()];
        Ok(Fit {
            model: Self { parameters },
            report,
        })
    }

    /// r and α.
    pub fn parameters(&self) -> [f64; 2] {
        self.parameters
    }

    fn rate(&self, history: &History) -> Rate {
        let [r, alpha] = self.parameters;
        Rate::given(r, alpha, history)
    }
}

impl OrderModel for Nbd {
    fn name(&self) -> &'static str {
        "NBD"
    }

    /// Always 1.
    fn p_alive(&self, _: &History) -> f64 {
        1.0
    }

    fn p_no_order(&self, history: &History, horizon: Horizon) -> f64 {
        self.rate(history).ln_nothing(horizon).exp()
    }

    fn expected_orders(&self, history: &History, horizon: Horizon) -> f64 {
        self.rate(history).mean() * horizon.get()
    }

    fn rate_while_active(&self, history: &History) -> f64 {
        self.rate(history).mean()
    }
}

/// The likelihood of a population.
struct Of<'a>(&'a Population);

impl Likelihood<2> for Of<'_> {
    const PARAMETERS: [&'static str; 2] = Nbd::NAMES;

    fn model(&self) -> &'static str {
        "NBD"
    }

    fn at(&self, &[r, alpha]: &[f64; 2]) -> (f64, [f64; 2]) {
        let (mut sum, mut of_r, mut of_alpha) = (0.0, 0.0, 0.0);
        for rows in self.0.by_repeats() {
            let Some(&Row { repeats, .. }) = rows.first() else {
                continue;
            };
            let shape = r + f64::from(repeats);
            let common = ln_gamma(shape) - ln_gamma(r) + r * alpha.ln();
            let by_r = digamma(shape) - digamma(r) + alpha.ln();
            for row in rows {
                let time = alpha + row.age;
                sum += row.count * (common - shape * time.ln());
                of_r += row.count * (by_r - time.ln());
                of_alpha += row.count * (r / alpha - shape / time);
            }
        }
        (sum, [of_r, of_alpha])
    }

    fn degeneracy(&self, &[r, _]: &[f64; 2]) -> Option<Degeneracy> {
        Degeneracy::of_rates(r)
    }

    fn scale(&self) -> (usize, f64) {
        self.0.scale()
    }
}

impl TryFrom<RawNbd> for Nbd {
    type Error = ParameterError;

    fn try_from(raw: RawNbd) -> Result<Self, ParameterError> {
        Self::new(raw.r, raw.alpha)
    }
}

impl From<Nbd> for RawNbd {
    fn from(model: Nbd) -> Self {
        let [r, alpha] = model.parameters;
        Self { r, alpha }
    }
}
