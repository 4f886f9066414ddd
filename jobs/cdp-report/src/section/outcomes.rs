//! What became of those who were scored when the horizon began that has closed.

use cdp_churn::CalibrationBin;

use super::{Section, facts, note};
use crate::curves::calibration;
use crate::data::{Cohort, Outcome, Report};
use crate::figure::beside;
use crate::markup::{Markup, paragraph};
use crate::table::Table;
use crate::words::{counted, maybe, number, percent, rows};

pub(super) fn section(report: &Report) -> Section {
    Section {
        id: "outcomes",
        heading: "What really happened",
        content: match report.outcomes.first() {
            None => paragraph(
                "No horizon of scores that were published has closed yet. When one has, its scores \
                 are held against what happened here.",
            ),
            Some(newest) => content(report, newest),
        },
    }
}

fn content(report: &Report, newest: &Outcome) -> Markup {
    let says = format!(
        "The horizon of the scores of {} has closed. These are the probabilities that were \
         published, against what those customers did, as known before {}.",
        newest.scored_date, newest.closed_date,
    );
    let of_newest = report.outcomes.iter();
    let of_newest = of_newest.filter(|one| one.scored_date == newest.scored_date);
    let tenths: Vec<CalibrationBin> = of_newest
        .clone()
        .filter(|one| one.cohort == Cohort::All && one.decile > 0)
        .map(|one| CalibrationBin {
            rows: one.rows,
            mean_probability: one.mean_probability,
        })
        .collect();
    let plot = calibration("Did it come true?", "what was published", &tenths);
    let whole = |one: &&Outcome| one.cohort == Cohort::All && one.decile == 0;
    let all = of_newest.clone().find(whole);
    let facts = all.map(|one| {
        facts([
            ("Scored", counted(one.rows.rows() as u64, "customer")),
            ("Expected", percent(one.mean_probability)),
            ("Churned", percent(one.rows.churn_rate().unwrap_or(0.0))),
            ("AUC", maybe(one.roc_auc)),
            ("Log loss", number(one.log_loss)),
            ("Model", one.model_id.clone()),
        ])
    });
    let header = [
        "",
        "customers",
        "churned",
        "share",
        "told",
        "log loss",
        "AUC",
    ];
    let caption = format!(
        "By what was done about the scores of {}",
        newest.scored_date
    );
    let mut cohorts = Table::new(caption, header);
    for one in of_newest.filter(|one| one.decile == 0) {
        cohorts.row(cells(one.cohort.told().to_owned(), one));
    }
    let header = [
        "scores of",
        "customers",
        "churned",
        "share",
        "told",
        "log loss",
        "AUC",
    ];
    let mut history = Table::new("Horizon by horizon", header);
    for one in report.outcomes.iter().filter(whole) {
        history.row(cells(one.scored_date.to_string(), one));
    }
    let says_of_offers = "Offers change what happens: where the held out fare worse than they who \
                          were made an offer, the difference is what it brought.";
    [
        paragraph(says),
        beside(plot, facts.unwrap_or_default()),
        cohorts.markup(),
        note(says_of_offers),
        history.markup(),
    ]
    .into()
}

fn cells(name: String, one: &Outcome) -> [String; 7] {
    [
        name,
        rows(one.rows.rows()),
        rows(one.rows.churned),
        percent(one.rows.churn_rate().unwrap_or(0.0)),
        percent(one.mean_probability),
        number(one.log_loss),
        maybe(one.roc_auc),
    ]
}
