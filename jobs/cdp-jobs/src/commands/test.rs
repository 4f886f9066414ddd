//! `test`: the case folders of models.

use std::fmt::Write;

use super::Context;
use crate::cli::TestArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{counted, print_json, print_text};
use crate::project;

/// Runs all cases of a folder.
pub(super) async fn test(context: &Context, args: &TestArgs) -> Result {
    let project = project::open(&context.settings).await?;
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => context.settings.project_dir.join("tests/cases"),
    };
    if let Err(error) = std::fs::read_dir(&dir) {
        return Err(Failure::file("read the cases in", &dir, &error));
    }
    let results = project.test(&dir, args.update).await?;
    let failed = results.iter().filter(|case| !case.passed).count() as u64;
    if context.output.is_json() {
        print_json(&results)?;
    } else {
        let mut text = String::new();
        for case in &results {
            let word = if case.passed { "passed" } else { "failed" };
            let _ = writeln!(text, "{word}  {}", case.name);
            if !case.message.is_empty() {
                let lines = case.message.lines().map(|line| format!("        {line}\n"));
                text.extend(lines);
            }
        }
        let passed = counted(results.len() as u64 - failed, "case");
        let _ = writeln!(text, "{passed} passed, {failed} failed");
        print_text(&text)?;
    }
    Ok(if failed > 0 {
        ExitStatus::CheckFailed
    } else {
        ExitStatus::Done
    })
}
