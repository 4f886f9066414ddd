//! `validate`: every fault of cdp.toml and sql/ at once; with `--connect` those of the sources too.

use cdp_plan::{Fault, Faults};
use cdp_runner::Project;
use serde::Serialize;

use super::Context;
use crate::cli::ValidateArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{counted, print_json, print_text};
use crate::project;

/// A fault for machines.
#[derive(Debug, Serialize)]
struct Told<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> From<&'a Fault> for Told<'a> {
    fn from(fault: &'a Fault) -> Self {
        let place = fault.place();
        Self {
            file: place.map(|place| place.file.as_str()),
            line: place.and_then(|place| place.line),
            column: place.and_then(|place| place.column),
            message: fault.message(),
            hint: fault.hint_text(),
        }
    }
}

/// Checks a project.
pub(super) async fn validate(context: &Context, args: &ValidateArgs) -> Result {
    let mut notes = Vec::new();
    let found = match project::open(&context.settings).await {
        Ok(project) => {
            notes = project.undescribed();
            let mut unfit = Vec::new();
            if args.connect {
                project::expect_lake(&project, &context.settings)?;
                let (faults, told) = project.connect().await?;
                unfit = faults;
                notes.extend(told);
            }
            match Faults::check(unfit) {
                Ok(()) => return sound(context, &project, &notes, args.connect),
                Err(faults) => faults,
            }
        }
        Err(failure) => project::faults_of(failure)?,
    };
    if !context.output.is_json() {
        say(context, &notes);
        return Err(found.into());
    }
    let faults: Vec<Told<'_>> = found.iter().map(Told::from).collect();
    print_json(&serde_json::json!({ "faults": faults, "notes": notes }))?;
    Err(Failure::Told(ExitStatus::Faulty))
}

fn say(context: &Context, notes: &[String]) {
    for note in notes {
        context.output.say(format!("note: {note}"));
    }
}

fn sound(context: &Context, project: &Project, notes: &[String], connected: bool) -> Result {
    let sources = project.manifest().sources().count() as u64;
    let models = project.manifest().models().count() as u64;
    if context.output.is_json() {
        let none: [Told<'_>; 0] = [];
        let found = serde_json::json!({
            "sources": sources, "models": models, "faults": none, "notes": notes,
        });
        print_json(&found)?;
        return Ok(ExitStatus::Done);
    }
    say(context, notes);
    let (sources, models) = (counted(sources, "source"), counted(models, "model"));
    let opened = if connected {
        ", every source opened"
    } else {
        ""
    };
    print_text(&format!("{sources}, {models}, no faults{opened}\n"))?;
    Ok(ExitStatus::Done)
}
