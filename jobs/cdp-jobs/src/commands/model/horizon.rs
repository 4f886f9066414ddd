//! `model horizon`: how long customers take to come back, and what a horizon would call churn.

use std::fmt::Write;

use cdp_btyd::{HorizonErrors, Repurchase};
use cdp_churn::{ChurnConfig, ChurnKind, Horizon, advised_horizon};
use cdp_plan::{AsOfDate, Fault};
use cdp_runner::{CutoffCounts, OrderRhythm, Project};
use serde::Serialize;

use super::data::cutoffs;
use super::percent;
use super::plot::{Curve, plot};
use crate::cli::ModelHorizonArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{Table, count, counted, print_json, print_text};

/// Shares of the gaps that end, whose length is told.
const SHARES: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// Horizons whose errors are told, in days.
const CANDIDATES: [u32; 9] = [14, 30, 45, 60, 90, 120, 180, 270, 365];
/// Cut-offs that are counted.
const CUTOFFS: usize = 6;
/// Columns of the drawn curves.
const COLUMNS: u32 = 61;

/// What machines read of it.
#[derive(Serialize)]
struct Told<'a> {
    as_of_date: AsOfDate,
    first_order_date: AsOfDate,
    customers: u64,
    closed_gaps: u64,
    open_gaps: u64,
    /// The share of gaps that were not seen to end.
    never: f64,
    quantiles: Vec<Quantile>,
    horizons: Vec<HorizonRow>,
    /// In whole weeks; `None` when too few gaps have ended.
    advised_days: Option<i32>,
    horizon_days: i32,
    horizon_is_chosen: bool,
    cutoffs: &'a [CutoffCounts],
}

#[derive(Serialize)]
struct Quantile {
    share: f64,
    days: u32,
}

#[derive(Serialize)]
struct HorizonRow {
    days: u32,
    /// The share of gaps that last longer.
    survival: f64,
    type_1: f64,
    type_2: Option<f64>,
}

pub(super) async fn horizon(
    context: &Context,
    project: &Project,
    args: &ModelHorizonArgs,
) -> Result {
    if project.churn().framing().kind == ChurnKind::Contractual {
        let fault =
            Fault::new("`churn.kind` is contractual, and no gap tells when a contract ends");
        let hint = "`cdp-jobs model data` counts who ended one in the horizon that is set";
        return Err(Failure::usage(fault.hint(hint)));
    }
    let rhythm = project.order_rhythm(args.as_of, CUTOFFS).await?;
    let curve = rhythm
        .as_ref()
        .and_then(|rhythm| Some((rhythm, Repurchase::of(&rhythm.gaps)?)));
    let Some((rhythm, curve)) = curve else {
        if context.output.is_json() {
            print_json(&None::<Told<'_>>)?;
        } else {
            context.output.say(
                "nobody has ordered twice yet, or nothing was run: `cdp-jobs run` makes the \
                 profiles whose orders are looked at",
            );
        }
        return Ok(ExitStatus::Done);
    };
    let told = told(project.churn(), rhythm, &curve);
    if context.output.is_json() {
        print_json(&told)?;
    } else {
        let drawn = drawn(rhythm, &curve);
        print_text(&text(&told, &drawn))?;
    }
    Ok(ExitStatus::Done)
}

fn told<'a>(churn: &ChurnConfig, rhythm: &'a OrderRhythm, curve: &Repurchase) -> Told<'a> {
    let advised = advised_horizon(&rhythm.gaps);
    let set = rhythm.horizon_days;
    let mut days: Vec<u32> = CANDIDATES
        .into_iter()
        .filter(|days| *days < curve.longest())
        .chain(advised.and_then(|days| u32::try_from(days).ok()))
        .chain(u32::try_from(set))
        .collect();
    days.sort_unstable();
    days.dedup();
    let row = |days: u32| horizon_row(rhythm, curve, days);
    let quantile = |share: f64| Quantile {
        share,
        days: curve.quantile(share),
    };
    Told {
        as_of_date: rhythm.as_of_date,
        first_order_date: rhythm.first_order,
        customers: rhythm.customers,
        closed_gaps: rhythm.gaps.closed_count(),
        open_gaps: rhythm.gaps.open_count(),
        never: curve.never(),
        quantiles: SHARES.map(quantile).into(),
        horizons: days.into_iter().map(row).collect(),
        advised_days: advised,
        horizon_days: set,
        horizon_is_chosen: churn.horizon() == Horizon::Auto,
        cutoffs: &rhythm.cutoffs,
    }
}

fn horizon_row(rhythm: &OrderRhythm, curve: &Repurchase, days: u32) -> HorizonRow {
    let HorizonErrors {
        come_back,
        not_yet_told,
        ..
    } = curve.errors(&rhythm.gaps, days);
    HorizonRow {
        days,
        survival: curve.survival(days),
        type_1: come_back,
        type_2: not_yet_told,
    }
}

/// Both errors by the length of a horizon.
fn drawn(rhythm: &OrderRhythm, curve: &Repurchase) -> String {
    let last = curve.longest().clamp(1, 365);
    let at = |column: u32| horizon_row(rhythm, curve, last * column / (COLUMNS - 1));
    let rows: Vec<HorizonRow> = (0..COLUMNS).map(at).collect();
    let type_1: Vec<Option<f64>> = rows.iter().map(|row| Some(row.type_1)).collect();
    let type_2: Vec<Option<f64>> = rows.iter().map(|row| row.type_2).collect();
    let curves = [
        Curve {
            sign: '1',
            shares: &type_1,
        },
        Curve {
            sign: '2',
            shares: &type_2,
        },
    ];
    plot(&curves, 'X', last)
}

fn text(told: &Told<'_>, drawn: &str) -> String {
    let mut text = format!(
        "{} with an order from {} to before {}; {} between days with an order have ended, {} are open\n",
        counted(told.customers, "customer"),
        told.first_order_date,
        told.as_of_date,
        counted(told.closed_gaps, "gap"),
        count(told.open_gaps),
    );
    let _ = writeln!(
        text,
        "\nhow long customers take to come back (Kaplan-Meier; {} of gaps were not seen to end)",
        percent(told.never)
    );
    let mut table = Table::new(&[0, 1]);
    table.row(["of those who do", "days"]);
    for quantile in &told.quantiles {
        let share = format!("{:.0} %", 100.0 * quantile.share);
        table.row([&share, &quantile.days.to_string()]);
    }
    let _ = write!(text, "{table}");
    let _ = writeln!(text, "\nwhat a horizon would call churn");
    let mut table = Table::new(&[0, 1, 2, 3]);
    table.row([
        "days",
        "last longer",
        "1: of these come back",
        "2: gone, not called yet",
    ]);
    for row in &told.horizons {
        let type_2 = row.type_2.map_or_else(|| "-".to_owned(), percent);
        table.row([
            &row.days.to_string(),
            &percent(row.survival),
            &percent(row.type_1),
            &type_2,
        ]);
    }
    let _ = write!(text, "{table}\n{drawn}\n");
    let set = told.horizon_days;
    let set = if told.horizon_is_chosen {
        format!("\"auto\", which is {set} now")
    } else {
        set.to_string()
    };
    let _ = write!(text, "`churn.horizon_days` is {set}");
    let _ = match told.advised_days {
        Some(days) => writeln!(
            text,
            "; nine of ten who come back have done so in {days} (whole weeks)"
        ),
        None => writeln!(text, "; too few gaps have ended to advise another"),
    };
    text + "\n" + &cutoffs(told.cutoffs, told.horizon_days)
}
