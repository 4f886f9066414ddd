//! The plots that say whether probabilities are true and tell customers apart.

use cdp_churn::{CalibrationBin, ClassCounts, Curves, Evaluation, RocPoint};

use crate::figure::Figure;
use crate::plot::{Bars, Dot, Ink, Line, Square, bars, square};
use crate::table::Table;
use crate::words::{percent, rows};

/// What was told against what happened.
pub(crate) fn calibration(
    title: &'static str,
    told: &'static str,
    bins: &[CalibrationBin],
) -> Figure {
    let dots = bins.iter().map(|bin| {
        let interval = bin.interval();
        Dot {
            at: (bin.mean_probability, bin.churn_rate()),
            between: (interval.low, interval.high),
        }
    });
    let header = ["told", "customers", "churned", "share", "95 % confidence"];
    let mut table = Table::new(title, header);
    for bin in bins {
        let interval = bin.interval();
        table.row([
            percent(bin.mean_probability),
            rows(bin.rows.rows()),
            rows(bin.rows.churned),
            percent(bin.churn_rate()),
            format!("{} to {}", percent(interval.low), percent(interval.high)),
        ]);
    }
    let off = bins.iter().filter(|bin| {
        let interval = bin.interval();
        !(interval.low..=interval.high).contains(&bin.mean_probability)
    });
    let says = format!(
        "Each point is a group of customers. On the dashed line, as many churned as were told to; \
         of {} groups {} are surely off it.",
        bins.len(),
        off.count(),
    );
    Figure {
        title,
        told: format!("Calibration plot. {says}"),
        says,
        legend: vec![
            (
                Ink::Main,
                "share that churned, with 95 % confidence".to_owned(),
            ),
            (Ink::Axis, "perfect".to_owned()),
        ],
        drawing: square(&Square {
            x_name: told,
            y_name: "what happened",
            lines: Vec::new(),
            dots: dots.collect(),
        }),
        figures: table,
    }
}

/// Which share of the churners is among the customers with the highest probabilities.
pub(crate) fn gains(measured: &Evaluation) -> Figure {
    let points = |curves: &Curves| -> Vec<(f64, f64)> {
        let gains = curves.gains.iter();
        std::iter::once((0.0, 0.0))
            .chain(gains.map(|gain| (gain.share, gain.churned)))
            .collect()
    };
    let at = |curves: &Curves, percent: usize| {
        curves
            .gains
            .get(percent.wrapping_sub(1))
            .map(|gain| gain.churned)
    };
    let mut table = Table::new(
        "Churners found",
        [
            "of all customers",
            "by this model",
            "by the best simple rule",
        ],
    );
    for share in (10..=90).step_by(10) {
        let found = |curves| at(curves, share).map_or_else(|| "–".to_owned(), percent);
        table.row([
            format!("{share} %"),
            found(&measured.curves),
            found(&measured.baseline_curves),
        ]);
    }
    let fifth = at(&measured.curves, 20).map_or_else(|| "–".to_owned(), percent);
    let says = format!(
        "Whoever reaches the fifth of the customers with the highest probabilities reaches {fifth} \
         of all who churn; chance would reach 20 %."
    );
    Figure {
        title: "Whom does it find?",
        told: format!("Gains curve. {says}"),
        says,
        legend: against(measured),
        drawing: square(&Square {
            x_name: "customers, highest first",
            y_name: "churners among them",
            lines: lines(points(&measured.curves), points(&measured.baseline_curves)),
            dots: Vec::new(),
        }),
        figures: table,
    }
}

/// What each threshold gets right and wrong.
pub(crate) fn roc(measured: &Evaluation) -> Figure {
    let points = |curves: &Curves| -> Vec<(f64, f64)> {
        let point = |point: &RocPoint| (point.retained, point.churned);
        curves.roc.iter().map(point).collect()
    };
    // The churners found where no more than this share of the others is taken along.
    let within = |curves: &Curves, share: f64| {
        let points = curves.roc.iter().rev();
        let mut within = points.skip_while(|point| point.retained > share);
        within.next().map_or(0.0, |point| point.churned)
    };
    let mut table = Table::new(
        "Churners found",
        [
            "of those who stayed, at most",
            "by this model",
            "by the best simple rule",
        ],
    );
    for tenth in 1..=9 {
        let share = f64::from(tenth) / 10.0;
        table.row([
            percent(share),
            percent(within(&measured.curves, share)),
            percent(within(&measured.baseline_curves, share)),
        ]);
    }
    let says = format!(
        "Of two customers of whom one churned, it gave that one the higher probability in {} of \
         100 cases; chance would in 50.",
        measured
            .model
            .roc_auc
            .map_or_else(|| "–".to_owned(), |auc| format!("{:.0}", 100.0 * auc)),
    );
    Figure {
        title: "Does it tell them apart?",
        told: format!("ROC curve. {says}"),
        says,
        legend: against(measured),
        drawing: square(&Square {
            x_name: "of those who stayed",
            y_name: "of those who churned",
            lines: lines(points(&measured.curves), points(&measured.baseline_curves)),
            dots: Vec::new(),
        }),
        figures: table,
    }
}

/// What those who churned and those who stayed had been told.
pub(crate) fn apart(bands: &[ClassCounts]) -> Figure {
    let all = bands.iter().map(|band| band.rows()).sum::<usize>().max(1) as f64;
    let mut table = Table::new(
        "Customers by what they were told",
        ["from", "up to", "churned", "stayed"],
    );
    let width = 1.0 / bands.len().max(1) as f64;
    for (place, band) in bands.iter().enumerate() {
        let from = place as f64 * width;
        table.row([
            percent(from),
            percent(from + width),
            rows(band.churned),
            rows(band.retained),
        ]);
    }
    let says = "What those who then churned, and those who stayed, had been told. The farther \
                apart, the more can be done with it.";
    let share = |count: usize| count as f64 / all;
    Figure {
        title: "How far apart are they?",
        told: format!("Bar chart of probabilities by what happened. {says}"),
        says: says.to_owned(),
        legend: vec![
            (Ink::Main, "churned".to_owned()),
            (Ink::Other, "stayed".to_owned()),
        ],
        drawing: bars(&Bars {
            x_name: "what was told",
            y_name: "customers",
            filled: bands.iter().map(|band| share(band.churned)).collect(),
            outline: bands.iter().map(|band| share(band.retained)).collect(),
        }),
        figures: table,
    }
}

fn lines(model: Vec<(f64, f64)>, baseline: Vec<(f64, f64)>) -> Vec<Line> {
    let line = |ink, points| Line { ink, points };
    vec![line(Ink::Other, baseline), line(Ink::Main, model)]
}

fn against(measured: &Evaluation) -> Vec<(Ink, String)> {
    vec![
        (Ink::Main, "this model".to_owned()),
        (Ink::Other, measured.best_baseline.clone()),
        (Ink::Axis, "chance".to_owned()),
    ]
}
