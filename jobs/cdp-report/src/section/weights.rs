//! Which features weigh most, and which way.

use cdp_churn::Direction;

use super::{Section, note};
use crate::data::{FeatureWeight, Report};
use crate::markup::{Markup, element, paragraph, tag};
use crate::words::number;

pub(super) fn section(report: &Report) -> Section {
    let weights = report
        .model
        .as_ref()
        .map(|served| served.weights.as_slice());
    Section {
        id: "weights",
        heading: "What weighs most",
        content: match weights {
            None | Some([]) => paragraph("There is no model whose features weigh anything."),
            Some(weights) => content(weights),
        },
    }
}

fn content(weights: &[FeatureWeight]) -> Markup {
    let heaviest = weights.iter().map(|one| one.mean_contribution);
    let heaviest = heaviest.fold(f64::MIN_POSITIVE, f64::max);
    let items = weights.iter().map(|one| item(one, heaviest));
    let list = element("ol", &[("class", "weights")], items.collect::<Markup>());
    let says = "Log-odds by which a feature moves a customer, one way or the other, on average. \
                Features that say much the same share their weight; none of it is a cause.";
    [list, note(says)].into()
}

fn item(one: &FeatureWeight, heaviest: f64) -> Markup {
    let (class, direction) = match one.direction {
        Some(Direction::Raises) => ("bar raises", "more of it raises the risk"),
        Some(Direction::Lowers) => ("bar lowers", "more of it lowers the risk"),
        None => ("bar mixed", "now this, now that"),
    };
    let name = tag("code", Markup::text(&one.feature));
    let weight = format!("{}, {direction}", number(one.mean_contribution));
    let weight = element("span", &[("class", "weight")], Markup::text(weight));
    let width = format!("width:{:.1}%", 100.0 * one.mean_contribution / heaviest);
    let attributes = [
        ("class", class),
        ("style", width.as_str()),
        ("aria-hidden", "true"),
    ];
    let bar = element("span", &attributes, Markup::default());
    let meaning = match one.meaning.as_str() {
        "" => Markup::default(),
        meaning => element("span", &[("class", "says")], Markup::text(meaning)),
    };
    tag("li", [name, weight, bar, meaning])
}
