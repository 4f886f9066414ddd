//! What can be typed after `explain`.

use cdp_plan::AsOfDate;
use clap::{Args, Subcommand};

use crate::examples;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(subcommand)]
    pub(crate) command: ExplainCommand,
}

/// The verbs of `explain`.
#[derive(Debug, Subcommand)]
pub(crate) enum ExplainCommand {
    /// Tell what ties two identifiers together, row by row, or why they are two people
    #[command(after_help = examples::EXPLAIN_LINK)]
    Link(ExplainLinkArgs),
    /// Tell what a profile is made of: identifiers and their links, history, golden record, consent,
    /// segments and score
    #[command(after_help = examples::EXPLAIN_PROFILE)]
    Profile(ExplainProfileArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainLinkArgs {
    /// An identifier, `type:value`
    #[arg(value_name = "A")]
    pub(crate) left: String,
    /// The other one
    #[arg(value_name = "B")]
    pub(crate) right: String,
    /// The date to speak for [default: the newest with an identity.profile_map]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainProfileArgs {
    /// A profile id, or an identifier, `type:value`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The date to speak for [default: the newest with an identity.profile_map]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}
