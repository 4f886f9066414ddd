//! What can be typed after `report`.

use std::path::PathBuf;

use cdp_plan::AsOfDate;
use clap::Args;

use super::DefinitionArgs;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Where the page is written; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) definition: DefinitionArgs,
    /// The date of the scores [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// How many features are told, the heaviest first
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) features: usize,
    /// How many customers are told, from the likeliest to churn to the least likely
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) customers: u16,
}
