//! `backfill`: does the plan of each date of a range, oldest first.

use cdp_plan::{DateRange, Fault};
use cdp_runner::RunSummary;

use super::run::{Wanted, run_date, tell_errors, text, went_well};
use super::{Context, check_date, check_selection};
use crate::cli::BackfillArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{print_json, print_text};
use crate::project;

/// Runs every date until one fails. What is up to date is not done again, so a backfill that
/// stopped goes on by starting it again.
pub(super) async fn backfill(context: &Context, args: &BackfillArgs) -> Result {
    let range = DateRange::new(args.from, args.to)
        .map_err(|message| Failure::usage(Fault::new(message).hint("swap `--from` and `--to`")))?;
    check_date("--to", args.to, args.future)?;
    let project = project::open(&context.settings).await?;
    check_selection(&project, &args.select.select)?;
    project::expect_lake(&project, &context.settings)?;
    let wanted = Wanted {
        select: &args.select.select,
        force: false,
        full_refresh: false,
        reason: Some(args.reason.clone()),
    };
    let mut summaries: Vec<RunSummary> = Vec::new();
    for date in range.dates(args.step_days) {
        let summary = run_date(context, &project, date, &wanted).await?;
        if !context.output.is_json() {
            print_text(&text(&summary))?;
        }
        let goes_on = went_well(&summary);
        summaries.push(summary);
        if !goes_on {
            context.output.say(format!(
                "stopped at {date}; when it is fixed, the same command goes on from there"
            ));
            break;
        }
    }
    if context.output.is_json() {
        print_json(&summaries)?;
    }
    // Only the last one can have errors. They are the last that is said.
    if let Some(summary) = summaries.last() {
        tell_errors(summary);
    }
    Ok(status(&summaries))
}

/// The status of the date that stopped it, else whether any date had something to do.
fn status(summaries: &[RunSummary]) -> ExitStatus {
    let statuses = summaries
        .iter()
        .map(|summary| ExitStatus::from(summary.outcome()));
    let mut told = statuses.filter(|status| *status != ExitStatus::NothingToDo);
    told.next_back().unwrap_or(ExitStatus::NothingToDo)
}
