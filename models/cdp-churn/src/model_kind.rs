//! What models there are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Logistic regression: a sum over features.
    Logistic,
    /// Gradient boosted trees: a sum over questions about a few features each.
    Boosted,
    /// The mean of both, on the scale of log-odds.
    Blend,
}

impl ModelKind {
    /// All of them, the simplest first.
    pub const ALL: [Self; 3] = [Self::Logistic, Self::Boosted, Self::Blend];
    /// Those that are fitted; of the others they are made.
    pub const FITTED: [Self; 2] = [Self::Logistic, Self::Boosted];

    /// The name as it stands in `cdp.toml` and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Boosted => "boosted",
            Self::Blend => "blend",
        }
    }

    /// The name as people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic regression",
            Self::Boosted => "boosted trees",
            Self::Blend => "the mean of both",
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
