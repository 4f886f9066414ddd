//! The verbs, one file each.

mod author;
mod backfill;
mod completions;
mod demo;
mod explain;
mod identity;
mod init;
mod load;
mod model;
mod plan;
mod prompt;
mod report;
mod run;
mod scaffold;
mod show;
mod sql;
mod status;
mod summary;
mod test;
mod validate;

use cdp_plan::{AsOfDate, Fault, Selection};
use cdp_runner::{Host, Project};

use crate::cli::{Cli, Command, Format, FutureArgs};
use crate::failure::{Failure, Result};
use crate::host::ThisProcess;
use crate::output::Output;
use crate::settings::Settings;

/// The program's version, for the ledger and commits.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What every verb works with.
#[derive(Debug, Clone)]
struct Context {
    settings: Settings,
    output: Output,
}

/// Does what was typed.
pub(crate) async fn dispatch(cli: Cli) -> Result {
    let context = Context {
        settings: Settings::resolve(&cli.common),
        output: Output::new(&cli.common),
    };
    if context.output.format == Format::Csv && !matches!(cli.command, Command::Sql(_)) {
        let fault = Fault::new("only `sql` writes `--format csv`");
        return Err(Failure::usage(fault.hint("take `--format json`")));
    }
    let makes_a_project = matches!(cli.command, Command::Demo(_) | Command::Init(_));
    if makes_a_project && (cli.common.lake.is_some() || cli.common.project.is_some()) {
        let fault = Fault::new("a new project takes neither `--lake` nor `--project`");
        let hint = "name its folder as the argument; its lake is `lake.url` in its cdp.toml";
        return Err(Failure::usage(fault.hint(hint)));
    }
    match cli.command {
        Command::Demo(args) => demo::demo(&context, &args).await,
        Command::Init(args) => init::init(&context, &args),
        Command::Load(args) => load::load(&context, &args).await,
        Command::Validate(args) => validate::validate(&context, &args).await,
        Command::Plan(args) => plan::plan(&context, &args).await,
        Command::Run(args) => run::run(&context, &args).await,
        Command::Backfill(args) => backfill::backfill(&context, &args).await,
        Command::Identity(args) => identity::identity(&context, &args.command).await,
        Command::Explain(args) => explain::explain(&context, &args.command).await,
        Command::Model(args) => model::model(&context, &args).await,
        Command::Report(args) => report::report(&context, &args).await,
        Command::Show(args) => show::show(&context, &args).await,
        Command::Sql(args) => sql::sql(&context, &args).await,
        Command::Status(args) => status::status(&context, &args).await,
        Command::Test(args) => test::test(&context, &args).await,
        Command::Completions(args) => completions::completions(&args),
    }
}

/// Tells that a project is at fault, to who only looks at it.
fn warn(context: &Context, faults: &[Fault]) {
    let Some(first) = faults.first() else {
        return;
    };
    let place = first.place().map_or_else(String::new, |place| {
        let line = place
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: ", place.file)
    });
    let others = match faults.len() {
        1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    context.output.say(format!(
        "warning: the project is at fault: {place}{}{others}; `cdp-jobs validate{}` tells all",
        first.message(),
        context.settings.project_flag(),
    ));
}

/// Names that are not there are the command line's fault, not the project's.
fn check_selection(project: &Project, select: &[String]) -> Result<()> {
    match Selection::parse(select, project.manifest()) {
        Ok(_) => Ok(()),
        Err(faults) => Err(Failure::Usage(faults)),
    }
}

/// A date that was mistyped into the future would hold every current table until it comes.
fn check_date(flag: &str, date: AsOfDate, future: FutureArgs) -> Result<()> {
    let tomorrow = AsOfDate::from(ThisProcess.now().date_naive()).next();
    if future.future || date <= tomorrow {
        return Ok(());
    }
    let fault = Fault::new(format!(
        "`{flag} {date}` is after tomorrow, {tomorrow} (UTC)"
    ));
    let hint = "is the year right? if it is meant, add `--future`";
    Err(Failure::usage(fault.hint(hint)))
}
