//! Plans over the built-in models.

use std::collections::{BTreeMap, BTreeSet};

use cdp_churn::{ChurnConfig, RawChurnConfig};
use cdp_plan::{AsOfDate, LakeState, Layer, Manifest, Plan, Purpose, Selection, Work};

use crate::builtin;

fn date(text: &str) -> AsOfDate {
    text.parse().unwrap()
}

fn churn() -> ChurnConfig {
    ChurnConfig::from_raw(&RawChurnConfig::default()).unwrap()
}

fn plan(manifest: &Manifest, select: &[&str], state: &LakeState) -> Plan {
    let select: Vec<String> = select.iter().map(|text| (*text).to_owned()).collect();
    let selection = Selection::parse(&select, manifest).unwrap();
    Plan::make(manifest, &churn(), &selection, date("2026-01-01"), state)
}

fn new_lake() -> LakeState {
    LakeState {
        partitions: BTreeMap::new(),
        first_date: Some(date("2025-01-02")),
    }
}

fn ids(plan: &Plan) -> BTreeSet<String> {
    plan.tasks
        .iter()
        .map(|task| task.id().to_string())
        .collect()
}

#[test]
fn layer_by_layer_is_the_same_work_as_all_at_once() {
    let manifest = builtin();
    let state = new_lake();
    let whole = plan(&manifest, &[], &state);
    let mut parts = BTreeSet::new();
    for layer in Layer::of_models() {
        parts.extend(ids(&plan(&manifest, &[&format!("layer:{layer}")], &state)));
    }
    assert_eq!(parts, ids(&whole));
    assert_eq!(whole.cutoff_dates.len(), 7);
}

#[test]
fn every_task_comes_after_those_it_depends_on() {
    let whole = plan(&builtin(), &[], &new_lake());
    let mut before = BTreeSet::new();
    for task in &whole.tasks {
        for needed in &task.depends_on {
            assert!(
                before.contains(&needed.to_string()),
                "{} before {needed}",
                task.id()
            );
        }
        before.insert(task.id().to_string());
    }
}

#[test]
fn what_is_not_stored_is_checked_before_whoever_reads_it() {
    let manifest = builtin();
    let whole = plan(&manifest, &[], &new_lake());
    let of_date = |name: &str, date| {
        let mut tasks = whole.tasks.iter();
        tasks.find(|task| task.name.to_string() == name && task.as_of_date == date)
    };
    for model in manifest.models() {
        let stored = model.materialization.is_stored();
        let task = of_date(&model.name.to_string(), whole.as_of_date).unwrap();
        assert_eq!(task.work == Work::Check, !stored, "{}", model.name);
    }
    for task in &whole.tasks {
        for read in manifest.inlined(&task.name) {
            let check = of_date(&read.to_string(), task.as_of_date).unwrap();
            assert!(task.depends_on.contains(&check.id()), "{}", task.id());
        }
    }
    // Whoever runs one table only runs the checks of what it reads.
    let one = plan(&manifest, &["segments.segment_members"], &new_lake());
    let checks = one.tasks.iter().filter(|task| task.work == Work::Check);
    assert!(checks.count() > 3);
}

#[test]
fn cut_offs_that_the_lake_holds_are_not_made_again() {
    let manifest = builtin();
    let mut state = new_lake();
    for model in manifest.models() {
        let dates = plan(&manifest, &[], &state)
            .cutoff_dates
            .into_iter()
            .collect();
        if model.name.layer() <= Layer::Features {
            state.partitions.insert(model.name.clone(), dates);
        }
    }
    let next = plan(&manifest, &[], &state);
    assert!(next.tasks.iter().all(|task| task.purpose == Purpose::AsOf));
    assert_eq!(
        next.cutoff_dates.len(),
        7,
        "training reads them all the same"
    );
}

#[test]
fn training_rests_while_a_model_serves() {
    let manifest = builtin();
    let mut state = new_lake();
    for (trained, rests) in [
        ("2025-12-26", true),
        ("2025-12-25", false),
        ("2026-01-01", false),
    ] {
        let model = "scores.churn_model".parse().unwrap();
        state
            .partitions
            .insert(model, BTreeSet::from([date(trained)]));
        let made = plan(&manifest, &[], &state);
        assert_eq!(made.resting.len(), if rests { 2 } else { 0 }, "{trained}");
        assert_eq!(made.cutoff_dates.is_empty(), rests, "{trained}");
    }
}
