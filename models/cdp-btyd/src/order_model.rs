//! What every model of this family tells of a customer.

use crate::history::{History, Horizon};

/// A fitted model of who orders, how often, and until when. All times are in the unit of the
/// histories it was fitted on, and all answers are given what is known of the customer.
pub trait OrderModel {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// The probability that the customer has not left for good by the end of what was looked at.
    /// It is no probability to order: a customer who orders every five years may well be alive.
    fn p_alive(&self, history: &History) -> f64;

    /// The probability of no order in the next `horizon`: what a churn model is asked. It falls as
    /// the horizon grows, from 1 to the probability of having ordered for the last time.
    fn p_no_order(&self, history: &History, horizon: Horizon) -> f64;

    /// Orders to expect in the next `horizon`; days with an order, to be exact.
    fn expected_orders(&self, history: &History, horizon: Horizon) -> f64;

    /// Orders per unit of time while the customer stays, (r + x) / (α + T): a mean of what the
    /// customer did and what the population does.
    fn rate_while_active(&self, history: &History) -> f64;
}

/// A parameter out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{name}` is {value}, expected a finite number above 0")]
pub struct ParameterError {
    /// Name of the parameter.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// Checks that all parameters are finite and above 0.
pub(crate) fn check_positive<const N: usize>(
    names: [&'static str; N],
    values: [f64; N],
) -> Result<(), ParameterError> {
    match names
        .into_iter()
        .zip(values)
        .find(|(_, value)| !(value.is_finite() && *value > 0.0))
    {
        Some((name, value)) => Err(ParameterError { name, value }),
        None => Ok(()),
    }
}

/// Order rates that follow a gamma distribution, and what a history makes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// r + x.
    pub(crate) shape: f64,
    /// α + T.
    pub(crate) time: f64,
}

impl Rate {
    pub(crate) fn given(r: f64, alpha: f64, history: &History) -> Self {
        Self {
            shape: r + f64::from(history.repeats()),
            time: alpha + history.age(),
        }
    }

    pub(crate) fn mean(self) -> f64 {
        self.shape / self.time
    }

    /// Logarithm of the probability that nothing comes in a time, while the customer stays.
    pub(crate) fn ln_nothing(self, horizon: Horizon) -> f64 {
        -self.shape * (horizon.get() / self.time).ln_1p()
    }
}
