//! Shares against shares, on a square from 0 to 1.

use plotters::chart::ChartBuilder;
use plotters::element::{Circle, PathElement};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::{Color, IntoTextStyle, TextStyle};

use super::{Canvas, Drawing, FONT, Ink, LABEL_SIZE, NAME_SIZE, Painted, percent};

/// A line through points.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its colour.
    pub(crate) ink: Ink,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A point with the interval it is sure of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dot {
    /// Where it lies.
    pub(crate) at: (f64, f64),
    /// The lower and the upper end of the interval.
    pub(crate) between: (f64, f64),
}

/// What is drawn on the square, with its diagonal.
#[derive(Debug)]
pub(crate) struct Square {
    /// What goes to the right.
    pub(crate) x_name: &'static str,
    /// What goes up.
    pub(crate) y_name: &'static str,
    /// Lines, the last one on top.
    pub(crate) lines: Vec<Line>,
    /// Points.
    pub(crate) dots: Vec<Dot>,
}

/// Draws it.
pub(crate) fn square(square: &Square) -> Drawing {
    Drawing::of(|canvas| paint(canvas, square))
}

fn paint(canvas: &Canvas<'_>, square: &Square) -> Painted {
    let mut chart = ChartBuilder::on(canvas)
        .margin_top(20)
        .margin_right(64)
        .x_label_area_size(108)
        .y_label_area_size(140)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .bold_line_style(Ink::Grid.stand_in().stroke_width(2))
        .light_line_style(plotters::style::TRANSPARENT)
        .axis_style(Ink::Axis.stand_in().stroke_width(2))
        .label_style(words(canvas, LABEL_SIZE))
        .axis_desc_style(words(canvas, NAME_SIZE))
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|share| percent(*share))
        .y_label_formatter(&|share| percent(*share))
        .x_desc(square.x_name)
        .y_desc(square.y_name)
        .draw()?;
    let diagonal = [(0.0, 0.0), (1.0, 1.0)];
    let reference = Ink::Axis.stand_in().stroke_width(3);
    chart.draw_series(DashedLineSeries::new(diagonal, 14, 12, reference))?;
    for line in &square.lines {
        let style = line.ink.stand_in().stroke_width(6);
        chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
    }
    let whiskers = square.dots.iter().map(|dot| {
        let ends = vec![(dot.at.0, dot.between.0), (dot.at.0, dot.between.1)];
        PathElement::new(ends, Ink::Main.stand_in().mix(0.6).stroke_width(5))
    });
    chart.draw_series(whiskers)?;
    let dots = square.dots.iter();
    chart.draw_series(dots.map(|dot| Circle::new(dot.at, 11, Ink::Main.stand_in().filled())))?;
    Ok(())
}

/// The style of words of one size.
pub(super) fn words<'a>(canvas: &Canvas<'_>, size: u32) -> TextStyle<'a> {
    (FONT, size, Ink::Words.stand_in()).into_text_style(canvas)
}
