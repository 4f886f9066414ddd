//! What can be typed after `model`.

use cdp_plan::AsOfDate;
use clap::{Args, Subcommand};

use crate::examples;

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

/// The verbs of `model`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the churn models, the newest first, each with how good it was on a later cut-off
    #[command(after_help = examples::MODEL_LIST)]
    List,
    /// Show a churn model: what it predicts, of whom, learned from what, how good next to simple
    /// rules, and which features weigh most
    #[command(after_help = examples::MODEL_SHOW)]
    Show(ModelShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ModelShowArgs {
    /// A model id or the beginning of one [default: the model in service]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only models trained for this date or before [default: all]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// No more than so many features
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) features: usize,
}
