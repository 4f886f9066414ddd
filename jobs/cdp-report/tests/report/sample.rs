//! A report whose model was really trained, on generated customers.

use cdp_churn::{
    BaselineColumns, ChurnConfig, ClassCounts, Direction, FeatureTable, RawChurnConfig, RiskBand,
    TrainingSet, train,
};
use cdp_plan::AsOfDate;
use cdp_report::{
    Cohort, Customer, FeatureWeight, ModelInService, NotScored, Offer, Outcome, Reason, Report,
    ScoredDay, Shift, ShiftLevel, Training,
};

/// The day the model is trained for.
const TODAY: i32 = 20_454;
/// Customers at each cut-off.
const CUSTOMERS: usize = 400;

fn date(day: i32) -> AsOfDate {
    AsOfDate::from_epoch_day(day).expect("a date")
}

/// A number in [0, 1) that belongs to a place (SplitMix64).
fn uniform(place: u64) -> f64 {
    let mut z = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The rows of all cut-offs: silence raises the risk, orders lower it.
fn rows(config: &ChurnConfig) -> TrainingSet {
    let (mut recency, mut orders, mut tenure) = (Vec::new(), Vec::new(), Vec::new());
    let (mut churned, mut ids, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for cutoff in config.all_cutoffs(TODAY) {
        for customer in 0..CUSTOMERS {
            let place = 4 * (u64::from(cutoff.unsigned_abs()) * 1_000 + customer as u64);
            let silence = (200.0 * uniform(place)).floor() + 1.0;
            let count = (6.0 * uniform(place + 1).powi(2)).floor();
            let log_odds = 1.1 * (silence / 40.0).ln_1p() - 0.8 * count + 0.2;
            recency.push(silence);
            orders.push(count);
            tenure.push(silence + 400.0 * uniform(place + 2));
            churned.push(uniform(place + 3) < 1.0 / (1.0 + f64::exp(-log_odds)));
            ids.push(format!("p_{customer:04}"));
            days.push(cutoff);
        }
    }
    let table = FeatureTable::new()
        .with_numeric("recency_days", recency)
        .and_then(|table| table.with_numeric("frequency", orders))
        .and_then(|table| table.with_numeric("tenure_days", tenure))
        .expect("sound columns");
    TrainingSet::new(&table, &churned, &ids, &days).expect("a sound set")
}

fn served() -> ModelInService {
    let config = ChurnConfig::from_raw(&RawChurnConfig::default()).expect("the defaults");
    let columns = BaselineColumns {
        recency_days: "recency_days",
        tenure_days: "tenure_days",
        frequency: "frequency",
    };
    let model = train(&config, &rows(&config), TODAY, &columns).expect("a model");
    let weights = model.importance().iter().map(|one| FeatureWeight {
        feature: one.feature.clone(),
        meaning: "what it is".to_owned(),
        mean_contribution: one.mean_contribution,
        direction: one.direction,
    });
    ModelInService {
        model_id: model.model_id(),
        trained_for: date(TODAY),
        weights: weights.collect(),
        model,
    }
}

fn scored_day(day: i32, customers: u64) -> ScoredDay {
    ScoredDay {
        as_of_date: date(day),
        bands: vec![
            (RiskBand::High, customers),
            (RiskBand::Low, 17 * customers),
            (RiskBand::Medium, 2 * customers),
        ],
        expected_churners: 8.4 * customers as f64,
        histogram: vec![customers; 20],
        ordered: Vec::new(),
        not_scored: vec![NotScored {
            reason: "never ordered".to_owned(),
            profiles: 1_234,
        }],
    }
}

fn outcome(cohort: Cohort, decile: u32) -> Outcome {
    let churned = if decile == 0 {
        180
    } else {
        4 * decile as usize
    };
    let all = if decile == 0 { 400 } else { 40 };
    Outcome {
        closed_date: date(TODAY - 1),
        scored_date: date(TODAY - 91),
        model_id: "m_0011223344556677".to_owned(),
        cohort,
        decile,
        rows: ClassCounts {
            churned,
            retained: all - churned,
        },
        mean_probability: f64::from(decile.max(1)) / 10.5,
        log_loss: 0.567,
        roc_auc: (decile == 0).then_some(0.765),
    }
}

fn shift(level: ShiftLevel, psi: f64) -> Shift {
    Shift {
        name: "recency_days".to_owned(),
        level,
        psi: Some(psi),
        noise_floor: Some(0.02),
        means: [Some(61.0), Some(40.5)],
        missing_rates: [Some(0.25), None],
        sources: "raw.orders".to_owned(),
    }
}

fn customer(place: u32) -> Customer {
    let reason = |sentence: &str, contribution: f64| Reason {
        sentence: sentence.to_owned(),
        direction: if contribution > 0.0 {
            Direction::Raises
        } else {
            Direction::Lowers
        },
        contribution,
    };
    Customer {
        profile_id: format!("p_{place:04}"),
        churn_probability: 1.0 - f64::from(place) / 10.0,
        percentile: 100.0 - 10.0 * f64::from(place),
        risk_band: if place < 4 {
            RiskBand::High
        } else {
            RiskBand::Low
        },
        reasons: vec![
            reason("no order for 74 days; usual gap 21", 1.25),
            reason("4 orders in the last 90 days", -0.5),
        ],
        offer: place.is_multiple_of(2).then_some(Offer {
            threshold: Some(0.4),
            expected_gain: Some(3.2),
            is_treated: place < 4,
            is_holdout: false,
        }),
    }
}

/// Everything there can be.
pub(crate) fn report() -> Report {
    let served = served();
    let evaluation = served.model.evaluation().measured();
    let evaluation = evaluation.expect("enough history").clone();
    let tenths = (1..=10).map(|decile| outcome(Cohort::All, decile));
    Report {
        project: "shop".to_owned(),
        program_version: "0.1.0".to_owned(),
        scored: scored_day(TODAY, 50),
        scored_before: Some(scored_day(TODAY - 1, 40)),
        trainings: vec![Training {
            model_id: served.model_id.clone(),
            as_of_date: served.trained_for,
            evaluation,
        }],
        model: Some(served),
        drift: vec![
            shift(ShiftLevel::Act, 0.31),
            shift(ShiftLevel::Stable, 0.01),
        ],
        outcomes: [outcome(Cohort::All, 0), outcome(Cohort::Holdout, 0)]
            .into_iter()
            .chain(tenths)
            .collect(),
        customers: (0..10).map(customer).collect(),
    }
}

/// The first run of a shop with too few customers.
pub(crate) fn without_a_model() -> Report {
    Report {
        scored: ScoredDay {
            bands: Vec::new(),
            expected_churners: 0.0,
            histogram: vec![0; 20],
            ordered: vec![(RiskBand::High, 5), (RiskBand::Low, 12)],
            not_scored: vec![NotScored {
                reason: "too few customers".to_owned(),
                profiles: 17,
            }],
            ..scored_day(TODAY, 0)
        },
        scored_before: None,
        model: None,
        trainings: Vec::new(),
        drift: Vec::new(),
        outcomes: Vec::new(),
        customers: Vec::new(),
        project: "shop".to_owned(),
        program_version: "0.1.0".to_owned(),
    }
}
