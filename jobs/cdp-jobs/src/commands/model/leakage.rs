//! `model check-leakage`: have features seen what came later?

use std::fmt::Write;

use cdp_runner::{LeakageCheck, Project};

use crate::cli::ModelCheckLeakageArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, count, counted, print_json, print_text};

pub(super) async fn check(
    context: &Context,
    project: &Project,
    args: &ModelCheckLeakageArgs,
) -> Result {
    let found = project.check_leakage(args.as_of, args.cutoff).await?;
    if context.output.is_json() {
        print_json(&found)?;
    } else {
        print_text(&text(&found))?;
    }
    if found.is_sound() {
        return Ok(ExitStatus::Done);
    }
    if !found.changed.is_empty() {
        context.output.say(
            "hint: a value that changes when later rows come was never known at the cut-off: give \
             its source an `ingest_time` in sql/sources.toml, and read no `current` table",
        );
    }
    Ok(ExitStatus::CheckFailed)
}

fn text(found: &LeakageCheck) -> String {
    let mut text = format!(
        "{} of {} at the cut-off {}, computed once more from all that the raw tables hold now\n",
        counted(found.features as u64, "feature"),
        counted(found.profiles, "profile"),
        found.cutoff_date,
    );
    if found.only_stored + found.only_anew > 0 {
        let _ = writeln!(
            text,
            "  {} were stored and do not come out now, {} come out and were not stored",
            count(found.only_stored),
            count(found.only_anew)
        );
    }
    if found.changed.is_empty() {
        text += "  none has changed\n";
    } else {
        let mut table = Table::new(&[1]);
        table.row(["changed", "profiles", "one of them", "stored", "now"]);
        for one in &found.changed {
            table.row([
                &one.feature,
                &count(one.profiles),
                &one.profile_id,
                one.stored.as_deref().unwrap_or("-"),
                one.anew.as_deref().unwrap_or("-"),
            ]);
        }
        let _ = write!(text, "{table}");
    }
    if found.tripped.is_empty() {
        let _ = writeln!(
            text,
            "  none tells the outcomes known on {} too well",
            found.as_of_date
        );
    }
    for sentence in &found.tripped {
        let _ = writeln!(text, "  {sentence}");
    }
    text
}
