//! The cases of the built-in models, and the small world that they run in.

use std::path::{Path, PathBuf};

use crate::command::cdp;

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

#[test]
fn every_model_gives_what_its_cases_expect() {
    let told = cdp(
        &testdata(),
        &[
            "test",
            "models",
            "--project",
            "small_world",
            "--format",
            "json",
        ],
    )
    .expect(0);
    let cases = told.json();
    let cases = cases.as_array().expect("a list of cases");
    assert!(cases.len() >= 50, "{} cases", cases.len());
    assert!(
        cases.iter().all(|case| case["passed"] == true),
        "{cases:#?}"
    );
}

#[test]
fn the_small_world_is_a_project_without_faults() {
    cdp(&testdata(), &["validate", "--project", "small_world"]).expect(0);
}
