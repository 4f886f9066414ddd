//! Training: what is known beforehand is found again.

use cdp_linkage::{LinkageConfig, LinkageModel, Pattern, RawLinkageConfig, TrainingCounts, link};

use crate::people::{Dice, default_config, families, records};

/// Four personal fields with three levels each.
fn simple_config() -> LinkageConfig {
    let mut raw: RawLinkageConfig = toml::from_str(
        r#"
        blocking = [["a"]]
        swaps = []
        comparisons = [
            { name = "a", field = "a", levels = ["exact", "edits <= 1"] },
            { name = "b", field = "b", levels = ["exact", "edits <= 1"] },
            { name = "c", field = "c", levels = ["exact", "edits <= 1"] },
            { name = "d", field = "d", levels = ["exact", "edits <= 1"] },
        ]
        [fields]
        a = { kind = "text" }
        b = { kind = "text" }
        c = { kind = "text" }
        d = { kind = "text" }
        "#,
    )
    .expect("known keys");
    raw.training.tolerance = 1e-7;
    LinkageConfig::from_raw(&raw).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const M: [[f64; 3]; 4] = [
    [0.90, 0.06, 0.04],
    [0.80, 0.15, 0.05],
    [0.70, 0.20, 0.10],
    [0.85, 0.10, 0.05],
];
const U: [[f64; 3]; 4] = [
    [0.010, 0.020, 0.970],
    [0.002, 0.008, 0.990],
    [0.050, 0.100, 0.850],
    [0.004, 0.006, 0.990],
];

/// Draws a pattern; one value in ten is missing.
fn draw(levels: &[[f64; 3]; 4], dice: &mut Dice) -> Pattern {
    let mut pattern = Pattern::default();
    for (comparison, shares) in levels.iter().enumerate() {
        if dice.below(10) == 0 {
            continue;
        }
        let share = dice.share();
        let level = if share < shares[0] {
            1
        } else if share < shares[0] + shares[1] {
            2
        } else {
            3
        };
        pattern = pattern.with(comparison, level);
    }
    pattern
}

#[test]
fn known_probabilities_are_found_again() {
    let (pairs, matches) = (400_000_u32, 2_000_u32);
    let mut dice = Dice(7);
    let mut counts = TrainingCounts {
        pairs: f64::from(pairs),
        ..TrainingCounts::default()
    };
    for number in 0..pairs {
        let levels = if number < matches { &M } else { &U };
        let pattern = draw(levels, &mut dice);
        *counts.random.entry(pattern).or_default() += 1;
        // Pairs that share nothing at all share no block either.
        if (0..4).any(|comparison| pattern.level(comparison) == 1) {
            *counts.blocked.entry(pattern).or_default() += 1;
        }
    }
    let model = LinkageModel::train(&simple_config(), &counts);
    assert!(model.converged, "{model}");
    let prior = f64::from(matches) / f64::from(pairs);
    assert!((model.prior / prior - 1.0).abs() < 0.05, "{model}");
    for (comparison, weights) in model.comparisons.iter().enumerate() {
        for (level, found) in weights.levels.iter().enumerate() {
            let (m, u) = (M[comparison][level], U[comparison][level]);
            assert!(
                (found.m - m).abs() < 0.035,
                "{} {level}: m of {m}\n{model}",
                weights.name
            );
            assert!(
                (found.u / u - 1.0).abs() < 0.06,
                "{} {level}: u of {u}\n{model}",
                weights.name
            );
        }
    }
}

#[test]
fn training_without_pairs_gives_a_model_that_links_nothing() {
    let config = default_config();
    let model = LinkageModel::train(&config, &TrainingCounts::default());
    assert!(model.converged);
    let none = records(&config, &[]);
    let linkage = link(&config, &none, 2);
    assert!(linkage.pairs().is_empty() && linkage.clusters(0.5).is_empty());
    let one = records(&config, &families(1, false, 3).0[..1]);
    assert_eq!(link(&config, &one, 2).clusters(0.5), [0]);
}

#[test]
fn a_prior_that_is_told_is_kept_and_one_from_certain_rules_is_used() {
    let (people, _) = families(200, true, 11);
    let mut raw = RawLinkageConfig::default();
    raw.training.prior = Some(0.001);
    let config = LinkageConfig::from_raw(&raw).expect("sound");
    let linkage = link(&config, &records(&config, &people), 1);
    assert!((linkage.model().prior - 0.001).abs() < 1e-15);
    raw.training.prior = None;
    raw.training.certain = vec![vec!["given_name".to_owned(), "birth_date".to_owned()]];
    raw.training.certain_recall = 0.5;
    let config = LinkageConfig::from_raw(&raw).expect("sound");
    let certain = link(&config, &records(&config, &people), 1).model().prior;
    let learned = link(&default_config(), &records(&default_config(), &people), 1)
        .model()
        .prior;
    assert!(
        certain > learned / 2.0 && certain < 2.0 * learned,
        "{certain} beside {learned}"
    );
}

#[test]
fn families_are_not_welded_where_people_are_there_twice() {
    let (people, who) = families(800, true, 5);
    let config = default_config();
    let linkage = link(&config, &records(&config, &people), 2);
    let clusters = linkage.clusters(0.95);
    let (mut welded, mut found, mut wanted) = (0, 0, 0);
    for left in 0..who.len() {
        for right in left + 1..who.len() {
            let is_together = clusters[left] == clusters[right];
            wanted += u32::from(who[left] == who[right]);
            found += u32::from(is_together && who[left] == who[right]);
            welded += u32::from(is_together && who[left] != who[right]);
        }
    }
    assert!(
        linkage.model().households > linkage.model().prior / 4.0,
        "{}",
        linkage.model()
    );
    assert!(
        welded * 100 <= wanted,
        "{welded} welded, {wanted} wanted\n{}",
        linkage.model()
    );
    assert!(
        found * 10 >= wanted * 9,
        "{found} of {wanted}\n{}",
        linkage.model()
    );
}

#[test]
fn where_nobody_is_there_twice_hardly_anybody_is_linked() {
    let (people, _) = families(800, false, 9);
    let config = default_config();
    let linkage = link(&config, &records(&config, &people), 2);
    let clusters = linkage.clusters(0.95);
    let linked = (0_u32..)
        .zip(&clusters)
        .filter(|(row, cluster)| row != *cluster)
        .count();
    assert!(
        linked * 200 <= people.len(),
        "{linked} of {}\n{}",
        people.len(),
        linkage.model()
    );
}
