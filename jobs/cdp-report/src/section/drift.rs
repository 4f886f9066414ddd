//! What has moved since the model was trained.

use super::{Section, note};
use crate::data::{Report, Shift, ShiftLevel};
use crate::markup::{Markup, paragraph};
use crate::table::Table;
use crate::words::{counted, maybe, percent};

/// Shifts that are told, the farthest.
const SHIFTS_MAX: usize = 15;

pub(super) fn section(report: &Report) -> Section {
    Section {
        id: "drift",
        heading: "What has moved",
        content: match report.drift.as_slice() {
            [] => paragraph("Nobody has measured how far customers are from those learned from."),
            shifts => content(shifts),
        },
    }
}

fn content(shifts: &[Shift]) -> Markup {
    let of = |level| shifts.iter().filter(|shift| shift.level == level).count() as u64;
    let says = format!(
        "Against the rows that the model was trained on, {} stayed in place, {} are worth a \
         look, and {} for action.",
        counted(of(ShiftLevel::Stable), "figure"),
        of(ShiftLevel::Watch),
        match of(ShiftLevel::Act) {
            1 => "1 calls".to_owned(),
            several => format!("{several} call"),
        },
    );
    let header = [
        "",
        "level",
        "PSI",
        "by chance",
        "mean",
        "at training",
        "missing",
        "at training",
        "comes from",
    ];
    let mut table = Table::new("What has moved farthest", header).words(&[1, 8]);
    for shift in shifts.iter().take(SHIFTS_MAX) {
        let share = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), percent);
        table.row([
            shift.name.clone(),
            shift.level.as_str().to_owned(),
            maybe(shift.psi),
            maybe(shift.noise_floor),
            maybe(shift.means[0]),
            maybe(shift.means[1]),
            share(shift.missing_rates[0]),
            share(shift.missing_rates[1]),
            shift.sources.clone(),
        ]);
    }
    let says_of_psi = "PSI, the population stability index: 0 where nothing moved. What chance \
                       alone gives it stands beside it.";
    [paragraph(says), table.markup(), note(says_of_psi)].into()
}
