//! What `--help` says, and that its examples work.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, iter};

use crate::command::{PROGRAM, Told, cdp, program};
use crate::world::{demo, temp_dir};

const VERBS: [&str; 16] = [
    "demo",
    "init",
    "load",
    "validate",
    "plan",
    "run",
    "backfill",
    "identity",
    "explain",
    "model",
    "report",
    "show",
    "sql",
    "status",
    "test",
    "completions",
];

/// The verbs of `identity`.
const IDENTITY_VERBS: [&str; 10] = [
    "link",
    "unlink",
    "detach",
    "block",
    "revoke",
    "overrides",
    "verify",
    "weights",
    "matches",
    "health",
];

/// The verbs of `explain`.
const EXPLAIN_VERBS: [&str; 2] = ["link", "profile"];

/// The verbs of `model`.
const MODEL_VERBS: [&str; 9] = [
    "list",
    "show",
    "compare",
    "profit",
    "promote",
    "rollback",
    "check-leakage",
    "data",
    "horizon",
];

fn help(args: &[&str]) -> String {
    cdp(Path::new("."), args).expect(0).stdout
}

/// Help on a terminal so wide that no example is broken.
fn wide_help(args: &[&str]) -> String {
    let output = program(Path::new("."))
        .args(args)
        .env("COLUMNS", "300")
        .output();
    Told::of(output.expect("the program starts"))
        .expect(0)
        .stdout
}

#[test]
fn help_is_as_written() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("help", help(&["--help"]));
        for verb in VERBS {
            insta::assert_snapshot!(format!("help_{verb}"), help(&[verb, "--help"]));
        }
        for verb in IDENTITY_VERBS {
            let text = help(&["identity", verb, "--help"]);
            insta::assert_snapshot!(format!("help_identity_{verb}"), text);
        }
        for verb in EXPLAIN_VERBS {
            let text = help(&["explain", verb, "--help"]);
            insta::assert_snapshot!(format!("help_explain_{verb}"), text);
        }
        for verb in MODEL_VERBS {
            let text = help(&["model", verb, "--help"]);
            let name = verb.replace('-', "_");
            insta::assert_snapshot!(format!("help_model_{name}"), text);
        }
    });
}

#[test]
fn help_names_every_verb() {
    let text = help(&["--help"]);
    let commands = text.split("Commands:").nth(1).expect("a list of commands");
    let commands = commands.split("\n\n").next().expect("a paragraph");
    let named = commands.lines().filter_map(|line| {
        let verb = line.strip_prefix("  ")?.split(' ').next()?;
        (!verb.is_empty()).then_some(verb)
    });
    assert_eq!(named.collect::<Vec<_>>(), VERBS);
}

/// The examples below a help text; a line that ends with a backslash goes on in the next one.
fn examples(text: &str) -> Vec<String> {
    let text = text.replace("\\\n      ", "");
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| line.starts_with("cdp-jobs ") || line.starts_with("echo "));
    // The first help has a remark after each.
    lines
        .map(|line| line.split("      ").next().unwrap_or(line).to_owned())
        .collect()
}

/// Those that take long, or name what a reader has to look up, are only parsed, as what they do is
/// tested elsewhere; and the prompt takes what is piped to it.
fn to_type(example: &str) -> String {
    if [
        "cdp-jobs demo",
        "cdp-jobs backfill",
        "cdp-jobs identity revoke",
    ]
    .iter()
    .any(|slow| example.starts_with(slow))
    {
        format!("{example} --help")
    } else if example == "cdp-jobs sql --project cdp-demo" {
        format!("echo 'select 1;' | {example}")
    } else {
        example.to_owned()
    }
}

#[cfg(unix)]
#[test]
fn every_example_of_the_help_works() {
    let world = demo().copy();
    let home = world.dir();
    let bin = temp_dir();
    std::os::unix::fs::symlink(PROGRAM, bin.path().join("cdp-jobs")).expect("a link can be made");
    for folder in [".zfunc", ".local/share/bash-completion/completions"] {
        fs::create_dir_all(home.join(folder)).expect("a folder can be made");
    }
    let others = env::var_os("PATH").unwrap_or_default();
    let paths = iter::once(bin.path().to_owned()).chain(env::split_paths(&others));
    let path = env::join_paths(paths).expect("paths without a separator");

    let mut examples = examples(&wide_help(&["--help"]));
    for verb in VERBS {
        let of_verb = self::examples(&wide_help(&[verb, "--help"]));
        assert!(!of_verb.is_empty(), "`{verb}` has no examples");
        examples.extend(of_verb);
    }
    for verb in IDENTITY_VERBS {
        examples.extend(self::examples(&wide_help(&["identity", verb, "--help"])));
    }
    for verb in EXPLAIN_VERBS {
        examples.extend(self::examples(&wide_help(&["explain", verb, "--help"])));
    }
    for verb in MODEL_VERBS {
        examples.extend(self::examples(&wide_help(&["model", verb, "--help"])));
    }
    let mut typed = BTreeSet::new();
    for example in examples {
        if !typed.insert(example.clone()) {
            continue;
        }
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &to_type(&example)])
            .current_dir(home)
            .env("PATH", &path)
            .env("HOME", home)
            .env("USER", "ann")
            .env_remove("CDP_PROJECT")
            .env_remove("CDP_LAKE")
            .stdin(Stdio::null());
        let told = Told::of(shell.output().expect("there is a shell"));
        // Part of what is run may have been run by an earlier example.
        assert!(matches!(told.code, 0 | 99), "$ {example}\n{told}");
    }
    assert!(typed.len() >= 25, "only {} examples", typed.len());
}
