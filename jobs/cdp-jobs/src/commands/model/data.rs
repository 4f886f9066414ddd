//! `model data`: what there is to learn churn from, and when there will be enough.

use std::fmt::Write;

use cdp_churn::Framing;
use cdp_runner::{CutoffCounts, Project, TrainingData};

use super::percent;
use crate::cli::ModelDataArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, count, counted, print_json, print_text};

pub(super) async fn data(context: &Context, project: &Project, args: &ModelDataArgs) -> Result {
    let data = project.training_data(args.as_of).await?;
    if context.output.is_json() {
        print_json(&data)?;
    } else if let Some(data) = data {
        let framing = project.churn().framing();
        print_text(&text(framing, &data))?;
    } else {
        context.output.say(
            "nobody is a customer yet, or nothing was run: `cdp-jobs run` makes the profiles that \
             are looked at",
        );
    }
    Ok(ExitStatus::Done)
}

fn text(framing: &Framing, data: &TrainingData) -> String {
    let mut text = format!(
        "as of {}: {} since {} ({}); {} could be scored\n\n",
        data.as_of_date,
        framing.event_words(),
        data.first_event_date,
        counted(data.history_days.unsigned_abs().into(), "day"),
        counted(data.eligible, "customer"),
    );
    text += &cutoffs(&data.cutoffs, data.horizon_days);
    let _ = writeln!(
        text,
        "\na training stacks the newest {}: {} churned and {} stayed; it needs {} of each (`churn.rows_min`)",
        counted(data.stacked as u64, "cut-off"),
        count(data.churned),
        count(data.stayed),
        count(data.rows_min),
    );
    let verdict = match (data.suffices, data.suffices_on) {
        (true, _) => "that is enough".to_owned(),
        (false, None) => "as it goes on now there will not be enough".to_owned(),
        (false, Some(day)) if data.is_earliest => {
            format!("there will be enough on {day} at the earliest")
        }
        (false, Some(day)) => format!(
            "there will be enough on about {day}, if customers keep coming and leaving as they do"
        ),
    };
    let _ = writeln!(text, "{verdict}");
    if !data.suffices {
        text += "until then `churn.fallback = \"recency_frequency\"` orders customers, without a probability\n";
    }
    if !data.silences.is_empty() {
        text += "\ndays without any, which an outage of the source would explain\n";
        for silence in &data.silences {
            let _ = writeln!(text, "  {silence}");
        }
    }
    text
}

/// The customers at each cut-off, and how many of them churned.
pub(super) fn cutoffs(cutoffs: &[CutoffCounts], horizon_days: i32) -> String {
    let horizon = counted(horizon_days.unsigned_abs().into(), "day");
    if cutoffs.is_empty() {
        return format!("no horizon of {horizon} has closed yet\n");
    }
    let mut table = Table::new(&[1, 2, 3]);
    table.row(["cut-off", "customers", "churned", "share"]);
    for row in cutoffs {
        let share = row.churned as f64 / row.eligible.max(1) as f64;
        table.row([
            &row.cutoff_date.to_string(),
            &count(row.eligible),
            &count(row.churned),
            &percent(share),
        ]);
    }
    format!("what there is to learn from, with a horizon of {horizon}\n{table}")
}
