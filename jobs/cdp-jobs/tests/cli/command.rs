//! Types a command and catches what it says.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cdp-jobs");

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Told {
    /// The exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Told {
    /// Of a process that has ended.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// Itself, when the exit code is the expected one.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}"
        )
    }
}

/// The program in a folder, untouched by the environment of whoever runs the tests.
pub(crate) fn program(dir: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .current_dir(dir)
        .env_remove("CDP_PROJECT")
        .env_remove("CDP_LAKE")
        .env_remove("RUST_BACKTRACE")
        .env_remove("COLUMNS")
        .stdin(Stdio::null());
    command
}

/// Types a command in a folder and waits for its end.
pub(crate) fn cdp<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Told {
    let output = program(dir).args(args).output();
    Told::of(output.expect("the program starts"))
}

/// Types a command with something on its standard input.
pub(crate) fn cdp_with_input(dir: &Path, args: &[&str], input: &str) -> Told {
    let mut command = program(dir);
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    // A program that fails early does not read it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Told::of(child.wait_with_output().expect("the program ends"))
}

/// Words separated by blanks as arguments; `'…'` keeps blanks.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// A figure that a reader of the test log wants to see, whether the test passes or not.
pub(crate) fn print(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
