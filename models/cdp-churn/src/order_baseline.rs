//! Baselines that know orders alone: models of who orders, how often and until when, fitted without
//! a label on the histories known at the test cut-off. Each tells the probability of no order in the
//! horizon, which is what a churn model is asked (not one less the probability to be alive).

use std::collections::BTreeMap;

use cdp_btyd::{AnyOrderModel, History, Horizon, OrderModel, OrderModelKind, Population};
use serde::{Deserialize, Serialize};

use crate::config::ChurnConfig;
use crate::feature_table::FeatureTable;
use crate::framing::ChurnKind;
use crate::metrics::{MetricError, Metrics};

/// The features that baselines are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineColumns<'n> {
    /// Days from the last order to the cut-off, at least 1.
    pub recency_days: &'n str,
    /// Days from the first order to the cut-off.
    pub tenure_days: &'n str,
    /// Days with an order after the first such day.
    pub frequency: &'n str,
}

/// One model of orders at the test cut-off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderBaseline {
    /// Which model.
    pub kind: OrderModelKind,
    /// What came out.
    pub result: OrderBaselineResult,
}

/// A fitted model of orders and how good it was, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderBaselineResult {
    /// What was measured.
    Measured {
        /// The parameters by name, times in days.
        parameters: BTreeMap<String, f64>,
        /// How good its probabilities of no order are.
        metrics: Metrics,
    },
    /// There is no such model of these histories.
    NotFitted {
        /// Why not.
        reason: String,
    },
}

impl OrderBaseline {
    /// How good it was, if it was fitted.
    pub fn metrics(&self) -> Option<&Metrics> {
        match &self.result {
            OrderBaselineResult::Measured { metrics, .. } => Some(metrics),
            OrderBaselineResult::NotFitted { .. } => None,
        }
    }
}

/// All kinds, fitted and measured on the rows of one cut-off, with what each told them (nothing where
/// it does not fit). Rows without a history are given the base rate.
pub(crate) fn measure_all(
    config: &ChurnConfig,
    columns: &BaselineColumns<'_>,
    features: &FeatureTable,
    churned: &[bool],
    base_rate: f64,
) -> Result<Vec<(OrderBaseline, Vec<f64>)>, MetricError> {
    let known = known(config, columns, features);
    let measured = OrderModelKind::ALL.into_iter().map(|kind| {
        let fitted = known.as_ref().map_err(Clone::clone);
        let fitted = fitted.and_then(|(histories, population, horizon)| {
            let fit = kind.fit(population).map_err(|error| error.to_string())?;
            let told = told(&fit.model, histories, *horizon, base_rate);
            Ok((fit.model, told))
        });
        let (result, told) = match fitted {
            Ok((model, told)) => (measured(&model, &told, churned)?, told),
            Err(reason) => (OrderBaselineResult::NotFitted { reason }, Vec::new()),
        };
        Ok((OrderBaseline { kind, result }, told))
    });
    measured.collect()
}

/// The probability of no order of each row.
fn told(
    model: &AnyOrderModel,
    histories: &[Option<History>],
    horizon: Horizon,
    base_rate: f64,
) -> Vec<f64> {
    let told = histories.iter().map(|history| {
        let history = history.as_ref();
        history.map_or(base_rate, |history| model.p_no_order(history, horizon))
    });
    told.map(|p| p.clamp(0.0, 1.0)).collect()
}

fn measured(
    model: &AnyOrderModel,
    told: &[f64],
    churned: &[bool],
) -> Result<OrderBaselineResult, MetricError> {
    let parameters = model.parameters().into_iter();
    Ok(OrderBaselineResult::Measured {
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        metrics: Metrics::of(churned, told)?,
    })
}

/// What is known of each row, all rows as a population, and the length to look ahead.
type Known = (Vec<Option<History>>, Population, Horizon);

fn known(
    config: &ChurnConfig,
    columns: &BaselineColumns<'_>,
    features: &FeatureTable,
) -> Result<Known, String> {
    if config.framing().kind == ChurnKind::Contractual {
        return Err(
            "it tells of orders, and a contract ends when it is cancelled or lapses".to_owned(),
        );
    }
    if config.gap_days() > 0 {
        return Err(format!(
            "it tells of the days from the cut-off on, and `churn.gap_days` is {}",
            config.gap_days()
        ));
    }
    let histories = histories(columns, features)?;
    let known = histories.iter().flatten().copied();
    let population = Population::new(known).map_err(|error| error.to_string())?;
    let horizon = Horizon::new(f64::from(config.horizon_days()));
    Ok((histories, population, horizon.map_err(|e| e.to_string())?))
}

/// What is known of the orders of each row; nothing where the features tell no history.
pub(crate) fn histories(
    columns: &BaselineColumns<'_>,
    features: &FeatureTable,
) -> Result<Vec<Option<History>>, String> {
    let values = |name: &str| {
        let column = features.numeric(name);
        column.ok_or_else(|| format!("`{name}` is not a numeric feature"))
    };
    let recency = values(columns.recency_days)?;
    let tenure = values(columns.tenure_days)?;
    let frequency = values(columns.frequency)?;
    let rows = frequency.iter().zip(tenure).zip(recency);
    let history = |((&frequency, &tenure), &recency): ((&f64, &f64), &f64)| {
        History::of_days(frequency, tenure, recency).ok()
    };
    Ok(rows.map(history).collect())
}
