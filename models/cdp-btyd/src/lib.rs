//! Who orders, how often, until when and for how much, told from orders alone: the "buy till you
//! die" family of models (Schmittlein, Morrison and Colombo 1987 and after). No labels are needed,
//! so that they stand beside every churn model as what it has to beat.
//!
//! The way through it:
//!
//! 1. [`summarise`] makes a [`Summary`] per customer of orders before a day; its [`History`] is
//!    what models see. [`Population`] counts histories once.
//! 2. [`BetaGeometricNbd`] (BG/NBD and MBG/NBD), [`ParetoNbd`] and [`Nbd`] are fitted by maximum
//!    likelihood, side by side by [`OrderModelKind::fit`], and [`GammaGamma`] for amounts; a [`Fit`]
//!    tells how, a [`FitError`] names why not.
//! 3. [`OrderModel`] is what they tell of a customer, above all the probability of no order in a
//!    horizon; [`lifetime_value`], [`median_wait`] and [`gap_while_active`] follow from it, and
//!    [`CustomerValue`] holds all of it, fitted by [`ValueModels`].
//!
//! The crate is pure. It reads no file, no clock and no environment. The same rows give the same
//! bits, in whatever order they come. Everything is in f64; times are in one unit, which is the
//! caller's, and changing it changes no probability.

mod bfgs;
mod config;
mod customer_value;
mod decay;
mod fit;
mod gamma_gamma;
mod geometric;
mod history;
mod kind;
mod nbd;
mod order_model;
mod orders;
mod pareto;
mod population;
mod repurchase;
mod special;
mod value;

pub use config::{RawValueConfig, ValueConfig, ValueFault};
pub use customer_value::{Amounts, CustomerValue, ValueModels};
pub use fit::{Degeneracy, Fit, FitError, FitReport};
pub use gamma_gamma::{GammaGamma, GammaGammaFit, Spend, SpendError};
pub use geometric::{BetaGeometricNbd, Leaving};
pub use history::{History, HistoryError, Horizon, HorizonError};
pub use kind::{AnyOrderModel, OrderModelKind};
pub use nbd::Nbd;
pub use order_model::{OrderModel, ParameterError};
pub use orders::{Order, OrderError, Summary, TimeUnit, summarise};
pub use pareto::ParetoNbd;
pub use population::{CUSTOMERS_MIN, Population, REPEATERS_MIN};
pub use repurchase::{Gaps, HorizonErrors, Repurchase};
pub use value::{
    LifetimePlan, LifetimePlanError, PERIODS_MAX, gap_while_active, lifetime_orders,
    lifetime_value, median_wait, value_at_past_rate, wait_by_mean_gap,
};
