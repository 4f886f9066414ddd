//! Resolves a million identifiers, twice: anew, and with its own result as the previous map.
//!
//! `cargo bench -p cdp-identity`

use std::time::Instant;

use cdp_identity::{Evidence, IdentityRules, PreviousAssignment, RawIdentityConfig, resolve};

fn main() {
    let rules = IdentityRules::from_config(&RawIdentityConfig::default())
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    let evidence = evidence();
    let rows = evidence.len();
    let again = evidence.clone();
    let began = Instant::now();
    let first = resolve(&rules, evidence, &[], 10);
    tell("anew", rows, first.assignments.len(), began);
    let previous: Vec<PreviousAssignment> = first
        .assignments
        .iter()
        .map(|row| PreviousAssignment {
            identifier: row.identifier.clone(),
            profile_id: row.profile_id.clone(),
            profile_since: row.profile_since,
            effective_at: row.effective_at,
        })
        .collect();
    let began = Instant::now();
    let second = resolve(&rules, again, &previous, 20);
    tell("with a previous map", rows, second.assignments.len(), began);
    assert!(second == first, "the second resolution is the first");
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is for"
)]
fn tell(what: &str, rows: usize, identifiers: usize, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {rows} rows, {identifiers} identifiers, {seconds:.1} s");
}

/// People with seven devices each, that a neighbour uses too.
fn evidence() -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for person in 0..125_000_u32 {
        for number in 0..7_u32 {
            let scattered = person.wrapping_mul(2_654_435_761) ^ number;
            for (owner, source) in [(person, "app"), (person, "web"), (person + 1, "app")] {
                evidence.push(Evidence {
                    left: format!("user_id:{owner}"),
                    right: Some(format!("anonymous_id:{scattered:08x}-{person}")),
                    source: source.to_owned(),
                    first_seen: i64::from(person) + i64::from(number),
                    last_seen: i64::from(person) + 100,
                    count: 1,
                });
            }
        }
    }
    evidence
}
