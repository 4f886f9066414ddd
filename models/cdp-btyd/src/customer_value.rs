//! Everything that is told of what a customer will be worth, each figure beside its baseline.

use crate::fit::FitError;
use crate::gamma_gamma::{GammaGamma, Spend};
use crate::history::{History, Horizon};
use crate::kind::{AnyOrderModel, OrderModelKind};
use crate::order_model::OrderModel;
use crate::population::Population;
use crate::value::{
    LifetimePlan, gap_while_active, lifetime_orders, median_wait, value_at_past_rate,
    wait_by_mean_gap,
};

/// Which models are tried when the one that is asked for does not fit, the best in general first.
const FALLBACKS: [OrderModelKind; 4] = [
    OrderModelKind::MbgNbd,
    OrderModelKind::BgNbd,
    OrderModelKind::ParetoNbd,
    OrderModelKind::Nbd,
];

/// What an order of a customer is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amounts {
    /// A mean of what the customer spends and what customers spend.
    GammaGamma(GammaGamma),
    /// The customer's own mean, and that of all where there is none: what is told when amounts do
    /// not follow the model.
    Means {
        /// Of all customers with a repeat order.
        of_all: f64,
    },
}

/// The models that value customers, fitted on the same customers.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueModels {
    /// Which model of orders.
    pub kind: OrderModelKind,
    /// When they order.
    pub orders: AnyOrderModel,
    /// For how much; nothing when no customer came back with a positive amount.
    pub amounts: Option<Amounts>,
    /// Why a model that came before was not taken: one sentence each.
    pub refused: Vec<String>,
}

impl ValueModels {
    /// Fits the wanted model of orders, or the first of the others that fits, and one of amounts.
    pub fn fit(
        wanted: Option<OrderModelKind>,
        population: &Population,
        spends: &[Spend],
    ) -> Result<Self, FitError> {
        let mut refused = Vec::new();
        let mut last = None;
        let others = FALLBACKS.into_iter().filter(|kind| Some(*kind) != wanted);
        for kind in wanted.into_iter().chain(others) {
            match kind.fit(population) {
                Ok(fit) => {
                    let amounts = Amounts::fit(spends, &mut refused);
                    return Ok(Self {
                        kind,
                        orders: fit.model,
                        amounts,
                        refused,
                    });
                }
                Err(error) => {
                    refused.push(error.to_string());
                    last = Some(error);
                }
            }
        }
        let customers = population.customers();
        Err(last.unwrap_or(FitError::TooFewCustomers { customers }))
    }
}

impl Amounts {
    fn fit(spends: &[Spend], refused: &mut Vec<String>) -> Option<Self> {
        match GammaGamma::fit(spends.iter().copied()) {
            Ok(fitted) => Some(Self::GammaGamma(fitted.fit.model)),
            Err(error) => {
                refused.push(error.to_string());
                let mut means: Vec<f64> = spends.iter().map(Spend::mean).collect();
                means.sort_by(f64::total_cmp);
                let of_all = means.iter().sum::<f64>() / means.len() as f64;
                (!means.is_empty()).then_some(Self::Means { of_all })
            }
        }
    }

    /// What the next order of a customer is worth.
    pub fn expected(&self, spend: Option<&Spend>) -> f64 {
        match self {
            Self::GammaGamma(model) => model.expected_amount(spend),
            Self::Means { of_all } => spend.map_or(*of_all, Spend::mean),
        }
    }
}

/// What a customer can be expected to do, times in the unit of the histories.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerValue {
    /// The probability of no order in the horizon.
    pub p_no_order: f64,
    /// The probability not to have left for good.
    pub p_alive: f64,
    /// Orders in the horizon.
    pub orders: f64,
    /// The same by the customer's own rate so far.
    pub orders_at_past_rate: Option<f64>,
    /// Time between orders while the customer stays.
    pub gap: f64,
    /// The same as it was so far.
    pub mean_gap: Option<f64>,
    /// Time by which the next order is as likely to have come as not, within the plan.
    pub wait: Option<f64>,
    /// One mean gap after the last order.
    pub wait_by_mean_gap: Option<f64>,
    /// What an order is worth.
    pub amount: Option<f64>,
    /// What orders after the first were worth so far.
    pub mean_amount: Option<f64>,
    /// Value today of the orders within the plan.
    pub lifetime_value: Option<f64>,
    /// The same of a customer who is known not to have left.
    pub lifetime_value_if_active: Option<f64>,
    /// Orders at the customer's own rate, each worth the customer's own mean.
    pub lifetime_value_at_past_rate: Option<f64>,
}

impl CustomerValue {
    /// All figures of a customer.
    pub fn of(
        models: &ValueModels,
        history: &History,
        spend: Option<&Spend>,
        horizon: Horizon,
        plan: &LifetimePlan,
    ) -> Self {
        let orders = &models.orders;
        let p_alive = orders.p_alive(history);
        let amount = models.amounts.map(|amounts| amounts.expected(spend));
        let to_come = lifetime_orders(orders, history, plan);
        let lifetime_value = amount.map(|amount| to_come * amount);
        Self {
            p_no_order: orders.p_no_order(history, horizon),
            p_alive,
            orders: orders.expected_orders(history, horizon),
            orders_at_past_rate: history.orders_at_past_rate(horizon),
            gap: gap_while_active(orders, history),
            mean_gap: history.mean_gap(),
            wait: median_wait(orders, history, plan.length()),
            wait_by_mean_gap: wait_by_mean_gap(history),
            amount,
            mean_amount: spend.map(Spend::mean),
            lifetime_value,
            lifetime_value_if_active: lifetime_value
                .filter(|_| p_alive > 0.0)
                .map(|value| value / p_alive),
            lifetime_value_at_past_rate: value_at_past_rate(history, spend, plan),
        }
    }
}
