//! Public data with a known truth, and how well clusters meet it. The tests and the benchmark both
//! read it; the truth is used for nothing but measuring.

use std::collections::HashMap;
use std::env;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use cdp_linkage::{LinkageConfig, Records};

/// A set of records with a known truth.
pub(crate) struct Set {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// The file below the shared data.
    pub(crate) file: &'static str,
    /// The column that tells who a record is.
    truth: &'static str,
}

/// The public sets: FEBRL, a generator of Australian address records with errors put in, and a
/// thousand made-up records of a British register that come with Splink.
pub(crate) const SETS: [Set; 4] = [
    Set {
        name: "FEBRL 1",
        file: "er_febrl/dataset1.csv",
        truth: "rec_id",
    },
    Set {
        name: "FEBRL 2",
        file: "er_febrl/dataset2.csv",
        truth: "rec_id",
    },
    Set {
        name: "FEBRL 3",
        file: "er_febrl/dataset3.csv",
        truth: "rec_id",
    },
    Set {
        name: "fake_1000",
        file: "er_splink/fake_1000.csv",
        truth: "cluster",
    },
];

/// The folder of the shared data: `CDP_SHARED_DATA`, or `shared/data` next to the workspace.
pub(crate) fn shared() -> PathBuf {
    let named = env::var_os("CDP_SHARED_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    named.unwrap_or_else(beside)
}

/// The records of a set and who each is, or nothing if the file is not there.
pub(crate) fn read(set: &Set, config: &LinkageConfig) -> Option<(Records, Vec<String>)> {
    let path = shared().join(set.file);
    if !path.is_file() {
        return None;
    }
    let mut reader = csv::Reader::from_path(&path).expect("the file is readable");
    let header = reader.headers().expect("a header").clone();
    let header: Vec<&str> = header.iter().map(str::trim).collect();
    let columns = config.columns(&header);
    let truth_column = header
        .iter()
        .position(|name| *name == set.truth)
        .expect("a truth");
    let mut records = Records::new(config);
    let mut truth = Vec::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let values: Vec<Option<&str>> = columns
            .iter()
            .map(|column| column.map(|column| &row[column]))
            .collect();
        records.push(config, &values);
        let who = row[truth_column].trim();
        // `rec-12-dup-3` is person 12.
        let who = who.split('-').nth(1).unwrap_or(who);
        truth.push(who.to_owned());
    }
    Some((records, truth))
}

/// How well clusters meet the truth, over pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// The share of pairs put together that belong together.
    pub(crate) precision: f64,
    /// The share of pairs that belong together and were put together.
    pub(crate) recall: f64,
    /// Their harmonic mean.
    pub(crate) f1: f64,
}

impl Figures {
    /// Measures clusters.
    pub(crate) fn of(clusters: &[u32], truth: &[String]) -> Self {
        let found = pairs(clusters.iter());
        let wanted = pairs(truth.iter());
        let both = pairs(clusters.iter().zip(truth));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        let (precision, recall) = (share(both, found), share(both, wanted));
        let f1 = share(2.0 * precision * recall, precision + recall);
        Self {
            precision,
            recall,
            f1,
        }
    }
}

fn pairs<T: Eq + Hash>(groups: impl Iterator<Item = T>) -> f64 {
    let mut sizes: HashMap<T, f64> = HashMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1.0;
    }
    sizes.values().map(|size| size * (size - 1.0) / 2.0).sum()
}
