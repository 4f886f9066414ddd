//! What a report tells.

use cdp_churn::{ChurnModel, ClassCounts, Direction, Evaluation, RiskBand};
use cdp_plan::AsOfDate;

/// Everything that is told of the scores of one date.
#[derive(Debug, Clone)]
pub struct Report {
    /// The name of the project.
    pub project: String,
    /// The version of the program.
    pub program_version: String,
    /// The scores of the date.
    pub scored: ScoredDay,
    /// Those of the run before, if there was one.
    pub scored_before: Option<ScoredDay>,
    /// The model that gave them, if there was one.
    pub model: Option<ModelInService>,
    /// The trainings that were measured on a later cut-off, newest first.
    pub trainings: Vec<Training>,
    /// What has moved since the training, the farthest first; empty where nobody measured it.
    pub drift: Vec<Shift>,
    /// What became of those who were scored earlier, newest first.
    pub outcomes: Vec<Outcome>,
    /// Some customers, the likeliest to churn first.
    pub customers: Vec<Customer>,
}

/// The scores of one date.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredDay {
    /// The date.
    pub as_of_date: AsOfDate,
    /// Customers with a probability, by how grave it is.
    pub bands: Vec<(RiskBand, u64)>,
    /// The sum of all probabilities: how many churners there will be.
    pub expected_churners: f64,
    /// Customers by probability, in bands of equal width from 0 to 1.
    pub histogram: Vec<u64>,
    /// Customers without a probability who are put in order all the same, by recency and frequency, by
    /// how long they have been silent.
    pub ordered: Vec<(RiskBand, u64)>,
    /// Who was not scored, the most common reason first.
    pub not_scored: Vec<NotScored>,
}

/// Profiles that have no probability for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotScored {
    /// Why.
    pub reason: String,
    /// How many.
    pub profiles: u64,
}

/// The model that scored.
#[derive(Debug, Clone)]
pub struct ModelInService {
    /// Its name.
    pub model_id: String,
    /// The date that it was trained for.
    pub trained_for: AsOfDate,
    /// The model.
    pub model: ChurnModel,
    /// What weighs most in it, the heaviest first.
    pub weights: Vec<FeatureWeight>,
}

/// What one feature weighs.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureWeight {
    /// The feature.
    pub feature: String,
    /// What it is, in words; empty where nobody said.
    pub meaning: String,
    /// Log-odds by which it moves a customer, one way or the other, on average.
    pub mean_contribution: f64,
    /// What more of it does; nothing for levels, and for numbers that do now this, now that.
    pub direction: Option<Direction>,
}

/// A training and how good a model of its kind was on a later cut-off.
#[derive(Debug, Clone)]
pub struct Training {
    /// The model.
    pub model_id: String,
    /// The date that it was trained for.
    pub as_of_date: AsOfDate,
    /// What was measured.
    pub evaluation: Evaluation,
}

/// How far a feature, the score or the share of churners has moved since the training.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// The feature, or what else has moved.
    pub name: String,
    /// How grave that is.
    pub level: ShiftLevel,
    /// Population stability index.
    pub psi: Option<f64>,
    /// What chance alone gives it.
    pub noise_floor: Option<f64>,
    /// Mean of those who were scored, and at training.
    pub means: [Option<f64>; 2],
    /// Share without a value, of those who were scored and at training.
    pub missing_rates: [Option<f64>; 2],
    /// The raw tables that it is made of.
    pub sources: String,
}

/// How grave a shift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShiftLevel {
    /// No more than chance gives.
    Stable,
    /// Worth a look.
    Watch,
    /// Calls for action.
    Act,
}

impl ShiftLevel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stable, Self::Watch, Self::Act];

    /// The name as it stands in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Watch => "watch",
            Self::Act => "act",
        }
    }
}

/// Whom an outcome is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cohort {
    /// Everybody who was scored.
    All,
    /// Those who were made an offer.
    Treated,
    /// Those for whom an offer would have paid and who were left alone.
    Holdout,
    /// Those for whom none would have.
    NoOffer,
}

/// What became of those who were scored on a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The date of the run that knew how it ended.
    pub closed_date: AsOfDate,
    /// The date of the scores.
    pub scored_date: AsOfDate,
    /// The model that gave them.
    pub model_id: String,
    /// Whom it is of.
    pub cohort: Cohort,
    /// 0 for all of the cohort, 1 for the tenth with the lowest probabilities, and so on.
    pub decile: u32,
    /// How many churned and stayed.
    pub rows: ClassCounts,
    /// What they were told on average.
    pub mean_probability: f64,
    /// Mean of minus the logarithm of the probability given to what happened.
    pub log_loss: f64,
    /// Area under the ROC curve; nothing for a tenth, and where all did the same.
    pub roc_auc: Option<f64>,
}

/// One customer and why the score is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    /// The profile.
    pub profile_id: String,
    /// What was told.
    pub churn_probability: f64,
    /// Share of the customers with a lower or equal probability, in percent.
    pub percentile: f64,
    /// How grave it is.
    pub risk_band: RiskBand,
    /// What moved the score most, strongest first.
    pub reasons: Vec<Reason>,
    /// Whether an offer would pay, where that was asked.
    pub offer: Option<Offer>,
}

/// One reason of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What people say: "no order for 74 days; usual gap 21".
    pub sentence: String,
    /// Which way it moves the score.
    pub direction: Direction,
    /// Log-odds that it adds.
    pub contribution: f64,
}

/// Whether an offer to a customer pays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// The probability from which on it does; nothing where what is at stake is not known.
    pub threshold: Option<f64>,
    /// What it brings, less its cost.
    pub expected_gain: Option<f64>,
    /// To be made an offer.
    pub is_treated: bool,
    /// Left alone, to measure what offers bring.
    pub is_holdout: bool,
}

impl ScoredDay {
    /// Customers with a probability.
    pub fn scored(&self) -> u64 {
        self.bands.iter().map(|band| band.1).sum()
    }

    /// Customers without a probability who are put in order.
    pub fn in_order(&self) -> u64 {
        self.ordered.iter().map(|band| band.1).sum()
    }

    /// The mean probability; nothing without customers.
    pub fn mean_probability(&self) -> Option<f64> {
        let scored = self.scored();
        (scored > 0).then(|| self.expected_churners / scored as f64)
    }

    /// Customers in one band.
    pub fn in_band(&self, band: RiskBand) -> u64 {
        let of_band = self.bands.iter().filter(|one| one.0 == band);
        of_band.map(|one| one.1).sum()
    }
}

impl Cohort {
    /// The cohort that a table calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "all" => Some(Self::All),
            "treated" => Some(Self::Treated),
            "holdout" => Some(Self::Holdout),
            "no_offer" => Some(Self::NoOffer),
            _ => None,
        }
    }

    /// The cohort in words.
    pub fn told(self) -> &'static str {
        match self {
            Self::All => "everybody who was scored",
            Self::Treated => "made an offer",
            Self::Holdout => "held out",
            Self::NoOffer => "no offer would have paid",
        }
    }
}
