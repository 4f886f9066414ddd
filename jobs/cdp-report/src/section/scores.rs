//! Which probabilities the run gave, next to the run before.

use std::fmt::Write;

use cdp_churn::RiskBand;

use super::{Section, note};
use crate::data::{Report, ScoredDay};
use crate::figure::{Figure, beside};
use crate::markup::{Markup, paragraph};
use crate::plot::{Bars, Ink, bars};
use crate::table::Table;
use crate::words::{count, percent};

pub(super) fn section(report: &Report) -> Section {
    let content = if report.scored.scored() == 0 {
        let day = &report.scored;
        [
            paragraph("Nobody was scored."),
            ordered(day),
            not_scored(day),
        ]
        .into()
    } else {
        beside(
            distribution(report),
            [bands(report), not_scored(&report.scored)],
        )
    };
    Section {
        id: "scores",
        heading: "The scores of this run",
        content,
    }
}

/// Each band's share of the customers.
fn shares(day: &ScoredDay) -> Vec<f64> {
    let scored = day.scored().max(1) as f64;
    day.histogram
        .iter()
        .map(|rows| *rows as f64 / scored)
        .collect()
}

fn distribution(report: &Report) -> Figure {
    let day = &report.scored;
    let before = report.scored_before.as_ref().filter(|day| day.scored() > 0);
    let bands = day.histogram.len().max(1) as f64;
    let mut table = Table::new(
        "Customers by probability",
        ["from", "up to", "customers", "share", "share, run before"],
    );
    let of_before = before.map(shares).unwrap_or_default();
    for (place, (rows, share)) in day.histogram.iter().zip(shares(day)).enumerate() {
        table.row([
            percent(place as f64 / bands),
            percent((place + 1) as f64 / bands),
            count(*rows),
            percent(share),
            of_before
                .get(place)
                .map_or_else(|| "–".to_owned(), |share| percent(*share)),
        ]);
    }
    let mean = |day: &ScoredDay| day.mean_probability().map_or_else(String::new, percent);
    let mut says = format!("The mean probability is {}", mean(day));
    let mut legend = vec![(Ink::Main, format!("as of {}", day.as_of_date))];
    if let Some(before) = before {
        let _ = write!(
            says,
            "; it was {} as of {}",
            mean(before),
            before.as_of_date
        );
        legend.push((Ink::Other, format!("as of {}", before.as_of_date)));
    }
    says.push('.');
    Figure {
        title: "How the probabilities lie",
        told: format!("Bar chart of how many customers have which probability. {says}"),
        says,
        legend,
        drawing: bars(&Bars {
            x_name: "churn probability",
            y_name: "customers",
            filled: shares(day),
            outline: of_before,
        }),
        figures: table,
    }
}

fn bands(report: &Report) -> Markup {
    let mut table = Table::new(
        "Risk bands",
        ["", "customers", "share", "run before", "share"],
    );
    let cells = |day: &ScoredDay, band: RiskBand| {
        let rows = day.in_band(band);
        [
            count(rows),
            percent(rows as f64 / day.scored().max(1) as f64),
        ]
    };
    for band in [RiskBand::High, RiskBand::Medium, RiskBand::Low] {
        let [rows, share] = cells(&report.scored, band);
        let before = report.scored_before.as_ref();
        let [rows_before, share_before] =
            before.map_or_else(|| ["–".to_owned(), "–".to_owned()], |day| cells(day, band));
        table.row([band.to_string(), rows, share, rows_before, share_before]);
    }
    table.markup()
}

/// Nothing where nobody was put in order.
fn ordered(day: &ScoredDay) -> Markup {
    if day.in_order() == 0 {
        return Markup::default();
    }
    let mut table = Table::new(
        "Customers put in order without a model",
        ["", "silent for", "customers", "share"],
    );
    for (band, silent) in [
        (RiskBand::High, "the whole horizon or longer"),
        (RiskBand::Medium, "half of it or longer"),
        (RiskBand::Low, "less"),
    ] {
        let of_band = day.ordered.iter().filter(|one| one.0 == band);
        let rows: u64 = of_band.map(|one| one.1).sum();
        let share = rows as f64 / day.in_order() as f64;
        table.row([
            band.to_string(),
            silent.to_owned(),
            count(rows),
            percent(share),
        ]);
    }
    let says = "Whoever has been silent longest for how often they order comes first: an order of \
                customers, and no probability.";
    [table.markup(), note(says)].into()
}

fn not_scored(day: &ScoredDay) -> Markup {
    let mut table = Table::new("Profiles without a probability", ["why", "profiles"]);
    for one in &day.not_scored {
        table.row([one.reason.clone(), count(one.profiles)]);
    }
    table.markup()
}
