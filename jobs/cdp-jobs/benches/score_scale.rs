//! Scores ten million customers from Delta to Delta, through the program as users run it: the features
//! of a demo shop, each customer many times over under other ids.
//!
//! `cargo bench -p cdp-jobs --bench score_scale`. `CDP_BENCH_SCORED` (default 10,000,000) sets the
//! size.

mod program;

use std::fs;
use std::io;
use std::path::Path;

use program::{cdp_jobs, setting};

const DAY: &str = "2026-01-02";

fn main() -> io::Result<()> {
    let scored: u64 = setting("CDP_BENCH_SCORED", 10_000_000);
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    cdp_jobs(&["demo".as_ref(), project.as_ref()])?;
    let people = number(&project, "select count(*) from scores.churn_scores")?;
    repeat_features(&project, scored.div_ceil(people.max(1)))?;
    run(&project, "+features.churn_features")?;
    for table in ["scores.churn_scores", "scores.churn_reasons"] {
        run(&project, table)?;
    }
    report(&project)
}

/// Has the query of features give every row so many times.
fn repeat_features(project: &Path, copies: u64) -> io::Result<()> {
    let path = project.join("sql/features/churn_features.sql");
    let query = fs::read_to_string(&path)?;
    let (before, after) = query
        .rsplit_once("select\n    profile_id,")
        .ok_or_else(|| io::Error::other("the last select of the features is another one"))?;
    let after = after.trim_end();
    let many = format!(
        "{before}select\n    concat(profile_id, '_', cast(copy as varchar)) as profile_id,{after}\n\
         cross join (select unnest(generate_series(1, {copies})) as copy) as copies\n"
    );
    fs::write(path, many)
}

fn run(project: &Path, select: &str) -> io::Result<()> {
    let run = ["run", "--as-of", DAY, "--select", select].map(AsRef::as_ref);
    cdp_jobs(&[&run[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    Ok(())
}

fn sql(project: &Path, query: &str) -> io::Result<Vec<csv::StringRecord>> {
    let ask = ["sql", "--format", "csv", query].map(AsRef::as_ref);
    let told = cdp_jobs(&[&ask[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    let mut reader = csv::Reader::from_reader(told.as_slice());
    Ok(reader.records().collect::<Result<_, _>>()?)
}

fn number(project: &Path, query: &str) -> io::Result<u64> {
    let rows = sql(project, query)?;
    let number = rows.first().and_then(|row| row[0].parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no number: {query}")))
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn report(project: &Path) -> io::Result<()> {
    let query = format!(
        "select task, rows, duration_ms / 1000.0, peak_memory_bytes / 1048576 from ops.runs \
         where as_of_date = date '{DAY}' and status = 'succeeded' \
         and task in ('features.churn_features', 'scores.churn_scores', 'scores.churn_reasons') \
         order by started_at"
    );
    println!("| step | rows | seconds | peak memory of the process |");
    println!("|---|---:|---:|---:|");
    for row in sql(project, &query)? {
        println!(
            "| {} | {} | {} | {} MiB |",
            &row[0], &row[1], &row[2], &row[3]
        );
    }
    Ok(())
}
