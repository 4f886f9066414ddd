//! The page of a report: what stands in it, what does not, and that it is sound HTML.

mod html;
mod sample;

use cdp_churn::{Direction, Evaluation};
use cdp_report::{Report, page};

use crate::html::{Element, parse};
use crate::sample::{report, without_a_model};

fn measured(report: &Report) -> &Evaluation {
    let model = &report.model.as_ref().expect("a model").model;
    model.evaluation().measured().expect("enough history")
}

/// The figure of this title.
fn figure<'e>(page: &'e Element, title: &str) -> &'e Element {
    let figures = page.all("figure");
    let found = figures.into_iter().find(|figure| {
        let titles = figure.all("h3");
        titles.iter().any(|heading| heading.text() == title)
    });
    found.unwrap_or_else(|| panic!("no figure `{title}`"))
}

/// How many points the longest lines of a figure have, the longest first.
fn line_lengths(figure: &Element) -> Vec<usize> {
    let lines = figure.all("polyline").into_iter();
    let lengths = lines.map(|line| line.attribute("points").split_whitespace().count());
    let mut lengths: Vec<usize> = lengths.collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths
}

#[test]
fn the_page_needs_nothing_else() {
    for report in [report(), without_a_model()] {
        let page = page(&report);
        for word in [
            "http:", "https:", "src=", "url(", "@import", "<script", "<link", "<img", "<iframe",
            "xmlns",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        // What a browser may fetch for it is nothing, whatever else it said.
        assert!(page.contains("default-src &#39;none&#39;"));
    }
}

#[test]
fn the_page_is_sound_html() {
    for report in [report(), without_a_model()] {
        let page = parse(&page(&report));
        let everything = page.descendants();
        let mut ids: Vec<&str> = everything.iter().map(|one| one.attribute("id")).collect();
        ids.retain(|id| !id.is_empty());
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id is given twice: {ids:?}");
        for link in page.all("a") {
            let target = link
                .attribute("href")
                .strip_prefix('#')
                .expect("a link within");
            assert!(ids.contains(&target), "nothing is called {target}");
        }
        for section in page.all("section") {
            assert!(ids.contains(&section.attribute("aria-labelledby")));
        }
        for plot in page.all("svg") {
            assert_eq!(plot.attribute("role"), "img");
            assert!(plot.attribute("aria-label").len() > 20);
        }
        for table in page.all("table") {
            assert_eq!(table.all("caption").len(), 1);
            assert!(
                table
                    .all("th")
                    .iter()
                    .all(|cell| !cell.attribute("scope").is_empty())
            );
            let columns = table.all("thead")[0].all("th").len();
            for row in table.all("tr") {
                assert_eq!(row.all("th").len() + row.all("td").len(), columns);
            }
        }
        assert_eq!(page.all("h1").len(), 1);
    }
}

#[test]
fn whatever_a_value_holds_is_text() {
    let nasty = "</td><script>alert('x')</script>&\"";
    let mut report = report();
    report.project = nasty.to_owned();
    report.customers[0].profile_id = nasty.to_owned();
    report.customers[0].reasons[0].sentence = nasty.to_owned();
    report.scored.not_scored[0].reason = nasty.to_owned();
    let model = report.model.as_mut().expect("a model");
    model.weights[0].feature = nasty.to_owned();
    model.weights[0].meaning = nasty.to_owned();
    let text = page(&report);
    assert!(!text.contains("<script"));
    let page = parse(&text);
    let whole = page.text();
    // In the title twice, at the foot, and in each of the five places.
    assert!(whole.matches(nasty).count() >= 8, "{whole}");
}

#[test]
fn plots_show_every_point() {
    let report = report();
    let page = parse(&page(&report));
    let measured = measured(&report);

    let calibration = figure(&page, "Are the probabilities true?");
    let bins = measured.curves.calibration.len();
    assert_eq!(bins, 10);
    assert_eq!(calibration.all("circle").len(), bins);
    assert_eq!(calibration.all("tbody")[0].all("tr").len(), bins);

    let gains = line_lengths(figure(&page, "Whom does it find?"));
    assert_eq!(gains[..2], [101, 101]);
    let roc = line_lengths(figure(&page, "Does it tell them apart?"));
    assert_eq!(roc[0], measured.curves.roc.len());
    assert_eq!(roc[1], measured.baseline_curves.roc.len());

    let apart = figure(&page, "How far apart are they?");
    assert_eq!(apart.all("rect").len(), 20);
    assert_eq!(line_lengths(apart)[0], 40);

    let scores = figure(&page, "How the probabilities lie");
    assert_eq!(scores.all("rect").len(), 20);
    // Both ends of each band of the run before.
    assert_eq!(line_lengths(scores)[0], 40);

    let outcomes = figure(&page, "Did it come true?");
    assert_eq!(outcomes.all("circle").len(), 10);
}

#[test]
fn figures_are_those_of_the_evaluation() {
    let report = report();
    let text = parse(&page(&report)).text();
    let measured = measured(&report);
    let model = report.model.as_ref().expect("a model");
    let figures = [
        format!("{:.3}", measured.model.log_loss),
        format!("{:.3}", measured.hiatus.metrics.brier),
        format!("{:.3} to ", measured.intervals.log_loss.low),
        model.model_id.clone(),
        "no order in 90 days".to_owned(),
        "customers with at least 1 order".to_owned(),
        "silent for".to_owned(),
        "no order for 74 days; usual gap 21".to_owned(),
        "1 figure stayed in place, 0 are worth a look, and 1 calls for action".to_owned(),
        "raw.orders".to_owned(),
    ];
    for figure in figures {
        assert!(text.contains(&figure), "{figure}\n{text}");
    }
}

#[test]
fn reasons_say_which_way_they_go() {
    let report = report();
    let page = parse(&page(&report));
    let arrows = page.descendants().into_iter();
    let arrows = arrows.filter(|one| one.attribute("class").starts_with("arrow"));
    let up = arrows.filter(|one| one.text() == "▲").count();
    let reasons = report.customers.iter().flat_map(|one| &one.reasons);
    let raising = reasons.filter(|reason| reason.direction == Direction::Raises);
    assert_eq!(up, raising.count());
    assert!(up > 0);
}

#[test]
fn without_a_model_the_page_says_so() {
    let report = without_a_model();
    let text = parse(&page(&report)).text();
    assert!(text.contains("There is no model yet"), "{text}");
    // Customers that `churn.fallback` put in order.
    let order = "Customers put in order without a model";
    let whole = parse(&page(&report));
    let tables = whole.all("table").into_iter();
    let table = tables.filter(|table| table.all("caption")[0].text() == order);
    let rows: Vec<String> = table
        .flat_map(|table| table.all("tbody")[0].all("tr"))
        .map(Element::text)
        .collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(
        rows[0].starts_with("high") && rows[0].contains("529"),
        "{rows:?}"
    );
    let mut nobody = report;
    nobody.scored.ordered.clear();
    let text = parse(&page(&nobody)).text();
    assert!(!text.contains(order), "{text}");
    assert!(text.contains("too few customers: 17"), "{text}");
    assert!(text.contains("No horizon of scores"), "{text}");
}
