//! How the penalised logistic loss is minimised.

mod blocks;
mod cholesky;
mod coordinate;
mod linfa;
mod newton;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use blocks::LogitRows;
pub(crate) use cholesky::{Cholesky, condition};
pub(crate) use linfa::solve as solve_by_linfa;
pub(crate) use newton::{Penalty, end_at, minimise};

/// What minimises the penalised loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// Newton's method on all cores; with an L1 penalty, by coordinate descent.
    #[default]
    Newton,
    /// L-BFGS of linfa-logistic, on one core. It knows neither weights, nor an offset, nor an L1
    /// penalty, and creeps when columns are nearly collinear.
    Linfa,
}

impl Solver {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Newton, Self::Linfa];

    /// The name as it stands in the configuration: `newton` or `linfa`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newton => "newton",
            Self::Linfa => "linfa",
        }
    }
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
