//! The labelled rows a model is trained on.

use std::collections::BTreeSet;

use crate::class_counts::ClassCounts;
use crate::config::ChurnConfig;
use crate::feature_table::FeatureTable;
use crate::metrics::SplitMix;

/// Where the draws of permuted labels begin.
const PERMUTATION_SEED: u64 = 0x7ab1_e5ed;

/// Why rows do not make a training set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingSetError {
    /// A column is longer or shorter than the features.
    #[error("`{name}` has {rows} rows, the features have {expected}")]
    Rows {
        /// Name of the column.
        name: &'static str,
        /// Its rows.
        rows: usize,
        /// Rows of the features.
        expected: usize,
    },
    /// A profile appears twice at a cut-off.
    #[error("profile `{profile_id}` appears twice at the cut-off of day {cutoff_day}")]
    Duplicate {
        /// The profile.
        profile_id: String,
        /// The cut-off, in days since 1970-01-01.
        cutoff_day: i32,
    },
}

/// Labelled rows, one per profile and cut-off, kept sorted by cut-off and profile, so that the
/// order in which they came has no influence on anything.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSet {
    features: FeatureTable,
    churned: Vec<bool>,
    profile_ids: Vec<String>,
    cutoff_days: Vec<i32>,
    present: Option<FeatureTable>,
}

impl TrainingSet {
    /// Puts rows together: features before the cut-off, whether the profile churned after it, the
    /// profile, and the cut-off in days since 1970-01-01.
    pub fn new(
        features: &FeatureTable,
        churned: &[bool],
        profile_ids: &[String],
        cutoff_days: &[i32],
    ) -> Result<Self, TrainingSetError> {
        let expected = features.rows();
        let lengths = [
            ("churned", churned.len()),
            ("profile_ids", profile_ids.len()),
            ("cutoff_days", cutoff_days.len()),
        ];
        for (name, rows) in lengths {
            if rows != expected {
                return Err(TrainingSetError::Rows {
                    name,
                    rows,
                    expected,
                });
            }
        }
        let key = |row: usize| (cutoff_days[row], profile_ids[row].as_str());
        let mut order: Vec<usize> = (0..expected).collect();
        order.sort_unstable_by(|&a, &b| key(a).cmp(&key(b)));
        if let Some(pair) = order.windows(2).find(|pair| key(pair[0]) == key(pair[1])) {
            return Err(TrainingSetError::Duplicate {
                profile_id: profile_ids[pair[0]].clone(),
                cutoff_day: cutoff_days[pair[0]],
            });
        }
        Ok(Self {
            features: features.select(&order),
            churned: order.iter().map(|&row| churned[row]).collect(),
            profile_ids: order.iter().map(|&row| profile_ids[row].clone()).collect(),
            cutoff_days: order.iter().map(|&row| cutoff_days[row]).collect(),
            present: None,
        })
    }

    /// The same with the features of those who are to be scored on the day of the training. What became
    /// of them is not known; how they order is, and a model of orders learns from that.
    #[must_use]
    pub fn with_present(mut self, features: FeatureTable) -> Self {
        self.present = Some(features);
        self
    }

    /// See [`TrainingSet::with_present`].
    pub(crate) fn present(&self) -> Option<&FeatureTable> {
        self.present.as_ref()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.churned.len()
    }

    /// The features, one row per row.
    pub fn features(&self) -> &FeatureTable {
        &self.features
    }

    /// Whether each row churned.
    pub fn churned(&self) -> &[bool] {
        &self.churned
    }

    /// The profile of each row.
    pub fn profile_ids(&self) -> &[String] {
        &self.profile_ids
    }

    /// The cut-off of each row.
    pub fn cutoff_days(&self) -> &[i32] {
        &self.cutoff_days
    }

    /// The distinct cut-offs, oldest first.
    pub fn distinct_cutoffs(&self) -> Vec<i32> {
        let days: BTreeSet<i32> = self.cutoff_days.iter().copied().collect();
        days.into_iter().collect()
    }

    /// How many rows of each class there are.
    pub fn class_counts(&self) -> ClassCounts {
        ClassCounts::of(self.churned.iter().copied())
    }

    /// The rows of the given cut-offs.
    pub(crate) fn at(&self, cutoffs: &[i32]) -> Self {
        let rows: Vec<usize> = (0..self.rows())
            .filter(|&row| cutoffs.contains(&self.cutoff_days[row]))
            .collect();
        Self {
            features: self.features.select(&rows),
            churned: rows.iter().map(|&row| self.churned[row]).collect(),
            profile_ids: rows
                .iter()
                .map(|&row| self.profile_ids[row].clone())
                .collect(),
            cutoff_days: rows.iter().map(|&row| self.cutoff_days[row]).collect(),
            present: None,
        }
    }

    /// The same rows with fewer features.
    pub(crate) fn with_features(&self, change: impl Fn(&mut FeatureTable)) -> Self {
        let mut set = self.clone();
        change(&mut set.features);
        set
    }

    /// The same rows with the outcomes of each cut-off dealt out anew, at random and always alike: what
    /// features know of outcomes is gone.
    pub(crate) fn with_permuted_labels(&self) -> Self {
        let mut permuted = self.clone();
        let mut first = 0;
        for of_cutoff in self.cutoff_days.chunk_by(|a, b| a == b) {
            let seed = PERMUTATION_SEED ^ u64::from(of_cutoff[0].unsigned_abs());
            let mut draw = SplitMix(seed);
            // Fisher and Yates 1938.
            for last in (1..of_cutoff.len()).rev() {
                permuted
                    .churned
                    .swap(first + last, first + draw.below(last + 1));
            }
            first += of_cutoff.len();
        }
        permuted
    }

    /// The first cut-off whose label window has not closed by `as_of_day`.
    pub(crate) fn open_cutoff(&self, config: &ChurnConfig, as_of_day: i32) -> Option<i32> {
        self.distinct_cutoffs()
            .into_iter()
            .find(|&cutoff| config.window_closes(cutoff) > as_of_day)
    }
}
