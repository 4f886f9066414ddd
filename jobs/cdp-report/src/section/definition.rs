//! What the model tells, of whom, and what it learned from.

use cdp_churn::{Boosting, CalibrationTrials, ChurnModel, Tuning, TuningResult};

use super::{Section, facts, note};
use crate::data::{ModelInService, Report};
use crate::markup::Markup;
use crate::words::{
    calibrated, count, counted, day, days, definition, maybe, number, percent, population, rows,
    signed, significant,
};

pub(super) fn section(report: &Report) -> Section {
    Section {
        id: "definition",
        heading: "What is predicted",
        content: match &report.model {
            Some(model) => content(model),
            None => nobody_scored(report),
        },
    }
}

fn content(served: &ModelInService) -> Markup {
    let model = &served.model;
    let settings = model.settings();
    let training = model.training();
    let columns = model.spec().output_columns().len();
    let features = counted(model.spec().columns().len() as u64, "feature");
    let rows_of_training = format!(
        "{} at {}; {} of them churned",
        counted(training.rows() as u64, "row"),
        counted(model.training_cutoff_days().len() as u64, "cut-off"),
        percent(model.base_rate()),
    );
    let facts = facts([
        ("Churn is", definition(settings)),
        ("Told of", population(settings)),
        (
            "Model",
            format!("{}, trained as of {}", served.model_id, served.trained_for),
        ),
        ("Learned from", rows_of_training),
        ("Cut-offs", cutoffs(model)),
        (
            "Features",
            format!("{features} in {} columns", rows(columns)),
        ),
        (
            "Kind",
            format!("{}{}", made_of(model), among(model.tuning())),
        ),
        (
            "Calibration",
            format!(
                "{}{}",
                calibrated(model.calibration()),
                tried(model.tuning())
            ),
        ),
    ]);
    let says = "Every cut-off was learned from as it was known then, and only once its outcome was \
                known: no feature has seen what it predicts.";
    [facts, note(says)].into()
}

/// The cut-offs, and what the rows of each share beyond their features.
fn cutoffs(model: &ChurnModel) -> String {
    let effects = &model.cutoff_effects().effects;
    if effects.is_empty() {
        return days(model.training_cutoff_days());
    }
    let each = effects.iter().map(|effect| {
        format!(
            "{} ({})",
            day(effect.cutoff_day),
            signed(effect.log_odds, 2)
        )
    });
    let each = each.collect::<Vec<_>>().join(", ");
    format!(
        "{each}; in brackets what sets each apart, a season say, in log-odds; one to come has none"
    )
}

/// The kind of model, and the size of its parts.
fn made_of(model: &ChurnModel) -> String {
    let scorer = model.scorer();
    let l2 = scorer.logistic();
    let l2 = l2.map(|logistic| format!("l2 {}", significant(logistic.l2())));
    let trees = scorer.boosted().map(|boosted| {
        let Boosting { depth, trees } = boosted.size();
        format!("{} of depth {depth}", counted(trees as u64, "tree"))
    });
    let parts: Vec<String> = l2.into_iter().chain(trees).collect();
    format!("{} ({})", model.kind().name(), parts.join(", "))
}

/// The kinds that were tried.
fn among(tuning: &TuningResult) -> String {
    match tuning {
        TuningResult::NotTried { reason } => format!("; nothing else was tried: {reason}"),
        TuningResult::Tried(tuning) if tuning.kinds.len() < 2 => String::new(),
        TuningResult::Tried(tuning) => {
            let kinds = tuning.kinds.iter();
            let kinds = kinds.map(|one| format!("{} {}", one.kind.name(), number(one.log_loss)));
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            format!("; log loss of each kind{}: {kinds}", on(tuning))
        }
    }
}

/// What else was tried for the calibration.
fn tried(tuning: &TuningResult) -> String {
    let TuningResult::Tried(tuning) = tuning else {
        return String::new();
    };
    match &tuning.calibrations {
        CalibrationTrials::Set => " (set by the project)".to_owned(),
        CalibrationTrials::NotTried { reason } => format!(" (nothing else was tried: {reason})"),
        CalibrationTrials::Tried { tried, .. } => {
            let trials = tried
                .iter()
                .map(|trial| format!("{} {}", trial.method.as_str(), maybe(trial.log_loss)));
            let trials = trials.collect::<Vec<_>>().join(", ");
            format!("; log loss of each way{}: {trials}", on(tuning))
        }
    }
}

fn on(tuning: &Tuning) -> String {
    format!(" at {}", day(tuning.cutoff_day))
}

fn nobody_scored(report: &Report) -> Markup {
    let says = "There is no model yet: a run trains one when enough customers churned and stayed \
                at earlier cut-offs (churn.rows_min). Until then nobody has a probability.";
    let reasons = report.scored.not_scored.iter();
    let reasons = reasons.map(|one| format!("{}: {}", one.reason, count(one.profiles)));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    [crate::markup::paragraph(says), note(reasons)].into()
}
