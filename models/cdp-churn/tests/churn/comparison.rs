//! Whether a candidate may take the champion's place.

use cdp_churn::{Guard, Verdict, compare};

use crate::support::{Rng, assert_close};

/// Outcomes of rows whose true log-odds are known.
fn truth(rows: usize, seed: u64) -> (Vec<bool>, Vec<f64>) {
    let mut rng = Rng(seed);
    let log_odds: Vec<f64> = (0..rows).map(|_| 1.5 * rng.normal()).collect();
    let churned = log_odds.iter().map(|z| rng.uniform() < probability(*z));
    (churned.collect(), log_odds)
}

fn probability(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Log-odds blurred by noise, told as they should be then.
fn blurred(log_odds: &[f64], noise: f64) -> Vec<f64> {
    let mut rng = Rng(77);
    let shrink = 2.25 / (2.25 + noise * noise);
    let told = log_odds.iter().map(|z| shrink * (z + noise * rng.normal()));
    told.map(probability).collect()
}

#[test]
fn a_sharper_model_wins_and_a_blunter_one_loses() {
    let (churned, log_odds) = truth(3000, 1);
    let (sharp, blunt) = (blurred(&log_odds, 0.3), blurred(&log_odds, 1.5));
    let won = compare(&churned, &blunt, &sharp).expect("sound rows");
    assert_eq!(won.verdict(), Verdict::Better);
    assert!(won.is_won(), "{:?}", won.broken().collect::<Vec<_>>());
    let expected = won.champion.log_loss - won.candidate.log_loss;
    assert_close(won.gain, expected, 1e-12);
    assert!(won.interval.low < won.gain && won.gain < won.interval.high);
    let lost = compare(&churned, &sharp, &blunt).expect("sound rows");
    assert_eq!(lost.verdict(), Verdict::Worse);
    assert!(!lost.is_won());
    assert_close(lost.gain, -won.gain, 1e-12);
}

#[test]
fn the_same_model_is_not_better_than_itself() {
    let (churned, log_odds) = truth(500, 2);
    let told = blurred(&log_odds, 0.5);
    let same = compare(&churned, &told, &told).expect("sound rows");
    assert_eq!(same.verdict(), Verdict::NotSure);
    assert_close(same.gain, 0.0, 0.0);
    assert!(!same.is_won());
}

#[test]
fn every_guard_can_break() {
    let broken = |churned: &[bool], champion: &[f64], candidate: &[f64]| -> Vec<String> {
        let comparison = compare(churned, champion, candidate).expect("sound rows");
        assert!(!comparison.is_won());
        comparison.broken().map(Guard::to_string).collect()
    };
    let (churned, log_odds) = truth(4000, 3);
    let half = vec![0.5; churned.len()];
    // Better than nothing, and too sure of itself.
    let sure: Vec<f64> = log_odds.iter().map(|z| probability(1.6 * z)).collect();
    let found = broken(&churned, &half, &sure);
    assert!(
        found
            .iter()
            .any(|guard| guard.starts_with("calibration slope 0.")),
        "{found:?}"
    );
    let off: Vec<f64> = log_odds.iter().map(|z| probability(z + 0.6)).collect();
    let found = broken(&churned, &half, &off);
    assert!(found[0].starts_with("calibration error 0."), "{found:?}");
    assert!(found[0].contains("expected at most 0.03"), "{found:?}");
    let knows: Vec<f64> = churned
        .iter()
        .map(|churned| if *churned { 0.9 } else { 0.1 })
        .collect();
    let found = broken(&churned, &half, &knows);
    assert!(
        found.iter().any(|guard| guard.starts_with("AUC 1.0000")),
        "{found:?}"
    );
    let (few, log_odds) = truth(60, 4);
    let found = broken(&few, &[0.5; 60], &blurred(&log_odds, 0.1));
    assert!(
        found
            .iter()
            .any(|guard| guard.ends_with("expected at least 50")),
        "{found:?}"
    );
}

#[test]
fn few_rows_are_allowed_the_error_that_chance_gives_them() {
    let (churned, log_odds) = truth(400, 5);
    let told = blurred(&log_odds, 0.0);
    let comparison = compare(&churned, &vec![0.5; 400], &told).expect("sound rows");
    let limit = comparison.guards.iter().find_map(|guard| match guard {
        Guard::CalibrationError { limit, .. } => Some(*limit),
        _ => None,
    });
    // Of 40 rows a bin: about 0.06 by chance, and twice that is allowed.
    assert!(
        limit.is_some_and(|limit| (0.08..0.16).contains(&limit)),
        "{limit:?}"
    );
    assert!(
        comparison.is_won(),
        "{:?}",
        comparison.broken().collect::<Vec<_>>()
    );
}
