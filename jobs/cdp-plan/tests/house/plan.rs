//! Plans over the built-in models.

use std::collections::BTreeSet;

use cdp_plan::{
    AsOfDate, Config, Definition, LakeState, Layer, Manifest, Plan, Purpose, Selection, SourceFile,
    Wanted, Work,
};

use crate::builtin;

fn date(text: &str) -> AsOfDate {
    text.parse().unwrap()
}

pub(crate) fn config() -> Config {
    Config::read(&SourceFile::new("cdp.toml", ""), &mut Vec::new()).unwrap()
}

fn plan(manifest: &Manifest, select: &[&str], state: &LakeState) -> Plan {
    forced(manifest, select, state, false)
}

fn forced(manifest: &Manifest, select: &[&str], state: &LakeState, force: bool) -> Plan {
    let select: Vec<String> = select.iter().map(|text| (*text).to_owned()).collect();
    let selection = Selection::parse(&select, manifest).unwrap();
    Plan::make(&Wanted {
        manifest,
        config: &config(),
        selection: &selection,
        as_of_date: date("2026-01-01"),
        state,
        force,
    })
}

fn new_lake() -> LakeState {
    LakeState {
        first_date: Some(date("2025-01-02")),
        ..LakeState::default()
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
    assert_eq!(whole.main.cutoff_dates.len(), 9);
}

#[test]
fn wherever_ids_are_given_their_changes_are_told() {
    let manifest = builtin();
    for select in [
        vec![],
        vec!["layer:identity"],
        vec!["+identity.profile_map"],
    ] {
        let plan = plan(&manifest, &select, &new_lake());
        let dates = |name: &str| -> BTreeSet<AsOfDate> {
            let tasks = plan
                .tasks
                .iter()
                .filter(|task| task.name.to_string() == name);
            tasks.map(|task| task.as_of_date).collect()
        };
        let maps = dates("identity.profile_map");
        assert!(!maps.is_empty());
        assert_eq!(maps, dates("identity.profile_changes"), "{select:?}");
    }
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

/// A lake that holds every cut-off, and models of these dates.
fn full_lake(manifest: &Manifest, trained: &[&str]) -> LakeState {
    let mut state = new_lake();
    let cutoffs = plan(manifest, &[], &state).main.cutoff_dates;
    for model in manifest.models() {
        if model.name.layer() <= Layer::Features {
            let dates = cutoffs.iter().copied().collect();
            state.partitions.insert(model.name.clone(), dates);
        }
    }
    let model = "scores.churn_model".parse().unwrap();
    let trained = trained.iter().map(|text| date(text)).collect();
    state.partitions.insert(model, trained);
    state
}

/// What is made for cut-offs, checks of views apart.
fn for_cut_offs(plan: &Plan) -> BTreeSet<String> {
    let tasks = plan.tasks.iter();
    let tasks = tasks.filter(|task| task.purpose == Purpose::CutOff && task.work != Work::Check);
    tasks.map(|task| task.id().to_string()).collect()
}

#[test]
fn cut_offs_that_the_lake_holds_are_not_made_again() {
    let manifest = builtin();
    let next = plan(&manifest, &[], &full_lake(&manifest, &[]));
    assert!(next.tasks.iter().all(|task| task.purpose == Purpose::AsOf));
    assert_eq!(
        next.main.cutoff_dates.len(),
        9,
        "training reads them all the same"
    );
}

#[test]
fn training_is_not_due_while_a_model_serves() {
    let manifest = builtin();
    for (trained, due) in [
        (&["2025-12-26"][..], false),
        (&["2025-12-25"], true),
        // A date with a model of its own is scored by that one, whatever came before it.
        (&["2026-01-01"], true),
        (&["2025-12-31", "2026-01-01"], true),
        (&["2025-12-31", "2026-01-02"], false),
        (&["2026-01-02"], true),
    ] {
        let made = plan(&manifest, &[], &full_lake(&manifest, trained));
        let not_due = if due { 0 } else { 2 };
        assert_eq!(made.not_due.len(), not_due, "{trained:?}");
        assert_eq!(made.main.cutoff_dates.is_empty(), !due, "{trained:?}");
        let again = trained.contains(&"2026-01-01");
        assert_eq!(made.main.training.is_some(), due && !again, "{trained:?}");
    }
}

#[test]
fn a_model_that_a_training_would_not_make_again_makes_training_due() {
    let manifest = builtin();
    let mut state = full_lake(&manifest, &["2025-12-31"]);
    let changes = vec!["new feature `x`".to_owned()];
    state.model_changes.insert(Definition::MAIN, changes);
    let made = plan(&manifest, &[], &state);
    assert!(made.not_due.is_empty());
    let reason = made.main.training.as_deref();
    assert_eq!(
        reason,
        Some("since the model of 2025-12-31: new feature `x`")
    );
    assert!(for_cut_offs(&made).is_empty());

    // What other queries made is made again, and for no other cut-off.
    let cutoff = made.main.cutoff_dates[2];
    for name in ["features.order_features", "features.churn_features"] {
        state.outdated.insert((name.parse().unwrap(), cutoff));
    }
    let made = plan(&manifest, &[], &state);
    let expected = [
        format!("features.churn_features@{cutoff}"),
        format!("features.order_features@{cutoff}"),
    ];
    assert_eq!(for_cut_offs(&made), expected.into());
    assert!(made.main.training.unwrap().ends_with(&cutoff.to_string()));
}

#[test]
fn force_trains_when_the_model_is_named() {
    let manifest = builtin();
    let state = full_lake(&manifest, &["2025-12-31"]);
    for (select, force, due) in [
        (&["+scores.churn_model"][..], true, true),
        (&["+scores.churn_model+"], true, true),
        (&["+scores.churn_model"], false, false),
        (&["+scores.churn_scores"], true, false),
        (&["layer:scores"], true, false),
        (&[], true, false),
    ] {
        let made = forced(&manifest, select, &state, force);
        assert_eq!(made.not_due.is_empty(), due, "{select:?} {force}");
        assert_eq!(made.main.training.is_some(), due, "{select:?} {force}");
    }
}
