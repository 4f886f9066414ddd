//! `identity verify`: does the map hold what resolving everything gives?

use cdp_runner::{Project, Verification};

use crate::cli::VerifyArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, print_json, print_text};
use crate::project;

pub(super) async fn verify(context: &Context, project: &Project, args: &VerifyArgs) -> Result {
    project::expect_lake(project, &context.settings)?;
    let found = project.verify_identity(args.as_of).await?;
    if context.output.is_json() {
        print_json(&found)?;
    } else {
        print_text(&told(&found))?;
    }
    if found.different > 0 {
        context.output.say(format!(
            "hint: `cdp-jobs run --as-of {} --select layer:identity --full-refresh` makes it again",
            found.as_of_date
        ));
        return Ok(ExitStatus::CheckFailed);
    }
    Ok(ExitStatus::Done)
}

fn told(found: &Verification) -> String {
    let (date, identifiers) = (found.as_of_date, found.identifiers);
    let parts = match found.built_from.len() {
        1 => "1 date".to_owned(),
        many => format!("{many} dates"),
    };
    if found.different == 0 {
        return format!(
            "the map of {date}, {identifiers} identifiers from the evidence of {parts}, is what \
             resolving everything gives\n"
        );
    }
    let mut table = Table::default();
    table.row(["table", "row", "column", "stored", "from the beginning"]);
    for one in &found.differences {
        let (stored, scratch) = (one.stored.as_deref(), one.from_scratch.as_deref());
        table.row([
            one.table.as_str(),
            &one.row,
            one.column,
            stored.unwrap_or("-"),
            scratch.unwrap_or("-"),
        ]);
    }
    format!(
        "the map of {date}, {identifiers} identifiers, its violations and figures differ in {} rows \
         from what resolving everything gives\n{table}",
        found.different
    )
}
