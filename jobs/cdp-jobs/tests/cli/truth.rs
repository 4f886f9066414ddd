//! The sample world against its truth: who is who, and who stops buying.

use std::collections::{BTreeMap, BTreeSet};

use cdp_sample_world::Owners;

use crate::command::print;
use crate::world::{TODAY, World, demo};

/// The profile of each identifier, as the program found it.
fn profiles(world: &World) -> BTreeMap<String, String> {
    let query = format!(
        "select identifier, profile_id from identity.profile_map where as_of_date = date '{TODAY}'"
    );
    let told = world.cdp(&["sql", "--format", "csv", &query]).expect(0);
    let mut reader = csv::Reader::from_reader(told.stdout.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect()
}

fn owners(world: &World) -> Owners {
    Owners::read(&world.project().join("truth/identifiers.csv")).expect("the truth is there")
}

/// The identifiers that some row ties to another one.
fn tied(world: &World) -> BTreeSet<String> {
    let query = format!(
        "select identifier from identity.profile_map where as_of_date = date '{TODAY}' \
         qualify count(*) over (partition by component_id) > 1"
    );
    let told = world.cdp(&["sql", "--format", "csv", &query]).expect(0);
    told.stdout.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn identities_are_found_and_not_mixed() {
    let world = demo();
    let profiles = profiles(world);
    let tied = tied(world);
    let owners = owners(world);
    let found = profiles.iter();
    let all = found.map(|(identifier, profile)| (identifier.as_str(), profile.as_str()));
    let reachable = all
        .clone()
        .filter(|(identifier, _)| tied.contains(*identifier));
    let (all, reachable) = (owners.agreement(all), owners.agreement(reachable));
    assert!(reachable.identifiers > 2_000, "{reachable:?}");
    let (precision, recall) = (reachable.precision, reachable.recall);
    print(format!(
        "identity: {} identifiers of one person each that a row ties to another ({} shared ones left \
         out): pairwise precision {precision:.4}, recall {recall:.4}; with the cookies and devices \
         that never signed in, {} identifiers, recall {:.4}",
        reachable.identifiers,
        owners.shared(),
        all.identifiers,
        all.recall
    ));
    // The world is the same every time, so only a change of the rules moves these figures. What is
    // missed are people that two records without a shared identifier speak of.
    assert!(precision >= 0.999, "precision {precision:.4}");
    assert!(recall >= 0.98, "recall {recall:.4}");
    assert!(all.recall >= 0.68, "recall {:.4}", all.recall);
}

#[test]
fn churn_is_ranked_between_chance_and_the_oracle() {
    let world = demo();
    let profiles = profiles(world);
    let owners = owners(world);
    let mut people_of: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
    for (identifier, profile) in &profiles {
        if let Some(person) = owners.person(identifier) {
            people_of.entry(profile).or_default().insert(person);
        }
    }
    let truth = outcomes(world);
    let mut scored = Vec::new();
    let mut left_out = 0;
    for (profile, probability) in scores(world) {
        let person = match people_of.get(&profile) {
            Some(people) if people.len() == 1 => {
                people.first().and_then(|person| truth.get(*person))
            }
            _ => None,
        };
        match person {
            Some(&(oracle, churned)) => scored.push((probability, oracle, churned)),
            None => left_out += 1,
        }
    }
    let ours = auc(scored.iter().map(|(p, _, churned)| (*p, *churned)));
    let oracle = auc(scored.iter().map(|(_, p, churned)| (*p, *churned)));
    let churned = scored.iter().filter(|(_, _, churned)| *churned).count();
    print(format!(
        "churn: {} scored profiles of one person each ({left_out} left out), {churned} churned: \
         AUC {ours:.4}, of the true probabilities {oracle:.4}",
        scored.len()
    ));
    assert!(
        scored.len() > 250,
        "only {} people to compare",
        scored.len()
    );
    // Measured: 0.7291, and 0.8982 with the true probabilities: those know who has lost the habit
    // already and how often each buys, which so few people do not let a model learn. The world is
    // the same every time; the margin is for features that come and go.
    assert!(ours >= 0.72, "AUC {ours:.4}");
    assert!(
        ours <= oracle + 0.03,
        "AUC {ours:.4} beats the oracle: something leaks"
    );
}

#[test]
fn every_score_has_its_reasons() {
    let world = demo();
    let query = format!(
        "select s.profile_id, count(r.rank), min(r.rank), max(r.rank), count(distinct r.feature) \
         from scores.churn_scores as s left join scores.churn_reasons as r \
         on r.profile_id = s.profile_id and r.as_of_date = s.as_of_date \
         and r.model_id = s.model_id \
         where s.as_of_date = date '{TODAY}' and s.churn_probability is not null \
         group by s.profile_id"
    );
    let told = world.cdp(&["sql", "--format", "csv", &query]).expect(0);
    let mut reader = csv::Reader::from_reader(told.stdout.as_bytes());
    let mut profiles = 0;
    for row in reader.records() {
        let row = row.expect("a row");
        assert_eq!(
            [&row[1], &row[2], &row[3], &row[4]],
            ["3", "1", "3", "3"],
            "{row:?}"
        );
        profiles += 1;
    }
    assert!(profiles > 250, "only {profiles} scored profiles");
    // And nobody has reasons without a score.
    let query = format!(
        "select count(*) as strays from scores.churn_reasons as r \
         left anti join scores.churn_scores as s on r.profile_id = s.profile_id \
         and r.as_of_date = s.as_of_date and s.churn_probability is not null \
         where r.as_of_date = date '{TODAY}'"
    );
    let told = world.cdp(&["sql", "--format", "json", &query]).expect(0);
    assert_eq!(told.json()[0]["strays"], 0);
}

/// The churn probability of each scored profile.
fn scores(world: &World) -> Vec<(String, f64)> {
    let query = format!(
        "select profile_id, churn_probability from scores.churn_scores \
         where as_of_date = date '{TODAY}' and churn_probability is not null"
    );
    let told = world.cdp(&["sql", "--format", "csv", &query]).expect(0);
    let mut reader = csv::Reader::from_reader(told.stdout.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[0].to_owned(), row[1].parse().expect("a number")))
        .collect()
}

/// The true churn probability of each customer, and what really happened.
fn outcomes(world: &World) -> BTreeMap<String, (f64, bool)> {
    let path = world.project().join("truth/people.csv");
    let mut reader = csv::Reader::from_path(path).expect("the truth is there");
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|h| h == name).expect("a column");
    let (person, probability) = (at("person_id"), at("true_churn_probability"));
    let (churned, customer) = (at("churned"), at("is_customer"));
    let rows = reader.records().map(|row| row.expect("a row of the truth"));
    let customers = rows.filter(|row| &row[customer] == "true");
    customers
        .map(|row| {
            let probability = row[probability].parse().expect("a number");
            (
                row[person].to_owned(),
                (probability, &row[churned] == "true"),
            )
        })
        .collect()
}

/// The share of pairs of one who churned and one who stayed that are in the right order; a tie
/// counts half.
pub(crate) fn auc(scored: impl Iterator<Item = (f64, bool)>) -> f64 {
    let mut scored: Vec<(f64, bool)> = scored.collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let churned = scored.iter().filter(|(_, churned)| *churned).count();
    let stayed = scored.len() - churned;
    let mut below = 0;
    let mut twice_right = 0;
    for tie in scored.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let ones = tie.iter().filter(|(_, churned)| *churned).count();
        let zeros = tie.len() - ones;
        twice_right += ones * (2 * below + zeros);
        below += zeros;
    }
    twice_right as f64 / (2 * churned * stayed) as f64
}

#[test]
fn auc_counts_ties_as_half() {
    let scored = [(0.9, true), (0.5, true), (0.5, false), (0.1, false)];
    assert!((auc(scored.into_iter()) - 0.875).abs() < 1e-12);
}
