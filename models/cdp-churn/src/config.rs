//! The `[churn]` table of `cdp.toml`: as written ([`RawChurnConfig`]) and as checked
//! ([`ChurnConfig`]).

use crate::calibration::CalibrationMethod;
use crate::fallback::Fallback;
use crate::framing::Framing;
use crate::horizon::{Horizon, UNTOLD_DAYS};
use crate::model_kind::ModelKind;
use crate::promotion::Promote;
use crate::raw_config::RawChurnConfig;
use crate::risk_band::RiskBand;
use crate::settings::ModelSettings;
use crate::solver::Solver;

/// What a training chooses by itself.
pub(crate) const AUTO: &str = "auto";

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {found}, expected {expected}")]
pub struct ChurnFault {
    /// Path of the key, such as `churn.horizon_days`.
    pub key: String,
    /// The value that was written.
    pub found: String,
    /// What the value must be.
    pub expected: String,
}

impl ChurnFault {
    pub(crate) fn new(key: &str, found: String, expected: String) -> Self {
        Self {
            key: key.to_owned(),
            found,
            expected,
        }
    }

    /// The same in the table of another definition.
    pub(crate) fn of_definition(self, name: &str) -> Self {
        let key = self.key.trim_start_matches("churn.");
        Self {
            key: format!("churn.definitions.{name}.{key}"),
            ..self
        }
    }
}

/// The checked `[churn]` table: every number is within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnConfig {
    pub(crate) framing: Framing,
    horizon: Horizon,
    pub(crate) horizon_days: i32,
    pub(crate) gap_days: i32,
    pub(crate) step_days: i32,
    pub(crate) training_cutoffs: usize,
    retrain_days: u32,
    eligible_within_days: Option<i32>,
    orders_min: u32,
    l2: Option<f64>,
    models: Vec<ModelKind>,
    solver: Solver,
    calibration: Option<CalibrationMethod>,
    promote: Promote,
    leak_waivers: Vec<String>,
    fallback: Fallback,
    rows_min: usize,
    reasons: usize,
    band_medium: f64,
    band_high: f64,
}

impl ChurnConfig {
    /// Checks every key and gives either the configuration or all of its faults.
    pub fn from_raw(raw: &RawChurnConfig) -> Result<Self, Vec<ChurnFault>> {
        let mut check = Check { faults: Vec::new() };
        let within = check.whole(
            "churn.eligible_within_days",
            raw.eligible_within_days,
            0,
            36_500,
            "of days",
        );
        let lapse_days = check.whole("churn.lapse_days", raw.lapse_days, 0, 3650, "of days");
        let framing = Framing::check(&raw.kind, &raw.target, lapse_days, &mut check.faults);
        let horizon = raw.horizon_days.check(framing.kind, &mut check.faults);
        let config = Self {
            framing,
            horizon,
            horizon_days: match horizon {
                Horizon::Days(days) => days,
                Horizon::Auto => UNTOLD_DAYS,
            },
            gap_days: check.whole("churn.gap_days", raw.gap_days, 0, 3650, "of days"),
            step_days: check.whole("churn.step_days", raw.step_days, 1, 3650, "of days"),
            training_cutoffs: check.whole(
                "churn.training_cutoffs",
                raw.training_cutoffs,
                1,
                100,
                "of cut-offs",
            ),
            retrain_days: check.whole("churn.retrain_days", raw.retrain_days, 1, 3650, "of days"),
            eligible_within_days: (within > 0).then_some(within),
            orders_min: check.whole(
                "churn.orders_min",
                raw.orders_min,
                1,
                1_000_000,
                "of orders",
            ),
            l2: raw.l2.map(|l2| check.l2(l2)),
            models: check.models(&raw.models),
            solver: check.solver(&raw.solver),
            calibration: check.calibration(&raw.calibration),
            promote: check.promote(&raw.promote),
            leak_waivers: raw.leak_waivers.clone(),
            fallback: Fallback::check(&raw.fallback, &mut check.faults),
            rows_min: check.whole("churn.rows_min", raw.rows_min, 1, 1_000_000_000, "of rows"),
            reasons: check.whole("churn.reasons", raw.reasons, 0, 100, "of reasons"),
            band_medium: raw.risk_bands.medium,
            band_high: raw.risk_bands.high,
        };
        raw.risk_bands.check(&mut check.faults);
        if check.faults.is_empty() {
            Ok(config)
        } else {
            Err(check.faults)
        }
    }

    /// The configuration that made a model of such settings.
    pub(crate) fn with(&self, settings: &ModelSettings) -> Self {
        let within = settings.eligible_within_days;
        Self {
            framing: settings.framing.clone(),
            horizon_days: settings.horizon_days,
            gap_days: settings.gap_days,
            step_days: settings.step_days,
            training_cutoffs: settings.training_cutoffs,
            eligible_within_days: (within > 0).then_some(within),
            orders_min: settings.orders_min,
            l2: settings.l2,
            models: settings.models.clone(),
            solver: settings.solver,
            calibration: settings.calibration,
            ..self.clone()
        }
    }

    /// What churn is, and of what.
    pub fn framing(&self) -> &Framing {
        &self.framing
    }

    /// Who says how long the horizon is.
    pub fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// Length in days of the window without an order that counts as churn.
    pub fn horizon_days(&self) -> i32 {
        self.horizon_days
    }

    /// The same with the horizon that was chosen, if it is for a training to choose.
    #[must_use]
    pub fn with_chosen_horizon(&self, days: Option<i32>) -> Self {
        let chosen = days.filter(|_| self.horizon == Horizon::Auto);
        Self {
            horizon_days: chosen.unwrap_or(self.horizon_days),
            ..self.clone()
        }
    }

    /// Days between the cut-off and the start of that window.
    pub fn gap_days(&self) -> i32 {
        self.gap_days
    }

    /// Days between two training cut-offs.
    pub fn step_days(&self) -> i32 {
        self.step_days
    }

    /// How many cut-offs are stacked for one fit.
    pub fn stacked_cutoffs(&self) -> usize {
        self.training_cutoffs
    }

    /// Days that a model serves before a run fits a new one.
    pub fn retrain_days(&self) -> u32 {
        self.retrain_days
    }

    /// An eligible profile has an order in this many days before the cut-off; `None` sets no
    /// limit.
    pub fn eligible_within_days(&self) -> Option<i32> {
        self.eligible_within_days
    }

    /// Fewest orders before the cut-off that make a profile eligible.
    pub fn orders_min(&self) -> u32 {
        self.orders_min
    }

    /// Weight of the squared coefficients beside the summed loss; `None` lets a training choose.
    pub fn l2(&self) -> Option<f64> {
        self.l2
    }

    /// What is fitted, the simplest first: one kind or more.
    pub fn models(&self) -> &[ModelKind] {
        &self.models
    }

    /// What fits the logistic regression.
    pub fn solver(&self) -> Solver {
        self.solver
    }

    /// How scores are calibrated; `None` lets a training choose.
    pub fn calibration(&self) -> Option<CalibrationMethod> {
        self.calibration
    }

    /// When a newly trained model takes the place of the one in service.
    pub fn promote(&self) -> Promote {
        self.promote
    }

    /// Whether a feature, or the model, may tell the outcome however well.
    pub(crate) fn is_waived(&self, name: &str) -> bool {
        self.leak_waivers.iter().any(|waived| waived == name)
    }

    /// What orders customers as long as there is no model.
    pub fn fallback(&self) -> Fallback {
        self.fallback
    }

    /// Fewest training rows of each class.
    pub fn rows_min(&self) -> usize {
        self.rows_min
    }

    /// How many reasons are kept for each profile.
    pub fn reasons(&self) -> usize {
        self.reasons
    }

    /// The band of a churn probability; a probability on a threshold belongs to the graver band.
    pub fn risk_band(&self, churn_probability: f64) -> RiskBand {
        if churn_probability >= self.band_high {
            RiskBand::High
        } else if churn_probability >= self.band_medium {
            RiskBand::Medium
        } else {
            RiskBand::Low
        }
    }
}

/// Gathers faults while values are read.
struct Check {
    faults: Vec<ChurnFault>,
}

impl Check {
    /// A whole number within bounds. A value out of bounds is a fault and becomes the lower bound.
    fn whole<T: TryFrom<i64> + Default>(
        &mut self,
        key: &str,
        value: i64,
        low: i64,
        high: i64,
        unit: &str,
    ) -> T {
        if !(low..=high).contains(&value) {
            let expected = format!("a whole number {unit} from {low} to {high}");
            self.fault(key, value.to_string(), expected);
        }
        T::try_from(value.clamp(low, high)).unwrap_or_default()
    }

    fn l2(&mut self, value: f64) -> f64 {
        if !(value > 0.0 && value <= 1e9) {
            let expected =
                "a number above 0 and up to 1e9, such as 1.0, or none to let it be chosen"
                    .to_owned();
            self.fault("churn.l2", value.to_string(), expected);
        }
        value
    }

    fn models(&mut self, words: &[String]) -> Vec<ModelKind> {
        let known = ModelKind::FITTED;
        let is_known = |word: &String| known.iter().any(|kind| kind.as_str() == word);
        if words.is_empty() || !words.iter().all(is_known) {
            let expected = format!("one or more of {}", known.map(ModelKind::as_str).join(", "));
            self.fault("churn.models", format!("{words:?}"), expected);
        }
        let is_asked = |kind: &ModelKind| words.iter().any(|word| word == kind.as_str());
        known.into_iter().filter(is_asked).collect()
    }

    fn solver(&mut self, word: &str) -> Solver {
        let found = Solver::ALL
            .into_iter()
            .find(|solver| solver.as_str() == word);
        if found.is_none() {
            let expected = format!("one of {}", Solver::ALL.map(Solver::as_str).join(", "));
            self.fault("churn.solver", word.to_owned(), expected);
        }
        found.unwrap_or_default()
    }

    fn calibration(&mut self, word: &str) -> Option<CalibrationMethod> {
        if word == AUTO {
            return None;
        }
        let known = CalibrationMethod::ALL;
        let method = known.into_iter().find(|method| method.as_str() == word);
        if method.is_none() {
            let words: Vec<&str> = known.iter().map(|method| method.as_str()).collect();
            let expected = format!("one of {AUTO}, {}", words.join(", "));
            self.fault("churn.calibration", word.to_owned(), expected);
        }
        method
    }

    fn promote(&mut self, word: &str) -> Promote {
        let found = Promote::named(word);
        if found.is_none() {
            let expected = format!("one of {}", Promote::ALL.map(Promote::as_str).join(", "));
            self.fault("churn.promote", word.to_owned(), expected);
        }
        found.unwrap_or_default()
    }

    fn fault(&mut self, key: &str, found: String, expected: String) {
        self.faults.push(ChurnFault::new(key, found, expected));
    }
}
