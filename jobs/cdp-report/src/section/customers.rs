//! Some customers, from the likeliest to churn to the least likely, and why.

use cdp_churn::Direction;

use super::{Section, note};
use crate::data::{Customer, Offer, Reason, Report};
use crate::markup::{Markup, element, paragraph, tag};
use crate::words::{percent, signed};

pub(super) fn section(report: &Report) -> Section {
    let content = if report.customers.is_empty() {
        paragraph("Nobody was scored.")
    } else {
        let cards = report.customers.iter().map(card);
        let cards = element("ol", &[("class", "customers")], cards.collect::<Markup>());
        let says = "Evenly spaced from the highest probability to the lowest. An arrow up raises \
                    the risk, one down lowers it; the number is what it adds to the log-odds.";
        [note(says), cards].into()
    };
    Section {
        id: "customers",
        heading: "Some customers, and why",
        content,
    }
}

fn card(customer: &Customer) -> Markup {
    let id = tag("code", Markup::text(&customer.profile_id));
    let band = customer.risk_band.as_str();
    let class = format!("band {band}");
    let band = element("span", &[("class", class.as_str())], Markup::text(band));
    let probability = percent(customer.churn_probability);
    let probability = element("span", &[("class", "figure")], Markup::text(probability));
    let rank = format!("percentile {:.0}", customer.percentile);
    let rank = element("span", &[("class", "says")], Markup::text(rank));
    let head = element("p", &[("class", "head")], [probability, band, rank, id]);
    let reasons = customer.reasons.iter().map(reason);
    let reasons = tag("ul", reasons.collect::<Markup>());
    let offer = customer.offer.as_ref().map(offer).unwrap_or_default();
    tag("li", [head, reasons, offer])
}

fn reason(reason: &Reason) -> Markup {
    let (class, arrow, spoken) = match reason.direction {
        Direction::Raises => ("arrow raises", "▲", "raises the risk: "),
        Direction::Lowers => ("arrow lowers", "▼", "lowers the risk: "),
    };
    let arrow = element(
        "span",
        &[("class", class), ("aria-hidden", "true")],
        Markup::text(arrow),
    );
    let spoken = element("span", &[("class", "spoken")], Markup::text(spoken));
    let sentence = element(
        "span",
        &[("class", "sentence")],
        Markup::text(&reason.sentence),
    );
    let weight = signed(reason.contribution, 2);
    let weight = element("span", &[("class", "weight")], Markup::text(weight));
    tag("li", [arrow, spoken, sentence, weight])
}

fn offer(offer: &Offer) -> Markup {
    let Some((threshold, gain)) = offer.threshold.zip(offer.expected_gain) else {
        return note("What is at stake is not known, so nothing says whether an offer pays.");
    };
    let from = match threshold {
        threshold if threshold > 1.0 => "An offer never pays".to_owned(),
        threshold => format!("An offer pays from {} on", percent(threshold)),
    };
    let done = match offer {
        Offer {
            is_treated: true, ..
        } => "; this one is to get it",
        Offer {
            is_holdout: true, ..
        } => "; this one is left alone, to measure what offers bring",
        Offer { .. } => "; none is made",
    };
    note(format!("{from}{done} (expected gain {}).", signed(gain, 2)))
}
