//! Airflow, other readers and a lake on S3: tested in Python, against this build of the program.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Command;

#[test]
fn airflow_and_other_readers_pass_their_tests() {
    if let Some(missing) = missing_tool() {
        assert!(
            env::var_os("CDP_SKIP_NOTHING").is_none(),
            "nothing may be skipped, and {missing}"
        );
        writeln!(std::io::stderr(), "airflow: skipped, {missing}").expect("a line");
        return;
    }
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../airflow/run_tests.sh");
    let output = Command::new("bash")
        .arg(&runner)
        .env("CDP_JOBS_BIN", env!("CARGO_BIN_EXE_cdp-jobs"))
        .output()
        .expect("bash starts");
    assert!(
        output.status.success(),
        "{}: {}\n{}\n{}",
        runner.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Why the tests can't run here: they install everything but a first `uv` or Python.
fn missing_tool() -> Option<&'static str> {
    let answers = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    let fits = "import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))";
    let found = answers("uv", &["--version"]) || answers("python3", &["-c", fits]);
    (!found).then_some("there is neither uv nor a Python 3.11 to 3.13 with venv")
}
