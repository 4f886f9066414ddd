//! Laws that hold for any records.

use cdp_linkage::{
    LinkageConfig, LinkageModel, LinkageModelError, Pattern, PatternCounts, RawLinkageConfig,
    Records, TrainingCounts, link, link_with, match_probability,
};
use proptest::prelude::*;

use crate::people::{Dice, Person, default_config, families, records};

fn people() -> Vec<Person> {
    families(150, true, 1).0
}

/// Which rows are together, told by the rows as they were before.
fn partition(clusters: &[u32], row: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); clusters.len()];
    for (place, cluster) in clusters.iter().enumerate() {
        groups[*cluster as usize].push(row(place));
    }
    groups.retain(|group| !group.is_empty());
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort();
    groups
}

#[test]
fn the_order_of_the_records_changes_nothing() {
    let people = people();
    let mut raw = RawLinkageConfig::default();
    // Fewer than there are, so that pairs are drawn.
    raw.training.sample_pairs_max = 20_000;
    let config = LinkageConfig::from_raw(&raw).expect("sound");
    let before = link(&config, &records(&config, &people), 1);
    let expected = partition(&before.clusters(0.95), |row| row);
    for seed in 0..3 {
        let mut order: Vec<usize> = (0..people.len()).collect();
        let mut dice = Dice(seed);
        for place in (1..order.len()).rev() {
            order.swap(
                place,
                usize::try_from(dice.below(place as u64 + 1)).expect("small"),
            );
        }
        let mixed: Vec<Person> = order.iter().map(|row| people[*row].clone()).collect();
        let after = link(&config, &records(&config, &mixed), 1);
        assert_eq!(after.model(), before.model());
        assert_eq!(
            partition(&after.clusters(0.95), |place| order[place]),
            expected
        );
        assert_eq!(after.pairs().len(), before.pairs().len());
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let config = default_config();
    let records = records(&config, &people());
    let one = link(&config, &records, 1);
    for threads in [0, 2, 7] {
        let many = link(&config, &records, threads);
        assert_eq!(many.model(), one.model());
        assert_eq!(many.pairs(), one.pairs());
        assert_eq!(many.clusters(0.5), one.clusters(0.5));
    }
}

#[test]
fn weights_fall_from_level_to_level_and_probabilities_are_some() {
    let config = default_config();
    let linkage = link(&config, &records(&config, &people()), 2);
    for comparison in &linkage.model().comparisons {
        for pair in comparison.levels.windows(2) {
            assert!(pair[0].weight >= pair[1].weight, "{}", comparison.name);
            assert!(
                pair[0].household_weight >= pair[1].household_weight,
                "{}",
                comparison.name
            );
        }
        let m: f64 = comparison.levels.iter().map(|level| level.m).sum();
        let u: f64 = comparison.levels.iter().map(|level| level.u).sum();
        assert!(
            (m - 1.0).abs() < 1e-9 && (u - 1.0).abs() < 1e-9,
            "{}",
            comparison.name
        );
    }
    assert!(!linkage.pairs().is_empty());
    for pair in linkage.pairs() {
        assert!(pair.left < pair.right);
        assert!(
            (config.keep_probability()..=1.0).contains(&pair.probability),
            "{pair:?}"
        );
        assert!((match_probability(pair.weight) - pair.probability).abs() < 1e-12);
    }
}

#[test]
fn an_explanation_adds_up_to_the_weight() {
    let config = default_config();
    let linkage = link(&config, &records(&config, &people()), 2);
    for pair in linkage.pairs() {
        let told = linkage.explain(pair.left, pair.right);
        let said: f64 = told
            .evidence
            .iter()
            .map(|one| one.weight + one.term_weight)
            .sum();
        let sum = told.prior_weight + said + told.relatives_weight;
        assert!((sum - pair.weight).abs() < 1e-9, "{told}");
        assert!(told.relatives_weight <= 1e-9, "{told}");
        assert_eq!(
            told.weight.to_bits(),
            linkage.explain(pair.right, pair.left).weight.to_bits()
        );
    }
    let told = linkage.explain(0, 1).to_string();
    assert!(told.contains("surname"), "{told}");
}

#[test]
fn missing_values_count_neither_way() {
    let config = default_config();
    let linkage = link(&config, &records(&config, &people()), 2);
    let model = linkage.model();
    let nothing = model.match_weight(Pattern::default(), |_| 0.0);
    // With nothing compared, a pair is a match as often as the prior says.
    assert!((match_probability(nothing) - model.prior).abs() < 1e-12);
}

#[test]
fn an_engine_that_makes_the_pairs_itself_gets_the_same_model() {
    let config = default_config();
    let people = people();
    let records = records(&config, &people);
    let rows = u32::try_from(records.len()).expect("few");
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut blocked, mut all) = (PatternCounts::new(), PatternCounts::new());
    for one in 0..rows {
        records.read(one, &mut left);
        let keys = config.block_keys(&left);
        for other in one + 1..rows {
            records.read(other, &mut right);
            let pattern = config.compare(&left, &right);
            assert_eq!(pattern, config.compare(&right, &left));
            *all.entry(pattern).or_default() += 1;
            let others = config.block_keys(&right);
            let shares_a_block = keys.iter().zip(&others).any(|(one, other)| {
                let meets = |key: Option<u64>, lock| key.is_some() && key == lock;
                meets(one.left, other.right) || meets(other.left, one.right)
            });
            if shares_a_block {
                *blocked.entry(pattern).or_default() += 1;
            }
        }
    }
    let pairs = f64::from(rows) * f64::from(rows - 1) / 2.0;
    let counts = TrainingCounts {
        blocked,
        random: all,
        certain: None,
        pairs,
    };
    let model = LinkageModel::train(&config, &counts);
    let linkage = link(&config, &records, 2);
    assert!(linkage.left_out().is_empty(), "{:?}", linkage.left_out());
    assert_eq!(&model, linkage.model());
}

#[test]
fn a_model_outlives_its_training_and_fits_its_configuration_only() {
    let config = default_config();
    let records = records(&config, &people());
    let linkage = link(&config, &records, 2);
    let json = linkage.model().to_json();
    let read = LinkageModel::from_json(&json).expect("its own JSON");
    assert_eq!(&read, linkage.model());
    assert!(read.check(&config).is_ok());
    assert_eq!(
        link_with(&config, read.clone(), &records, 2).pairs(),
        linkage.pairs()
    );

    let mut raw = RawLinkageConfig::default();
    raw.comparisons[1].levels.pop();
    let other = LinkageConfig::from_raw(&raw).expect("sound");
    let error = read.check(&other).expect_err("another level");
    assert!(error.to_string().contains("`surname: begins`"), "{error}");
    let newer = json.replacen("\"format_version\":1", "\"format_version\":2", 1);
    let error = LinkageModel::from_json(&newer).expect_err("another version");
    assert!(matches!(
        error,
        LinkageModelError::FormatVersion { found: 2 }
    ));
}

#[test]
fn a_block_that_is_too_large_is_left_out_and_told() {
    let raw = RawLinkageConfig {
        block_records_max: 3,
        ..RawLinkageConfig::default()
    };
    let config = LinkageConfig::from_raw(&raw).expect("sound");
    let mut people = people();
    people.truncate(8);
    for person in &mut people {
        person[5] = "berlin".to_owned();
    }
    let linkage = link(&config, &records(&config, &people), 1);
    let told: Vec<&str> = linkage
        .left_out()
        .iter()
        .map(|block| block.rule.as_str())
        .collect();
    assert!(told.contains(&"sound(city)"), "{told:?}");
}

#[test]
fn a_value_of_ten_megabytes_costs_no_more_than_a_line() {
    let config = default_config();
    let mut people = people();
    people.truncate(40);
    for (number, text) in ["x", "né ", "山", " ", "\u{200b}", "1", "-"]
        .iter()
        .enumerate()
    {
        people[number][number] = text.repeat(10_000_000 / text.len());
    }
    let records = records(&config, &people);
    let linkage = link(&config, &records, 2);
    assert_eq!(linkage.clusters(0.95).len(), people.len());
    // Nor does comparing what was not cleaned.
    let long = "y".repeat(10_000_000);
    let other = format!("{long}z");
    let fields = config.field_names().len();
    let pattern = config.compare(
        &vec![Some(long.as_str()); fields],
        &vec![Some(other.as_str()); fields],
    );
    assert_ne!(pattern, Pattern::default());
}

proptest! {
    #[test]
    fn any_records_are_linked_without_a_fault(
        rows in prop::collection::vec(
            prop::collection::vec(
                prop_oneof![
                    Just(String::new()),
                    "\\PC{0,80}",
                    "[a-c ]{0,6}",
                    "[0-9/.-]{0,10}",
                    "[a-b]{1,3}@[a-b]{1,3}",
                ],
                12,
            ),
            0..12,
        )
    ) {
        let config = default_config();
        let mut records = Records::new(&config);
        for row in &rows {
            let values: Vec<Option<&str>> = row.iter().map(|value| Some(value.as_str())).collect();
            records.push(&config, &values);
        }
        let linkage = link(&config, &records, 1);
        for pair in linkage.pairs() {
            prop_assert!(pair.weight.is_finite() && (0.0..=1.0).contains(&pair.probability));
        }
        let clusters = linkage.clusters(0.95);
        prop_assert_eq!(clusters.len(), rows.len());
        for (row, cluster) in clusters.iter().enumerate() {
            prop_assert!(*cluster as usize <= row);
            prop_assert_eq!(clusters[*cluster as usize], *cluster);
        }
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(raw in prop_oneof!["\\PC{0,40}", "[ a-zA-Z0-9@.,/'-]{0,24}"]) {
        let config = default_config();
        for field in 0..config.field_names().len() {
            if let Some(once) = config.clean(field, &raw) {
                prop_assert_eq!(config.clean(field, &once), Some(once.clone()), "field {}", field);
            }
        }
    }
}
