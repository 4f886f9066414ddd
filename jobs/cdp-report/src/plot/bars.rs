//! How many customers have which probability.

use plotters::chart::ChartBuilder;
use plotters::element::Rectangle;
use plotters::series::LineSeries;
use plotters::style::Color;

use super::square::words;
use super::{Canvas, Drawing, Ink, LABEL_SIZE, NAME_SIZE, Painted, percent};

/// The part of a bar's place that it fills.
const FILLED: f64 = 0.84;

/// Shares of bands of equal width from 0 to 1.
#[derive(Debug)]
pub(crate) struct Bars {
    /// What goes to the right.
    pub(crate) x_name: &'static str,
    /// What goes up.
    pub(crate) y_name: &'static str,
    /// Drawn as bars.
    pub(crate) filled: Vec<f64>,
    /// Drawn as an outline above them; may be empty.
    pub(crate) outline: Vec<f64>,
}

/// Draws them.
pub(crate) fn bars(bars: &Bars) -> Drawing {
    Drawing::of(|canvas| paint(canvas, bars))
}

fn paint(canvas: &Canvas<'_>, bars: &Bars) -> Painted {
    let shares = bars.filled.iter().chain(&bars.outline);
    let highest = shares.copied().fold(0.01, f64::max);
    let mut chart = ChartBuilder::on(canvas)
        .margin_top(20)
        .margin_right(64)
        .x_label_area_size(108)
        .y_label_area_size(140)
        .build_cartesian_2d(0.0..1.0, 0.0..1.08 * highest)?;
    let fine = |share: &f64| match highest {
        highest if highest < 0.05 => format!("{:.1} %", 100.0 * share),
        _ => percent(*share),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(Ink::Grid.stand_in().stroke_width(2))
        .light_line_style(plotters::style::TRANSPARENT)
        .axis_style(Ink::Axis.stand_in().stroke_width(2))
        .label_style(words(canvas, LABEL_SIZE))
        .axis_desc_style(words(canvas, NAME_SIZE))
        .x_labels(6)
        .y_labels(5)
        .x_label_formatter(&|share| percent(*share))
        .y_label_formatter(&fine)
        .x_desc(bars.x_name)
        .y_desc(bars.y_name)
        .draw()?;
    let width = 1.0 / bars.filled.len().max(1) as f64;
    let filled = bars.filled.iter().enumerate().map(|(place, &share)| {
        let left = (place as f64 + (1.0 - FILLED) / 2.0) * width;
        let corners = [(left, 0.0), (left + FILLED * width, share)];
        Rectangle::new(corners, Ink::Main.stand_in().filled())
    });
    chart.draw_series(filled)?;
    let places = bars.outline.iter().enumerate();
    let steps = places.flat_map(|(place, &share)| {
        let left = place as f64 * width;
        [(left, share), (left + width, share)]
    });
    chart.draw_series(LineSeries::new(
        steps,
        Ink::Other.stand_in().stroke_width(5),
    ))?;
    Ok(())
}
