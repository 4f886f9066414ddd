//! What follows from a fitted model: the next order, the time between orders, and what a customer
//! will be worth.

use crate::gamma_gamma::{GammaGamma, Spend};
use crate::history::{History, Horizon};
use crate::order_model::OrderModel;

/// Halvings of a horizon: down to a thousand millionth of it.
const HALVINGS: usize = 30;

/// The wait until the next order is as likely to have come as not: the horizon at which P(no order)
/// falls to a half. `None` where that is not within the limit, be it that the customer orders
/// rarely or that most such customers have left. A first order is enough, for the rest comes from
/// the population. Its baseline is [`wait_by_mean_gap`].
pub fn median_wait(model: &dyn OrderModel, history: &History, limit: Horizon) -> Option<f64> {
    let comes_by = |share: f64| model.p_no_order(history, limit.times(share)) <= 0.5;
    let (mut early, mut late) = (0.0, 1.0);
    if !comes_by(late) {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (early + late);
        if comes_by(middle) {
            late = middle;
        } else {
            early = middle;
        }
    }
    Some(limit.times(late).get())
}

/// The baseline for the next order: one mean gap after the last, and now where that has passed.
/// `None` with fewer than two order days.
pub fn wait_by_mean_gap(history: &History) -> Option<f64> {
    let silent = history.age() - history.last();
    history.mean_gap().map(|gap| (gap - silent).max(0.0))
}

/// Time between orders while the customer stays, (α + T) / (r + x). A first order is enough, for
/// the rest comes from the population. Its baseline is [`History::mean_gap`].
pub fn gap_while_active(model: &dyn OrderModel, history: &History) -> f64 {
    1.0 / model.rate_while_active(history)
}

/// How far to look for lifetime value, and what later money is worth today.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LifetimePlan {
    periods: u32,
    period: Horizon,
    discount_rate: f64,
}

/// A plan for lifetime value that is none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LifetimePlanError {
    /// The length of a period.
    #[error("a period of lifetime value is {0}, expected a finite time above 0")]
    Period(f64),
    /// The number of periods.
    #[error("lifetime value is looked for over {0} periods, expected 1 to {PERIODS_MAX}")]
    Periods(u32),
    /// The discount rate.
    #[error("the discount rate is {0} a period, expected a finite number of at least 0")]
    DiscountRate(f64),
}

/// Most periods of a plan.
pub const PERIODS_MAX: u32 = 1_200;

impl LifetimePlan {
    /// Checks a plan: so many periods of one length (in the unit of the histories), and the rate
    /// at which money loses value over one of them, such as 0.01.
    pub fn new(periods: u32, period: f64, discount_rate: f64) -> Result<Self, LifetimePlanError> {
        if !(1..=PERIODS_MAX).contains(&periods) {
            return Err(LifetimePlanError::Periods(periods));
        }
        if !(discount_rate.is_finite() && discount_rate >= 0.0) {
            return Err(LifetimePlanError::DiscountRate(discount_rate));
        }
        let whole = Horizon::new(period * f64::from(periods));
        match (Horizon::new(period), whole) {
            (Ok(length), Ok(_)) if period > 0.0 => Ok(Self {
                periods,
                period: length,
                discount_rate,
            }),
            _ => Err(LifetimePlanError::Period(period)),
        }
    }

    /// The whole time that is looked ahead.
    pub fn length(&self) -> Horizon {
        self.period.times(f64::from(self.periods))
    }
}

/// The value today of the orders that a customer can be expected to place within the plan: the sum
/// over periods of expected orders × expected amount / (1 + rate)^period. Orders count at the end
/// of their period, so that a long period errs low. It is the value of what is to come, in the
/// currency of the amounts; multiply by a margin for profit. A first order is enough, for the rest
/// comes from the population; its baseline is [`value_at_past_rate`].
pub fn lifetime_value(
    model: &dyn OrderModel,
    amounts: &GammaGamma,
    history: &History,
    spend: Option<&Spend>,
    plan: &LifetimePlan,
) -> f64 {
    lifetime_orders(model, history, plan) * amounts.expected_amount(spend)
}

/// The orders within the plan, each counted as what a unit of money at its time is worth today.
pub fn lifetime_orders(model: &dyn OrderModel, history: &History, plan: &LifetimePlan) -> f64 {
    let mut before = 0.0;
    let mut worth = 0.0;
    for period in (1..=plan.periods).map(f64::from) {
        let orders = model.expected_orders(history, plan.period.times(period));
        worth += (orders - before) / (1.0 + plan.discount_rate).powf(period);
        before = orders;
    }
    worth
}

/// The baseline for lifetime value: orders at the past rate, x/T, each worth the customer's mean
/// amount, nothing taken off for time. `None` without a repeat order.
pub fn value_at_past_rate(
    history: &History,
    spend: Option<&Spend>,
    plan: &LifetimePlan,
) -> Option<f64> {
    Some(history.orders_at_past_rate(plan.length())? * spend?.mean())
}
