//! A model and features into `scores.churn_drift`: how far what is scored has moved since training.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_churn::{ChurnModel, Drift, DriftBaseline, DriftLevel};
use cdp_lake::{ErrorKind, LakeError, Result, Staged};
use cdp_plan::{Layer, Manifest, TableName};

use super::churn_model::{known_features, profiles_query, serving, unfit};
use super::{Asked, Done, date_sql};
use crate::matrix::{column, counts, floats, one_batch, texts};

/// So far apart two shares of churners are worth a look, and call for action.
const BASE_RATE: [f64; 2] = [0.05, 0.1];
/// So many standard errors are chance.
const CHANCE: f64 = 3.0;

/// The columns of `scores.churn_drift`.
pub(super) fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    let count = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("kind"),
        text("name"),
        number("psi"),
        number("noise_floor"),
        text("level"),
        number("mean"),
        number("training_mean"),
        number("missing_rate"),
        number("training_missing_rate"),
        count("row_count"),
        count("training_row_count"),
        text("sources"),
        text("model_id"),
        Field::new("as_of_date", DataType::Date32, true),
    ]))
}

/// One row, without what all of them share.
#[derive(Default)]
struct Row {
    kind: &'static str,
    name: String,
    psi: Option<f64>,
    noise_floor: Option<f64>,
    level: Option<DriftLevel>,
    mean: Option<f64>,
    training_mean: Option<f64>,
    missing_rate: Option<f64>,
    training_missing_rate: Option<f64>,
    counted: u64,
    training_counted: u64,
    sources: Option<String>,
}

pub(super) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let nothing = |note: Option<String>| -> Result<Done> {
        let staged = Staged::from_batches(schema(), Vec::new())?;
        Ok(Done::told(staged, note))
    };
    let Some((id, model)) = serving(asked).await? else {
        return nothing(None);
    };
    let Some(baseline) = baseline(asked, &id).await? else {
        let note = format!("`{id}` was trained before drift was measured; its successor tells");
        return nothing(Some(note));
    };
    let drift = measure(asked, &model, &baseline).await?;
    if drift.is_empty() {
        return nothing(Some("nobody is scored".to_owned()));
    }
    let sources = sources(asked).await?;
    let mut rows: Vec<Row> = drift.iter().map(|drift| Row::of(drift, &sources)).collect();
    rows.push(base_rate(asked, &model).await?);
    let note = told(&rows);
    let day = asked.task.as_of_date.epoch_day();
    let staged = Staged::from_batches(schema(), vec![batch(&rows, &id, day)?])?;
    Ok(Done::told(staged, note))
}

/// How features and scores were distributed when the model was trained; `None` when an older version
/// of the program trained it.
async fn baseline(asked: &Asked<'_>, id: &str) -> Result<Option<DriftBaseline>> {
    let date = date_sql(Some(asked.task.as_of_date));
    let query = format!(
        "select * from scores.churn_model where as_of_date <= {date} and model_id = '{id}' \
         order by as_of_date desc limit 1"
    );
    let batch = one_batch(&asked.catalog.query(&query, None).await?)?;
    if column(&batch, "drift_baseline").is_err() {
        return Ok(None);
    }
    let json = texts(&batch, "drift_baseline")?;
    let Some(Some(json)) = json.iter().next() else {
        return Ok(None);
    };
    let baseline = DriftBaseline::from_json(json).map_err(|error| {
        let message = format!("the drift baseline of `{id}` can't be read: {error}");
        LakeError::new(ErrorKind::Schema, message)
    })?;
    Ok(Some(baseline))
}

async fn measure(
    asked: &Asked<'_>,
    model: &ChurnModel,
    baseline: &DriftBaseline,
) -> Result<Vec<Drift>> {
    let mut count = baseline.count();
    let query = format!("{} and is_eligible", profiles_query(asked.task));
    let take = |batch: &RecordBatch| {
        let features = known_features(model, batch)?;
        let told = model
            .predict(&features)
            .map_err(|error| unfit(asked.task, error))?;
        count.add(&features, &told);
        Ok(())
    };
    asked.catalog.each_batch(&query, take).await?;
    Ok(count.drift())
}

/// The raw tables that each feature is made of.
async fn sources(asked: &Asked<'_>) -> Result<BTreeMap<String, String>> {
    let Some(features) = asked.features() else {
        return Ok(BTreeMap::new());
    };
    if features.statement().is_none() {
        return Ok(BTreeMap::new());
    }
    let tables = asked.catalog.column_tables(features).await?.into_iter();
    let named = tables.map(|(column, tables)| {
        let raw: BTreeSet<String> = tables
            .iter()
            .flat_map(|table| raw_tables(asked.manifest, table))
            .map(|name| name.to_string())
            .collect();
        (column, raw.into_iter().collect::<Vec<_>>().join(", "))
    });
    Ok(named.collect())
}

/// The raw tables behind one. Everything hangs on identities, so what they are made of is told only
/// of what speaks of identities itself.
fn raw_tables(manifest: &Manifest, table: &TableName) -> BTreeSet<TableName> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![table.clone()];
    while let Some(name) = open.pop() {
        if name.layer() == Layer::Raw {
            found.insert(name);
            continue;
        }
        if !seen.insert(name.clone()) {
            continue;
        }
        let inputs = manifest.reads(&name).iter().cloned();
        let speaks_of_ids = table.layer() == Layer::Identity;
        open.extend(inputs.filter(|input| speaks_of_ids || input.layer() != Layer::Identity));
    }
    found
}

impl Row {
    fn of(drift: &Drift, sources: &BTreeMap<String, String>) -> Self {
        Self {
            kind: if drift.is_score() { "score" } else { "feature" },
            name: drift.name().to_owned(),
            psi: Some(drift.psi),
            noise_floor: Some(drift.noise_floor),
            level: Some(drift.level()),
            mean: drift.mean,
            training_mean: drift.training_mean,
            missing_rate: Some(drift.missing_rate),
            training_missing_rate: Some(drift.training_missing_rate),
            counted: drift.rows,
            training_counted: drift.training_rows,
            sources: sources.get(drift.name()).cloned(),
        }
    }
}

/// Whether as many churn as at training, told by the horizon that closed last.
async fn base_rate(asked: &Asked<'_>, model: &ChurnModel) -> Result<Row> {
    let date = date_sql(Some(asked.task.as_of_date));
    let query = format!(
        "select row_count, churn_rate from scores.churn_outcomes \
         where as_of_date <= {date} and cohort = 'all' and decile = 0 \
         order by scored_date desc, as_of_date desc limit 1"
    );
    let batch = one_batch(&asked.catalog.query(&query, None).await?)?;
    let rows = counts(&batch, "row_count")?.first().copied();
    let rates = floats(&batch, "churn_rate")?;
    let now = rows.map(|rows| (rows, rates.value(0)));
    let (then, training_rows) = (model.base_rate(), model.training().rows() as u64);
    let level = now.map_or(DriftLevel::Stable, |(rows, rate)| {
        let each = 1.0 / rows.max(1) as f64 + 1.0 / training_rows.max(1) as f64;
        let chance = CHANCE * (then * (1.0 - then) * each).sqrt();
        match (rate - then).abs() - chance {
            apart if apart >= BASE_RATE[1] => DriftLevel::Act,
            apart if apart >= BASE_RATE[0] => DriftLevel::Watch,
            _ => DriftLevel::Stable,
        }
    });
    Ok(Row {
        kind: "base_rate",
        name: "churned".to_owned(),
        level: Some(level),
        mean: now.map(|(_, rate)| rate),
        training_mean: Some(then),
        counted: rows.unwrap_or(0),
        training_counted: training_rows,
        ..Row::default()
    })
}

/// What moved most, and where it comes from.
fn told(rows: &[Row]) -> Option<String> {
    let moved = rows.iter().filter(|row| row.level >= Some(DriftLevel::Act));
    let named: Vec<String> = moved
        .map(|row| match row.sources.as_deref() {
            Some(sources) if !sources.is_empty() => format!("`{}` ({sources})", row.name),
            _ => format!("`{}`", row.name),
        })
        .collect();
    (!named.is_empty()).then(|| {
        let more = named.len().saturating_sub(5);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let named = named.into_iter().take(5).collect::<Vec<_>>().join(", ");
        format!("moved since the training: {named}{more}, see scores.churn_drift")
    })
}

fn batch(rows: &[Row], model_id: &str, day: i32) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let number = |of: fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    let count = |of: fn(&Row) -> u64| -> ArrayRef {
        let counts = rows.iter().map(|row| i64::try_from(of(row)).ok());
        Arc::new(counts.collect::<Int64Array>())
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|row| Some(row.kind.to_owned())),
        text(&|row| Some(row.name.clone())),
        number(|row| row.psi),
        number(|row| row.noise_floor),
        text(&|row| Some(row.level?.as_str().to_owned())),
        number(|row| row.mean),
        number(|row| row.training_mean),
        number(|row| row.missing_rate),
        number(|row| row.training_missing_rate),
        count(|row| row.counted),
        count(|row| row.training_counted),
        text(&|row| row.sources.clone()),
        Arc::new(StringArray::from(vec![model_id; rows.len()])),
        Arc::new(Date32Array::from(vec![day; rows.len()])),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
