//! The `[churn]` table as written, with its defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::AUTO;
use crate::definition::RawDefinition;
use crate::fallback::Fallback;
use crate::framing::{ChurnKind, Framing};
use crate::horizon::{RawHorizon, UNTOLD_DAYS};
use crate::model_kind::ModelKind;
use crate::promotion::Promote;
use crate::risk_band::RawRiskBands;
use crate::solver::Solver;

/// The `[churn]` table as written. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawChurnConfig {
    /// What churn is: `non_contractual`, to stay away, or `contractual`, to end a subscription.
    /// Defaults to `non_contractual`.
    pub kind: String,
    /// The event types of `staging.target_events` that somebody who has not churned leaves behind.
    /// Defaults to `order`.
    pub target: Vec<String>,
    /// Under a contract, a subscription lapses that was neither begun nor renewed in so many days; 0
    /// lets none lapse. Defaults to 0.
    pub lapse_days: i64,
    /// Length in days of the window without an order that counts as churn, or `auto`: a training
    /// chooses it by the gaps between orders. Defaults to 90.
    pub horizon_days: RawHorizon,
    /// Days between the cut-off and the start of that window. Defaults to 0.
    pub gap_days: i64,
    /// Days between two training cut-offs. Defaults to 30.
    pub step_days: i64,
    /// How many cut-offs are stacked for one fit. Defaults to 4.
    pub training_cutoffs: i64,
    /// Days that a model serves before a run fits a new one. Defaults to 7.
    pub retrain_days: i64,
    /// Only profiles with an order in this many days before the cut-off are eligible; 0 sets no
    /// limit. Defaults to 0.
    pub eligible_within_days: i64,
    /// Fewest orders before the cut-off that make a profile eligible. Defaults to 1.
    pub orders_min: i64,
    /// Weight of the squared coefficients beside the summed loss (1/C of scikit-learn). Left out, a
    /// training chooses it on a later cut-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l2: Option<f64>,
    /// What is fitted: `logistic`, `boosted`, or both, of which then the mean is tried too. Defaults to
    /// both.
    pub models: Vec<String>,
    /// What fits the logistic regression: `newton`, or `linfa` for linfa-logistic. Defaults to
    /// `newton`.
    pub solver: String,
    /// How scores are calibrated: `auto`, `none`, `intercept`, `platt` or `isotonic`. Defaults to
    /// `auto`: a training chooses it on a later cut-off.
    pub calibration: String,
    /// When a newly trained model takes the place of the one in service: `retrain`, `better` or
    /// `manual`. Defaults to `retrain`.
    pub promote: String,
    /// Features, or `model`, that may tell the outcome better than anything honest does. Defaults to
    /// none.
    pub leak_waivers: Vec<String>,
    /// What orders customers as long as there is no model: `none`, or `recency_frequency`. Defaults to
    /// `none`.
    pub fallback: String,
    /// Fewest training rows of each class. Defaults to 100.
    pub rows_min: i64,
    /// How many reasons are kept for each profile. Defaults to 3.
    pub reasons: i64,
    /// Where the risk bands begin.
    pub risk_bands: RawRiskBands,
    /// Other definitions of churn beside this one, by name. Defaults to none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, RawDefinition>,
}

impl Default for RawChurnConfig {
    fn default() -> Self {
        Self {
            kind: ChurnKind::default().as_str().to_owned(),
            target: Framing::default_target(),
            lapse_days: 0,
            horizon_days: RawHorizon::Days(UNTOLD_DAYS.into()),
            gap_days: 0,
            step_days: 30,
            training_cutoffs: 4,
            retrain_days: 7,
            eligible_within_days: 0,
            orders_min: 1,
            l2: None,
            models: ModelKind::FITTED
                .map(|kind| kind.as_str().to_owned())
                .into(),
            solver: Solver::Newton.as_str().to_owned(),
            calibration: AUTO.to_owned(),
            promote: Promote::Retrain.as_str().to_owned(),
            leak_waivers: Vec::new(),
            fallback: Fallback::None.as_str().to_owned(),
            rows_min: 100,
            reasons: 3,
            risk_bands: RawRiskBands::default(),
            definitions: BTreeMap::new(),
        }
    }
}
