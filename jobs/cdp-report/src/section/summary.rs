//! The figures that come first.

use cdp_churn::{Evaluation, Grade, RiskBand};

use crate::data::{Report, ScoredDay};
use crate::markup::{Markup, element, tag};
use crate::words::{between, count, number, percent};

/// A figure, what it is, and what there is to say of it.
fn tile(name: &str, figure: String, says: String) -> Markup {
    let name = element("dt", &[], Markup::text(name));
    let figure = element("dd", &[("class", "figure")], Markup::text(figure));
    let says = element("dd", &[("class", "says")], Markup::text(says));
    element("div", &[("class", "tile")], [name, figure, says])
}

/// The tiles at the head of the page.
pub(crate) fn summary(report: &Report) -> Markup {
    let scored = &report.scored;
    let mut tiles = vec![tile(
        "Customers scored",
        count(scored.scored()),
        since(report, ScoredDay::scored),
    )];
    if scored.in_order() > 0 {
        tiles.push(tile(
            "Customers put in order",
            count(scored.in_order()),
            "by recency and frequency, until there is a model".to_owned(),
        ));
    }
    if let Some(mean) = scored.mean_probability() {
        tiles.push(tile(
            "Expected to churn",
            format!("{:.0}", scored.expected_churners),
            format!("{} of them", percent(mean)),
        ));
        tiles.push(tile(
            "At high risk",
            count(scored.in_band(RiskBand::High)),
            since(report, |day| day.in_band(RiskBand::High)),
        ));
    }
    let measured = report.model.as_ref();
    let measured = measured.and_then(|served| served.model.evaluation().measured());
    tiles.extend(measured.map(order));
    tiles.extend(measured.map(gain));
    element(
        "dl",
        &[("class", "tiles")],
        tiles.into_iter().collect::<Markup>(),
    )
}

fn since(report: &Report, of: impl Fn(&ScoredDay) -> u64) -> String {
    match &report.scored_before {
        None => "no run before to compare with".to_owned(),
        Some(before) => format!("{} as of {}", count(of(before)), before.as_of_date),
    }
}

fn order(measured: &Evaluation) -> Markup {
    let auc = measured.model.roc_auc;
    let says = measured.intervals.roc_auc.as_ref().map(between);
    let grade = measured.model.lift_quality.map(|q| Grade::of(q).as_str());
    let says = [says.as_deref(), grade].into_iter().flatten();
    tile(
        "AUC on a later cut-off",
        auc.map_or_else(|| "–".to_owned(), number),
        says.collect::<Vec<_>>().join(", "),
    )
}

fn gain(measured: &Evaluation) -> Markup {
    let loss = number(measured.model.log_loss);
    let simple = number(measured.model.log_loss + measured.gain());
    let says = format!("{simple} by the best simple rule: {}", verdict(measured));
    tile("Log loss there", loss, says)
}

/// Whether the model is better than the best simple rule.
pub(super) fn verdict(measured: &Evaluation) -> &'static str {
    let gain = &measured.intervals.gain;
    match () {
        () if gain.low > 0.0 => "surely better",
        () if gain.high < 0.0 => "surely worse",
        () => "not surely better or worse",
    }
}

/// A paragraph that leads into the page.
pub(crate) fn lead(report: &Report) -> Markup {
    let scored = &report.scored;
    let text = match &report.model {
        None => format!(
            "Nobody has a churn probability as of {}.",
            scored.as_of_date
        ),
        Some(served) => format!(
            "The probability of {}, of {} {}, as known before {}.",
            crate::words::definition(served.model.settings()),
            count(scored.scored()),
            crate::words::population(served.model.settings()),
            scored.as_of_date,
        ),
    };
    tag("p", Markup::text(text))
}
