//! The page around the sections.

use crate::data::Report;
use crate::markup::{Markup, element, tag};
use crate::section::{Section, lead, sections, summary};

/// The style of the page. It names no other address.
const STYLE: &str = include_str!("style.css");
/// What a browser may fetch for the page: nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page, as UTF-8 text.
pub fn page(report: &Report) -> String {
    let title = format!(
        "Churn as of {} – {}",
        report.scored.as_of_date, report.project
    );
    let sections = sections(report);
    let contents = contents(&sections);
    let body = [
        header(report),
        contents,
        tag(
            "main",
            sections
                .into_iter()
                .map(Section::markup)
                .collect::<Markup>(),
        ),
        footer(report),
    ];
    let head = [
        // Elements without an end.
        Markup::written("<meta charset=\"utf-8\">"),
        Markup::written("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"),
        Markup::written("<meta name=\"color-scheme\" content=\"light dark\">"),
        Markup::written("<meta name=\"robots\" content=\"noindex\">"),
        policy(),
        tag("title", Markup::text(title)),
        tag("style", Markup::written(STYLE)),
    ];
    let html = element(
        "html",
        &[("lang", "en")],
        [tag("head", head), tag("body", body)],
    );
    format!("<!doctype html>\n{}\n", html.into_string())
}

fn policy() -> Markup {
    let attributes = [
        ("http-equiv", "Content-Security-Policy"),
        ("content", POLICY),
    ];
    crate::markup::void("meta", &attributes)
}

fn header(report: &Report) -> Markup {
    let project = element("p", &[("class", "project")], Markup::text(&report.project));
    let title = format!("Churn as of {}", report.scored.as_of_date);
    let title = tag("h1", Markup::text(title));
    tag("header", [project, title, lead(report), summary(report)])
}

fn contents(sections: &[Section]) -> Markup {
    let links = sections.iter().map(|section| {
        let target = format!("#{}", section.id);
        let link = element(
            "a",
            &[("href", target.as_str())],
            Markup::text(section.heading),
        );
        tag("li", link)
    });
    let list = tag("ul", links.collect::<Markup>());
    element("nav", &[("aria-label", "Contents")], list)
}

fn footer(report: &Report) -> Markup {
    let says = format!(
        "Written by cdp-jobs {} from the tables of {}, as they were known before {} 00:00 UTC.",
        report.program_version, report.project, report.scored.as_of_date,
    );
    tag("footer", crate::markup::paragraph(says))
}
