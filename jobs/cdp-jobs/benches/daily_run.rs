//! Times the whole job on a generated shop, through the program as users run it, and prints a table.
//!
//! `cargo bench -p cdp-jobs --bench daily_run`. `CDP_BENCH_PEOPLE` (default 100,000) and `CDP_BENCH_ACTIVITY`
//! (default 1.31) set the size: with the defaults 10 million web events.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use cdp_sample_world::{Files, TruthSpec, WorldSpec, generate};
use serde_json::Value;

struct Folder(PathBuf);

impl Files for Folder {
    type W = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create(path)
    }
}

struct Row {
    what: String,
    rows: u64,
    seconds: f64,
    peak_bytes: u64,
}

fn main() -> io::Result<()> {
    let people = setting("CDP_BENCH_PEOPLE", 100_000.0);
    let activity = setting("CDP_BENCH_ACTIVITY", 1.31);
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    cdp_jobs(&["init".as_ref(), project.as_ref()])?;

    let mut table = Vec::new();
    let began = Instant::now();
    let spec = WorldSpec {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count"
        )]
        people: people as u32,
        activity,
        ..WorldSpec::default()
    };
    let data = project.join("data");
    let summary = generate(&spec, &TruthSpec::default(), &mut Folder(data.clone()))?;
    table.push(Row {
        what: format!("generate {people} people"),
        rows: summary.total(),
        seconds: began.elapsed().as_secs_f64(),
        peak_bytes: 0,
    });
    let mut bytes = 0;
    let began = Instant::now();
    let mut rows = 0;
    for file in &summary.files {
        let Some(source) = file.source else { continue };
        let path = data.join(file.name);
        bytes += fs::metadata(&path)?.len();
        let at = ["--project".as_ref(), project.as_os_str()];
        cdp_jobs(&[
            "load".as_ref(),
            source.as_ref(),
            path.as_os_str(),
            at[0],
            at[1],
        ])?;
        rows += file.rows;
    }
    table.push(Row {
        what: format!("load {} MiB of CSV and JSON lines", bytes >> 20),
        rows,
        seconds: began.elapsed().as_secs_f64(),
        peak_bytes: 0,
    });
    run(&project, "2026-01-01", "training day", &mut table)?;
    run(&project, "2026-01-02", "ordinary day", &mut table)?;
    print(&table);
    Ok(())
}

fn setting(name: &str, default: f64) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own program")]
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn cdp_jobs(arguments: &[&std::ffi::OsStr]) -> io::Result<Vec<u8>> {
    let output = Command::new(env!("CARGO_BIN_EXE_cdp-jobs"))
        .args(arguments)
        .output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    let last = &lines[lines.len().saturating_sub(5)..];
    Err(io::Error::other(format!(
        "{arguments:?}: {}",
        last.join("\n")
    )))
}

/// Runs a day, and adds a row for each layer and one for the whole.
fn run(project: &Path, as_of: &str, name: &str, table: &mut Vec<Row>) -> io::Result<()> {
    let began = Instant::now();
    let output = cdp_jobs(&[
        "run".as_ref(),
        "--project".as_ref(),
        project.as_os_str(),
        "--as-of".as_ref(),
        as_of.as_ref(),
        "--format".as_ref(),
        "json".as_ref(),
    ])?;
    let seconds = began.elapsed().as_secs_f64();
    let summary: Value = serde_json::from_slice(&output)?;
    let records = summary["records"].as_array().cloned().unwrap_or_default();
    let layers = [
        "staging",
        "identity",
        "profiles",
        "features",
        "scores",
        "segments",
        "activations",
    ];
    for layer in layers {
        let of_layer = records.iter().filter(|record| record["layer"] == layer);
        let number = |key: &str| {
            of_layer
                .clone()
                .filter_map(|r| r[key].as_u64())
                .collect::<Vec<_>>()
        };
        table.push(Row {
            what: format!("{name}: {layer} ({} tasks)", of_layer.clone().count()),
            rows: number("rows").iter().sum(),
            seconds: number("duration_ms").iter().sum::<u64>() as f64 / 1000.0,
            peak_bytes: number("peak_memory_bytes").into_iter().max().unwrap_or(0),
        });
    }
    let peak = records
        .iter()
        .filter_map(|record| record["peak_memory_bytes"].as_u64())
        .max();
    table.push(Row {
        what: format!("**{name}: whole run**"),
        rows: 0,
        seconds,
        peak_bytes: peak.unwrap_or(0),
    });
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
fn print(table: &[Row]) {
    println!("| step | rows | seconds | peak memory of the process by then |");
    println!("|---|---:|---:|---:|");
    for row in table {
        let rows = if row.rows == 0 {
            String::new()
        } else {
            row.rows.to_string()
        };
        let peak = match row.peak_bytes {
            0 => String::new(),
            bytes => format!("{} MiB", bytes >> 20),
        };
        println!("| {} | {rows} | {:.1} | {peak} |", row.what, row.seconds);
    }
}
