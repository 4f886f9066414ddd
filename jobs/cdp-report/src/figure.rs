//! A plot with its title, its legend and the figures behind it.

use crate::markup::{Markup, element, tag};
use crate::plot::{Drawing, Ink};
use crate::table::Table;

/// A plot as it stands on the page.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What it shows.
    pub(crate) title: &'static str,
    /// How it is read.
    pub(crate) says: String,
    /// What is drawn in which colour.
    pub(crate) legend: Vec<(Ink, String)>,
    /// The plot.
    pub(crate) drawing: Drawing,
    /// What the plot shows, in a sentence, for who does not see it.
    pub(crate) told: String,
    /// The figures behind it.
    pub(crate) figures: Table,
}

impl Figure {
    /// The figure as HTML.
    pub(crate) fn markup(self) -> Markup {
        let keys = self.legend.into_iter().map(|(ink, name)| {
            let key = [("class", "key"), ("style", ink.background())];
            tag(
                "li",
                [element("span", &key, Markup::default()), Markup::text(name)],
            )
        });
        let legend = element("ul", &[("class", "legend")], keys.collect::<Markup>());
        let figures = if self.figures.is_empty() {
            Markup::default()
        } else {
            let summary = tag("summary", Markup::text("The figures"));
            tag("details", [summary, self.figures.markup()])
        };
        let title = tag("h3", Markup::text(self.title));
        let says = element("p", &[("class", "says")], Markup::text(self.says));
        let caption = tag("figcaption", [title, says]);
        let plot = self.drawing.markup(&self.told);
        tag("figure", [caption, legend, plot, figures])
    }
}

/// A figure with what else there is to say beside it, where there is room.
pub(crate) fn beside(figure: Figure, content: impl Into<Markup>) -> Markup {
    let content = element("div", &[("class", "beside")], content);
    element("div", &[("class", "figures")], [figure.markup(), content])
}

/// Figures side by side, where there is room.
pub(crate) fn side_by_side(figures: impl IntoIterator<Item = Figure>) -> Markup {
    let figures = figures.into_iter().map(Figure::markup);
    element("div", &[("class", "figures")], figures.collect::<Markup>())
}
