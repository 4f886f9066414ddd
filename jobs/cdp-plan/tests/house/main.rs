//! Tests of the built-in `sql/` tree and of the house itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail on whatever it did not expect"
)]

mod definitions;
mod plan;
mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

use cdp_plan::{Definitions, Manifest, ModelSettings, SourceFile, TreeFile, Vars};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn builtin() -> Manifest {
    builtin_with(None)
}

fn builtin_with(definitions: Option<&Definitions>) -> Manifest {
    let sql = root().join("sql");
    let mut found = Vec::new();
    files(&sql, "sql", &mut found);
    files(&sql, "toml", &mut found);
    let tree: Vec<TreeFile> = found
        .iter()
        .map(|path| {
            let below = path
                .strip_prefix(&sql)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            TreeFile {
                file: SourceFile::new(format!("sql/{below}"), fs::read_to_string(path).unwrap()),
                path: below,
            }
        })
        .collect();
    let settings = ModelSettings {
        file: &SourceFile::new("cdp.toml", ""),
        vars: &Vars::new(),
        definitions,
    };
    Manifest::load(&tree, &settings, Vec::new()).unwrap()
}
