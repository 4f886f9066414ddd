//! `model compare`: two models on the same customers.

use std::fmt::Write;

use cdp_churn::{Basis, ChurnModel, Contest, ContestResult, Guard, Metrics, Promotion, Verdict};
use cdp_plan::{AsOfDate, Fault};
use cdp_runner::{Aliases, JudgedModel, ModelRow, Project};

use super::{date, named, number, which};
use crate::cli::ModelCompareArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{Table, count, counted, print_json, print_text};

pub(super) async fn compare(
    context: &Context,
    project: &Project,
    models: &[ModelRow],
    args: &ModelCompareArgs,
) -> Result {
    let newest = project.newest_scored().await?;
    let aliases = match args.as_of.or(newest) {
        Some(date) => project.model_aliases(date).await?,
        None => Aliases::default(),
    };
    let holder = |row: &Option<cdp_runner::AliasRow>| row.as_ref().map(|row| row.model_id.clone());
    let champion = args.champion.clone().or(holder(&aliases.champion));
    let candidate = args.candidate.clone().or(holder(&aliases.candidate));
    let (Some(champion), Some(candidate)) = (champion, candidate) else {
        let fault = Fault::new("there is no champion to compare with yet");
        let hint = format!("name two models; {}", which(project));
        return Err(Failure::usage(fault.hint(hint)));
    };
    let champion = project
        .churn_model(named(project, &champion, models)?)
        .await?;
    let candidate = project
        .churn_model(named(project, &candidate, models)?)
        .await?;
    let judged = project
        .judge_models(args.as_of, Some(&champion), &candidate)
        .await?;
    if context.output.is_json() {
        print_json(&judged)?;
    } else {
        print_text(&text(&judged, &champion, &candidate))?;
    }
    Ok(ExitStatus::Done)
}

/// A comparison, for people.
fn text(judged: &JudgedModel, champion: &ChurnModel, candidate: &ChurnModel) -> String {
    let mut text = match &judged.promotion.contest {
        Some(ContestResult::Held(contest)) => held(contest, champion, candidate),
        Some(ContestResult::NotHeld { reason, .. }) => {
            format!("not compared: {reason}\n")
        }
        None => String::new(),
    };
    text += &guards(&judged.promotion);
    let told = verdict(
        &judged.promotion,
        &champion.model_id(),
        &candidate.model_id(),
    );
    let _ = writeln!(text, "\n{told}");
    text
}

fn held(contest: &Contest, champion: &ChurnModel, candidate: &ChurnModel) -> String {
    let found = &contest.comparison;
    let mut table = Table::new(&[2, 3, 4, 5, 6]);
    table.row(["", "", "log loss", "Brier", "ECE", "AUC", "slope"]);
    let rows = [
        ("champion", &contest.champion, &found.champion, champion),
        ("candidate", &contest.candidate, &found.candidate, candidate),
    ];
    for (role, contestant, metrics, model) in rows {
        let stands = match contestant.basis {
            Basis::AsTrained => format!("as trained for {}", date(model.as_of_day())),
            Basis::LearnedAgain => format!("its recipe, as of {}", date(contest.cutoff_day)),
        };
        let [log_loss, brier, ece, auc, slope] = figures(metrics);
        let name = format!("{role} {}", contestant.model_id);
        table.row([&name, &stands, &log_loss, &brier, &ece, &auc, &slope]);
    }
    let mut text = format!(
        "at the cut-off {}: {}, {} churned\n{table}",
        date(contest.cutoff_day),
        counted(found.rows.rows() as u64, "customer"),
        count(found.rows.churned as u64),
    );
    let word = match found.verdict() {
        _ if contest.is_same => "both are of one recipe, and one and the same here",
        Verdict::Better => "the candidate is better",
        Verdict::Worse => "the candidate is worse",
        Verdict::NotSure => "the candidate is not surely better or worse",
    };
    let _ = writeln!(
        text,
        "  {word}: log loss less by {:.4} ({:.4} to {:.4} with 95 % confidence)",
        found.gain, found.interval.low, found.interval.high
    );
    text
}

fn figures(metrics: &Metrics) -> [String; 5] {
    [
        number(Some(metrics.log_loss)),
        number(Some(metrics.brier)),
        number(metrics.ece),
        number(metrics.roc_auc),
        number(metrics.cox.map(|line| line.slope)),
    ]
}

/// What the candidate must keep, and whether it does.
pub(super) fn guards(promotion: &Promotion) -> String {
    if promotion.guards.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for guard in &promotion.guards {
        let held = if guard.holds() { "holds" } else { "broken" };
        table.row([held, &Guard::to_string(guard)]);
    }
    format!("\nguards of the candidate\n{table}")
}

/// What a training would have decided.
fn verdict(promotion: &Promotion, champion: &str, candidate: &str) -> String {
    let because = &promotion.because;
    let rule = promotion.rule.as_str();
    if champion == candidate {
        return format!("`{champion}` is champion and candidate");
    }
    if promotion.is_promoted {
        format!("under `churn.promote = \"{rule}\"` {candidate} takes the place: {because}")
    } else {
        format!("under `churn.promote = \"{rule}\"` {champion} stays: {because}")
    }
}

/// `2026-01-01`, for a sentence.
pub(super) fn since(date: AsOfDate) -> String {
    format!("from {date} on")
}
