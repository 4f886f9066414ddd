//! The sections of the page, one file each.

mod customers;
mod definition;
mod drift;
mod outcomes;
mod quality;
mod scores;
mod summary;
mod weights;

use crate::data::Report;
use crate::markup::{Markup, element, tag};

pub(crate) use summary::{lead, summary};

/// A part of the page with a heading of its own.
#[derive(Debug)]
pub(crate) struct Section {
    /// Where a link leads to.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) heading: &'static str,
    /// What stands below it.
    pub(crate) content: Markup,
}

impl Section {
    /// The section as HTML.
    pub(crate) fn markup(self) -> Markup {
        let heading_id = format!("{}-heading", self.id);
        let heading = element(
            "h2",
            &[("id", heading_id.as_str())],
            Markup::text(self.heading),
        );
        let attributes = [("id", self.id), ("aria-labelledby", heading_id.as_str())];
        element("section", &attributes, [heading, self.content])
    }
}

/// All sections of a report, in their order. Those with nothing to tell say why.
pub(crate) fn sections(report: &Report) -> Vec<Section> {
    vec![
        definition::section(report),
        quality::section(report),
        weights::section(report),
        scores::section(report),
        drift::section(report),
        outcomes::section(report),
        customers::section(report),
    ]
}

/// A list of terms and what they are.
pub(crate) fn facts(facts: impl IntoIterator<Item = (&'static str, String)>) -> Markup {
    let facts = facts.into_iter().map(|(term, fact)| {
        let term = tag("dt", Markup::text(term));
        tag("div", [term, tag("dd", Markup::text(fact))])
    });
    element("dl", &[("class", "facts")], facts.collect::<Markup>())
}

/// A remark in a lower voice.
pub(crate) fn note(text: impl std::fmt::Display) -> Markup {
    element("p", &[("class", "note")], Markup::text(text))
}
