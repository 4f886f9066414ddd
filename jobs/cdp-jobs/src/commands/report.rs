//! `report`: a page about the churn scores of a date, for whoever asks how good they are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cdp_plan::{AsOfDate, Fault};
use serde::Serialize;

use super::{Context, VERSION};
use crate::cli::ReportArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host;
use crate::output::{counted, print_json};
use crate::project;

/// What machines read of it.
#[derive(Serialize)]
struct Written<'a> {
    path: &'a Path,
    bytes: usize,
    as_of_date: AsOfDate,
    model_id: Option<&'a str>,
    customers_scored: u64,
    customers_in_order: u64,
}

/// Gathers, writes one file, and changes nothing else.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result {
    check_out(&args.out)?;
    let project = project::open_by(&context.settings, &args.definition).await?;
    project::expect_lake(&project, &context.settings)?;
    let report = project
        .churn_report(args.as_of, args.features, args.customers.into(), VERSION)
        .await?;
    let page = cdp_report::page(&report);
    write(&args.out, &page)?;
    let written = Written {
        path: &args.out,
        bytes: page.len(),
        as_of_date: report.scored.as_of_date,
        model_id: report.model.as_ref().map(|model| model.model_id.as_str()),
        customers_scored: report.scored.scored(),
        customers_in_order: report.scored.in_order(),
    };
    if context.output.is_json() {
        print_json(&written)?;
    } else {
        context.output.say(told(&written));
    }
    Ok(ExitStatus::Done)
}

fn told(written: &Written<'_>) -> String {
    let of = match written.model_id {
        Some(model) => format!(
            "{} scored by {model}",
            counted(written.customers_scored, "customer")
        ),
        None if written.customers_in_order > 0 => format!(
            "there is no model yet, {} put in order by recency and frequency",
            counted(written.customers_in_order, "customer")
        ),
        None => "there is no model yet, and nobody is scored".to_owned(),
    };
    format!(
        "wrote {}: {of}, as of {}",
        written.path.display(),
        written.as_of_date
    )
}

/// Finds before anything is read that a file can't be written.
fn check_out(out: &Path) -> Result<()> {
    if out.is_dir() {
        let fault = Fault::new(format!("`--out {}` is a folder", out.display()));
        let example = out.join("churn.html");
        let hint = format!("name a file in it: `--out {}`", example.display());
        return Err(Failure::usage(fault.hint(hint)));
    }
    let folder = folder_of(out);
    if !folder.is_dir() {
        let fault = Fault::new(format!(
            "`--out {}` is in a folder that is not there",
            out.display()
        ));
        let hint = format!("make `{}` first, or name another file", folder.display());
        return Err(Failure::usage(fault.hint(hint)));
    }
    Ok(())
}

fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    folder.to_owned()
}

/// Whoever opens the file sees the page before or this one, and never half of it.
fn write(out: &Path, page: &str) -> Result<()> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let part = folder_of(out).join(format!(".{name}.{}.part", host::new_run_id()));
    let written = fs::write(&part, page).and_then(|()| fs::rename(&part, out));
    written.map_err(|error: io::Error| {
        // What is left of a page that could not be written is of no use.
        let _ = fs::remove_file(&part);
        Failure::file("write", out, &error)
    })
}
