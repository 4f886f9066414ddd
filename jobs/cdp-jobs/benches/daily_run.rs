//! Times the whole job on a generated shop, through the program as users run it, and prints a table.
//!
//! `cargo bench -p cdp-jobs --bench daily_run`. `CDP_BENCH_PEOPLE` (default 100,000) and `CDP_BENCH_ACTIVITY`
//! (default 1.31) set the size: with the defaults 10 million web events.

mod shop;

use std::io;
use std::path::Path;
use std::time::Instant;

use cdp_sample_world::WorldSpec;
use serde_json::Value;

use shop::{cdp_jobs, setting};

struct Row {
    what: String,
    rows: u64,
    seconds: f64,
    peak_bytes: u64,
}

fn main() -> io::Result<()> {
    let spec = WorldSpec {
        people: setting("CDP_BENCH_PEOPLE", 100_000),
        activity: setting("CDP_BENCH_ACTIVITY", 1.31),
        ..WorldSpec::default()
    };
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    let mut table = Vec::new();
    let began = Instant::now();
    let made = shop::make(&spec, &project)?;
    table.push(Row {
        what: format!("generate {} people", spec.people),
        rows: made.total(),
        seconds: began.elapsed().as_secs_f64(),
        peak_bytes: 0,
    });
    let began = Instant::now();
    let (rows, bytes) = shop::load(&made, &project)?;
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
