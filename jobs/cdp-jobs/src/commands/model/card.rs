//! What one churn model is, for people.

use std::fmt::Write;

use cdp_churn::{
    Boosting, CalibrationTrials, ChurnModel, CutoffMetrics, Direction, EvaluationResult, Grade,
    GroupMetrics, Interval, Tuning, TuningResult,
};
use cdp_runner::{Action, Alias, AliasRow, ModelRow};

use super::{date, number, percent};
use crate::output::{Table, count, counted};

/// Everything about a model, with so many of its columns.
pub(super) fn card(
    row: &ModelRow,
    model: &ChurnModel,
    aliases: &[Alias],
    moves: &[&AliasRow],
    features: usize,
) -> String {
    let settings = model.settings();
    let role = match aliases.first() {
        Some(alias) => format!(", {}", alias.as_str()),
        None => String::new(),
    };
    let mut text = format!("{} of {}{role}\n", row.model_id, row.as_of_date);
    text += &history(moves);
    text += "\nwhat it predicts\n";
    let _ = writeln!(
        text,
        "  the probability of {}, of {}",
        cdp_report::definition(settings),
        cdp_report::population(settings),
    );
    let _ = writeln!(
        text,
        "\nlearned from\n  {} at {}, {} of them churned; {} in {} columns",
        counted(row.row_count, "row"),
        row.training_cutoffs,
        percent(row.churn_rate),
        counted(model.spec().columns().len() as u64, "feature"),
        count(model.spec().output_columns().len() as u64),
    );
    text += &effects(model);
    let _ = write!(text, "\n{}", chosen(model));
    let _ = write!(text, "\n{}", tried(model.evaluation()));
    let _ = write!(text, "\n{}", weights(model, features));
    text
}

/// What the rows of a cut-off share, which no feature is held to.
fn effects(model: &ChurnModel) -> String {
    let effects = model.cutoff_effects().effects.iter();
    let effects =
        effects.map(|effect| format!("{:+.2} at {}", effect.log_odds, date(effect.cutoff_day)));
    let effects: Vec<String> = effects.collect();
    if effects.is_empty() {
        return String::new();
    }
    format!(
        "  cut-offs differ beyond their features, in log-odds: {}\n",
        effects.join(", ")
    )
}

/// Which names it was given, since when and why.
fn history(moves: &[&AliasRow]) -> String {
    let mut text = String::new();
    for one in moves {
        let who = match (one.action, one.author.as_deref()) {
            (Action::Train, _) => "by its training".to_owned(),
            (Action::Promote, author) => format!("by {}", author.unwrap_or("somebody")),
            (Action::Rollback, author) => {
                format!("brought back by {}", author.unwrap_or("somebody"))
            }
        };
        let (alias, date) = (one.alias.as_str(), one.as_of_date);
        let _ = writeln!(text, "  {alias} since {date}, {who}: {}", one.reason);
    }
    text
}

/// What kind of model it is, how it was fitted and how scores are calibrated, and why so.
fn chosen(model: &ChurnModel) -> String {
    let mut text = "chosen for it\n".to_owned();
    let made = made_of(model);
    let told = cdp_report::calibrated(model.calibration());
    match model.tuning() {
        TuningResult::NotTried { reason } => {
            let _ = writeln!(text, "  {made}\n  {told}\n  nothing was tried: {reason}");
        }
        TuningResult::Tried(tuning) => text += &choices(tuning, &made, &told),
    }
    text
}

/// The kind of model, and the size of its parts.
fn made_of(model: &ChurnModel) -> String {
    let scorer = model.scorer();
    let l2 = scorer
        .logistic()
        .map(|logistic| format!("l2 {}", significant(logistic.l2())));
    let size = scorer.boosted().map(|boosted| {
        let Boosting { depth, trees } = boosted.size();
        format!("{} of depth {depth}", counted(trees as u64, "tree"))
    });
    let parts: Vec<String> = l2.into_iter().chain(size).collect();
    format!("{} ({})", model.kind().name(), parts.join(", "))
}

fn choices(tuning: &Tuning, made: &str, told: &str) -> String {
    let mut text = format!("  {made}{}", among(tuning));
    text += &held_back(tuning);
    text += &stacked(tuning);
    let _ = write!(text, "\n  {told}");
    if !tuning.levels.is_empty() {
        let levels = tuning.levels.iter();
        let levels =
            levels.map(|trial| format!("{:+.2} at {}", trial.level, date(trial.cutoff_day)));
        let levels = levels.collect::<Vec<String>>().join(", ");
        let _ = write!(text, "; such models were off by {levels}");
    }
    match &tuning.calibrations {
        CalibrationTrials::Set => text += " (set in `churn.calibration`)",
        CalibrationTrials::NotTried { reason } => {
            let _ = write!(text, "; no other way was tried: {reason}");
        }
        CalibrationTrials::Tried { cutoff_day, tried } => {
            let trials = tried.iter().map(|trial| {
                let loss = number(trial.log_loss);
                format!("{} {loss}", trial.method.as_str())
            });
            let trials = trials.collect::<Vec<String>>().join(", ");
            let learned = date(*cutoff_day);
            let _ = write!(text, " (log loss, learned at {learned}: {trials})");
        }
    }
    let _ = writeln!(
        text,
        "\n  tried at {}, {}, on what was known by then",
        date(tuning.cutoff_day),
        counted(tuning.rows.rows() as u64, "customer"),
    );
    text
}

/// The kinds of models that were tried.
fn among(tuning: &Tuning) -> String {
    let kinds = tuning.kinds.iter();
    let kinds = kinds.map(|trial| format!("{} {:.4}", trial.kind.name(), trial.log_loss));
    let kinds: Vec<String> = kinds.collect();
    if kinds.len() > 1 {
        format!(" (log loss: {})", kinds.join(", "))
    } else {
        String::new()
    }
}

fn held_back(tuning: &Tuning) -> String {
    let losses = || tuning.l2.iter().map(|trial| trial.log_loss);
    let best = losses().reduce(f64::min);
    let free = losses().next();
    match best.zip(free) {
        None => String::new(),
        Some((best, free)) => format!(
            "\n  l2 was the best of {} (log loss {best:.4}; {free:.4} with the least)",
            tuning.l2.len()
        ),
    }
}

/// The numbers of cut-offs that were tried.
fn stacked(tuning: &Tuning) -> String {
    if tuning.stacking.len() < 2 {
        return String::new();
    }
    let trials = tuning.stacking.iter();
    let trials = trials.map(|trial| format!("{} {:.4}", trial.cutoffs, trial.log_loss));
    let trials: Vec<String> = trials.collect();
    format!(
        "\n  log loss by the number of cut-offs learned from: {}",
        trials.join(", ")
    )
}

fn tried(evaluation: &EvaluationResult) -> String {
    let measured = match evaluation {
        EvaluationResult::Measured(measured) => measured,
        EvaluationResult::NotMeasured { reason } => {
            return format!("how good\n  not measured: {reason}\n");
        }
    };
    let mut table = Table::new(&[1, 2, 3, 4, 5, 6, 7]);
    table.row([
        "",
        "log loss",
        "Brier",
        "ECE",
        "AUC",
        "PR-AUC",
        "KS",
        "lift of a tenth",
    ]);
    let rule = format!("silent for {} days", measured.hiatus.rule.silent_from);
    let rows = [
        ("this model", Some(&measured.model)),
        ("before calibration", measured.uncalibrated.as_ref()),
        (rule.as_str(), Some(&measured.hiatus.metrics)),
        ("the base rate", Some(&measured.base_rate)),
    ];
    let kinds = measured.kinds.iter().filter(|of| of.kind != measured.kind);
    let kinds = kinds.map(|of| (of.kind.name(), Some(&of.metrics)));
    let orders = measured.order_models.iter();
    let orders = orders.map(|baseline| (baseline.kind.name(), baseline.metrics()));
    let [model, uncalibrated, simple @ ..] = rows;
    let models = [model, uncalibrated].into_iter().chain(kinds);
    for (name, metrics) in models.chain(simple).chain(orders) {
        let Some(metrics) = metrics else { continue };
        table.row([
            name,
            &number(Some(metrics.log_loss)),
            &number(Some(metrics.brier)),
            &number(metrics.ece),
            &number(metrics.roc_auc),
            &number(metrics.pr_auc),
            &number(metrics.ks),
            &number(metrics.lift_at_tenth),
        ]);
    }
    let mut text = format!(
        "how good (a model of its kind, learned from earlier cut-offs, tried at {}: {}, {} churned)\n{table}",
        date(measured.test_cutoff_day),
        counted(measured.test.rows() as u64, "customer"),
        count(measured.test.churned as u64),
    );
    let sure = measured.intervals.roc_auc.iter();
    for interval in sure {
        let _ = writeln!(text, "  AUC {}", between(interval));
    }
    if let Some(quality) = measured.model.lift_quality {
        let _ = writeln!(
            text,
            "  lift quality {quality:.2}, {}",
            Grade::of(quality).as_str()
        );
    }
    if let Some(cox) = &measured.model.cox {
        let _ = writeln!(
            text,
            "  calibration slope {:.3}, intercept {:+.3} (1 and 0 are perfect; a slope below 1: too sure of itself)",
            cox.slope, cox.intercept
        );
    }
    let gain = &measured.intervals.gain;
    let verdict = match () {
        () if gain.low > 0.0 => "better",
        () if gain.high < 0.0 => "worse",
        () => "not surely better or worse",
    };
    let _ = writeln!(
        text,
        "  {verdict} than the best simple rule, {}: log loss less by {:.4} ({})",
        measured.best_baseline,
        measured.gain(),
        between(gain),
    );
    if let Some(auc) = measured.permuted_roc_auc {
        let _ = writeln!(
            text,
            "  learned from outcomes dealt out at random: AUC {auc:.4} (0.5 but for chance, else something leaks)"
        );
    }
    text += &earlier(&measured.earlier);
    text += &parts(&measured.groups);
    text
}

/// Such models at the cut-offs before.
fn earlier(cutoffs: &[CutoffMetrics]) -> String {
    let told = cutoffs.iter().map(|of| {
        let (auc, loss) = (
            number(of.metrics.roc_auc),
            number(Some(of.metrics.log_loss)),
        );
        format!("AUC {auc}, log loss {loss} at {}", date(of.cutoff_day))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    format!("  earlier, before calibration: {}\n", told.join("; "))
}

/// The figures of parts of the customers.
fn parts(groups: &[GroupMetrics]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[1, 2, 3, 4, 5, 6]);
    table.row(["", "customers", "churned", "told", "log loss", "AUC", "ECE"]);
    for group in groups {
        let churned = group.rows.churned as f64 / group.rows.rows() as f64;
        table.row([
            &format!("{} {}", group.feature, group.level),
            &count(group.rows.rows() as u64),
            &percent(churned),
            &percent(group.mean_probability),
            &number(Some(group.metrics.log_loss)),
            &number(group.metrics.roc_auc),
            &number(group.metrics.ece),
        ]);
    }
    format!("\nhow good for whom\n{table}")
}

fn between(interval: &Interval) -> String {
    format!(
        "{:.4} to {:.4} with 95 % confidence",
        interval.low, interval.high
    )
}

/// The features that move scores most.
fn weights(model: &ChurnModel, features: usize) -> String {
    let mut table = Table::new(&[1]);
    for importance in model.importance().iter().take(features) {
        let moves = format!("{:.3}", importance.mean_contribution);
        let direction = match importance.direction {
            Some(Direction::Raises) => "more of it raises the risk",
            Some(Direction::Lowers) => "more of it lowers the risk",
            None => "",
        };
        table.row([&importance.feature, &moves, direction]);
    }
    let more = match model.importance().len().saturating_sub(features) {
        0 => String::new(),
        more => format!("  and {more} more; `--features` shows more\n"),
    };
    format!(
        "what moves scores most (log-odds by which it moves a customer on average)\n{table}{more}"
    )
}

/// Three digits that say something.
fn significant(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.*}", if value >= 1.0 { 1 } else { 4 })
    }
}
