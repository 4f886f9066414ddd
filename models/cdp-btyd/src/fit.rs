//! Maximum likelihood over logarithms of parameters, with a report, and names for fits that are
//! none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bfgs::{Minimum, Search, Slope, minimise};
use crate::population::{CUSTOMERS_MIN, REPEATERS_MIN};

/// A model and how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<M> {
    /// The model at the maximum of the likelihood.
    pub model: M,
    /// How it was found.
    pub report: FitReport,
}

impl<M> Fit<M> {
    /// The same fit with another form of its model.
    pub fn map<T>(self, form: impl FnOnce(M) -> T) -> Fit<T> {
        Fit {
            model: form(self.model),
            report: self.report,
        }
    }
}

/// How a maximum was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitReport {
    /// Customers that the model was fitted on.
    pub customers: usize,
    /// Steps of the minimiser.
    pub iterations: usize,
    /// Natural logarithm of the likelihood, in the unit of time (or money) that came in.
    pub log_likelihood: f64,
    /// Largest entry of the gradient of the mean log-likelihood, by logarithms of parameters.
    pub gradient: f64,
}

impl fmt::Display for FitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "log-likelihood {:.3} of {} customers after {} steps, gradient {:.1e}",
            self.log_likelihood, self.customers, self.iterations, self.gradient
        )
    }
}

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Fewer customers than a fit needs.
    #[error("{customers} customers are too few to fit on, at least {CUSTOMERS_MIN} are needed")]
    TooFewCustomers {
        /// How many there were.
        customers: usize,
    },
    /// Nobody ordered on a second day.
    #[error("none of {customers} customers ordered on a second day")]
    NoRepeatOrders {
        /// How many customers there were.
        customers: usize,
    },
    /// Too few ordered on a second day.
    #[error(
        "{repeaters} customers with orders on a second day are too few to fit on, at least \
         {REPEATERS_MIN} are needed"
    )]
    TooFewRepeaters {
        /// How many there were.
        repeaters: usize,
    },
    /// A mean amount that is not above 0, or not finite.
    #[error("the mean amount of customer {row} is {amount}, expected a finite amount above 0")]
    Amount {
        /// Index of the customer.
        row: usize,
        /// The amount.
        amount: f64,
    },
    /// The likelihood has no maximum at finite parameters, or the maximum says that part of the
    /// model is not there.
    #[error("the fit of {model} is degenerate: {degeneracy}; it stood at {parameters}")]
    Degenerate {
        /// Name of the model.
        model: &'static str,
        /// In which way.
        degeneracy: Degeneracy,
        /// Where the parameters were when it was seen, such as `r 0.5, alpha 3.2`: times in mean
        /// ages, amounts in mean amounts.
        parameters: String,
    },
    /// The minimiser stopped on a slope.
    #[error("the fit of {model} did not converge: {report}")]
    NotConverged {
        /// Name of the model.
        model: &'static str,
        /// Where it stopped.
        report: FitReport,
    },
}

impl FitError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooFewCustomers { .. } | Self::TooFewRepeaters { .. } => {
                "use a baseline, such as the base rate, until there are more"
            }
            Self::NoRepeatOrders { .. } => {
                "look whether orders of one person share an identifier, or whether the history is \
                 longer than a usual gap between orders"
            }
            Self::Amount { .. } => "leave customers without a positive mean amount out",
            Self::Degenerate { degeneracy, .. } => degeneracy.hint(),
            Self::NotConverged { .. } => "report it with the histories, if they may be shown",
        }
    }
}

/// In which way a fit is none: which part of the story the data do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degeneracy {
    /// Chance or rate of leaving runs to 0, or is no more likely than 0: it adds less than its two
    /// parameters may to the likelihood of the NBD (Akaike 1974).
    NobodyLeaves,
    /// Chance or rate of leaving runs to its largest.
    EverybodyLeaves,
    /// The shapes of leaving run to infinity: all customers leave alike.
    LeavingIsAlike,
    /// The shapes of leaving run to 0: some leave at once and the others never.
    LeavingIsAllOrNothing,
    /// r runs to infinity: all customers order at one rate.
    RatesAreAlike,
    /// r runs to 0: few order all there is and the others nothing.
    RatesAreAllOrNothing,
    /// q is 1 or less: the mean amount of the population is infinite.
    AmountsWithoutMean,
    /// p runs to infinity: a customer's amounts are all the same.
    AmountsNeverVary,
    /// q runs to infinity: all customers spend alike.
    SpendersAreAlike,
    /// p runs to 0.
    AmountsAreAllOrNothing,
}

impl fmt::Display for Degeneracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NobodyLeaves => "nobody is seen to leave, leaving adds nothing to the likelihood",
            Self::EverybodyLeaves => "the chance to leave runs to its largest, nobody stays",
            Self::LeavingIsAlike => "the shape of leaving runs to infinity, all leave alike",
            Self::LeavingIsAllOrNothing => "the shape of leaving runs to 0, at once or never",
            Self::RatesAreAlike => "r runs to infinity, all order at one rate",
            Self::RatesAreAllOrNothing => "r runs to 0, few order all there is",
            Self::AmountsWithoutMean => "q is at most 1, the mean amount is infinite",
            Self::AmountsNeverVary => "p runs to infinity, a customer's amounts are all the same",
            Self::SpendersAreAlike => "q runs to infinity, all customers spend alike",
            Self::AmountsAreAllOrNothing => "p runs to 0, single amounts are nearly all there is",
        })
    }
}

impl Degeneracy {
    /// What is degenerate about the shape of the order rates.
    pub(crate) fn of_rates(r: f64) -> Option<Self> {
        if r > SHAPE_MAX {
            Some(Self::RatesAreAlike)
        } else if r < 1.0 / SHAPE_MAX {
            Some(Self::RatesAreAllOrNothing)
        } else {
            None
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::NobodyLeaves => "the history is too short to see anybody leave: use Nbd",
            Self::AmountsNeverVary | Self::SpendersAreAlike => "use the plain mean amount",
            Self::AmountsWithoutMean | Self::AmountsAreAllOrNothing => {
                "look for a few huge amounts, such as orders of resellers"
            }
            Self::EverybodyLeaves
            | Self::LeavingIsAlike
            | Self::LeavingIsAllOrNothing
            | Self::RatesAreAlike
            | Self::RatesAreAllOrNothing => {
                "the customers do not differ as the model supposes: try another of the models, or \
                 a longer history"
            }
        }
    }
}

/// Beyond this, and below one over it, a shape parameter means the same as its limit.
pub(crate) const SHAPE_MAX: f64 = 1e3;
/// A chance to leave closer to 0 or 1 than this is 0 or 1.
pub(crate) const CHANCE_MIN: f64 = 1e-4;

/// What the two parameters of leaving must add to the log-likelihood of the NBD (Akaike 1974).
const GAIN_MIN: f64 = 2.0;

/// Mean gradient at which a fit has converged.
const AIM: f64 = 1e-8;
const SEARCH: Search = Search {
    aim: AIM,
    // Parameters from 1/22,000 to 22,000: far beyond what is degenerate.
    edge: 10.0,
    steps: 200,
};
/// Where a search may begin, in every parameter.
const STARTS: [f64; 2] = [0.3, 2.0];

/// A likelihood to maximise. Parameters are positive, times in units of the mean age and amounts
/// in units of the mean amount.
pub(crate) trait Likelihood<const N: usize> {
    /// Names of the parameters.
    const PARAMETERS: [&'static str; N];

    /// Name of the model.
    fn model(&self) -> &'static str;

    /// Log-likelihood and its gradient by the parameters themselves.
    fn at(&self, parameters: &[f64; N]) -> (f64, [f64; N]);

    /// The largest log-likelihood, in the units that came in, of the same story without leaving.
    fn without_leaving(&self) -> Option<f64> {
        None
    }

    /// What is degenerate about parameters.
    fn degeneracy(&self, parameters: &[f64; N]) -> Option<Degeneracy>;

    /// Customers, and what the log-likelihood changes by in the units that came in.
    fn scale(&self) -> (usize, f64);
}

/// The maximum of a likelihood, or why there is none.
pub(crate) fn maximise<const N: usize, L: Likelihood<N>>(
    likelihood: &L,
) -> Result<([f64; N], FitReport), FitError> {
    let (customers, shift) = likelihood.scale();
    let loss = |logs: &[f64; N]| {
        let parameters = logs.map(f64::exp);
        let (value, gradient) = likelihood.at(&parameters);
        Slope {
            value: -value / customers as f64,
            gradient: std::array::from_fn(|i| -gradient[i] * parameters[i] / customers as f64),
        }
    };
    let found = minimise(best_start(loss), &SEARCH, loss);
    judge(likelihood, &found, customers, shift)
}

fn judge<const N: usize, L: Likelihood<N>>(
    likelihood: &L,
    found: &Minimum<N>,
    customers: usize,
    shift: f64,
) -> Result<([f64; N], FitReport), FitError> {
    let parameters = found.point.map(f64::exp);
    let report = FitReport {
        customers,
        iterations: found.iterations,
        log_likelihood: shift - found.value * customers as f64,
        gradient: found.steepest,
    };
    let gains = |plain| report.log_likelihood >= plain + GAIN_MIN;
    let degeneracy = if likelihood.without_leaving().is_none_or(gains) {
        likelihood.degeneracy(&parameters)
    } else {
        Some(Degeneracy::NobodyLeaves)
    };
    if let Some(degeneracy) = degeneracy {
        let told = L::PARAMETERS.iter().zip(parameters);
        let told: Vec<String> = told
            .map(|(name, value)| format!("{name} {value:.3e}"))
            .collect();
        return Err(FitError::Degenerate {
            model: likelihood.model(),
            degeneracy,
            parameters: told.join(", "),
        });
    }
    if found.ran_away || found.steepest > AIM {
        return Err(FitError::NotConverged {
            model: likelihood.model(),
            report,
        });
    }
    Ok((parameters, report))
}

/// The lowest corner of a small grid.
fn best_start<const N: usize>(loss: impl Fn(&[f64; N]) -> Slope<N>) -> [f64; N] {
    let corner = |number: usize| std::array::from_fn(|i| STARTS[number >> i & 1].ln());
    let mut best = (f64::INFINITY, corner(0));
    for start in (0..1 << N).map(corner) {
        let value = loss(&start).value;
        if value < best.0 {
            best = (value, start);
        }
    }
    best.1
}
