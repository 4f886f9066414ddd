//! What a model of orders says of a row, as one more feature: the probability of no order in the
//! horizon. It knows how rhythm, silence and age go together, which a sum of features does not.
//!
//! The model is fitted without labels, at each cut-off on what was known by then, and for scores on
//! those of the day on which it was trained, so that it keeps up with a population that grows older.

use cdp_btyd::{AnyOrderModel, History, Horizon, OrderModel, OrderModelKind, Population};
use serde::{Deserialize, Serialize};

use crate::config::ChurnConfig;
use crate::encoding::{NumericEncoding, Transform};
use crate::feature_spec::OutputColumn;
use crate::feature_table::FeatureTable;
use crate::order_baseline::{BaselineColumns, histories};
use crate::training_set::TrainingSet;

/// Fewest rows of a cut-off that a model of orders is fitted on.
const ROWS_MIN: usize = 100;

/// A model of orders and how its probability is encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFeature {
    kind: OrderModelKind,
    model: AnyOrderModel,
    horizon_days: u32,
    recency_days: String,
    tenure_days: String,
    frequency: String,
    encoding: NumericEncoding,
}

impl OrderFeature {
    /// What it is called among reasons.
    pub const NAME: &'static str = "no_order_probability";
    /// What that means.
    pub const MEANING: &'static str = "probability of no order in the horizon by orders alone";

    /// The most likely of the models of orders; none when none fits, when not orders alone count or the
    /// window does not begin at the cut-off, or when a feature of this name is there already.
    pub(crate) fn fit(
        config: &ChurnConfig,
        columns: &BaselineColumns<'_>,
        rows: &TrainingSet,
    ) -> Option<Self> {
        let horizon_days = u32::try_from(config.horizon_days()).ok()?;
        let is_taken = rows.features().column(Self::NAME).is_some();
        if config.gap_days() > 0 || is_taken || !config.framing().is_of_orders() {
            return None;
        }
        let newest = rows.distinct_cutoffs().pop()?;
        let newest = rows.at(&[newest]);
        let population = population(columns, newest.features())?;
        let fits = OrderModelKind::ALL.into_iter().filter_map(|kind| {
            let fit = kind.fit(&population).ok()?;
            Some((kind, fit))
        });
        let likelier = |a: f64, b: f64| a.total_cmp(&b);
        let (kind, fit) =
            fits.max_by(|a, b| likelier(a.1.report.log_likelihood, b.1.report.log_likelihood))?;
        let mut feature = Self {
            kind,
            model: fit.model,
            horizon_days,
            recency_days: columns.recency_days.to_owned(),
            tenure_days: columns.tenure_days.to_owned(),
            frequency: columns.frequency.to_owned(),
            encoding: NumericEncoding::fit(&[], Transform::LogOdds),
        };
        feature.encoding = NumericEncoding::fit(&feature.tell(rows), Transform::LogOdds);
        Some(feature)
    }

    /// The same with the model of other rows; as it is when there is no such model.
    pub(crate) fn fitted_on(&self, table: &FeatureTable) -> Self {
        let mut feature = self.clone();
        let population = population(&self.columns(), table);
        let fit = population.and_then(|population| self.kind.fit(&population).ok());
        if let Some(fit) = fit {
            feature.model = fit.model;
        }
        feature
    }

    /// The probability of no order of each row, by the model of its cut-off.
    pub(crate) fn tell(&self, rows: &TrainingSet) -> Vec<f64> {
        // Rows are sorted by cut-off.
        let cutoffs = rows.distinct_cutoffs().into_iter();
        let of_cutoff = |cutoff| {
            let rows = rows.at(&[cutoff]);
            self.fitted_on(rows.features()).values(rows.features())
        };
        cutoffs.flat_map(of_cutoff).collect()
    }

    fn columns(&self) -> BaselineColumns<'_> {
        BaselineColumns {
            recency_days: &self.recency_days,
            tenure_days: &self.tenure_days,
            frequency: &self.frequency,
        }
    }

    /// Which model of orders it is.
    pub fn kind(&self) -> OrderModelKind {
        self.kind
    }

    /// The probability of no order of each row; NaN where the features tell no history.
    pub(crate) fn values(&self, table: &FeatureTable) -> Vec<f64> {
        let columns = self.columns();
        let horizon = Horizon::new(f64::from(self.horizon_days));
        let (Ok(histories), Ok(horizon)) = (histories(&columns, table), horizon) else {
            return vec![f64::NAN; table.rows()];
        };
        let told = histories.iter().map(|history| {
            let history = history.as_ref();
            history.map_or(f64::NAN, |history| self.model.p_no_order(history, horizon))
        });
        told.collect()
    }

    /// The columns of the matrix.
    pub(crate) fn outputs(&self) -> Vec<OutputColumn> {
        let names = self.encoding.outputs(Self::NAME).into_iter();
        let output = |name| OutputColumn {
            name,
            feature: Self::NAME.to_owned(),
        };
        names.map(output).collect()
    }

    /// How its values become columns of the matrix.
    pub(crate) fn encoding(&self) -> &NumericEncoding {
        &self.encoding
    }
}

/// The histories of rows; none when they are too few to fit on.
fn population(columns: &BaselineColumns<'_>, table: &FeatureTable) -> Option<Population> {
    let histories = histories(columns, table).ok()?.into_iter();
    let known: Vec<History> = histories.flatten().collect();
    let is_enough = known.len() >= ROWS_MIN;
    is_enough.then(|| Population::new(known).ok()).flatten()
}
