//! Resolves ten million rows over five million identifiers, from text to profile ids.
//!
//! `cargo bench -p cdp-identity`. CDP_BENCH_ROWS sets another number of rows. CDP_BENCH_PYTHON
//! names a Python with SciPy, whose `connected_components` is then run on the same edges.

#![expect(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "small numbers in wide ones; a benchmark is told by the environment what to do"
)]

use std::fmt::Write;
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use cdp_identity::{
    EvidenceTable, IdentityRules, PreviousMap, RawIdentityConfig, Resolver, connected_components,
};

const ROWS: u64 = 10_000_000;

const SCIPY: &str = "
import sys, time, numpy, scipy.sparse as s
from scipy.sparse.csgraph import connected_components as c
e = numpy.fromfile(sys.argv[1], dtype='<u4').reshape(-1, 2)
n = int(e.max()) + 1
began = time.time()
m = s.coo_matrix((numpy.ones(len(e), dtype='i1'), (e[:, 0], e[:, 1])), shape=(n, n))
k, _ = c(m, directed=False)
print(time.time() - began, k)
";

fn main() {
    let rows = std::env::var("CDP_BENCH_ROWS").ok();
    let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let rules = IdentityRules::from_config(&RawIdentityConfig::default())
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    clustering_alone(rows);

    let mut watch = Watch::new();
    let mut bytes = 0;
    World::new(rows).each(|left, right, _| bytes += left.len() + right.len());
    watch.tell(&format!(
        "made {rows} rows of text ({bytes} bytes), not counted"
    ));

    let began = Instant::now();
    let mut table = EvidenceTable::new();
    World::new(rows).each(|left, right, time| {
        table.push(left, Some(right), "orders", time, time + 1, 1);
    });
    watch.tell("made them again and looked their texts up");
    let resolver = Resolver::new(&rules, 10);
    let map = resolver.resolve_watched(table, &PreviousMap::new(), |done| watch.tell(done));
    let seconds = began.elapsed().as_secs_f64();
    say(&format!(
        "anew: {} identifiers, {} profiles, {} violations, {seconds:.2} s, peak {}",
        map.len(),
        map.profile_count(),
        map.violations().len(),
        peak()
    ));
    let mut watch = Watch::new();
    let previous = map.to_previous();
    drop(map);
    watch.tell("made a previous map");
    let mut table = EvidenceTable::new();
    World::new(rows).each(|left, right, time| {
        table.push(left, Some(right), "orders", time, time + 1, 1);
    });
    watch.tell("looked texts up");
    let resolver = Resolver::new(&rules, 20);
    let map = resolver.resolve_watched(table, &previous, |done| watch.tell(done));
    assert!(map.iter().all(|row| row.profile_since == 10), "ids last");
    say(&format!("with a previous map: peak {}", peak()));
}

/// Edges in memory as numbers, to components; and the same by SciPy.
fn clustering_alone(rows: u64) {
    let mut edges: Vec<(u32, u32)> = Vec::new();
    World::new(rows).each_pair(|left, right, _| edges.push((left as u32, right as u32)));
    let nodes = edges
        .iter()
        .map(|edge| edge.0.max(edge.1))
        .max()
        .unwrap_or(0)
        + 1;
    // Numbers that say nothing of who belongs together.
    let scattered = |node: u32| (u64::from(node) * 2_654_435_761 % u64::from(nodes)) as u32;
    for edge in &mut edges {
        *edge = (scattered(edge.0), scattered(edge.1));
    }
    let began = Instant::now();
    let roots = connected_components(nodes, edges.iter().copied());
    let seconds = began.elapsed().as_secs_f64();
    let components = (0..)
        .zip(&roots)
        .filter(|(node, root)| node == *root)
        .count();
    say(&format!(
        "clustering alone: {nodes} nodes, {components} components, {seconds:.2} s"
    ));
    let Ok(python) = std::env::var("CDP_BENCH_PYTHON") else {
        say("SciPy is skipped: CDP_BENCH_PYTHON names no interpreter");
        return;
    };
    let path = std::env::temp_dir().join(format!("cdp-identity-{}.bin", std::process::id()));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a temporary file"));
    for (left, right) in &edges {
        let both = [left.to_le_bytes(), right.to_le_bytes()].concat();
        file.write_all(&both).expect("the edges are written");
    }
    drop(file);
    let output = Command::new(&python)
        .arg("-c")
        .arg(SCIPY)
        .arg(&path)
        .output();
    std::fs::remove_file(&path).expect("the temporary file is removed");
    let Ok(output) = output else {
        say(&format!("SciPy is skipped: {python} cannot be run"));
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let theirs = words.next().and_then(|word| word.parse::<f64>().ok());
    match theirs {
        Some(theirs) => {
            assert_eq!(words.next(), Some(components.to_string().as_str()));
            let ratio = theirs / seconds;
            say(&format!(
                "SciPy's connected_components: {theirs:.2} s, {ratio:.1} times as long"
            ));
        }
        None => say(&format!(
            "SciPy is skipped: {}",
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .last()
                .unwrap_or_default()
        )),
    }
}

/// People with 2 to 50 identifiers, half of them chained, half of them around a user id. About
/// two rows for each identifier, in no order, and here and there one that strays to a stranger.
struct World {
    people: Vec<(u32, u32)>,
    rows: u64,
}

impl World {
    fn new(rows: u64) -> Self {
        let mut people = Vec::new();
        let mut first = 0_u64;
        while first < rows / 2 {
            let size = 2 + scatter(first) % 49 * (scatter(first + 7) % 49) / 49 * 10 / 12;
            people.push((first as u32, size as u32));
            first += size;
        }
        Self { people, rows }
    }

    fn each_pair(&self, mut row: impl FnMut(u64, u64, u64)) {
        let count = self.people.len() as u64;
        let mut made = 0;
        let mut turn = 0_u64;
        while made < self.rows {
            // Everybody once, then anybody.
            let is_first = turn < count;
            let person = if is_first {
                turn * 7919 % count
            } else {
                scatter(turn) % count
            };
            let (first, size) = self.people[person as usize];
            let (first, size) = (u64::from(first), u64::from(size));
            for step in 0..size.min(self.rows - made) {
                let one = if is_first {
                    1 + step % (size - 1)
                } else {
                    1 + scatter(turn ^ step << 32) % (size - 1)
                };
                let mut other = if first % 2 == 0 { 0 } else { one - 1 };
                if scatter(made).is_multiple_of(5000) {
                    other = 0;
                    let stranger = self.people[(scatter(made + 1) % count) as usize].0;
                    row(first + one, u64::from(stranger) + other, made);
                } else {
                    row(first + one, first + other, made);
                }
            }
            made += size;
            turn += 1;
        }
    }

    fn each(&self, mut row: impl FnMut(&str, &str, i64)) {
        let firsts: std::collections::HashSet<u32> =
            self.people.iter().map(|(first, _)| *first).collect();
        let (mut left, mut right) = (String::new(), String::new());
        let write = |text: &mut String, number: u64| {
            text.clear();
            let name = if firsts.contains(&(number as u32)) {
                "user_id"
            } else {
                ["email", "device_id", "anonymous_id", "anonymous_id"][(number % 4) as usize]
            };
            let _ = write!(text, "{name}:{:016x}{number:07}", scatter(number));
        };
        self.each_pair(|one, other, time| {
            write(&mut left, one);
            write(&mut right, other);
            row(&left, &right, time.cast_signed());
        });
    }
}

fn scatter(number: u64) -> u64 {
    let mixed = (number ^ number >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// Says what took how long.
struct Watch(Instant);

impl Watch {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn tell(&mut self, what: &str) {
        say(&format!(
            "  {:6.2} s  {what}",
            self.0.elapsed().as_secs_f64()
        ));
        self.0 = Instant::now();
    }
}

/// The most memory the process ever held, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is for"
)]
fn say(text: &str) {
    println!("{text}");
}
