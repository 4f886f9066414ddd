//! `load`: files into a raw table.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cdp_lake::{ErrorKind, LakeError, Loaded};
use cdp_plan::{Fault, nearest_hint};
use cdp_runner::Project;

use super::{Context, VERSION};
use crate::cli::LoadArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host;
use crate::output::{counted, print_json, print_text};
use crate::project;

/// Loads files, each content once.
pub(super) async fn load(context: &Context, args: &LoadArgs) -> Result {
    let project = project::open(&context.settings).await?;
    check_source(&project, &args.source)?;
    let paths = expand(&args.files)?;
    for path in &paths {
        context
            .output
            .say_more(format!("reading {}", path.display()));
    }
    let run_id = host::new_run_id();
    let loaded = project.load(&args.source, &paths, &run_id, VERSION).await?;
    if context.output.is_json() {
        print_json(&loaded)?;
        return Ok(ExitStatus::Done);
    }
    for note in &loaded.notes {
        context.output.say(format!("note: {note}"));
    }
    print_text(&format!("{}\n", told(&loaded)))?;
    if loaded.rows_set_aside > 0 {
        context.output.say(format!(
            "hint: `cdp-jobs sql{} \"select * from ops.quarantine\"` shows the rows set aside and why",
            context.settings.project_flag()
        ));
    }
    Ok(ExitStatus::Done)
}

/// One line for what a load did.
pub(super) fn told(loaded: &Loaded) -> String {
    let Loaded {
        source,
        files_added,
        files_known,
        rows_added,
        ..
    } = loaded;
    let mut line = format!(
        "{source}: {} added from {}",
        counted(*rows_added, "row"),
        counted(*files_added as u64, "file"),
    );
    if *files_known > 0 {
        let _ = write!(
            line,
            ", {} known already",
            counted(*files_known as u64, "file")
        );
    }
    if loaded.rows_set_aside > 0 {
        let _ = write!(
            line,
            ", {} set aside",
            counted(loaded.rows_set_aside, "row")
        );
    }
    line
}

fn check_source(project: &Project, text: &str) -> Result<()> {
    let name = text.trim_start_matches("raw.");
    let known: Vec<&str> = project
        .manifest()
        .sources()
        .map(|s| s.name.name())
        .collect();
    if known.contains(&name) {
        return Ok(());
    }
    let fault = Fault::new(format!("there is no source `{name}`"));
    Err(Failure::usage(
        fault.hint(nearest_hint(name, known.iter().copied())),
    ))
}

/// The files that were meant: a path that exists stands for itself, anything else is a pattern.
fn expand(words: &[String]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for word in words {
        if Path::new(word).is_file() {
            paths.push(PathBuf::from(word));
            continue;
        }
        let found = glob::glob(word)
            .map_err(|error| faulty(format!("`{word}` is no pattern: {}", error.msg)))?;
        let before = paths.len();
        for path in found {
            let path = path.map_err(|error| {
                let path = error.path().display();
                faulty(format!("cannot read `{path}`: {}", error.error()))
            })?;
            if path.is_file() {
                paths.push(path);
            }
        }
        if paths.len() == before {
            return Err(faulty(missing(word)));
        }
    }
    Ok(paths)
}

fn missing(word: &str) -> String {
    if word.contains(['*', '?', '[']) {
        return format!("no file matches `{word}`");
    }
    if Path::new(word).is_dir() {
        return format!("`{word}` is a folder, and a load takes files such as `{word}/*.csv`");
    }
    format!("there is no file `{word}`")
}

fn faulty(message: String) -> Failure {
    LakeError::new(ErrorKind::Input, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_nothing_is_an_error() {
        let failure = expand(&["no-such-folder/*.csv".to_owned()]).unwrap_err();
        assert_eq!(
            failure.message(false),
            "error: no file matches `no-such-folder/*.csv`\n"
        );
        assert_eq!(failure.status(), ExitStatus::Faulty);
        let failure = expand(&["no-such-file.csv".to_owned()]).unwrap_err();
        assert_eq!(
            failure.message(false),
            "error: there is no file `no-such-file.csv`\n"
        );
    }
}
