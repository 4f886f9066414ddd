//! What `--help` says, and that its examples work.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{PROGRAM, Told, cdp};
use crate::world::{demo, temp_dir};

const VERBS: [&str; 12] = [
    "demo",
    "init",
    "load",
    "validate",
    "plan",
    "run",
    "backfill",
    "show",
    "sql",
    "status",
    "test",
    "completions",
];

/// Those that take long are only parsed; what they do is tested elsewhere.
const SLOW: [&str; 3] = ["demo", "backfill", "--force"];

fn help(args: &[&str]) -> String {
    cdp(Path::new("."), args).expect(0).stdout
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
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| line.starts_with("cdp-jobs ") || line.starts_with("echo "));
    // The first help has a remark after each.
    lines
        .map(|line| line.split("      ").next().unwrap_or(line).to_owned())
        .collect()
}

#[cfg(unix)]
#[test]
fn every_example_of_the_help_works() {
    let world = demo().copy();
    let dir = world.dir();
    let bin = temp_dir();
    std::os::unix::fs::symlink(PROGRAM, bin.path().join("cdp-jobs")).expect("a link can be made");
    fs::create_dir_all(dir.join(".zfunc")).expect("a folder can be made");
    fs::create_dir_all(dir.join(".local/share/bash-completion/completions"))
        .expect("a folder can be made");
    let type_line = |line: &str| {
        let mut command = Command::new("sh");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![bin.path().to_owned()];
        paths.extend(std::env::split_paths(&path));
        command
            .args(["-c", line])
            .current_dir(dir)
            .env("PATH", std::env::join_paths(paths).expect("paths"))
            .env("HOME", dir)
            .stdin(Stdio::null());
        Told::of(command.output().expect("there is a shell"))
    };
    let mut typed = 0;
    for verb in [""].iter().chain(&VERBS) {
        let args: Vec<&str> = [*verb, "--help"]
            .into_iter()
            .filter(|arg| !arg.is_empty())
            .collect();
        let examples = examples(&help(&args));
        assert!(!examples.is_empty(), "`{verb}` has no examples");
        for example in examples {
            let line =
                if SLOW.iter().any(|slow| example.contains(slow)) && *verb != "" && *verb != "sql"
                    || example.starts_with("cdp-jobs demo")
                {
                    format!("{example} --help")
                } else if example == "cdp-jobs sql --project cdp-demo" {
                    // The prompt takes what is piped to it.
                    format!("echo 'select 1;' | {example}")
                } else {
                    example.clone()
                };
            let told = type_line(&line);
            assert!(matches!(told.code, 0 | 99), "$ {line}\n{told}");
            typed += 1;
        }
    }
    assert!(typed >= 25, "only {typed} examples");
}
