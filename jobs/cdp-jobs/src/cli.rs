//! What can be typed: the clap structs and nothing else.

mod explain;
mod identity;
mod model;
mod report;

use std::path::PathBuf;

use cdp_plan::AsOfDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::examples;

pub(crate) use explain::{ExplainArgs, ExplainCommand, ExplainLinkArgs, ExplainProfileArgs};
pub(crate) use identity::{
    HealthArgs, IdentityArgs, IdentityCommand, MatchesArgs, OneArgs, PairArgs, RevokeArgs,
    SaidArgs, VerifyArgs, WeightsArgs,
};
pub(crate) use model::{
    DecidedArgs, DefinitionArgs, ModelArgs, ModelCheckLeakageArgs, ModelCommand, ModelCompareArgs,
    ModelDataArgs, ModelHorizonArgs, ModelProfitArgs, ModelPromoteArgs, ModelRollbackArgs,
    ModelShowArgs,
};
pub(crate) use report::ReportArgs;

/// A batch customer data platform on your own Delta lakehouse: raw event tables go in; profiles,
/// features, churn scores, segments and next actions come out, one Delta table each
#[derive(Debug, Parser)]
#[command(name = "cdp-jobs", version, after_help = examples::ALL, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The folder that holds `cdp.toml` and `sql/` [env: CDP_PROJECT] [default: .]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The lake, in place of `lake.url` in cdp.toml: a URL, or a path [env: CDP_LAKE]
    #[arg(long, global = true, value_name = "URL-OR-PATH")]
    pub(crate) lake: Option<String>,
    /// How results are written: `text`, `json`, or `csv` (rows of `sql` only)
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub(crate) format: Format,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For machines
    Json,
    /// Rows of `sql` with a header
    Csv,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a project with sample data, run it, and leave it there to play with
    #[command(after_help = examples::DEMO)]
    Demo(DemoArgs),
    /// Make a project to edit: cdp.toml, the sql/ tree, a README
    #[command(after_help = examples::INIT)]
    Init(InitArgs),
    /// Add CSV, JSON lines or Parquet files to a raw table, once per file content
    #[command(after_help = examples::LOAD)]
    Load(LoadArgs),
    /// Find every fault in cdp.toml and sql/ without touching the lake
    #[command(after_help = examples::VALIDATE)]
    Validate(ValidateArgs),
    /// Print what would run, for which dates, reading and writing what
    #[command(after_help = examples::PLAN)]
    Plan(PlanArgs),
    /// Do the plan of one date
    #[command(after_help = examples::RUN)]
    Run(RunArgs),
    /// Do the plan of each date in a range, oldest first
    #[command(after_help = examples::BACKFILL)]
    Backfill(BackfillArgs),
    /// Say who is who: link, unlink, detach or block identifiers, or take that back; tell how sound
    /// the profiles are
    #[command(after_help = examples::IDENTITY)]
    Identity(IdentityArgs),
    /// Tell why identifiers are one person or are not, and what a profile is made of
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// List churn models, show what one is and how good, compare, promote or roll back, and look for
    /// features that have seen the future
    #[command(after_help = examples::MODEL)]
    Model(ModelArgs),
    /// Write a page about the churn scores of a date: how good, why, and what became of earlier ones
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),
    /// Describe a model or source, or list all of them
    #[command(after_help = examples::SHOW)]
    Show(ShowArgs),
    /// Query any layer, read-only; without a query there is a prompt
    #[command(after_help = examples::SQL)]
    Sql(SqlArgs),
    /// Print the last runs
    #[command(after_help = examples::STATUS)]
    Status(StatusArgs),
    /// Run the test cases of models: given rows, expected rows
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
    /// Print completions for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to make it
    #[arg(default_value = "cdp-demo")]
    pub(crate) dir: PathBuf,
    /// How many people the sample shop knows [default: 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) people: Option<u32>,
    /// What the sample data is drawn from; the same seed gives the same data [default: 7]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where to make it; must be empty or absent
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// The source, as declared in sql/sources.toml
    pub(crate) source: String,
    /// Files ending in .csv, .jsonl, .ndjson (each also with .gz) or .parquet, or patterns of them
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Open every source as well, and compare its columns and types
    #[arg(long)]
    pub(crate) connect: bool,
}

/// Which models.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectArgs {
    /// Only these: `layer.name`, `+layer.name` with all it reads, `layer.name+` with all that reads
    /// it, `layer:NAME`; several are separated by commas
    #[arg(long, value_name = "MODELS")]
    pub(crate) select: Vec<String>,
}

/// Whether a date that has not come yet is meant.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct FutureArgs {
    /// Allow a date after tomorrow (UTC): tables that hold the latest date only will stay at it until
    /// it has come
    #[arg(long)]
    pub(crate) future: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The date to speak for: what was knowable before it, 00:00 UTC
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: AsOfDate,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) future: FutureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The date to speak for: what was knowable before it, 00:00 UTC
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: AsOfDate,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Do also what is up to date; with `--select +scores.churn_model+`, train also when it is not due
    #[arg(long)]
    pub(crate) force: bool,
    /// Read everything again for tables that otherwise read what is new; as `--force`, and more
    #[arg(long)]
    pub(crate) full_refresh: bool,
    #[command(flatten)]
    pub(crate) future: FutureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackfillArgs {
    /// The first date
    #[arg(long, value_name = "DATE")]
    pub(crate) from: AsOfDate,
    /// The last date
    #[arg(long, value_name = "DATE")]
    pub(crate) to: AsOfDate,
    /// Why, for the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// How many days lie between two dates
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) step_days: u32,
    #[command(flatten)]
    pub(crate) future: FutureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// `layer.name`; without it all are listed
    pub(crate) name: Option<String>,
    /// The date that the query is bound for [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
}

#[derive(Debug, Args)]
pub(crate) struct SqlArgs {
    /// One `select`; tables are called `layer.name`
    pub(crate) query: Option<String>,
    /// See only what was known before this date
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<AsOfDate>,
    /// The most rows to print; 0 = all [default: 100 as text, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// How many runs
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) last: usize,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The folder of case folders [default: tests/cases of the project]
    pub(crate) dir: Option<PathBuf>,
    /// Write what came out as what is expected
    #[arg(long)]
    pub(crate) update: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::iter;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every example of the help is typed, so that none goes stale.
    #[test]
    fn the_examples_can_be_typed() {
        let mut typed = 0;
        let program = Cli::command();
        let verbs = program.get_subcommands();
        for verb in verbs.flat_map(|verb| iter::once(verb).chain(verb.get_subcommands())) {
            let help = verb
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            for line in help.replace("\\\n", "").lines() {
                let Some((_, command)) = line.split_once("cdp-jobs ") else {
                    continue;
                };
                let words = words(command.split(" > ").next().unwrap_or_default());
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{line}: {error}");
                }
                typed += 1;
            }
        }
        assert!(typed > 20, "found only {typed}");
    }

    /// The words of a line as a shell would take them, quotes off.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec!["cdp-jobs".to_owned()];
        let mut quote = None;
        let mut starts = true;
        for c in line.chars() {
            match (c, quote) {
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                (' ', None) => starts = true,
                _ => {
                    if std::mem::take(&mut starts) {
                        words.push(String::new());
                    }
                    words.last_mut().unwrap().push(c);
                }
            }
        }
        words
    }
}
