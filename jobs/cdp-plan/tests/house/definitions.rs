//! Several definitions of churn side by side.

use std::collections::BTreeSet;

use cdp_plan::{
    AsOfDate, Config, Definition, LakeState, Manifest, Plan, Selection, SourceFile, Wanted,
};

use crate::builtin_with;

fn config(text: &str) -> Config {
    let mut faults = Vec::new();
    let config = Config::read(&SourceFile::new("cdp.toml", text), &mut faults);
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

/// The tables that a definition has of its own.
fn own(manifest: &Manifest, definition: &str) -> BTreeSet<String> {
    let definition = Definition::named(definition);
    let instances = manifest.instances(&definition).iter();
    for (main, name) in instances.clone() {
        let model = manifest.model(name).unwrap();
        assert_eq!(model.definition, definition);
        assert_eq!(model.stands_for.as_ref(), Some(main));
    }
    instances.map(|(main, _)| main.to_string()).collect()
}

const TRAINED: [&str; 6] = [
    "features.churn_labels",
    "scores.churn_drift",
    "scores.churn_model",
    "scores.churn_outcomes",
    "scores.churn_reasons",
    "scores.churn_scores",
];

#[test]
fn another_horizon_shares_all_but_outcomes_models_and_scores() {
    let config = config("[churn.definitions.monthly]\nhorizon_days = 30\n");
    let manifest = builtin_with(Some(&config.churn));
    assert_eq!(own(&manifest, "monthly"), TRAINED.map(str::to_owned).into());
    let scores = "scores.churn_scores_monthly".parse().unwrap();
    let reads = manifest
        .inputs(&scores)
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert_eq!(
        reads,
        ["features.churn_features", "scores.churn_model_monthly"]
    );
}

#[test]
fn other_target_events_make_other_features_too() {
    let config = config("[churn.definitions.visits]\ntarget = [\"web_visit\"]\n");
    let manifest = builtin_with(Some(&config.churn));
    let features = [
        "features.churn_features",
        "features.target_features",
        "staging.target_events",
    ];
    let all: BTreeSet<String> = TRAINED
        .into_iter()
        .chain(features)
        .map(str::to_owned)
        .collect();
    assert_eq!(own(&manifest, "visits"), all);
}

#[test]
fn each_definition_is_trained_on_cut_offs_of_its_own() {
    let config = config("[churn.definitions.monthly]\nhorizon_days = 30\n");
    let manifest = builtin_with(Some(&config.churn));
    let as_of_date: AsOfDate = "2026-01-01".parse().unwrap();
    let state = LakeState {
        first_date: Some("2025-01-02".parse().unwrap()),
        ..LakeState::default()
    };
    let plan = Plan::make(&Wanted {
        manifest: &manifest,
        config: &config,
        selection: &Selection::parse(&[], &manifest).unwrap(),
        as_of_date,
        state: &state,
        force: false,
    });
    let monthly = plan.framed(&Definition::named("monthly"));
    assert_eq!((plan.main.horizon_days, monthly.horizon_days), (90, 30));
    let newest = |dates: &[AsOfDate]| dates.last().unwrap().to_string();
    assert_eq!(newest(&plan.main.cutoff_dates), "2025-10-03");
    assert_eq!(newest(&monthly.cutoff_dates), "2025-12-02");
    let made: BTreeSet<AsOfDate> = plan
        .tasks
        .iter()
        .filter(|task| task.name.to_string() == "features.churn_features")
        .map(|task| task.as_of_date)
        .collect();
    let wanted = plan.main.cutoff_dates.iter().chain(&monthly.cutoff_dates);
    let wanted: BTreeSet<AsOfDate> = wanted.copied().chain([as_of_date]).collect();
    assert_eq!(made, wanted);
    let of_labels = |name: &str| {
        let mut tasks = plan.tasks.iter();
        let task = tasks.find(|task| task.name.to_string() == name).unwrap();
        task.depends_on.len()
    };
    assert!(of_labels("features.churn_labels_monthly") > monthly.cutoff_dates.len());
}

#[test]
fn a_definition_at_fault_is_told_at_its_key() {
    let text = "[churn.definitions.monthly]\nhorizon_days = 0\n[churn.definitions.Weekly]\n";
    let mut faults = Vec::new();
    assert!(Config::read(&SourceFile::new("cdp.toml", text), &mut faults).is_none());
    let told: Vec<String> = faults
        .iter()
        .map(|fault| {
            let line = fault.place().and_then(|place| place.line).unwrap_or(0);
            format!("{line}: {}", fault.message())
        })
        .collect();
    assert_eq!(
        told,
        [
            "3: `Weekly` can't name a definition of churn",
            "2: `churn.definitions.monthly.horizon_days` is 0, expected a whole number of days \
             from 1 to 3650, or \"auto\"",
        ]
    );
}
