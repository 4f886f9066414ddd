//! `plan`: what a run would do.

use std::fmt::Write;

use cdp_plan::{Plan, Purpose, Task, Work};

use super::{Context, check_date, check_selection};
use crate::cli::PlanArgs;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, counted, print_json, print_text};
use crate::project;

/// Prints the plan of a date.
pub(super) async fn plan(context: &Context, args: &PlanArgs) -> Result {
    check_date("--as-of", args.as_of, args.future)?;
    let project = project::open(&context.settings).await?;
    check_selection(&project, &args.select.select)?;
    project::expect_lake(&project, &context.settings)?;
    let plan = project.plan(args.as_of, &args.select.select, false).await?;
    if context.output.is_json() {
        print_json(&plan)?;
    } else {
        print_text(&text(&plan))?;
    }
    Ok(ExitStatus::Done)
}

fn text(plan: &Plan) -> String {
    let tasks = counted(plan.tasks.len() as u64, "task");
    let mut text = format!("as of {}: {tasks}\n", plan.as_of_date);
    let others = plan.definitions.iter();
    let others = others.map(|(name, framed)| (format!("training of `{name}`"), framed));
    for (training, framed) in std::iter::once(("training".to_owned(), &plan.main)).chain(others) {
        if !framed.cutoff_dates.is_empty() {
            let dates: Vec<String> = framed
                .cutoff_dates
                .iter()
                .map(ToString::to_string)
                .collect();
            let _ = writeln!(
                text,
                "{training} reads the cut-offs {}, for a horizon of {}",
                dates.join(", "),
                counted(framed.horizon_days.unsigned_abs().into(), "day"),
            );
        }
        if let Some(why) = &framed.training {
            let _ = writeln!(text, "{training} is due: {why}");
        }
    }
    for layer in &plan.layers {
        let _ = writeln!(text, "\n{layer}");
        let mut table = Table::new(&[]);
        for task in plan.tasks.iter().filter(|task| task.layer == *layer) {
            table.row(cells(task).each_ref().map(String::as_str));
        }
        let _ = write!(text, "{table}");
    }
    if !plan.not_due.is_empty() {
        let _ = writeln!(text, "\nnot due");
        let mut table = Table::new(&[]);
        for model in &plan.not_due {
            table.row([&model.name.to_string(), &model.reason]);
        }
        let _ = write!(text, "{table}");
    }
    text
}

fn cells(task: &Task) -> [String; 4] {
    let work = match task.work {
        Work::Inspect => "inspect",
        Work::Check => "check",
        Work::Query => "query",
        Work::Step => "step",
    };
    let purpose = match task.purpose {
        Purpose::AsOf => "",
        Purpose::CutOff => ", for training",
    };
    let reads: Vec<String> = task.reads.iter().map(ToString::to_string).collect();
    let reads = match (task.work, reads.is_empty()) {
        (Work::Inspect, _) | (_, true) => String::new(),
        _ => format!("reads {}", reads.join(", ")),
    };
    [
        format!("{}{purpose}", task.as_of_date),
        work.to_owned(),
        match task.work {
            Work::Inspect | Work::Check => task.name.to_string(),
            Work::Query | Work::Step => task.writes.clone(),
        },
        reads,
    ]
}
