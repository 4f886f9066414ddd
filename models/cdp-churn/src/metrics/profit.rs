//! What it brings to act on probabilities.

use serde::{Deserialize, Serialize};

use super::{MetricError, check_probabilities};

/// What an offer costs and brings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Economics {
    /// Of one offer.
    pub offer_cost: f64,
    /// Share of those about to leave who stay when offered.
    pub save_rate: f64,
    /// What a customer who stays is worth.
    pub value: f64,
}

/// Economics that are none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{name}` is {found}, expected {expected}")]
pub struct EconomicsFault {
    /// Name of the figure.
    pub name: &'static str,
    /// What it was.
    pub found: f64,
    /// What it must be.
    pub expected: &'static str,
}

/// What came of making an offer to everybody from a probability on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profit {
    /// The probability from which on an offer pays, `offer_cost / (save_rate * value)`; above 1 it never
    /// does.
    pub threshold: f64,
    /// Share of the rows at or above it.
    pub treated: f64,
    /// Mean over all rows: of those treated `save_rate * value` when they churned, less the cost.
    pub per_row: f64,
    /// The same with an offer to everybody.
    pub of_all: f64,
    /// The same with an offer to those who churned, and to nobody else: the most there is.
    pub at_best: f64,
}

impl Economics {
    /// Checks every figure.
    pub fn check(&self) -> Result<(), EconomicsFault> {
        let figures = [
            (
                "offer_cost",
                self.offer_cost,
                "a finite number of at least 0",
            ),
            ("save_rate", self.save_rate, "a share above 0 and up to 1"),
            ("value", self.value, "a finite number above 0"),
        ];
        for (name, found, expected) in figures {
            let is_sound = match name {
                "offer_cost" => found.is_finite() && found >= 0.0,
                "save_rate" => found > 0.0 && found <= 1.0,
                _ => found.is_finite() && found > 0.0,
            };
            if !is_sound {
                return Err(EconomicsFault {
                    name,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// What is saved when somebody about to leave is treated.
    fn saved(&self) -> f64 {
        self.save_rate * self.value
    }
}

/// Profit expected of acting on probabilities, given what happened.
pub fn expected_profit(
    labels: &[bool],
    probabilities: &[f64],
    economics: &Economics,
) -> Result<Profit, MetricError> {
    check_probabilities(labels, probabilities)?;
    let threshold = economics.offer_cost / economics.saved();
    let rows = labels.len() as f64;
    let gain = |churned: bool| {
        let saved = if churned { economics.saved() } else { 0.0 };
        saved - economics.offer_cost
    };
    let treated = |row: &usize| probabilities[*row] >= threshold;
    let chosen: Vec<usize> = (0..labels.len()).filter(treated).collect();
    let all = labels.iter().map(|churned| gain(*churned));
    Ok(Profit {
        threshold,
        treated: chosen.len() as f64 / rows,
        per_row: chosen.iter().map(|row| gain(labels[*row])).sum::<f64>() / rows,
        of_all: all.clone().sum::<f64>() / rows,
        at_best: all.map(|gain| gain.max(0.0)).sum::<f64>() / rows,
    })
}
