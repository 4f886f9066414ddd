//! `model`: which churn models there are, and what one of them is.

use std::fmt::Write;

use cdp_churn::{ChurnModel, Evaluation, EvaluationResult, Grade, Metrics};
use cdp_plan::{AsOfDate, Fault};
use cdp_runner::{ModelRow, Project};
use serde::Serialize;

use super::Context;
use crate::cli::{ModelCommand, ModelShowArgs};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{Table, count, counted, print_json, print_text};
use crate::project;

/// What machines read of a model.
#[derive(Serialize)]
struct Card<'a> {
    #[serde(flatten)]
    row: &'a ModelRow,
    model: &'a ChurnModel,
}

/// Lists or shows; reads only.
pub(super) async fn model(context: &Context, command: &ModelCommand) -> Result {
    let project = project::open(&context.settings).await?;
    project::expect_lake(&project, &context.settings)?;
    let models = project.churn_models().await?;
    match command {
        ModelCommand::List => list(context, &models),
        ModelCommand::Show(args) => show(context, &project, models, args).await,
    }
}

fn list(context: &Context, models: &[ModelRow]) -> Result {
    if context.output.is_json() {
        print_json(&models)?;
    } else if models.is_empty() {
        nothing(context);
    } else {
        print_text(&list_text(models))?;
    }
    Ok(ExitStatus::Done)
}

async fn show(
    context: &Context,
    project: &Project,
    mut models: Vec<ModelRow>,
    args: &ModelShowArgs,
) -> Result {
    models.retain(|row| args.as_of.is_none_or(|date| row.as_of_date <= date));
    let row = match &args.id {
        Some(id) => Some(named(id, &models)?),
        None => models.first(),
    };
    let Some(row) = row else {
        if context.output.is_json() {
            print_json(&row)?;
        } else {
            nothing(context);
        }
        return Ok(ExitStatus::Done);
    };
    let model = project.churn_model(row).await?;
    if context.output.is_json() {
        print_json(&Card { row, model: &model })?;
    } else {
        print_text(&card(row, &model, args.features))?;
    }
    Ok(ExitStatus::Done)
}

/// The model whose id begins so; one that was trained for several dates is its newest row.
fn named<'a>(id: &str, models: &'a [ModelRow]) -> Result<&'a ModelRow> {
    let begins = |row: &&ModelRow| row.model_id.starts_with(id);
    let mut ids: Vec<&str> = models
        .iter()
        .filter(begins)
        .map(|row| row.model_id.as_str())
        .collect();
    ids.dedup();
    match ids.as_slice() {
        [] => {
            let fault = Fault::new(format!("there is no model `{id}`"));
            let hint = "`cdp-jobs model list` tells which there are";
            Err(Failure::usage(fault.hint(hint)))
        }
        [_] => Ok(models.iter().find(begins).expect("one begins so")),
        several => {
            let fault = Fault::new(format!("several models begin with `{id}`"));
            let hint = format!("say which: {}", several.join(", "));
            Err(Failure::usage(fault.hint(hint)))
        }
    }
}

fn nothing(context: &Context) {
    context
        .output
        .say("there is no model yet: a run trains one, given enough customers (`churn.rows_min`)");
}

fn list_text(models: &[ModelRow]) -> String {
    let mut table = Table::new(&[2, 3, 5, 6]);
    table.row([
        "model", "as of", "rows", "churned", "tried at", "AUC", "log loss", "",
    ]);
    for row in models {
        let measured = row.evaluation.as_ref().and_then(EvaluationResult::measured);
        let figure = |of: &dyn Fn(&Evaluation) -> String| measured.map_or_else(String::new, of);
        table.row([
            &row.model_id,
            &row.as_of_date.to_string(),
            &count(row.row_count),
            &percent(row.churn_rate),
            &figure(&|measured| date(measured.test_cutoff_day)),
            &figure(&|measured| number(measured.model.roc_auc)),
            &figure(&|measured| number(Some(measured.model.log_loss))),
            &figure(&|measured| grade(&measured.model)),
        ]);
    }
    table.to_string()
}

fn card(row: &ModelRow, model: &ChurnModel, features: usize) -> String {
    let settings = model.settings();
    let mut text = format!(
        "{} of {}\n\nwhat it predicts\n",
        row.model_id, row.as_of_date
    );
    let gap = match settings.gap_days {
        0 => String::new(),
        days => format!("from {} on, ", counted(days.unsigned_abs().into(), "day")),
    };
    let horizon = counted(settings.horizon_days.unsigned_abs().into(), "day");
    let _ = writeln!(
        text,
        "  the probability of no order {gap}in {horizon}, of customers with at least {}{}",
        counted(settings.orders_min.into(), "order"),
        match settings.eligible_within_days {
            0 => String::new(),
            days => format!(
                " and one in the {} before",
                counted(days.unsigned_abs().into(), "day")
            ),
        }
    );
    let _ = writeln!(
        text,
        "\nlearned from\n  {} at {}, {} of them churned; {} in {} columns",
        counted(row.row_count, "row"),
        row.training_cutoffs,
        percent(row.churn_rate),
        counted(model.spec().columns().len() as u64, "feature"),
        count(model.coefficients().len() as u64),
    );
    let _ = write!(text, "\n{}", tried(model.evaluation()));
    let _ = write!(text, "\n{}", weights(model, features));
    text
}

fn tried(evaluation: &EvaluationResult) -> String {
    let measured = match evaluation {
        EvaluationResult::Measured(measured) => measured,
        EvaluationResult::NotMeasured { reason } => {
            return format!("how good\n  not measured: {reason}\n");
        }
    };
    let mut table = Table::new(&[1, 2, 3, 4, 5, 6, 7]);
    table.row([
        "",
        "log loss",
        "Brier",
        "ECE",
        "AUC",
        "PR-AUC",
        "KS",
        "lift of a tenth",
    ]);
    let rule = format!("silent for {} days", measured.hiatus.rule.silent_from);
    let rows = [
        ("this model", &measured.model),
        (rule.as_str(), &measured.hiatus.metrics),
        ("the base rate", &measured.base_rate),
    ];
    for (name, metrics) in rows {
        table.row([
            name,
            &number(Some(metrics.log_loss)),
            &number(Some(metrics.brier)),
            &number(metrics.ece),
            &number(metrics.roc_auc),
            &number(metrics.pr_auc),
            &number(metrics.ks),
            &number(metrics.lift_at_tenth),
        ]);
    }
    let mut text = format!(
        "how good (a model of its kind, learned from earlier cut-offs, tried at {}: {}, {} churned)\n{table}",
        date(measured.test_cutoff_day),
        counted(measured.test.rows() as u64, "customer"),
        count(measured.test.churned as u64),
    );
    if let Some(quality) = measured.model.lift_quality {
        let _ = writeln!(
            text,
            "  lift quality {quality:.2}, {}",
            Grade::of(quality).as_str()
        );
    }
    if let Some(cox) = &measured.model.cox {
        let _ = writeln!(
            text,
            "  calibration slope {:.3}, intercept {:+.3} (1 and 0 are perfect; a slope below 1: too sure of itself)",
            cox.slope, cox.intercept
        );
    }
    if !measured.beats_baselines() {
        text += "  it does not beat the simple rules\n";
    }
    text
}

/// The columns that weigh most.
fn weights(model: &ChurnModel, features: usize) -> String {
    let mut columns: Vec<_> = model.coefficients().iter().collect();
    columns.sort_by(|a, b| {
        let by_weight = b.weight.abs().total_cmp(&a.weight.abs());
        by_weight.then_with(|| a.column.cmp(&b.column))
    });
    let mut table = Table::new(&[1]);
    for column in columns.iter().take(features) {
        let weight = format!("{:+.3}", column.weight);
        let direction = if column.weight > 0.0 {
            "raises the risk"
        } else {
            "lowers it"
        };
        table.row([&column.column, &weight, direction]);
    }
    let more = columns.len().saturating_sub(features);
    let more = match more {
        0 => String::new(),
        more => format!("  and {more} more; `--features` shows more\n"),
    };
    format!("what weighs most (log-odds for a standard deviation, or for being so)\n{table}{more}")
}

fn grade(metrics: &Metrics) -> String {
    let grade = metrics.grade();
    grade.map_or_else(String::new, |grade| grade.as_str().to_owned())
}

fn date(day: i32) -> String {
    AsOfDate::from_epoch_day(day).map_or_else(String::new, |date| date.to_string())
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
