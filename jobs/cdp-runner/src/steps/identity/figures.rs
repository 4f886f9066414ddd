//! `identity.figures`: how sound the profiles of a date are, as one figure a row.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cdp_identity::{Count, IdentityRules, List, Tally};
use cdp_lake::{Result, Staged};

use super::increment::Increment;
use super::violations::carried;
use crate::matrix::{floats, strings};
use crate::steps::{Asked, Done, date_sql};

/// How many of the largest profiles, the busiest identifiers and the bridges are told.
const LIST_MAX: usize = 20;
/// How many are kept, so that those that are left are enough when others change.
pub(crate) const LIST_KEPT: usize = 200;
/// Ends the name of a list for the row after which nothing is known.
const FLOOR: &str = "_floor";
/// What is counted, and told in another form.
const KEPT: [Count; 3] = [
    Count::ProfilesOfSize,
    Count::SingletonsOfType,
    Count::PairsOfTypes,
];

/// The columns of `identity.figures`.
pub(in crate::steps) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("figure"),
        text("item"),
        Field::new("value", DataType::Float64, true),
        Field::new("is_shown", DataType::Boolean, true),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

pub(in crate::steps) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let mut resolution = asked.resolution().await?;
    let (mut tally, mut violations) = (None, 0);
    if let Some(increment) = &resolution.increment {
        tally = changed(asked, increment).await?;
        let carried = carried(asked, increment).await?;
        violations = carried.iter().map(RecordBatch::num_rows).sum();
        if tally.is_none() {
            let why = "the figures of before do not tell those of now";
            resolution = asked.whole_resolution(why).await?;
            violations = 0;
        }
    }
    let map = &resolution.map;
    let tally = tally.unwrap_or_else(|| map.tally(LIST_KEPT));
    violations += map.sorted_violations().len();
    let figures = figures(&tally, map.rules(), violations);
    let batch = batch(&figures, asked.task.as_of_date.epoch_day())?;
    Ok(Staged::from_batches(schema(), vec![batch])?.into())
}

/// The tally of the map of before, with what is concerned counted anew.
async fn changed(asked: &Asked<'_>, increment: &Increment) -> Result<Option<Tally>> {
    let Some(table) = &increment.base.figures else {
        return Ok(None);
    };
    let query = format!(
        "select figure, item, value from {table} where as_of_date = {}",
        date_sql(Some(increment.base.date()))
    );
    let mut known = Tally::default();
    for batch in asked.catalog.batches(&query).await? {
        let values = floats(&batch, "value")?;
        let rows = strings(&batch, "figure")?.into_iter();
        let rows = rows.zip(strings(&batch, "item")?).zip(values.values());
        for ((figure, item), value) in rows {
            read(&mut known, &figure, item, *value);
        }
    }
    if !increment.repeats_the_past {
        return Ok(None);
    }
    let counts = increment.counting.counts().await;
    Ok(known.changed(&counts.before, &counts.now, LIST_MAX, LIST_KEPT))
}

/// Takes in a figure that is part of a tally.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts, below 2^53"
)]
fn read(tally: &mut Tally, figure: &str, item: String, value: f64) {
    if let Some((_, count)) = Count::ALL.iter().find(|(name, _)| *name == figure) {
        tally.add(*count, &item, value as i64);
    }
    let name = figure.strip_suffix(FLOOR);
    let named = List::ALL
        .iter()
        .find(|(known, _)| *known == name.unwrap_or(figure));
    if let Some((_, list)) = named {
        let top = tally.lists.entry(*list).or_default();
        let row = (item, value as u32);
        match name {
            Some(_) => top.floor = Some(row),
            None => top.rows.push(row),
        }
    }
}

/// A figure, and what it is of where there are several.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) item: String,
    pub(crate) value: f64,
    /// Whether people are told it.
    pub(crate) is_shown: bool,
}

impl Figure {
    fn shown(name: &str, item: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            item: item.into(),
            value,
            is_shown: true,
        }
    }

    fn kept(name: &str, item: impl Into<String>, value: f64) -> Self {
        Self {
            is_shown: false,
            ..Self::shown(name, item, value)
        }
    }
}

/// The figures of a map that was counted: those that people are told, and the rest of the tally.
pub(crate) fn figures(tally: &Tally, rules: &IdentityRules, violations: usize) -> Vec<Figure> {
    let health = tally.health(rules, LIST_MAX);
    let mut figures = vec![
        Figure::shown("identifiers", "", health.identifiers as f64),
        Figure::shown("profiles", "", health.profiles as f64),
        Figure::shown("consolidation_rate", "", health.consolidation_rate),
        Figure::shown("bridges", "", health.bridge_count as f64),
        Figure::shown("violations", "", violations as f64),
    ];
    let sizes = health.sizes.iter();
    figures.extend(sizes.map(|(percent, size)| {
        Figure::shown("profile_size", format!("p{percent}"), f64::from(*size))
    }));
    for (name, all, alone) in &health.types {
        figures.push(Figure::shown("identifiers_of_type", *name, *all as f64));
        let share = *alone as f64 / (*all).max(1) as f64;
        figures.push(Figure::shown("singleton_share", *name, share));
    }
    let strangers = health.strangers.iter();
    figures.extend(
        strangers.map(|(one, other)| Figure::shown("never_meet", format!("{one}+{other}"), 1.0)),
    );
    let rules = health.rules.iter();
    figures.extend(rules.map(|(rule, unions)| Figure::shown("unions", *rule, *unions as f64)));
    for (list, top) in &tally.lists {
        for (place, (item, value)) in top.rows.iter().enumerate() {
            figures.push(Figure {
                is_shown: place < LIST_MAX,
                ..Figure::shown(list.as_str(), item, f64::from(*value))
            });
        }
        if let Some((item, value)) = &top.floor {
            let name = format!("{}{FLOOR}", list.as_str());
            figures.push(Figure::kept(&name, item, f64::from(*value)));
        }
    }
    for count in KEPT {
        let items = tally.of(count);
        figures
            .extend(items.map(|(item, number)| Figure::kept(count.as_str(), item, number as f64)));
    }
    figures
}

fn batch(figures: &[Figure], day: i32) -> Result<RecordBatch> {
    let names: StringArray = figures
        .iter()
        .map(|figure| Some(figure.name.as_str()))
        .collect();
    let items: StringArray = figures
        .iter()
        .map(|figure| Some(figure.item.as_str()))
        .collect();
    let values: Float64Array = figures.iter().map(|figure| Some(figure.value)).collect();
    let is_shown: BooleanArray = figures.iter().map(|figure| Some(figure.is_shown)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(names),
        Arc::new(items),
        Arc::new(values),
        Arc::new(is_shown),
        Arc::new(Date32Array::from_value(day, figures.len())),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
