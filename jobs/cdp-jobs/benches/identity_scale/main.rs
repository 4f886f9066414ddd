//! Times who is who at scale, from Delta to Delta, through the program as users run it, and prints a
//! table: 10 million different edges over 5 million identifiers, then 1 % new edges.
//!
//! `cargo bench -p cdp-jobs --bench identity_scale`. `CDP_BENCH_EDGES` sets another number of edges
//! (a smoke run: 100000). `CDP_BENCH_PYTHON` names a Python with SciPy, Splink and DuckDB, which then
//! cluster the edges of the first day too.

mod edges;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use cdp_identity::connected_components;
use edges::Edges;
use serde_json::Value;

const EDGES: usize = 10_000_000;
const PEERS: &str = include_str!("peers.py");
const FIRST_DAY: &str = "2026-01-01";
const SECOND_DAY: &str = "2026-01-02";
const IDENTITY: &str =
    "identity.profile_map,identity.violations,identity.profile_changes,identity.figures";
const LINKS: [(&str, &str); 3] = [
    ("cdp.toml", "[lake]\n"),
    (
        "sql/staging/links.toml",
        "description = \"Edges. One row per event_id.\"\nowner = \"bench\"\n\
         materialization = \"view\"\ngrain = [\"event_id\"]\n[columns]\nevent_id = \"the edge\"\n\
         left_identifier = \"one end\"\nright_identifier = \"the other\"\nseen_at = \"when\"\n",
    ),
    (
        "sql/staging/links.sql",
        "select event_id, device_id as left_identifier, user_id as right_identifier, \
         occurred_at as seen_at from raw.app_events\n",
    ),
];
const EVIDENCE: &str = "select left_identifier, right_identifier, 'links' as source, \
     min(seen_at) as first_seen_at, max(seen_at) as last_seen_at, count(*) as evidence_count, \
     concat_ws(chr(31), 'links', left_identifier, right_identifier) as evidence_key, \
     xxhash64(left_identifier) as left_hash, xxhash64(right_identifier) as right_hash, \
     $as_of_date as as_of_date from staging.links group by left_identifier, right_identifier\n";

struct Row {
    what: String,
    rows: u64,
    seconds: f64,
    peak_bytes: u64,
}

/// The rows of a table that is printed.
struct Bench {
    project: PathBuf,
    table: Vec<Row>,
}

fn main() -> io::Result<()> {
    let count = setting("CDP_BENCH_EDGES").and_then(|count| count.parse().ok());
    let count = count.unwrap_or(EDGES);
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    let mut bench = Bench {
        project,
        table: Vec::new(),
    };
    bench.write_project()?;
    let mut edges = Edges::new(count);
    let identifiers = edges.identifiers();
    let numbers = dir.path().join("edges.bin");
    let (pairs, clusters) = bench.cluster(&edges);
    write_numbers(&numbers, &pairs)?;
    drop(pairs);
    let texts = dir.path().join("first.csv");
    edges.write_csv(&texts, true)?;
    edges.add_day(count / 100);
    let more = dir.path().join("second.csv");
    edges.write_csv(&more, false)?;
    drop(edges);

    bench.load(&texts, count)?;
    bench.evidence(FIRST_DAY)?;
    let full = bench.identity(
        FIRST_DAY,
        &format!("{count} edges, {identifiers} identifiers"),
    )?;
    bench.load(&more, count / 100)?;
    bench.evidence(SECOND_DAY)?;
    let increment = bench.identity(SECOND_DAY, "1 % new edges")?;
    bench.verify()?;
    if let Some(python) = setting("CDP_BENCH_PYTHON") {
        for peer in ["scipy", "splink-numbers", "splink-text"] {
            bench.peer(&python, peer, &numbers, &texts, clusters)?;
        }
    }
    bench.print(increment / full);
    Ok(())
}

fn setting(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own program")]
    let value = std::env::var(name).ok();
    value
}

impl Bench {
    fn write_project(&self) -> io::Result<()> {
        let mut files = LINKS.to_vec();
        files.push(("sql/identity/evidence.sql", EVIDENCE));
        for (name, text) in files {
            let path = self.project.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }

    /// Edges in memory to clusters, and nothing else.
    fn cluster(&mut self, edges: &Edges) -> (Vec<(u32, u32)>, usize) {
        let pairs = edges.scattered();
        let nodes = pairs.iter().map(|pair| pair.0.max(pair.1) + 1).max();
        let began = Instant::now();
        let roots = connected_components(nodes.unwrap_or(0), pairs.iter().copied());
        let seconds = began.elapsed().as_secs_f64();
        let is_root = |(node, root): (u32, &u32)| node == *root;
        let clusters = (0..).zip(&roots).filter(|one| is_root(*one)).count();
        self.tell(
            "edges in memory to clusters",
            pairs.len() as u64,
            seconds,
            0,
        );
        (pairs, clusters)
    }

    fn load(&mut self, file: &Path, rows: usize) -> io::Result<()> {
        let began = Instant::now();
        self.cdp_jobs(&["load".as_ref(), "app_events".as_ref(), file.as_os_str()])?;
        self.tell("load", rows as u64, began.elapsed().as_secs_f64(), 0);
        Ok(())
    }

    fn evidence(&mut self, date: &str) -> io::Result<()> {
        let select = "+identity.evidence,+identity.linked_records";
        let (records, seconds) = self.run(date, select)?;
        let of = records
            .iter()
            .find(|record| record["task"] == "identity.evidence");
        let rows = of.and_then(|record| record["rows"].as_u64());
        self.tell("evidence", rows.unwrap_or(0), seconds, peak(&records));
        Ok(())
    }

    /// The timed part: a process of its own makes all tables of who is who.
    fn identity(&mut self, date: &str, what: &str) -> io::Result<f64> {
        let (records, seconds) = self.run(date, IDENTITY)?;
        for record in &records {
            let number = |key: &str| record[key].as_u64().unwrap_or(0);
            let text = |key: &str| record[key].as_str().unwrap_or_default();
            let note = text("note");
            let name = if note.is_empty() {
                text("task").to_owned()
            } else {
                format!("{}: {note}", text("task"))
            };
            let seconds = number("duration_ms") as f64 / 1000.0;
            self.tell(&name, number("rows"), seconds, number("peak_memory_bytes"));
        }
        self.tell(
            &format!("**whole step: {what}**"),
            0,
            seconds,
            peak(&records),
        );
        Ok(seconds)
    }

    fn run(&self, date: &str, select: &str) -> io::Result<(Vec<Value>, f64)> {
        let began = Instant::now();
        let words = [
            "run", "--as-of", date, "--select", select, "--format", "json",
        ];
        let output = self.cdp_jobs(&words.map(OsStr::new))?;
        let seconds = began.elapsed().as_secs_f64();
        let summary: Value = serde_json::from_slice(&output)?;
        let records = summary["records"].as_array().cloned();
        Ok((records.unwrap_or_default(), seconds))
    }

    /// The map of the second day is what resolving everything from the beginning gives.
    fn verify(&mut self) -> io::Result<()> {
        let began = Instant::now();
        self.cdp_jobs(&["identity", "verify", "--as-of", SECOND_DAY].map(OsStr::new))?;
        self.tell("identity verify", 0, began.elapsed().as_secs_f64(), 0);
        Ok(())
    }

    fn peer(
        &mut self,
        python: &str,
        peer: &str,
        numbers: &Path,
        texts: &Path,
        clusters: usize,
    ) -> io::Result<()> {
        let arguments = [peer.as_ref(), numbers.as_os_str(), texts.as_os_str()];
        let output = Command::new(python)
            .args(["-c", PEERS])
            .args(arguments)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let found: Vec<f64> = text.lines().last().map_or_else(Vec::new, |line| {
            line.split(' ')
                .filter_map(|word| word.parse().ok())
                .collect()
        });
        let [seconds, peak, theirs] = found[..] else {
            let told = String::from_utf8_lossy(&output.stderr);
            let last = told.lines().last().unwrap_or_default().to_owned();
            return Err(io::Error::other(format!("{peer}: {last}")));
        };
        let is_same = (theirs - clusters as f64).abs() < 0.5;
        assert!(is_same, "{peer} finds {theirs} clusters of {clusters}");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bytes"
        )]
        self.tell(peer, 0, seconds, peak as u64);
        Ok(())
    }

    fn cdp_jobs(&self, arguments: &[&OsStr]) -> io::Result<Vec<u8>> {
        let output = Command::new(env!("CARGO_BIN_EXE_cdp-jobs"))
            .args(arguments)
            .arg("--project")
            .arg(&self.project)
            .output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = told.lines().collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        Err(io::Error::other(format!("{arguments:?}: {last}")))
    }

    #[expect(clippy::print_stderr, reason = "whoever waits sees what is done")]
    fn tell(&mut self, what: &str, rows: u64, seconds: f64, peak_bytes: u64) {
        let what = what.to_owned();
        eprintln!("{what}: {seconds:.1} s, {} MiB", peak_bytes >> 20);
        self.table.push(Row {
            what,
            rows,
            seconds,
            peak_bytes,
        });
    }

    #[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
    fn print(&self, ratio: f64) {
        println!("| step | rows | seconds | peak memory of the process by then |");
        println!("|---|---:|---:|---:|");
        for row in &self.table {
            let rows = Some(row.rows).filter(|rows| *rows > 0);
            let rows = rows.map(|rows| rows.to_string()).unwrap_or_default();
            let peak = Some(row.peak_bytes >> 20).filter(|peak| *peak > 0);
            let peak = peak.map(|peak| format!("{peak} MiB")).unwrap_or_default();
            println!("| {} | {rows} | {:.1} | {peak} |", row.what, row.seconds);
        }
        println!(
            "\nThe increment takes {:.0} % of the full step.",
            ratio * 100.0
        );
    }
}

fn peak(records: &[Value]) -> u64 {
    let peaks = records
        .iter()
        .filter_map(|record| record["peak_memory_bytes"].as_u64());
    peaks.max().unwrap_or(0)
}

fn write_numbers(path: &Path, pairs: &[(u32, u32)]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for (one, other) in pairs {
        file.write_all(&one.to_le_bytes())?;
        file.write_all(&other.to_le_bytes())?;
    }
    file.flush()
}
