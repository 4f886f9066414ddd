//! Generated rows with a known truth.

use cdp_churn::{BaselineColumns, ChurnConfig, FeatureTable, RawChurnConfig, TrainingSet};

/// The features that baselines are made of, under their usual names.
pub(crate) const COLUMNS: BaselineColumns<'static> = BaselineColumns {
    recency_days: "recency_days",
    tenure_days: "tenure_days",
    frequency: "frequency",
};

/// SplitMix64 (Steele, Lea and Flood 2014): a small generator, so that a test's rows never change.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Roughly standard normal: the sum of twelve uniforms, centred.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A permutation of `0..count`.
    pub(crate) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut keyed: Vec<(u64, usize)> = (0..count).map(|i| (self.next(), i)).collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, index)| index).collect()
    }
}

/// One profile at one cut-off.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) profile_id: String,
    pub(crate) cutoff_day: i32,
    pub(crate) churned: bool,
    pub(crate) recency_days: f64,
    pub(crate) order_count: f64,
    pub(crate) order_amount: f64,
    pub(crate) country: Option<String>,
}

/// `count` profiles at each cut-off. `level` moves the log-odds of churn of everybody.
pub(crate) fn rows(cutoffs: &[i32], count: usize, level: f64, seed: u64) -> Vec<Row> {
    let mut rng = Rng(seed);
    let mut rows = Vec::new();
    for &cutoff_day in cutoffs {
        for index in 0..count {
            let recency_days = (rng.uniform() * 200.0).floor();
            let order_count = 1.0 + (rng.uniform().powi(3) * 30.0).floor();
            let amount = (rng.normal() + 3.0).exp();
            let (share, hidden) = (rng.uniform(), rng.uniform());
            let country = match share {
                s if s < 0.5 => Some("nl"),
                s if s < 0.9 => Some("be"),
                s if s < 0.905 => Some("lu"),
                s if s < 0.95 => Some("de"),
                _ => None,
            };
            let abroad = if country == Some("de") { 0.8 } else { 0.0 };
            let log_odds =
                level + 1.2 * (recency_days / 30.0).ln_1p() - 0.9 * order_count.ln() + abroad;
            rows.push(Row {
                profile_id: format!("p{index:06}"),
                cutoff_day,
                churned: rng.uniform() < 1.0 / (1.0 + (-log_odds).exp()),
                recency_days,
                order_count,
                order_amount: if hidden < 0.1 { f64::NAN } else { amount },
                country: country.map(str::to_owned),
            });
        }
    }
    rows
}

pub(crate) fn features(rows: &[Row]) -> FeatureTable {
    let numbers = |value: fn(&Row) -> f64| rows.iter().map(value).collect::<Vec<f64>>();
    FeatureTable::new()
        .with_numeric("recency_days", numbers(|r| r.recency_days))
        .and_then(|t| t.with_numeric("order_count", numbers(|r| r.order_count)))
        .and_then(|t| t.with_numeric("order_amount", numbers(|r| r.order_amount)))
        .and_then(|t| t.with_numeric("always_one", vec![1.0; rows.len()]))
        .and_then(|t| {
            t.with_categorical("country", rows.iter().map(|r| r.country.clone()).collect())
        })
        .expect("sound columns")
}

pub(crate) fn training_set(rows: &[Row]) -> TrainingSet {
    let churned: Vec<bool> = rows.iter().map(|r| r.churned).collect();
    let ids: Vec<String> = rows.iter().map(|r| r.profile_id.clone()).collect();
    let days: Vec<i32> = rows.iter().map(|r| r.cutoff_day).collect();
    TrainingSet::new(&features(rows), &churned, &ids, &days).expect("a sound set")
}

pub(crate) fn config(change: impl FnOnce(&mut RawChurnConfig)) -> ChurnConfig {
    let mut raw = RawChurnConfig::default();
    change(&mut raw);
    ChurnConfig::from_raw(&raw).expect("a sound configuration")
}

pub(crate) fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not within {tolerance} of {expected}"
    );
}
