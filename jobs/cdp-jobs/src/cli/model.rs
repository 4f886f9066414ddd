//! What can be typed after `model`.

use cdp_plan::AsOfDate;
use clap::{Args, Subcommand};

use crate::examples;

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) definition: DefinitionArgs,
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

/// Which definition of churn is meant.
#[derive(Debug, Args)]
pub(crate) struct DefinitionArgs {
    /// By this definition of churn, `[churn.definitions.NAME]` in cdp.toml [default: by `[churn]` itself]
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) definition: Option<String>,
}

/// The verbs of `model`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// List the churn models, the newest first, each with how good it was on a later cut-off, and tell
    /// which is champion
    #[command(after_help = examples::MODEL_LIST)]
    List,
    /// Show a churn model: what it predicts, of whom, learned from what, how good next to simple
    /// rules, and which features weigh most
    #[command(after_help = examples::MODEL_SHOW)]
    Show(ModelShowArgs),
    /// Hold two models against each other on the customers whose outcome was known last
    #[command(after_help = examples::MODEL_COMPARE)]
    Compare(ModelCompareArgs),
    /// Tell what offers by a model would have brought among the customers whose outcome was known last
    #[command(after_help = examples::MODEL_PROFIT)]
    Profit(ModelProfitArgs),
    /// Make a model the champion, which scores
    #[command(after_help = examples::MODEL_PROMOTE)]
    Promote(ModelPromoteArgs),
    /// Bring back the champion before
    #[command(after_help = examples::MODEL_ROLLBACK)]
    Rollback(ModelRollbackArgs),
    /// Compute the features of a closed cut-off once more from all that is known now, and find those
    /// that have changed, or tell the outcome too well
    #[command(after_help = examples::MODEL_CHECK_LEAKAGE)]
    CheckLeakage(ModelCheckLeakageArgs),
    /// Look at what there is to learn churn from, and when there will be enough
    #[command(after_help = examples::MODEL_DATA)]
    Data(ModelDataArgs),
    /// Look at how long customers take to come back, and what a horizon of churn would get wrong
    #[command(after_help = examples::MODEL_HORIZON)]
    Horizon(ModelHorizonArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ModelHorizonArgs {
    /// What was known before this date that was run [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelDataArgs {
    /// What was known before this date that was run [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelShowArgs {
    /// A model id or the beginning of one [default: the champion]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only models trained for this date or before [default: all]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// No more than so many features
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) features: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ModelCompareArgs {
    /// A model id or the beginning of one [default: the champion]
    #[arg(value_name = "A")]
    pub(crate) champion: Option<String>,
    /// Another one, which wants its place [default: the candidate]
    #[arg(value_name = "B")]
    pub(crate) candidate: Option<String>,
    /// The outcomes that were known on this date [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelProfitArgs {
    /// A model id or the beginning of one [default: the champion]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// What one offer costs
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) offer_cost: f64,
    /// Share of those about to leave who stay when they get it, above 0 and up to 1
    #[arg(long, value_name = "SHARE")]
    pub(crate) save_rate: f64,
    /// What a customer who stays is worth
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) value: f64,
    /// The outcomes that were known on this date [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelPromoteArgs {
    /// A model id or the beginning of one
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) decided: DecidedArgs,
    /// Also when it is surely worse than the champion, or a guard does not hold
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelRollbackArgs {
    #[command(flatten)]
    pub(crate) decided: DecidedArgs,
}

/// Who decides, why and from when on.
#[derive(Debug, Args)]
pub(crate) struct DecidedArgs {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who decides [default: the user that is logged in]
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// The first date that it scores [default: the newest that was scored]
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<AsOfDate>,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelCheckLeakageArgs {
    /// The outcomes that were known on this date [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// The cut-off to compute once more, one of those whose outcome is known [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) cutoff: Option<AsOfDate>,
}
