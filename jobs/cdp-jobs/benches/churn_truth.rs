//! Holds the churn scores of a generated shop against its truth, through the program as users run it.
//!
//! `cargo bench -p cdp-jobs --bench churn_truth`. `CDP_BENCH_PEOPLE` (default 20,000) sets the size,
//! `CDP_BENCH_CUTOFFS` (default 4) how many cut-offs a training stacks at the most.
//! Beside the scores stand the best that can be known of purchases and visits, by Bayes over the law
//! that people are made by, and the true probabilities, which know who has lost the habit already. All
//! of it three times: a shop that knows one person as several profiles cannot see what the others do,
//! so those of whom it knows every purchase in one profile are told apart, and of them those of whom it
//! knows every identifier there, and with it every visit.

mod query;
mod shop;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use cdp_churn::metrics::Metrics;
use cdp_sample_world::{Owners, TruthSpec, WorldSpec, knowable_churn_probabilities};

use query::sql;
use shop::{cdp_jobs, setting};

const DAY: &str = "2026-01-01";
/// The default of a project.
const CUTOFFS: usize = 4;

/// Probabilities to churn of one person.
struct Person {
    scored: f64,
    knowable: f64,
    oracle: f64,
    churned: bool,
    /// Whether every purchase so far lies in this one profile.
    is_whole: bool,
    /// Whether every identifier so far lies in it, and with it every visit.
    is_one: bool,
}

/// One of them.
type Told = fn(&Person) -> f64;

fn main() -> io::Result<()> {
    let spec = WorldSpec {
        people: setting("CDP_BENCH_PEOPLE", 20_000),
        ..WorldSpec::default()
    };
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    let made = shop::make(&spec, &project)?;
    stack(&project, setting("CDP_BENCH_CUTOFFS", CUTOFFS))?;
    shop::load(&made, &project)?;
    let began = Instant::now();
    let run = ["run", "--as-of", DAY, "--select", "+scores.churn_scores"].map(AsRef::as_ref);
    cdp_jobs(&[&run[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    let seconds = began.elapsed().as_secs_f64();
    let people = people(&spec, &project)?;
    print(&format!(
        "{} people, the day with its training {seconds:.1} s\n",
        spec.people
    ));
    print("| customers | probabilities | AUC | log loss | calibration error | calibration slope |");
    print("|---|---|---:|---:|---:|---:|");
    let whole: Vec<&Person> = people.iter().filter(|person| person.is_whole).collect();
    let one: Vec<&Person> = whole
        .iter()
        .copied()
        .filter(|person| person.is_one)
        .collect();
    table("every purchase and visit in one profile", &one)?;
    table("every purchase in one profile", &whole)?;
    table("all", &people.iter().collect::<Vec<_>>())
}

/// Sets how many cut-offs are stacked.
fn stack(project: &Path, cutoffs: usize) -> io::Result<()> {
    let path = project.join("cdp.toml");
    let text = fs::read_to_string(&path)?;
    let line = |cutoffs| format!("training_cutoffs = {cutoffs}\n");
    assert!(text.contains(&line(CUTOFFS)), "the default is another");
    fs::write(path, text.replace(&line(CUTOFFS), &line(cutoffs)))
}

/// Rows about some people.
fn table(of: &str, people: &[&Person]) -> io::Result<()> {
    let kinds: [(&str, Told); 3] = [
        ("scored", |person| person.scored),
        ("the best that can be known from outside", |person| {
            person.knowable
        }),
        ("true, by who has left already", |person| person.oracle),
    ];
    let churned: Vec<bool> = people.iter().map(|person| person.churned).collect();
    let leavers = churned.iter().filter(|churned| **churned).count();
    let of = format!("{of}: {}, {leavers} churned", people.len());
    for (name, told) in kinds {
        let told: Vec<f64> = people.iter().map(|person| told(person)).collect();
        let metrics = Metrics::of(&churned, &told).map_err(io::Error::other)?;
        print(&format!(
            "| {of} | {name} | {:.4} | {:.4} | {:.4} | {:.3} |",
            metrics.roc_auc.unwrap_or(f64::NAN),
            metrics.log_loss,
            metrics.ece.unwrap_or(f64::NAN),
            metrics.cox.map_or(f64::NAN, |cox| cox.slope)
        ));
    }
    Ok(())
}

/// Those that a profile was scored for that is theirs alone.
fn people(spec: &WorldSpec, project: &Path) -> io::Result<Vec<Person>> {
    let truth = truth(&project.join("data/truth/people.csv"))?;
    let knowable = knowable_churn_probabilities(spec, &TruthSpec::default());
    let owners = owners(project)?;
    let mut profiles: BTreeMap<&str, u32> = BTreeMap::new();
    for person in owners.values().flatten() {
        *profiles.entry(person).or_default() += 1;
    }
    let scores = format!(
        "select s.profile_id, s.churn_probability, f.order_count from scores.churn_scores as s \
         inner join features.churn_features as f \
         on f.profile_id = s.profile_id and f.as_of_date = s.as_of_date \
         where s.as_of_date = date '{DAY}' and s.churn_probability is not null"
    );
    let person = |row: &csv::StringRecord| {
        let person = owners.get(&row[0]).filter(|people| people.len() == 1)?;
        let person = person.first()?;
        let &(oracle, churned, orders) = truth.get(person)?;
        Some(Person {
            scored: row[1].parse().ok()?,
            knowable: *knowable.get(&person.parse().ok()?)?,
            oracle,
            churned,
            is_whole: row[2].parse::<u64>().ok()? == orders,
            is_one: profiles.get(person.as_str()) == Some(&1),
        })
    };
    Ok(sql(project, DAY, &scores)?
        .iter()
        .filter_map(person)
        .collect())
}

/// The people whose identifiers each profile holds.
fn owners(project: &Path) -> io::Result<BTreeMap<String, BTreeSet<String>>> {
    let owners = Owners::read(&project.join("data/truth/identifiers.csv"))?;
    let map = format!(
        "select identifier, profile_id from identity.profile_map where as_of_date = date '{DAY}'"
    );
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in sql(project, DAY, &map)? {
        if let Some(person) = owners.person(&row[0]) {
            let of_profile = people.entry(row[1].to_owned()).or_default();
            of_profile.insert(person.to_owned());
        }
    }
    Ok(people)
}

/// The true probability of each customer, what happened, and how often they had bought.
fn truth(path: &Path) -> io::Result<BTreeMap<String, (f64, bool, u64)>> {
    let mut reader = csv::Reader::from_path(path)?;
    let mut people = BTreeMap::new();
    for row in reader.deserialize() {
        let row: BTreeMap<String, String> = row?;
        if row["is_customer"] == "true" {
            let probability = row["true_churn_probability"].parse();
            let probability = probability.map_err(io::Error::other)?;
            let orders = row["orders_before"].parse().map_err(io::Error::other)?;
            let person = row["person_id"].clone();
            people.insert(person, (probability, row["churned"] == "true", orders));
        }
    }
    Ok(people)
}

#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
fn print(line: &str) {
    println!("{line}");
}
