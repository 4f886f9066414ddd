//! Plots as SVG, in the colours of the page, whether it is light or dark.

mod bars;
mod square;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::SVGBackend;
use plotters::style::RGBColor;

pub(crate) use bars::{Bars, bars};
pub(crate) use square::{Dot, Line, Square, square};

use crate::markup::Markup;

/// The library knows whole pixels alone, so plots are drawn large.
const WIDTH: u32 = 880;
const HEIGHT: u32 = 680;
/// Of labels and of the names of axes.
const LABEL_SIZE: u32 = 36;
const NAME_SIZE: u32 = 38;
const FONT: &str = "sans-serif";

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Painted = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The colours of a plot: names of custom properties of the page's style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// What the plot is about.
    Main,
    /// What it is compared with.
    Other,
    /// Words.
    Words,
    /// Axes and lines of reference.
    Axis,
    /// Lines of the grid.
    Grid,
}

impl Ink {
    const ALL: [Self; 5] = [Self::Main, Self::Other, Self::Words, Self::Axis, Self::Grid];

    /// A colour that stands for the ink until the plot is drawn.
    fn stand_in(self) -> &'static RGBColor {
        match self {
            Self::Main => &RGBColor(1, 0, 1),
            Self::Other => &RGBColor(1, 0, 2),
            Self::Words => &RGBColor(1, 0, 3),
            Self::Axis => &RGBColor(1, 0, 4),
            Self::Grid => &RGBColor(1, 0, 5),
        }
    }

    fn value(self) -> &'static str {
        match self {
            Self::Main => "var(--main)",
            Self::Other => "var(--other)",
            Self::Words => "var(--words)",
            Self::Axis => "var(--axis)",
            Self::Grid => "var(--grid)",
        }
    }

    /// A style that fills with it.
    pub(crate) fn background(self) -> &'static str {
        match self {
            Self::Main => "background:var(--main)",
            Self::Other => "background:var(--other)",
            Self::Words => "background:var(--words)",
            Self::Axis => "background:var(--axis)",
            Self::Grid => "background:var(--grid)",
        }
    }
}

/// A plot that was drawn.
#[derive(Debug)]
pub(crate) struct Drawing(String);

impl Drawing {
    fn of(paint: impl FnOnce(&Canvas<'_>) -> Painted) -> Self {
        let mut svg = String::new();
        let canvas = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        paint(&canvas)
            .and_then(|()| canvas.present())
            .expect("a string takes all that is drawn");
        drop(canvas);
        for ink in Ink::ALL {
            let RGBColor(red, green, blue) = ink.stand_in();
            svg = svg.replace(&format!("#{red:02X}{green:02X}{blue:02X}"), ink.value());
        }
        Self(svg)
    }

    /// The plot for the page, with what it shows in words.
    pub(crate) fn markup(self, told: &str) -> Markup {
        // The element of the library has a fixed size and a name space, which HTML has no need of.
        let inner = self.0.split_once('>').map_or("", |(_, inner)| inner);
        let inner = inner
            .rsplit_once("</svg>")
            .map_or(inner, |(inner, _)| inner);
        let view = format!("0 0 {WIDTH} {HEIGHT}");
        let attributes = [
            ("class", "plot"),
            ("viewBox", view.as_str()),
            ("role", "img"),
            ("aria-label", told),
        ];
        crate::markup::element("svg", &attributes, Markup::drawn(inner.to_owned()))
    }
}

/// A share as a label: `40 %`.
fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
