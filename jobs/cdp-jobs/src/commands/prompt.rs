//! The prompt of `sql`.

use cdp_lake::type_name;
use cdp_plan::TableName;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::sql::Asker;
use crate::env_vars;
use crate::failure::{Failure, Result};
use crate::output::{Table, print_failure, print_text};

const HELP: &str = "\
one `select`, ended by `;` or an empty line; tables are called `layer.name`
  \\d              all tables
  \\d layer.name   the columns of a table
  \\q              leave";

/// Answers what is typed until the end of input.
pub(super) fn prompt(asker: &Asker<'_>) -> Result<()> {
    let mut lines = DefaultEditor::new().map_err(|error| terminal(&error))?;
    let history = env_vars::cache_dir().map(|folder| folder.join("sql_history"));
    if let Some(path) = &history {
        // Without a history the prompt works as well.
        let _ = lines.load_history(path);
    }
    asker.context.output.say(format!(
        "connected to {}; `\\?` for help, `\\q` to leave",
        asker.project.lake().root()
    ));
    // Reading a line blocks, so this thread tells the runtime not to count on it.
    let ended = block_in_place(|| session(asker, &mut lines));
    if let Some(path) = &history {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = lines.save_history(path);
    }
    ended
}

fn session(asker: &Asker<'_>, lines: &mut DefaultEditor) -> Result<()> {
    let mut query = String::new();
    loop {
        let sign = if query.is_empty() { "cdp> " } else { "...> " };
        let line = match lines.readline(sign) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                query.clear();
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(terminal(&error)),
        };
        let line = line.trim_end();
        if query.is_empty() && line.trim_start().starts_with('\\') {
            let _ = lines.add_history_entry(line);
            match command(asker, line.trim_start())? {
                Next::Line => continue,
                Next::Leave => return Ok(()),
            }
        }
        if !query.is_empty() {
            query.push('\n');
        }
        query.push_str(line);
        if line.is_empty() || line.ends_with(';') {
            let whole = std::mem::take(&mut query);
            if !whole.trim().is_empty() {
                let _ = lines.add_history_entry(whole.trim());
                answer(asker, &whole)?;
            }
        }
    }
}

fn answer(asker: &Asker<'_>, query: &str) -> Result<()> {
    match Handle::current().block_on(asker.ask(query)) {
        Err(Failure::ClosedPipe) => Err(Failure::ClosedPipe),
        Err(failure) => {
            print_failure(&failure);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

enum Next {
    Line,
    Leave,
}

fn command(asker: &Asker<'_>, line: &str) -> Result<Next> {
    let output = asker.context.output;
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some("\\q"), _) => return Ok(Next::Leave),
        (Some("\\d" | "\\dt"), None) => print_text(&tables(asker))?,
        (Some("\\d"), Some(name)) => match columns(asker, name) {
            Ok(text) => print_text(&text)?,
            Err(failure) => print_failure(&failure),
        },
        _ => output.say(HELP),
    }
    Ok(Next::Line)
}

fn tables(asker: &Asker<'_>) -> String {
    let manifest = asker.project.manifest();
    let mut table = Table::new(&[]);
    for source in manifest.sources() {
        table.row([&source.name.to_string(), "source", &source.description]);
    }
    for model in manifest.models() {
        let kind = model.materialization.name();
        table.row([&model.name.to_string(), kind, &model.description]);
    }
    table.row([
        "ops.runs",
        "ledger",
        "What every run did. One row per task.",
    ]);
    table.row([
        "ops.quarantine",
        "ledger",
        "Rows that were set aside, with the reason.",
    ]);
    table.to_string()
}

fn columns(asker: &Asker<'_>, name: &str) -> Result<String> {
    let name = name.trim_end_matches(';');
    let schema = match name.parse::<TableName>() {
        Ok(known) if asker.project.schema(&known).is_ok() => asker.project.schema(&known)?,
        // The ledger's tables are no models: the lake knows them.
        _ => {
            let query = format!("select * from {name} limit 0");
            Handle::current()
                .block_on(asker.project.query(&query, None, None))?
                .schema
        }
    };
    let mut table = Table::new(&[]);
    for field in schema.fields() {
        table.row([field.name(), &type_name(field.data_type())]);
    }
    Ok(table.to_string())
}

fn terminal(error: &ReadlineError) -> Failure {
    Failure::Files {
        message: format!("cannot read from the terminal: {error}"),
        hint: Some("give the query as an argument: `cdp-jobs sql \"select …\"`"),
    }
}
