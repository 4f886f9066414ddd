//! `identity.figures`: how sound the profiles of a date are, as one figure a row.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_identity::Health;
use cdp_lake::{Result, Staged};

use crate::steps::{Asked, Done};

/// How many of the largest profiles, the busiest identifiers and the bridges are listed.
const LIST_MAX: usize = 20;

/// The columns of `identity.figures`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("figure"),
        text("item"),
        Field::new("value", DataType::Float64, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let resolution = asked.resolution().await?;
    let mut figures = figures(&resolution.map.health(LIST_MAX));
    let violations = resolution.map.violations();
    figures.push(Figure::new("violations", "", violations.len() as f64));
    let batch = batch(&figures, asked.task.as_of_date.epoch_day())?;
    Ok(Staged::from_batches(schema(), vec![batch])?.into())
}

/// A figure, and what it is of where there are several.
struct Figure {
    name: &'static str,
    item: String,
    value: f64,
}

impl Figure {
    fn new(name: &'static str, item: impl Into<String>, value: f64) -> Self {
        Self {
            name,
            item: item.into(),
            value,
        }
    }
}

fn figures(health: &Health<'_>) -> Vec<Figure> {
    let mut figures = vec![
        Figure::new("identifiers", "", health.identifiers as f64),
        Figure::new("profiles", "", health.profiles as f64),
        Figure::new("consolidation_rate", "", health.consolidation_rate),
        Figure::new("bridges", "", health.bridge_count as f64),
    ];
    let sizes = health.sizes.iter();
    figures.extend(sizes.map(|(percent, size)| {
        Figure::new("profile_size", format!("p{percent}"), f64::from(*size))
    }));
    let largest = health.largest.iter();
    figures.extend(largest.map(|(id, size)| Figure::new("largest_profile", *id, f64::from(*size))));
    let busiest = health.busiest.iter();
    figures.extend(
        busiest.map(|(id, links)| Figure::new("busiest_identifier", *id, f64::from(*links))),
    );
    figures.extend(health.bridges.iter().map(|(left, right, lesser)| {
        Figure::new("bridge", format!("{left} - {right}"), f64::from(*lesser))
    }));
    for (name, all, alone) in &health.types {
        figures.push(Figure::new("identifiers_of_type", *name, *all as f64));
        let share = *alone as f64 / (*all).max(1) as f64;
        figures.push(Figure::new("singleton_share", *name, share));
    }
    let strangers = health.strangers.iter();
    figures.extend(
        strangers.map(|(one, other)| Figure::new("never_meet", format!("{one}+{other}"), 1.0)),
    );
    let rules = health.rules.iter();
    figures.extend(rules.map(|(rule, unions)| Figure::new("unions", rule, *unions as f64)));
    figures
}

fn batch(figures: &[Figure], day: i32) -> Result<RecordBatch> {
    let names: StringArray = figures.iter().map(|figure| Some(figure.name)).collect();
    let items: StringArray = figures
        .iter()
        .map(|figure| Some(figure.item.as_str()))
        .collect();
    let values: Float64Array = figures.iter().map(|figure| Some(figure.value)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(names),
        Arc::new(items),
        Arc::new(values),
        Arc::new(Date32Array::from_value(day, figures.len())),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
