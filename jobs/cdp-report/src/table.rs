//! Tables that scroll within themselves where a screen is narrow.

use crate::markup::{Markup, element, tag};

/// A table with a caption; the first column names its rows.
#[derive(Debug)]
pub(crate) struct Table {
    caption: String,
    header: Vec<String>,
    rows: Vec<(Vec<String>, bool)>,
    is_text: Vec<usize>,
}

impl Table {
    /// A table of these columns; all but the first hold numbers.
    pub(crate) fn new<const N: usize>(caption: impl Into<String>, header: [&str; N]) -> Self {
        Self {
            caption: caption.into(),
            header: header.map(str::to_owned).to_vec(),
            rows: Vec::new(),
            is_text: vec![0],
        }
    }

    /// Columns that hold words.
    pub(crate) fn words(mut self, columns: &[usize]) -> Self {
        self.is_text.extend(columns);
        self
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push((cells.into(), false));
    }

    /// Adds the row that the others are compared with.
    pub(crate) fn main_row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push((cells.into(), true));
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table; nothing without rows.
    pub(crate) fn markup(self) -> Markup {
        if self.rows.is_empty() {
            return Markup::default();
        }
        let class = |column: usize| {
            if self.is_text.contains(&column) {
                ""
            } else {
                "n"
            }
        };
        let header = self.header.iter().enumerate().map(|(column, name)| {
            let attributes = [("scope", "col"), ("class", class(column))];
            element("th", &attributes, Markup::text(name))
        });
        let head = tag("thead", tag("tr", header.collect::<Markup>()));
        let rows = self.rows.iter().map(|(cells, is_main)| {
            let cells = cells.iter().enumerate().map(|(column, cell)| {
                let text = Markup::text(cell);
                match column {
                    0 => element("th", &[("scope", "row")], text),
                    _ => element("td", &[("class", class(column))], text),
                }
            });
            let class = if *is_main { "main" } else { "" };
            element("tr", &[("class", class)], cells.collect::<Markup>())
        });
        let body = tag("tbody", rows.collect::<Markup>());
        let caption = tag("caption", Markup::text(&self.caption));
        // A region that scrolls can be reached by the keyboard, and so has a name.
        let attributes = [
            ("class", "scroll"),
            ("role", "region"),
            ("tabindex", "0"),
            ("aria-label", self.caption.as_str()),
        ];
        element("div", &attributes, tag("table", [caption, head, body]))
    }
}
