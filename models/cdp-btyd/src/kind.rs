//! One name for each model of orders, to fit them side by side and to keep what came out.

use serde::{Deserialize, Serialize};

use crate::fit::{Fit, FitError};
use crate::geometric::{BetaGeometricNbd, Leaving};
use crate::history::{History, Horizon};
use crate::nbd::Nbd;
use crate::order_model::OrderModel;
use crate::pareto::ParetoNbd;
use crate::population::Population;

/// A model of orders by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderModelKind {
    /// [`BetaGeometricNbd`] with [`Leaving::AtRepeats`].
    BgNbd,
    /// [`BetaGeometricNbd`] with [`Leaving::AtAnyOrder`].
    MbgNbd,
    /// [`ParetoNbd`].
    ParetoNbd,
    /// [`Nbd`].
    Nbd,
}

/// A model of orders of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyOrderModel {
    /// BG/NBD or MBG/NBD.
    BetaGeometricNbd(BetaGeometricNbd),
    /// Pareto/NBD.
    ParetoNbd(ParetoNbd),
    /// NBD.
    Nbd(Nbd),
}

impl OrderModelKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd, Self::Nbd];

    /// Its name in tables, such as `bg_nbd`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
            Self::ParetoNbd => "pareto_nbd",
            Self::Nbd => "nbd",
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
            Self::ParetoNbd => "Pareto/NBD",
            Self::Nbd => "NBD",
        }
    }

    /// The most likely model of this kind.
    pub fn fit(self, population: &Population) -> Result<Fit<AnyOrderModel>, FitError> {
        let geometric = |leaving| {
            let fit = BetaGeometricNbd::fit(leaving, population);
            fit.map(|fit| fit.map(AnyOrderModel::BetaGeometricNbd))
        };
        match self {
            Self::BgNbd => geometric(Leaving::AtRepeats),
            Self::MbgNbd => geometric(Leaving::AtAnyOrder),
            Self::ParetoNbd => {
                ParetoNbd::fit(population).map(|fit| fit.map(AnyOrderModel::ParetoNbd))
            }
            Self::Nbd => Nbd::fit(population).map(|fit| fit.map(AnyOrderModel::Nbd)),
        }
    }
}

impl AnyOrderModel {
    /// Its parameters by name, times in the unit of the histories it was fitted on.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        fn named<const N: usize>(
            names: [&'static str; N],
            values: [f64; N],
        ) -> Vec<(&'static str, f64)> {
            names.into_iter().zip(values).collect()
        }
        match self {
            Self::BetaGeometricNbd(model) => named(BetaGeometricNbd::NAMES, model.parameters()),
            Self::ParetoNbd(model) => named(ParetoNbd::NAMES, model.parameters()),
            Self::Nbd(model) => named(Nbd::NAMES, model.parameters()),
        }
    }

    fn inner(&self) -> &dyn OrderModel {
        match self {
            Self::BetaGeometricNbd(model) => model,
            Self::ParetoNbd(model) => model,
            Self::Nbd(model) => model,
        }
    }
}

impl OrderModel for AnyOrderModel {
    fn name(&self) -> &'static str {
        self.inner().name()
    }

    fn p_alive(&self, history: &History) -> f64 {
        self.inner().p_alive(history)
    }

    fn p_no_order(&self, history: &History, horizon: Horizon) -> f64 {
        self.inner().p_no_order(history, horizon)
    }

    fn expected_orders(&self, history: &History, horizon: Horizon) -> f64 {
        self.inner().expected_orders(history, horizon)
    }

    fn rate_while_active(&self, history: &History) -> f64 {
        self.inner().rate_while_active(history)
    }
}
