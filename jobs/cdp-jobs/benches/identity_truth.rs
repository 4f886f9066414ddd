//! Holds the profiles of a generated shop against its truth, through the program as users run it, and
//! prints what each rule contributes.
//!
//! `cargo bench -p cdp-jobs --bench identity_truth`. `CDP_BENCH_PEOPLE` (default 100,000) sets the
//! size. Shared devices, placeholders and typing errors are in the world as always.

mod query;
mod shop;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::time::Instant;

use cdp_sample_world::{Owners, WorldSpec};

use query::sql;
use shop::{cdp_jobs, setting};

const DAY: &str = "2026-01-01";

/// What the links of a rule do.
#[derive(Debug, Default)]
struct Rule {
    /// Links between identifiers of one person each that are in one profile.
    links: u64,
    /// Those of them whose ends belong to one person.
    right: u64,
    /// Profiles that it joined.
    joined: u64,
}

fn main() -> io::Result<()> {
    let spec = WorldSpec {
        people: setting("CDP_BENCH_PEOPLE", 100_000),
        ..WorldSpec::default()
    };
    let dir = tempfile::Builder::new().prefix("cdp-bench-").tempdir()?;
    let project = dir.path().join("project");
    let made = shop::make(&spec, &project)?;
    let (rows, _) = shop::load(&made, &project)?;
    let began = Instant::now();
    let select = "+identity.profile_map,identity.figures";
    let run = ["run", "--as-of", DAY, "--select", select].map(AsRef::as_ref);
    cdp_jobs(&[&run[..], &["--project".as_ref(), project.as_ref()]].concat())?;
    let seconds = began.elapsed().as_secs_f64();

    let owners = Owners::read(&project.join("data/truth/identifiers.csv"))?;
    let mut profiles = HashMap::new();
    let mut tied = Vec::new();
    let map = format!(
        "select identifier, profile_id, count(*) over (partition by component_id) > 1 as is_tied \
         from identity.profile_map where as_of_date = date '{DAY}'"
    );
    for row in sql(&project, DAY, &map)? {
        if &row[2] == "true" {
            tied.push(row[0].to_owned());
        }
        profiles.insert(row[0].to_owned(), row[1].to_owned());
    }
    let rules = rules(&project, &owners, &profiles)?;
    let profile = |identifier: &'_ String| (identifier.clone(), profiles[identifier].clone());
    let tied: Vec<(String, String)> = tied.iter().map(profile).collect();
    let pairs = |(identifier, profile)| -> (&str, &str) { (identifier, profile) };
    let reachable = owners.agreement(tied.iter().map(|(one, other)| pairs((one, other))));
    let all = owners.agreement(profiles.iter().map(|(one, other)| pairs((one, other))));
    print(&[
        format!(
            "{} people, {rows} raw rows; identity of {DAY} and of the cut-offs before it: {seconds:.1} s",
            spec.people
        ),
        format!(
            "{} identifiers that a row ties to another, one person's each ({} shared ones left out): \
             pairwise precision {:.5}, recall {:.5}",
            reachable.identifiers,
            owners.shared(),
            reachable.precision,
            reachable.recall
        ),
        format!(
            "with the cookies and devices that never signed in, {} identifiers: precision {:.5}, \
             recall {:.5}",
            all.identifiers, all.precision, all.recall
        ),
    ]);
    print_rules(rules);
    Ok(())
}

fn rules(
    project: &Path,
    owners: &Owners,
    profiles: &HashMap<String, String>,
) -> io::Result<BTreeMap<String, Rule>> {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let links = format!(
        "select distinct left_identifier, right_identifier, source from identity.evidence \
         where right_identifier is not null union all \
         select left_identifier, right_identifier, 'linked_records' from identity.linked_records \
         where as_of_date = date '{DAY}' and is_accepted"
    );
    for row in sql(project, DAY, &links)? {
        let (left, right) = (&row[0], &row[1]);
        let together = profiles
            .get(left)
            .filter(|one| profiles.get(right) == Some(one));
        let people = (owners.person(left), owners.person(right));
        if let (Some(_), (Some(one), Some(other))) = (together, people) {
            let rule = rules.entry(rule(left, right, &row[2])).or_default();
            rule.links += 1;
            rule.right += u64::from(one == other);
        }
    }
    let joined = format!(
        "select item, cast(value as bigint) as joined from identity.figures \
         where as_of_date = date '{DAY}' and figure = 'unions'"
    );
    for row in sql(project, DAY, &joined)? {
        rules.entry(row[0].to_owned()).or_default().joined = row[1].parse().unwrap_or_default();
    }
    Ok(rules)
}

/// `email+user_id@contacts`, as `identity.figures` names it.
fn rule(left: &str, right: &str, source: &str) -> String {
    let kind = |identifier: &str| identifier.split(':').next().unwrap_or_default().to_owned();
    let mut kinds = [kind(left), kind(right)];
    kinds.sort();
    format!("{}@{source}", kinds.join("+"))
}

#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
fn print(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}

fn print_rules(rules: BTreeMap<String, Rule>) {
    let mut rules: Vec<(String, Rule)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.joined));
    let rows = rules.iter().map(|(name, rule)| {
        let share = 100.0 * rule.right as f64 / rule.links.max(1) as f64;
        format!(
            "| {name} | {} | {} | {share:.2} % |",
            rule.joined, rule.links
        )
    });
    let head = [
        "| rule | profiles it joined | its links inside profiles | of one person |",
        "|---|---:|---:|---:|",
    ];
    print(
        &head
            .map(str::to_owned)
            .into_iter()
            .chain(rows)
            .collect::<Vec<_>>(),
    );
}
