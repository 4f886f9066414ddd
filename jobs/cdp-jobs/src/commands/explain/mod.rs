//! `explain`: why identifiers are one person or are not, and what a profile is made of.

mod link;
mod profile;
mod text;

use cdp_plan::Fault;
use cdp_runner::Project;

use super::Context;
use crate::cli::{ExplainCommand, ExplainLinkArgs, ExplainProfileArgs};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{print_json, print_text};
use crate::project;

/// Explains; reads only.
pub(super) async fn explain(context: &Context, command: &ExplainCommand) -> Result {
    let project = project::open(&context.settings).await?;
    project::expect_lake(&project, &context.settings)?;
    match command {
        ExplainCommand::Link(args) => explain_link(context, &project, args).await,
        ExplainCommand::Profile(args) => explain_profile(context, &project, args).await,
    }
}

async fn explain_link(context: &Context, project: &Project, args: &ExplainLinkArgs) -> Result {
    let identifier = |text: &str| {
        let found = project.identifier(text);
        found.map_err(|fault| Failure::usage(*fault))
    };
    let (left, right) = (identifier(&args.left)?, identifier(&args.right)?);
    if left == right {
        let fault = Fault::new(format!("both are `{left}`"));
        let hint = format!("`cdp-jobs explain profile {left}` tells what it belongs to");
        return Err(Failure::usage(fault.hint(hint)));
    }
    let found = project.explain_link(&left, &right, args.as_of).await?;
    if context.output.is_json() {
        print_json(&found)?;
    } else {
        print_text(&link::told(&found, &context.settings.flags()))?;
    }
    Ok(ExitStatus::Done)
}

async fn explain_profile(
    context: &Context,
    project: &Project,
    args: &ExplainProfileArgs,
) -> Result {
    let found = project.explain_profile(&args.id, args.as_of).await?;
    if context.output.is_json() {
        print_json(&found)?;
    } else {
        print_text(&profile::told(&found))?;
    }
    Ok(ExitStatus::Done)
}
