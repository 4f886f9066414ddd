//! Several definitions of churn beside the main one: `[churn.definitions.NAME]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{ChurnConfig, ChurnFault};
use crate::horizon::RawHorizon;
use crate::raw_config::RawChurnConfig;
use crate::risk_band::RawRiskBands;

/// What another definition of churn says differently; what it leaves out is as in `[churn]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDefinition {
    /// See [`RawChurnConfig::kind`].
    pub kind: Option<String>,
    /// See [`RawChurnConfig::target`].
    pub target: Option<Vec<String>>,
    /// See [`RawChurnConfig::lapse_days`].
    pub lapse_days: Option<i64>,
    /// See [`RawChurnConfig::horizon_days`].
    pub horizon_days: Option<RawHorizon>,
    /// See [`RawChurnConfig::gap_days`].
    pub gap_days: Option<i64>,
    /// See [`RawChurnConfig::step_days`].
    pub step_days: Option<i64>,
    /// See [`RawChurnConfig::training_cutoffs`].
    pub training_cutoffs: Option<i64>,
    /// See [`RawChurnConfig::retrain_days`].
    pub retrain_days: Option<i64>,
    /// See [`RawChurnConfig::eligible_within_days`].
    pub eligible_within_days: Option<i64>,
    /// See [`RawChurnConfig::orders_min`].
    pub orders_min: Option<i64>,
    /// See [`RawChurnConfig::promote`].
    pub promote: Option<String>,
    /// See [`RawChurnConfig::fallback`].
    pub fallback: Option<String>,
    /// See [`RawChurnConfig::risk_bands`].
    pub risk_bands: Option<RawRiskBands>,
}

impl RawDefinition {
    /// The whole `[churn]` table as it would be written for this definition alone.
    fn over(&self, main: &RawChurnConfig) -> RawChurnConfig {
        fn or<T: Clone>(own: Option<&T>, main: &T) -> T {
            own.unwrap_or(main).clone()
        }
        RawChurnConfig {
            kind: or(self.kind.as_ref(), &main.kind),
            target: or(self.target.as_ref(), &main.target),
            lapse_days: self.lapse_days.unwrap_or(main.lapse_days),
            horizon_days: or(self.horizon_days.as_ref(), &main.horizon_days),
            gap_days: self.gap_days.unwrap_or(main.gap_days),
            step_days: self.step_days.unwrap_or(main.step_days),
            training_cutoffs: self.training_cutoffs.unwrap_or(main.training_cutoffs),
            retrain_days: self.retrain_days.unwrap_or(main.retrain_days),
            eligible_within_days: self
                .eligible_within_days
                .unwrap_or(main.eligible_within_days),
            orders_min: self.orders_min.unwrap_or(main.orders_min),
            promote: or(self.promote.as_ref(), &main.promote),
            fallback: or(self.fallback.as_ref(), &main.fallback),
            risk_bands: or(self.risk_bands.as_ref(), &main.risk_bands),
            definitions: BTreeMap::new(),
            ..main.clone()
        }
    }
}

impl RawChurnConfig {
    /// Checks every definition beside the main one, by name. What `[churn]` itself has wrong is not
    /// told again.
    pub fn definitions(&self) -> Result<BTreeMap<String, ChurnConfig>, Vec<ChurnFault>> {
        let of_main = ChurnConfig::from_raw(self).err().unwrap_or_default();
        let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, raw) in &self.definitions {
            match ChurnConfig::from_raw(&raw.over(self)) {
                Ok(config) => {
                    found.insert(name.clone(), config);
                }
                Err(wrong) => {
                    let own = wrong.into_iter().filter(|fault| !of_main.contains(fault));
                    faults.extend(own.map(|fault| fault.of_definition(name)));
                }
            }
        }
        if faults.is_empty() {
            Ok(found)
        } else {
            Err(faults)
        }
    }
}
