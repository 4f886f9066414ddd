//! The invariants of the house that can be read off its files. `jobs/ARCHITECTURE.md` names them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cdp_plan::{Layer, Materialization};

use crate::{builtin, files, root};

/// Files may be this long.
const LINES_MAX: usize = 400;

fn crates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["jobs", "models"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
            if entry.path().join("Cargo.toml").exists() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    assert!(found.len() >= 7, "{found:?}");
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn sources(krate: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&krate.join("src"), "rs", &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

fn dependencies(krate: &Path) -> Vec<String> {
    let text = fs::read_to_string(krate.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table
        .into_iter()
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn only_the_lake_crate_knows_delta_stores_and_the_engine() {
    for krate in crates() {
        let engine = ["deltalake", "datafusion", "object_store"];
        let known: Vec<String> = dependencies(&krate)
            .into_iter()
            .filter(|dependency| engine.contains(&dependency.as_str()))
            .collect();
        assert_eq!(
            name(&krate) == "cdp-lake",
            !known.is_empty(),
            "{}: {known:?}",
            name(&krate)
        );
    }
}

#[test]
fn pure_crates_do_no_io_and_read_no_clock_and_no_environment() {
    let pure = [
        "cdp-plan",
        "cdp-identity",
        "cdp-linkage",
        "cdp-btyd",
        "cdp-churn",
        "cdp-report",
        "cdp-sample-world",
    ];
    let banned = [
        "std::fs",
        "std::env",
        "std::net",
        "SystemTime",
        "Utc::now",
        "Instant::now",
        "tokio",
    ];
    for krate in crates()
        .iter()
        .filter(|krate| pure.contains(&name(krate).as_str()))
    {
        for (path, text) in sources(krate) {
            for word in banned {
                assert!(!text.contains(word), "{} mentions {word}", path.display());
            }
        }
    }
}

#[test]
fn only_the_binary_prints_exits_and_reads_clock_and_environment() {
    let banned = [
        "println!",
        "eprintln!",
        "process::exit",
        "Utc::now",
        "SystemTime::now",
        "env::var",
    ];
    for krate in crates().iter().filter(|krate| name(krate) != "cdp-jobs") {
        for (path, text) in sources(krate) {
            if path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for word in banned {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn files_are_short() {
    let mut long = BTreeMap::new();
    for krate in crates() {
        for (path, text) in sources(&krate) {
            let below = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            if text.lines().count() > LINES_MAX {
                long.insert(below, text.lines().count());
            }
        }
    }
    assert!(long.is_empty(), "over {LINES_MAX} lines: {long:?}");
}

#[test]
fn one_arrow_one_datafusion_one_object_store_one_ndarray() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for package in [
        "arrow",
        "datafusion",
        "deltalake-core",
        "ndarray",
        "object_store",
    ] {
        let count = lock.matches(&format!("name = \"{package}\"\n")).count();
        assert_eq!(count, 1, "{package}");
    }
}

#[test]
fn no_contact_point_leaves_profiles_but_into_activations() {
    let contact = ["email", "phone", "first_name", "last_name", "street"];
    let manifest = builtin();
    let below = [Layer::Features, Layer::Scores, Layer::Segments];
    for model in manifest
        .models()
        .filter(|model| below.contains(&model.name.layer()))
    {
        for (column, _) in &model.columns {
            assert!(
                !contact.contains(&column.as_str()),
                "{} has `{column}`",
                model.name
            );
        }
    }
}

#[test]
fn every_stored_table_says_what_its_columns_mean_and_ends_with_its_grain() {
    let manifest = builtin();
    assert!(manifest.models().count() > 30);
    for model in manifest.models() {
        assert!(model.description.contains("One row per"), "{}", model.name);
        if model.materialization != Materialization::View {
            assert!(
                !model.columns.is_empty(),
                "{} describes no columns",
                model.name
            );
        }
        for (column, meaning) in &model.columns {
            assert!(!meaning.is_empty(), "{}.{column}", model.name);
        }
    }
}

#[test]
fn the_architecture_page_names_every_crate_and_its_tests_exist() {
    let page = fs::read_to_string(root().join("jobs/ARCHITECTURE.md")).unwrap();
    let mut code = String::new();
    for krate in crates() {
        assert!(
            page.contains(&name(&krate)),
            "{} is not on the page",
            name(&krate)
        );
        let mut found = Vec::new();
        files(&krate, "rs", &mut found);
        for path in found {
            code.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let tests: Vec<&str> = page
        .lines()
        .flat_map(|line| line.split("test `").skip(1))
        .filter_map(|rest| rest.split('`').next())
        .collect();
    assert!(tests.len() >= 9, "each invariant names its test: {tests:?}");
    for test in tests {
        assert!(
            code.contains(&format!("fn {test}(")),
            "there is no test `{test}`"
        );
    }
}
