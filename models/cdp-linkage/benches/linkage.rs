//! Links the public data sets with the default configuration and measures the clusters.
//!
//! `cargo bench -p cdp-linkage`

#[path = "../tests/linkage/measure.rs"]
mod measure;

use std::fs;
use std::thread;
use std::time::Instant;

use cdp_linkage::{Linkage, LinkageConfig, RawLinkageConfig, link};
use measure::{Figures, SETS, Set, read, shared};

/// What Splink 5 reaches on a set, as it was told to us and not measured here.
struct Splink {
    set: &'static str,
    tutorial_f1: f64,
    best_f1: f64,
    best_f1_over_thresholds: Option<f64>,
}

const SPLINK: [Splink; 4] = [
    splink("FEBRL 1", 0.993, 0.997, None),
    splink("FEBRL 2", 0.998, 0.999, None),
    splink("FEBRL 3", 0.994, 0.999, None),
    splink("fake_1000", 0.786, 0.840, Some(0.926)),
];

const fn splink(set: &'static str, tutorial: f64, best: f64, over: Option<f64>) -> Splink {
    Splink {
        set,
        tutorial_f1: tutorial,
        best_f1: best,
        best_f1_over_thresholds: over,
    }
}

/// Match probabilities to look for the best F1 at.
const THRESHOLDS: [f64; 12] = [
    0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999,
];

fn main() {
    let config = LinkageConfig::from_raw(&RawLinkageConfig::default())
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    tell(&format!(
        "{:9} {:>7} {:>8} {:>9} {:>7} {:>7} {:>8} {:>7} {:>7}   {}",
        "set",
        "records",
        "pairs",
        "precision",
        "recall",
        "F1 0.95",
        "F1 best",
        "seconds",
        "MB peak",
        "F1 of Splink 5: tutorial model / best model / best model and threshold"
    ));
    for set in &SETS {
        measure_set(set, &config, threads);
    }
}

fn measure_set(set: &Set, config: &LinkageConfig, threads: usize) {
    forget_peak();
    let began = Instant::now();
    let Some((records, truth)) = read(set, config) else {
        let folder = shared();
        tell(&format!(
            "{}: skipped, there is no {} in {}",
            set.name,
            set.file,
            folder.display()
        ));
        return;
    };
    let linkage = link(config, &records, threads);
    let clusters = linkage.clusters(0.95);
    let seconds = began.elapsed().as_secs_f64();
    let peak = peak_megabytes();
    let figures = Figures::of(&clusters, &truth);
    let splink = SPLINK.iter().find(|known| known.set == set.name);
    let splink = splink.map_or("not known".to_owned(), |known| {
        let Splink {
            tutorial_f1,
            best_f1,
            best_f1_over_thresholds,
            ..
        } = known;
        let over = best_f1_over_thresholds.map_or("-".to_owned(), |f1| format!("{f1:.3}"));
        format!("{tutorial_f1:.3} / {best_f1:.3} / {over}")
    });
    tell(&format!(
        "{:9} {:7} {:8} {:9.4} {:7.4} {:7.4} {:8.4} {:7.2} {:>7}   {splink}",
        set.name,
        records.len(),
        linkage.pairs_compared(),
        figures.precision,
        figures.recall,
        figures.f1,
        best_f1(&linkage, &truth),
        seconds,
        peak.map_or("?".to_owned(), |peak| format!("{peak:.0}")),
    ));
}

fn best_f1(linkage: &Linkage<'_>, truth: &[String]) -> f64 {
    let figures =
        THRESHOLDS.map(|probability| Figures::of(&linkage.clusters(probability), truth).f1);
    figures.into_iter().fold(0.0, f64::max)
}

/// Lets the peak of memory begin anew, where the system can.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The peak of memory in megabytes, where the system tells it.
fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is for"
)]
fn tell(line: &str) {
    println!("{line}");
}
