//! Whatever is wrong is told with its place and a hint, and the lake stays as it was.

mod arguments;
mod checks;
mod configuration;
mod files;
mod lake;
mod query;

use std::path::Path;

use crate::command::{PROGRAM, Told};
use crate::shop::Shop;

/// Types a command that must fail with a code and leave the lake as it was; keeps its words.
#[track_caller]
fn fails(shop: &Shop, name: &str, line: &str, code: i32) {
    let before = shop.lake();
    let told = shop.cdp(line);
    let after = shop.lake();
    keep(shop.dir(), name, line, &told);
    assert_eq!(told.code, code, "{told}");
    let before: Vec<_> = before.iter().collect();
    let after: Vec<_> = after.iter().collect();
    assert!(before == after, "the lake changed");
}

/// Types a command that must succeed; keeps its words.
#[track_caller]
fn does(shop: &Shop, name: &str, line: &str) {
    let told = shop.cdp(line);
    keep(shop.dir(), name, line, &told);
    assert_eq!(told.code, 0, "{told}");
}

fn keep(dir: &Path, name: &str, line: &str, told: &Told) {
    let filters = filters(dir);
    let filters = filters.iter().map(|(from, to)| (from.as_str(), *to));
    let mut settings = insta::Settings::clone_current();
    settings.set_filters(filters);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    settings.bind(|| insta::assert_snapshot!(name, format!("$ cdp-jobs {line}\n{told}")));
}

/// What differs from run to run: where it lies, when it was, how long it took.
fn filters(dir: &Path) -> Vec<(String, &'static str)> {
    // On some systems the folder for temporary files is a link.
    let real = dir.canonicalize().expect("the folder is there");
    let path = |path: &Path| escaped(&path.display().to_string());
    vec![
        (path(&real), "[DIR]"),
        (path(dir), "[DIR]"),
        (path(Path::new(PROGRAM)), "cdp-jobs"),
        (
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".to_owned(),
            "[ID]",
        ),
        (r"\b[0-9a-f]{64}\b".to_owned(), "[SHA-256]"),
        (
            r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(Z|\+00:00)?".to_owned(),
            "[TIME]",
        ),
        (
            r#""(duration_ms|peak_memory_bytes)": \d+"#.to_owned(),
            "\"$1\": [N]",
        ),
        (r"in \d+\.\d s".to_owned(), "in [TIME]"),
        (r"tomorrow, [0-9-]{10}".to_owned(), "tomorrow, [DATE]"),
        (r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  ".to_owned(), "[TIME]  "),
        (r"\d+\.\d s +\d+ MiB".to_owned(), "[N] s  [N] MiB"),
        (r"\S*/registry/src/[^/]+/".to_owned(), "[CRATES]/"),
        (r"of \d+ files".to_owned(), "of [N] files"),
        (
            r"\d+ sources, \d+ models".to_owned(),
            "[N] sources, [N] models",
        ),
    ]
}

/// A text as a regular expression that matches just it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() && c != '/' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
