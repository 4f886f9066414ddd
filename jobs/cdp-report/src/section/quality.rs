//! How good the probabilities were on a later cut-off, next to what any shop could do without them.

use cdp_churn::{CutoffMetrics, Evaluation, EvaluationResult, GroupMetrics, Interval, Metrics};

use super::summary::verdict;
use super::{Section, note};
use crate::curves::{apart, calibration, gains, roc};
use crate::data::{Report, Training};
use crate::figure::side_by_side;
use crate::markup::{Markup, paragraph};
use crate::table::Table;
use crate::words::{between, day, maybe, number, percent, rows};

pub(super) fn section(report: &Report) -> Section {
    let evaluation = report
        .model
        .as_ref()
        .map(|served| served.model.evaluation());
    let own = match evaluation {
        None => paragraph("There is no model to measure."),
        Some(EvaluationResult::NotMeasured { reason }) => {
            paragraph(format!("It could not be measured: {reason}."))
        }
        Some(EvaluationResult::Measured(measured)) => content(measured),
    };
    Section {
        id: "quality",
        heading: "How good it is",
        content: [own, trainings(&report.trainings)].into(),
    }
}

fn content(measured: &Evaluation) -> Markup {
    let says = format!(
        "A model of its kind, learned from {}, was tried at {}: on {} customers, {} of whom churned. \
         Its log loss is {}; the best simple rule, {}, has {}. So it is {}: a gain of {} ({} with \
         95 % confidence).",
        match measured.training_cutoff_days.len() {
            1 => "an earlier cut-off".to_owned(),
            several => format!("{several} earlier cut-offs"),
        },
        day(measured.test_cutoff_day),
        rows(measured.test.rows()),
        rows(measured.test.churned),
        number(measured.model.log_loss),
        measured.best_baseline,
        number(measured.model.log_loss + measured.gain()),
        verdict(measured),
        number(measured.gain()),
        between(&measured.intervals.gain),
    );
    let figures = [
        calibration(
            "Are the probabilities true?",
            "what was told",
            &measured.curves.calibration,
        ),
        gains(measured),
        roc(measured),
        apart(&measured.curves.bands),
    ];
    [
        paragraph(says),
        beside_baselines(measured),
        side_by_side(figures),
        earlier(&measured.earlier),
        for_whom(&measured.groups),
    ]
    .into()
}

fn beside_baselines(measured: &Evaluation) -> Markup {
    let header = [
        "",
        "log loss",
        "Brier",
        "ECE",
        "AUC",
        "PR-AUC",
        "KS",
        "lift of a tenth",
        "slope",
    ];
    let caption = format!("Figures at {}", day(measured.test_cutoff_day));
    let mut table = Table::new(caption, header);
    let cells = |name: &str, metrics: &Metrics| {
        [
            name.to_owned(),
            number(metrics.log_loss),
            number(metrics.brier),
            maybe(metrics.ece),
            maybe(metrics.roc_auc),
            maybe(metrics.pr_auc),
            maybe(metrics.ks),
            maybe(metrics.lift_at_tenth),
            maybe(metrics.cox.as_ref().map(|cox| cox.slope)),
        ]
    };
    table.main_row(cells("this model", &measured.model));
    let mut sure = ["95 % confidence"; 9].map(str::to_owned);
    sure[1..].fill(String::new());
    sure[1] = between(&measured.intervals.log_loss);
    sure[4] = measured
        .intervals
        .roc_auc
        .as_ref()
        .map(between)
        .unwrap_or_default();
    table.row(sure);
    if let Some(uncalibrated) = &measured.uncalibrated {
        table.row(cells("before calibration", uncalibrated));
    }
    // A kind that was tried alone is this model.
    for tried in measured.kinds.iter().filter(|_| measured.kinds.len() > 1) {
        let name = format!("{}, as fitted", tried.kind.name());
        table.row(cells(&name, &tried.metrics));
    }
    let rule = format!("silent for {} days", measured.hiatus.rule.silent_from);
    table.row(cells(&rule, &measured.hiatus.metrics));
    table.row(cells("the base rate", &measured.base_rate));
    for baseline in &measured.order_models {
        if let Some(metrics) = baseline.metrics() {
            table.row(cells(baseline.kind.name(), metrics));
        }
    }
    let says = "Log loss, Brier and ECE: lower is better, 0 is perfect. AUC: how often one who \
                churned had the higher probability of two. Slope: 1 is perfect; below it, the \
                probabilities are too extreme.";
    [table.markup(), note(says)].into()
}

/// Models made like this one, each at a cut-off before.
fn earlier(cutoffs: &[CutoffMetrics]) -> Markup {
    let header = [
        "cut-off",
        "customers",
        "churned",
        "log loss",
        "Brier",
        "ECE",
        "AUC",
    ];
    let mut table = Table::new("At earlier cut-offs, before calibration", header);
    for one in cutoffs {
        table.row([
            day(one.cutoff_day),
            rows(one.rows.rows()),
            percent(one.rows.churn_rate().unwrap_or(0.0)),
            number(one.metrics.log_loss),
            number(one.metrics.brier),
            maybe(one.metrics.ece),
            maybe(one.metrics.roc_auc),
        ]);
    }
    table.markup()
}

fn for_whom(groups: &[GroupMetrics]) -> Markup {
    let header = ["", "customers", "churned", "told", "log loss", "AUC", "ECE"];
    let mut table = Table::new("How good for whom", header);
    for group in groups {
        table.row([
            format!("{} {}", group.feature, group.level),
            rows(group.rows.rows()),
            percent(group.rows.churn_rate().unwrap_or(0.0)),
            percent(group.mean_probability),
            number(group.metrics.log_loss),
            maybe(group.metrics.roc_auc),
            maybe(group.metrics.ece),
        ]);
    }
    table.markup()
}

/// Training by training, each on the newest cut-off it had.
fn trainings(trainings: &[Training]) -> Markup {
    let header = [
        "tried at",
        "trained as of",
        "model",
        "customers",
        "log loss",
        "best simple rule",
        "AUC",
    ];
    let caption = "Training by training, with 95 % confidence";
    let mut table = Table::new(caption, header).words(&[1, 2]);
    for training in trainings {
        let measured = &training.evaluation;
        let sure = |figure: String, interval: Option<&Interval>| match interval {
            Some(interval) => format!("{figure} ({})", between(interval)),
            None => figure,
        };
        let loss = number(measured.model.log_loss);
        let auc = maybe(measured.model.roc_auc);
        table.row([
            day(measured.test_cutoff_day),
            training.as_of_date.to_string(),
            training.model_id.clone(),
            rows(measured.test.rows()),
            sure(loss, Some(&measured.intervals.log_loss)),
            number(measured.model.log_loss + measured.gain()),
            sure(auc, measured.intervals.roc_auc.as_ref()),
        ]);
    }
    table.markup()
}
