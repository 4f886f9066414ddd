//! Orders into `scores.customer_values`: what every customer will order and be worth.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cdp_btyd::{
    CustomerValue, History, Horizon, OrderModelKind, Population, Spend, ValueConfig, ValueModels,
};
use cdp_lake::{ErrorKind, LakeError, Result, Staged};
use cdp_plan::Task;

use super::churn_model::serving;
use super::{Asked, Done, date_sql};
use crate::matrix::{floats, strings};

/// How a figure of a customer stands in the table.
enum Figure {
    Number(fn(&CustomerValue) -> Option<f64>),
    /// Days to wait, as the date to which they lead.
    Date(fn(&CustomerValue) -> Option<f64>),
}

const FIGURES: [(&str, Figure); 13] = [
    ("expected_orders", Figure::Number(|v| Some(v.orders))),
    (
        "expected_orders_so_far",
        Figure::Number(|v| v.orders_at_past_rate),
    ),
    (
        "no_order_probability",
        Figure::Number(|v| Some(v.p_no_order)),
    ),
    ("alive_probability", Figure::Number(|v| Some(v.p_alive))),
    ("days_between_orders", Figure::Number(|v| Some(v.gap))),
    ("days_between_orders_so_far", Figure::Number(|v| v.mean_gap)),
    ("next_order_date", Figure::Date(|v| v.wait)),
    (
        "next_order_date_so_far",
        Figure::Date(|v| v.wait_by_mean_gap),
    ),
    ("expected_order_amount", Figure::Number(|v| v.amount)),
    ("order_amount_so_far", Figure::Number(|v| v.mean_amount)),
    ("lifetime_value", Figure::Number(|v| v.lifetime_value)),
    (
        "lifetime_value_so_far",
        Figure::Number(|v| v.lifetime_value_at_past_rate),
    ),
    (
        "lifetime_value_if_active",
        Figure::Number(|v| v.lifetime_value_if_active),
    ),
];

/// The columns of `scores.customer_values`.
pub(super) fn schema() -> SchemaRef {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let mut fields = vec![field("profile_id", DataType::Utf8)];
    fields.extend(FIGURES.iter().map(|(name, figure)| match figure {
        Figure::Number(_) => field(name, DataType::Float64),
        Figure::Date(_) => field(name, DataType::Date32),
    }));
    fields.extend([
        field("lifetime_days", DataType::Int64),
        field("horizon_days", DataType::Int64),
        field("order_model", DataType::Utf8),
        field("as_of_date", DataType::Date32),
    ]);
    Arc::new(Schema::new(fields))
}

/// The customers of a batch, and what their orders tell.
struct Customers {
    ids: Vec<String>,
    histories: Vec<History>,
    spends: Vec<Option<Spend>>,
}

pub(super) async fn run(asked: &Asked<'_>) -> Result<Done> {
    let &Asked {
        config,
        catalog,
        task,
        ..
    } = asked;
    let all = catalog.query(&orders_query(task), None).await?;
    let (mut histories, mut spends) = (Vec::new(), Vec::new());
    for batch in &all.batches {
        let customers = Customers::of(batch)?;
        histories.extend(customers.histories);
        spends.extend(customers.spends.into_iter().flatten());
    }
    drop(all);
    let wanted = wanted(asked).await?;
    let population = Population::new(histories);
    let fitted = population.and_then(|population| ValueModels::fit(wanted, &population, &spends));
    let models = match fitted {
        Ok(models) => models,
        Err(error) => {
            let note = format!("nobody is valued: {error}; {}", error.hint());
            let nobody = Staged::from_batches(schema(), Vec::new())?;
            return Ok(Done::told(nobody, Some(note)));
        }
    };
    let note = Some(told(&models));
    let horizon_days = asked.churn.horizon_days();
    let horizon = Horizon::new(f64::from(horizon_days))
        .map_err(|error| LakeError::new(ErrorKind::Schema, error.to_string()))?;
    let valuer = Valuer {
        models,
        horizon,
        horizon_days,
        value: config.value,
        day: task.as_of_date.epoch_day(),
    };
    let value = move |batch: &RecordBatch| valuer.rows(batch);
    let staged = catalog
        .through(&orders_query(task), schema(), value)
        .await?;
    Ok(Done::told(staged, note))
}

/// The model of orders that foretold best where the serving churn model was tried.
async fn wanted(asked: &Asked<'_>) -> Result<Option<OrderModelKind>> {
    let model = serving(asked).await?;
    let measured = model
        .as_ref()
        .and_then(|(_, model)| model.evaluation().measured());
    let best = measured.and_then(|measured| measured.best_order_model());
    Ok(best.map(|(kind, _)| kind))
}

fn orders_query(task: &Task) -> String {
    let date = date_sql(Some(task.as_of_date));
    format!(
        "select profile_id, frequency, tenure_days, recency_days, \
         cast(repeat_order_amount as double) as repeat_order_amount \
         from features.order_features where as_of_date = {date}"
    )
}

impl Customers {
    fn of(batch: &RecordBatch) -> Result<Self> {
        let ids = strings(batch, "profile_id")?;
        let figures = |name: &str| -> Result<Vec<f64>> {
            let column = floats(batch, name)?;
            Ok(column
                .iter()
                .map(|value| value.unwrap_or(f64::NAN))
                .collect())
        };
        let frequency = figures("frequency")?;
        let (tenure, recency) = (figures("tenure_days")?, figures("recency_days")?);
        let amount = figures("repeat_order_amount")?;
        let history = |row: usize| {
            History::of_days(frequency[row], tenure[row], recency[row]).map_err(|error| {
                let message = format!("the orders of the profile {}: {error}", ids[row]);
                LakeError::new(ErrorKind::Schema, message)
            })
        };
        let histories: Vec<History> = (0..ids.len()).map(history).collect::<Result<_>>()?;
        let spend = |(history, amount): (&History, &f64)| {
            let repeats = history.repeats();
            Spend::new(repeats, amount / f64::from(repeats)).ok()
        };
        let spends = histories.iter().zip(&amount).map(spend).collect();
        Ok(Self {
            ids,
            histories,
            spends,
        })
    }
}

/// Orders into values.
struct Valuer {
    models: ValueModels,
    horizon: Horizon,
    horizon_days: i32,
    value: ValueConfig,
    day: i32,
}

impl Valuer {
    fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let customers = Customers::of(batch)?;
        let (models, plan) = (&self.models, self.value.plan());
        let known = customers.histories.iter().zip(&customers.spends);
        let values: Vec<CustomerValue> = known
            .map(|(history, spend)| {
                CustomerValue::of(models, history, spend.as_ref(), self.horizon, plan)
            })
            .collect();
        let count = values.len();
        let lifetime = i64::from(self.value.lifetime_days());
        let ids = StringArray::from(customers.ids);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(ids)];
        let figures = FIGURES.iter();
        columns.extend(figures.map(|(_, figure)| column(figure, &values, self.day)));
        columns.extend([
            Arc::new(Int64Array::from(vec![lifetime; count])) as ArrayRef,
            Arc::new(Int64Array::from(vec![i64::from(self.horizon_days); count])),
            Arc::new(StringArray::from(vec![models.kind.as_str(); count])),
            Arc::new(Date32Array::from(vec![self.day; count])),
        ]);
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

fn column(figure: &Figure, values: &[CustomerValue], day: i32) -> Arc<dyn Array> {
    match figure {
        Figure::Number(of) => Arc::new(values.iter().map(of).collect::<Float64Array>()),
        // The last day that was looked at is the one before; what is overdue is due today.
        Figure::Date(of) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a wait is within the lifetime"
            )]
            let date = |wait: f64| (day - 1).saturating_add(wait.ceil() as i32).max(day);
            let dates = values.iter().map(|value| of(value).map(date));
            Arc::new(dates.collect::<Date32Array>())
        }
    }
}

fn told(models: &ValueModels) -> String {
    let mut told = format!("orders by {}", models.kind.name());
    for reason in &models.refused {
        told += "; ";
        told += reason;
    }
    told
}
