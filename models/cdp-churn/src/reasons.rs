//! Why a score is what it is, exactly.
//!
//! The log-odds of a row are a base value plus one contribution per feature, summed over the feature's
//! columns: for a logistic model `weight * (value - mean)`, and the base is a row that is average in
//! everything; for trees Shapley values, and the base is what they tell on average.

use std::fmt;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::feature_spec::{FeatureSpec, SpecError};
use crate::feature_table::{FeatureColumn, FeatureTable};
use crate::model::{ChurnModel, ModelError};
use crate::order_feature::OrderFeature;
use crate::scorer::Scorer;

/// Which way a feature moves the probability of churn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It makes churn likelier.
    Raises,
    /// It makes churn less likely.
    Lowers,
}

impl Direction {
    /// The name as it stands in tables: `raises` or `lowers`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raises => "raises",
            Self::Lowers => "lowers",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One feature's part in a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The feature.
    pub feature: String,
    /// Its value in this row, as text; `missing` when there is none.
    pub value: String,
    /// Log-odds that it adds, against a row that is average in this feature.
    pub contribution: f64,
    /// Which way that goes.
    pub direction: Direction,
}

/// Every feature's part in every score: `base + sum over features` is the log-odds of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    base: f64,
    features: Vec<String>,
    log_odds: Array2<f64>,
}

impl Contributions {
    pub(crate) fn of(
        scorer: &Scorer,
        spec: &FeatureSpec,
        table: &FeatureTable,
    ) -> Result<Self, SpecError> {
        let parts = scorer.parts(spec, table)?;
        Ok(Self {
            base: parts.base,
            features: spec.explaining(),
            log_odds: parts.parts,
        })
    }

    /// Log-odds without any contribution.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The features, sorted by name, and last what a model of orders says, see [`OrderFeature`].
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.log_odds.nrows()
    }

    /// Log-odds that one feature adds in each row.
    pub(crate) fn column(&self, feature: usize) -> Vec<f64> {
        self.log_odds.column(feature).to_vec()
    }

    /// Log-odds that each feature adds in one row; empty for a row that is not there.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (&str, f64)> {
        let cells = (row < self.rows()).then(|| self.log_odds.row(row).to_vec());
        self.features
            .iter()
            .map(String::as_str)
            .zip(cells.unwrap_or_default())
    }
}

impl ChurnModel {
    /// What each feature adds to the log-odds of each row.
    pub fn contributions(&self, table: &FeatureTable) -> Result<Contributions, ModelError> {
        Ok(Contributions::of(self.scorer(), self.spec(), table)?)
    }

    /// The `top` features of each row that move its log-odds most, largest first, those with equal
    /// weight by name. A feature that moves nothing is no reason.
    pub fn reasons(
        &self,
        table: &FeatureTable,
        top: usize,
    ) -> Result<Vec<Vec<Reason>>, ModelError> {
        let contributions = self.contributions(table)?;
        let orders = self.spec().orders();
        let orders = orders.map(|orders| FeatureColumn::Numeric(orders.values(table)));
        let column = |feature: &str| match feature {
            OrderFeature::NAME if orders.is_some() => orders.as_ref(),
            _ => table.column(feature),
        };
        let of_row = |row: usize| {
            let mut parts: Vec<(&str, f64)> = contributions
                .row(row)
                .filter(|(_, part)| *part != 0.0)
                .collect();
            parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
            parts.truncate(top);
            let reason = |(feature, contribution): (&str, f64)| Reason {
                feature: feature.to_owned(),
                value: render(column(feature), row),
                contribution,
                direction: if contribution > 0.0 {
                    Direction::Raises
                } else {
                    Direction::Lowers
                },
            };
            parts.into_iter().map(reason).collect()
        };
        Ok((0..contributions.rows()).map(of_row).collect())
    }
}

/// The value of a cell as people read it: whole numbers plainly, others with at most four
/// decimals, very small ones in scientific form.
fn render(column: Option<&FeatureColumn>, row: usize) -> String {
    let missing = || "missing".to_owned();
    match column {
        Some(FeatureColumn::Categorical(levels)) => levels[row].clone().unwrap_or_else(missing),
        Some(FeatureColumn::Numeric(values)) if !values[row].is_nan() => {
            let value = values[row];
            if value != 0.0 && value.abs() < 1e-3 {
                return format!("{value:.3e}");
            }
            let fixed = format!("{value:.4}");
            let short = fixed.trim_end_matches('0').trim_end_matches('.');
            if short == "-0" { "0" } else { short }.to_owned()
        }
        _ => missing(),
    }
}
