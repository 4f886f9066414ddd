//! `sql`: an analyst's questions to any layer.

use std::io::{IsTerminal, Read, Write};

use cdp_plan::AsOfDate;
use cdp_runner::Project;

use super::{Context, prompt, warn};
use crate::cli::{Format, SqlArgs};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{counted, stdout};
use crate::{project, rows};

/// How many rows a person gets unasked.
const ROWS_SHOWN: usize = 100;

/// Answers one query, or those typed at a prompt.
pub(super) async fn sql(context: &Context, args: &SqlArgs) -> Result {
    let (project, faults) = project::open_to_look(&context.settings).await?;
    warn(context, &faults);
    project::expect_lake(&project, &context.settings)?;
    let asker = Asker {
        context,
        project: &project,
        as_of: args.as_of,
        rows_max: rows_max(context, args.limit),
    };
    match &args.query {
        Some(query) => asker.ask(query).await?,
        None if std::io::stdin().is_terminal() => prompt::prompt(&asker)?,
        None => asker.ask(&piped()?).await?,
    }
    Ok(ExitStatus::Done)
}

/// Machines get all rows, people what fits their patience.
fn rows_max(context: &Context, limit: Option<usize>) -> Option<usize> {
    match (limit, context.output.format) {
        (Some(0), _) | (None, Format::Json | Format::Csv) => None,
        (Some(limit), _) => Some(limit),
        (None, Format::Text) => Some(ROWS_SHOWN),
    }
}

fn piped() -> Result<String> {
    let mut query = String::new();
    std::io::stdin()
        .read_to_string(&mut query)
        .map_err(|error| Failure::Files {
            message: format!("cannot read a query from standard input: {error}"),
            hint: None,
        })?;
    Ok(query)
}

/// What every query of a session shares.
pub(super) struct Asker<'a> {
    pub(super) context: &'a Context,
    pub(super) project: &'a Project,
    as_of: Option<AsOfDate>,
    rows_max: Option<usize>,
}

impl Asker<'_> {
    /// Prints the rows of a query.
    pub(super) async fn ask(&self, query: &str) -> Result<()> {
        let query = query.trim().trim_end_matches(';');
        let result = self.project.query(query, self.as_of, self.rows_max).await?;
        let mut out = stdout();
        rows::write(&mut out, self.context.output.format, &result)?;
        out.flush()?;
        drop(out);
        if result.more {
            let shown = rows::row_count(&result.batches);
            self.context.output.say(format!(
                "the first {}; there are more, `--limit 0` prints all",
                counted(shown as u64, "row")
            ));
        } else if self.context.output.format == Format::Text {
            let found = rows::row_count(&result.batches);
            self.context.output.say(counted(found as u64, "row"));
        }
        Ok(())
    }
}
