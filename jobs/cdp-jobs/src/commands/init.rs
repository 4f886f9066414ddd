//! `init`: a project to edit.

use super::{Context, scaffold};
use crate::cli::InitArgs;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host;
use crate::output::{print_json, print_text};
use cdp_plan::Fault;

/// Makes a project in an empty folder.
pub(super) fn init(context: &Context, args: &InitArgs) -> Result {
    let dir = &args.dir;
    if scaffold::holds_something(dir)? {
        let fault = Fault::new(format!("`{}` is not empty", dir.display()));
        return Err(Failure::usage(
            fault.hint("name a folder that is empty or absent"),
        ));
    }
    let files = scaffold::write(dir, &scaffold::name_of(dir))?;
    if context.output.is_json() {
        let made = serde_json::json!({ "project": dir.display().to_string(), "files": files });
        print_json(&made)?;
        return Ok(ExitStatus::Done);
    }
    if context.output.quiet {
        return Ok(ExitStatus::Done);
    }
    let (dir, program) = (dir.display(), host::program());
    print_text(&format!(
        "made a project of {files} files in {dir}\n\n\
         next:\n  \
         edit {dir}/sql/sources.toml so that it says what your raw tables are\n  \
         {program} validate --project {dir}\n  \
         {program} load --project {dir} orders FILES…\n  \
         {program} run --project {dir} --as-of DATE\n"
    ))?;
    Ok(ExitStatus::Done)
}
