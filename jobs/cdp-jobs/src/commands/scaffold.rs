//! The files of a new project.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use cdp_plan::DEFAULT_TOML;

use crate::builtin;
use crate::failure::{Failure, Result};
use crate::project::CONFIG;

const README: &str = include_str!("project_readme.md");
/// An example of a test: what is given, and what must come out.
const CASE: [(&str, &str); 3] = [
    ("case.toml", "as_of_date = \"2026-01-01\"\n"),
    (
        "given/features.order_features.csv",
        "profile_id,tenure_days,as_of_date\np_1,30,2026-01-01\np_2,31,2026-01-01\n",
    ),
    ("expect.csv", "profile_id\np_1\n"),
];
const CASE_DIR: &str = "tests/cases/segments.new_customers/first_purchase_30_days_back";

/// Whether there is something at a path already.
pub(super) fn holds_something(dir: &Path) -> Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::file("look into", dir, &error)),
    }
}

/// The name of a project that lies in a folder.
pub(super) fn name_of(dir: &Path) -> String {
    let whole = std::path::absolute(dir).unwrap_or_default();
    let name = whole.file_name().and_then(|name| name.to_str());
    name.unwrap_or("cdp").to_owned()
}

/// Writes a project and counts its files. `cdp.toml` comes last: where it is, the rest is too.
pub(super) fn write(dir: &Path, name: &str) -> Result<usize> {
    let mut count = 3;
    for (path, text) in CASE {
        write_file(&dir.join(CASE_DIR).join(path), text)?;
        count += 1;
    }
    for (path, text) in builtin::files() {
        write_file(&dir.join("sql").join(path), text)?;
        count += 1;
    }
    write_file(&dir.join("README.md"), &README.replace("{name}", name))?;
    write_file(&dir.join(".gitignore"), "/lake/\n")?;
    write_file(&dir.join(CONFIG), &config(name))?;
    Ok(count)
}

/// The default configuration, by the project's name, with all models in the project itself.
fn config(name: &str) -> String {
    // A string of JSON is one of TOML too.
    let name = serde_json::Value::from(name).to_string();
    DEFAULT_TOML
        .replacen("name = \"cdp\"", &format!("name = {name}"), 1)
        .replacen("base = \"builtin\"", "base = \"none\"", 1)
}

/// Writes a file, with the folders above it.
pub(super) fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    }
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_plan::{Base, Config, SourceFile};

    #[test]
    fn the_configuration_of_a_new_project_has_no_fault() {
        let file = SourceFile::new(CONFIG, config("a \"shop\""));
        let mut faults = Vec::new();
        let config = Config::read(&file, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let config = config.unwrap();
        assert_eq!(config.project_name, "a \"shop\"");
        assert_eq!(config.base, Base::None);
    }
}
