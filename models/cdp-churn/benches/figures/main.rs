//! The figures of the model on public data next to what they are held against, from what the product
//! itself chose: nothing here is chosen by looking at what is measured.
//!
//! `cargo bench -p cdp-churn --bench figures`; `CDP_SHARED_DATA` names the folder with `cdnow` and
//! `telco_ibm`, by default `shared/data` beside the project. `-- cdnow` or `-- telco` runs one of them;
//! `CDP_BENCH_REPEATS` (default 10) sets how often Telco's folds are drawn, `CDP_BENCH_CUTOFFS` (default
//! 4) how many cut-offs are stacked for CDNOW at the most.

#![expect(
    clippy::print_stdout,
    reason = "the tables are what a benchmark is for"
)]

mod cdnow;
mod telco;

use std::error::Error;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use cdp_churn::metrics::Metrics;
use cdp_churn::{
    BaselineColumns, Calibration, ChurnConfig, ChurnModel, FeatureTable, ModelKind, RawChurnConfig,
    TrainingSet, TuningResult, train,
};

use cdnow::{Purchases, Rows, day_of};
use telco::Telco;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|arg| arg == name);
    if is_asked("cdnow") {
        of_cdnow()?;
    }
    if is_asked("telco") {
        of_telco()?;
    }
    Ok(())
}

fn shared() -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    std::env::var_os("CDP_SHARED_DATA").map_or_else(beside, PathBuf::from)
}

/// What the environment says, if it does.
fn setting<T: FromStr<Err = ParseIntError>>(name: &str) -> Result<Option<T>> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own program")]
    let value = std::env::var(name).ok();
    Ok(value.map(|value| value.parse()).transpose()?)
}

fn config(change: impl FnOnce(&mut RawChurnConfig)) -> Result<ChurnConfig> {
    let mut raw = RawChurnConfig::default();
    change(&mut raw);
    ChurnConfig::from_raw(&raw).map_err(|faults| format!("{faults:?}").into())
}

/// Rows are scored as of a day by the model trained as of that day, on what had closed by then.
fn of_cdnow() -> Result<()> {
    const HORIZON: i32 = 91;
    let purchases = Purchases::read(&shared())?;
    let cutoffs = setting("CDP_BENCH_CUTOFFS")?;
    let config = config(|raw| {
        raw.horizon_days = i64::from(HORIZON).into();
        raw.training_cutoffs = cutoffs.unwrap_or(raw.training_cutoffs);
    })?;
    println!("CDNOW, full cohort, 91 days ahead, by the model of the day");
    println!("as of       customers  log loss  at most     ECE  at most     AUC   slope  model");
    let cases = [
        ("1997-10-01", day_of(1997, 10, 1), 0.381),
        ("1997-12-31", day_of(1997, 12, 31), 0.346),
        ("1998-04-01", day_of(1998, 4, 1), 0.298),
    ];
    for (date, as_of, target) in cases {
        let started = Instant::now();
        let mut rows = Rows::default();
        for cutoff in config.all_cutoffs(as_of) {
            purchases.at(cutoff, HORIZON, &mut rows);
        }
        let mut scored = Rows::default();
        purchases.at(as_of, HORIZON, &mut scored);
        let set = rows.set().with_present(scored.table());
        let model = train(&config, &set, as_of, &cdnow::COLUMNS)?;
        let seconds = started.elapsed().as_secs_f64();
        let told = model.predict(&scored.table())?;
        let metrics = Metrics::of(&scored.churned, &told)?;
        println!(
            "{date}  {:9}  {:8.5}  {target:7.3}  {:6.4}  {:7.3}  {:6.4}  {:6.3}  {} ({seconds:.1} s)",
            told.len(),
            metrics.log_loss,
            metrics.ece.unwrap_or(f64::NAN),
            0.012,
            metrics.roc_auc.unwrap_or(f64::NAN),
            metrics.cox.map_or(f64::NAN, |cox| cox.slope),
            described(&model),
        );
        by_kind(&model, &scored);
    }
    println!();
    Ok(())
}

fn described(model: &ChurnModel) -> String {
    let told = match model.calibration() {
        Calibration::None => "as fitted".to_owned(),
        Calibration::Intercept { intercept } => format!("level {intercept:+.3}"),
        Calibration::Platt { slope, intercept } => format!("line {slope:.3} {intercept:+.3}"),
        Calibration::Isotonic { knots } => format!("{} knots", knots.len()),
    };
    let tried = match model.tuning() {
        TuningResult::NotTried { reason } => reason.clone(),
        TuningResult::Tried(tuning) => {
            let kinds = tuning.kinds.iter();
            let kinds = kinds.map(|trial| format!("{} {:.5}", trial.kind, trial.log_loss));
            let levels = tuning
                .levels
                .iter()
                .map(|trial| format!("{:+.3}", trial.level));
            let size = model.scorer().boosted().map(cdp_churn::BoostedTrees::size);
            format!(
                "chosen among {}; {size:?}; levels {}",
                kinds.collect::<Vec<_>>().join(", "),
                levels.collect::<Vec<_>>().join(" ")
            )
        }
    };
    let effects = model.cutoff_effects().effects.iter();
    let effects: Vec<String> = effects
        .map(|effect| format!(" {:+.3}", effect.log_odds))
        .collect();
    let effects = match effects.as_slice() {
        [] => " none".to_owned(),
        effects => effects.concat(),
    };
    format!(
        "{}, {told}; effects of cut-offs{effects}; {tried}",
        model.kind(),
    )
}

/// The parts of a blend alone, as fitted.
fn by_kind(model: &ChurnModel, scored: &Rows) {
    let Ok(log_odds) = model.log_odds(&scored.table()) else {
        return;
    };
    let told: Vec<f64> = log_odds
        .iter()
        .map(|z| Calibration::None.probability(*z))
        .collect();
    if let Ok(metrics) = Metrics::of(&scored.churned, &told) {
        println!(
            "            as fitted  {:8.5}           {:6.4}",
            metrics.log_loss,
            metrics.ece.unwrap_or(f64::NAN)
        );
    }
}

/// Five folds, drawn ten times; each fold is scored by a model of the other four. For lack of time the
/// customers of these are divided at random between two cut-offs, of which the later is chosen on.
fn of_telco() -> Result<()> {
    const AS_OF: i32 = 20_000;
    let repeats: u64 = setting("CDP_BENCH_REPEATS")?.unwrap_or(10);
    let Telco { table, churned } = Telco::read(&shared())?;
    let config = config(|_| {})?;
    let columns = BaselineColumns {
        recency_days: "tenure",
        tenure_days: "",
        frequency: "",
    };
    let [newest, older] = [90, 180].map(|days| AS_OF - days);
    let started = Instant::now();
    let (mut aucs, mut losses, mut errors, mut kinds) = (vec![], vec![], vec![], vec![]);
    for repeat in 0..repeats {
        let folds = places(churned.len(), repeat);
        let mut told = vec![f64::NAN; churned.len()];
        for fold in 0..5 {
            let is_test = |row: usize| folds[row] % 5 == fold;
            let training: Vec<usize> = (0..churned.len()).filter(|row| !is_test(*row)).collect();
            let test: Vec<usize> = (0..churned.len()).filter(|row| is_test(*row)).collect();
            let days = training.iter().map(|row| {
                if (folds[*row] / 5).is_multiple_of(3) {
                    newest
                } else {
                    older
                }
            });
            let ids = training.iter().map(|row| format!("{row:05}"));
            let set = TrainingSet::new(
                &select(&table, &training)?,
                &training
                    .iter()
                    .map(|row| churned[*row])
                    .collect::<Vec<bool>>(),
                &ids.collect::<Vec<String>>(),
                &days.collect::<Vec<i32>>(),
            )?;
            let model = train(&config, &set, AS_OF, &columns)?;
            kinds.push(model.kind());
            for (row, p) in test.iter().zip(model.predict(&select(&table, &test)?)?) {
                told[*row] = p;
            }
        }
        let metrics = Metrics::of(&churned, &told)?;
        aucs.extend(metrics.roc_auc);
        losses.push(metrics.log_loss);
        errors.extend(metrics.ece);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let count = |kind: ModelKind| kinds.iter().filter(|known| **known == kind).count();
    println!(
        "IBM Telco, {} customers, 5 folds drawn {repeats} times",
        churned.len()
    );
    println!("AUC {:.4} (at least 0.849)", mean(&aucs));
    println!("log loss {:.4} (at most 0.4105)", mean(&losses));
    println!("ECE {:.4}", mean(&errors));
    println!(
        "{} models: {}; {:.1} s",
        kinds.len(),
        ModelKind::ALL
            .map(|kind| format!("{} {kind}", count(kind)))
            .join(", "),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// A place of each row in a random order.
fn places(rows: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut keyed: Vec<(u64, usize)> = (0..rows).map(|row| (next(), row)).collect();
    keyed.sort_unstable();
    let mut places = vec![0; rows];
    for (place, (_, row)) in keyed.into_iter().enumerate() {
        places[row] = place;
    }
    places
}

fn select(table: &FeatureTable, rows: &[usize]) -> Result<FeatureTable> {
    let columns = table.columns().map(|(name, column)| {
        let column = match column {
            cdp_churn::FeatureColumn::Numeric(values) => {
                cdp_churn::FeatureColumn::Numeric(rows.iter().map(|row| values[*row]).collect())
            }
            cdp_churn::FeatureColumn::Categorical(levels) => cdp_churn::FeatureColumn::Categorical(
                rows.iter().map(|row| levels[*row].clone()).collect(),
            ),
        };
        (name.to_owned(), column)
    });
    Ok(FeatureTable::from_columns(columns)?)
}
