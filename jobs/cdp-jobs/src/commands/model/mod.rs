//! `model`: which churn models there are, what one of them is, which one scores, whether features have
//! seen the future, and what a horizon would call churn.

mod card;
mod compare;
mod data;
mod decide;
mod horizon;
mod leakage;
mod plot;
mod profit;

use std::fmt::Write;

use cdp_churn::{ChurnModel, Evaluation, EvaluationResult, Metrics};
use cdp_plan::{AsOfDate, Fault};
use cdp_runner::{Alias, AliasRow, Aliases, ModelRow, Project};
use serde::Serialize;

use self::card::card;
use self::decide::Desk;
use super::Context;
use crate::cli::{ModelArgs, ModelCommand, ModelShowArgs};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{Table, count, print_json, print_text};
use crate::project;

/// What machines read of a model in a list.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    row: &'a ModelRow,
    aliases: Vec<Alias>,
}

/// What machines read of a model.
#[derive(Serialize)]
struct Card<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    model: &'a ChurnModel,
    /// Every name that it was given, the last first.
    moves: Vec<&'a AliasRow>,
}

/// Lists, shows, compares or decides.
pub(super) async fn model(context: &Context, args: &ModelArgs) -> Result {
    let project = project::open_by(&context.settings, &args.definition).await?;
    project::expect_lake(&project, &context.settings)?;
    let models = || project.churn_models();
    match &args.command {
        ModelCommand::List => list(context, &project, &models().await?).await,
        ModelCommand::Show(args) => show(context, &project, models().await?, args).await,
        ModelCommand::Compare(args) => {
            compare::compare(context, &project, &models().await?, args).await
        }
        ModelCommand::Profit(args) => {
            profit::profit(context, &project, &models().await?, args).await
        }
        ModelCommand::Promote(args) => {
            let desk = Desk::of(context, &project).await?;
            desk.promote(args).await
        }
        ModelCommand::Rollback(args) => {
            let desk = Desk::of(context, &project).await?;
            desk.rollback(args).await
        }
        ModelCommand::CheckLeakage(args) => leakage::check(context, &project, args).await,
        ModelCommand::Data(args) => data::data(context, &project, args).await,
        ModelCommand::Horizon(args) => horizon::horizon(context, &project, args).await,
    }
}

/// Who has which name on a date, or on the newest that was scored.
async fn aliases(project: &Project, as_of: Option<AsOfDate>) -> Result<Aliases> {
    let newest = project.newest_scored().await?;
    match as_of.or(newest) {
        Some(date) => Ok(project.model_aliases(date).await?),
        None => Ok(Aliases::default()),
    }
}

async fn list(context: &Context, project: &Project, models: &[ModelRow]) -> Result {
    let aliases = aliases(project, None).await?;
    if context.output.is_json() {
        let rows = models.iter().map(|row| Listed {
            row,
            aliases: aliases.of(&row.model_id),
        });
        print_json(&rows.collect::<Vec<_>>())?;
    } else if models.is_empty() {
        nothing(context);
    } else {
        print_text(&list_text(models, &aliases))?;
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
    let aliases = aliases(project, args.as_of).await?;
    let champion = aliases.champion.as_ref().map(|row| row.model_id.as_str());
    let row = match args.id.as_deref().or(champion) {
        Some(id) => Some(named(project, id, &models)?),
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
    let moves = project.model_moves().await?;
    let moves: Vec<&AliasRow> = moves
        .iter()
        .filter(|one| one.model_id == row.model_id)
        .filter(|one| args.as_of.is_none_or(|date| one.as_of_date <= date))
        .collect();
    let names = aliases.of(&row.model_id);
    if context.output.is_json() {
        print_json(&Card {
            listed: Listed {
                row,
                aliases: names,
            },
            model: &model,
            moves,
        })?;
    } else {
        print_text(&card(row, &model, &names, &moves, args.features))?;
    }
    Ok(ExitStatus::Done)
}

/// The model whose id begins so; one that was trained for several dates is its newest row.
fn named<'a>(project: &Project, id: &str, models: &'a [ModelRow]) -> Result<&'a ModelRow> {
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
            Err(Failure::usage(fault.hint(which(project))))
        }
        [_] => Ok(models.iter().find(begins).expect("one begins so")),
        several => {
            let fault = Fault::new(format!("several models begin with `{id}`"));
            let hint = format!("say which: {}", several.join(", "));
            Err(Failure::usage(fault.hint(hint)))
        }
    }
}

/// How to find the models of the definition that is asked for.
fn which(project: &Project) -> String {
    let flag = project.definition().flag();
    format!("`cdp-jobs model list{flag}` tells which there are")
}

fn nothing(context: &Context) {
    context
        .output
        .say("there is no model yet: a run trains one, given enough customers (`churn.rows_min`)");
}

fn list_text(models: &[ModelRow], aliases: &Aliases) -> String {
    let mut table = Table::new(&[2, 3, 5, 6]);
    table.row([
        "model", "as of", "rows", "churned", "tried at", "AUC", "log loss", "", "",
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
            &names(&aliases.of(&row.model_id)),
        ]);
    }
    let mut text = table.to_string();
    if let Some(candidate) = refused(aliases) {
        let because = &candidate.reason;
        let _ = writeln!(text, "\n{} was not promoted: {because}", candidate.model_id);
    }
    text
}

/// The model that was trained last, if another one is champion.
fn refused(aliases: &Aliases) -> Option<&AliasRow> {
    let champion = aliases.champion.as_ref();
    let candidate = aliases.candidate.as_ref()?;
    (champion.map(|row| &row.model_id) != Some(&candidate.model_id)).then_some(candidate)
}

/// The champion was the candidate once; that need not be said.
fn names(aliases: &[Alias]) -> String {
    let first = aliases.first();
    first.map_or_else(String::new, |alias| alias.as_str().to_owned())
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
