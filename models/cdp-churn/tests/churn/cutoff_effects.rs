//! Seasons are not taken for effects of what grows with the history.

use cdp_churn::{ChurnModel, train};

use crate::support::{COLUMNS, Row, assert_close, config, features, rows, training_set};

const AS_OF: i32 = 20_000;
const COUNT: usize = 3_000;
/// What the season of each cut-off that is learned from adds to log-odds, oldest first.
const SEASONS: [f64; 4] = [-0.6, -0.2, 0.2, 0.6];

/// Rows at a cut-off of a season. What was ever spent has no effect, and grows from day to day.
fn at(cutoff_day: i32, season: f64) -> Vec<Row> {
    let mut rows = rows(
        &[cutoff_day],
        COUNT,
        -1.0 + season,
        cutoff_day.unsigned_abs().into(),
    );
    let growth = f64::from(cutoff_day - AS_OF) / 60.0;
    for row in &mut rows {
        row.order_amount *= growth.exp();
    }
    rows
}

fn learned(kind: &str, seasons: [f64; 4]) -> ChurnModel {
    let config = config(|raw| raw.models = vec![kind.to_owned()]);
    let training = config.training_cutoffs(AS_OF);
    let season = |day: i32| {
        let place = training.iter().rev().position(|cutoff| *cutoff == day);
        place.map_or(0.0, |place| seasons[place])
    };
    let days = config.all_cutoffs(AS_OF).into_iter();
    let rows: Vec<Row> = days.flat_map(|day| at(day, season(day))).collect();
    train(&config, &training_set(&rows), AS_OF, &COLUMNS).expect("trains")
}

#[test]
fn a_cutoff_to_come_has_no_season() {
    let now = at(AS_OF, 0.0);
    let share = |count: f64| count / now.len() as f64;
    let churned = share(now.iter().filter(|row| row.churned).count() as f64);
    for kind in ["logistic", "boosted"] {
        let model = learned(kind, SEASONS);
        let found = model.cutoff_effects();
        assert_eq!(found.effects.len(), SEASONS.len());
        for (effect, season) in found.effects.iter().zip(SEASONS) {
            assert_close(effect.log_odds, season, 0.15);
        }
        // The standard deviation of the four.
        assert_close(found.spread, 0.52, 0.1);
        let told = model.log_odds(&features(&now)).expect("log-odds");
        let told = share(told.iter().map(|z| 1.0 / (1.0 + (-z).exp())).sum());
        assert_close(told, churned, 0.02);
    }
}

#[test]
fn without_seasons_there_are_no_effects() {
    let found = learned("logistic", [0.0; 4]);
    assert!(found.cutoff_effects().spread <= 0.0);
    assert!(found.cutoff_effects().effects.is_empty());
}
