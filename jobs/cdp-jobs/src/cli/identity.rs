//! What can be typed after `identity`.

use cdp_plan::AsOfDate;
use clap::{Args, Subcommand};

use crate::examples;

#[derive(Debug, Args)]
pub(crate) struct IdentityArgs {
    #[command(subcommand)]
    pub(crate) command: IdentityCommand,
}

/// The verbs of `identity`.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Say that two identifiers are one person, whatever the limits say
    #[command(after_help = examples::IDENTITY_LINK)]
    Link(PairArgs),
    /// Say that two identifiers are two people, whatever evidence says
    #[command(after_help = examples::IDENTITY_UNLINK)]
    Unlink(PairArgs),
    /// Say that evidence of an identifier with others counts for nothing
    #[command(after_help = examples::IDENTITY_DETACH)]
    Detach(OneArgs),
    /// Say that an identifier is nobody, such as a placeholder or a shared terminal
    #[command(after_help = examples::IDENTITY_BLOCK)]
    Block(OneArgs),
    /// Take back what was said
    #[command(after_help = examples::IDENTITY_REVOKE)]
    Revoke(RevokeArgs),
    /// List all that was said, by whom and why
    #[command(after_help = examples::IDENTITY_OVERRIDES)]
    Overrides,
    /// Resolve everything from the beginning, and compare with the profile map
    #[command(after_help = examples::IDENTITY_VERIFY)]
    Verify(VerifyArgs),
    /// Show how the records without a shared identifier are weighed against each other
    #[command(after_help = examples::IDENTITY_WEIGHTS)]
    Weights(WeightsArgs),
    /// List pairs of records that are likely one person and are not one profile
    #[command(after_help = examples::IDENTITY_MATCHES)]
    Matches(MatchesArgs),
    /// Tell how sound the profiles are, next to the run before
    #[command(after_help = examples::IDENTITY_HEALTH)]
    Health(HealthArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The date of the map; the newest when not given
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct WeightsArgs {
    /// The weights that serve on this date [default: the newest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct MatchesArgs {
    /// Only pairs of this purpose, one of those under `[linkage.purposes]` in cdp.toml
    #[arg(long, value_name = "NAME")]
    pub(crate) purpose: Option<String>,
    /// The pairs of this date [default: the latest]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// Also pairs that are in one profile already
    #[arg(long)]
    pub(crate) all: bool,
    /// No more pairs than this
    #[arg(long, value_name = "PAIRS", default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// The date to speak for [default: the newest with identity.figures]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// End with exit code 4 when a figure breaks a `fail` check of identity.health
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PairArgs {
    /// An identifier, `type:value`
    #[arg(value_name = "A")]
    pub(crate) left: String,
    /// The other one
    #[arg(value_name = "B")]
    pub(crate) right: String,
    #[command(flatten)]
    pub(crate) said: SaidArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// The identifier, `type:value`
    #[arg(value_name = "A")]
    pub(crate) left: String,
    #[command(flatten)]
    pub(crate) said: SaidArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Its name, as `identity overrides` lists it
    #[arg(value_name = "OVERRIDE_ID")]
    pub(crate) override_id: String,
    #[command(flatten)]
    pub(crate) said: SaidArgs,
}

/// Who says so, why and since when.
#[derive(Debug, Args)]
pub(crate) struct SaidArgs {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who says so [default: the user that is logged in]
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// Since when it holds, 00:00 UTC; the run for the next date is the first that sees it [default:
    /// now]
    #[arg(long, value_name = "DATE")]
    pub(crate) valid_from: Option<AsOfDate>,
    /// Only show what it would change
    #[arg(long)]
    pub(crate) dry_run: bool,
}
