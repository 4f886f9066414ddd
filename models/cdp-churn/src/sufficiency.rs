//! What data can carry: how many customers there are to learn from, when there will be enough, and
//! on which days nothing was recorded.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::ChurnConfig;

/// A day is compared with the same weekday of so many weeks before and after it.
const WEEKS: i32 = 4;
/// A silence is told in which so many events were to be expected: by chance such a thing does not
/// happen.
const EXPECTED_MIN: f64 = 20.0;
/// Nobody waits longer than ten years.
const WAIT_MAX: i32 = 3650;

/// Those who were eligible at a cut-off, and those of them who churned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutoffRows {
    /// The cut-off, in days since 1970-01-01.
    pub cutoff_day: i32,
    /// Who was eligible.
    pub eligible: u64,
    /// Who churned.
    pub churned: u64,
}

/// What is known of the customers of a project before a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply<'a> {
    /// The day before which all was known.
    pub as_of_day: i32,
    /// The day of the first event.
    pub first_day: i32,
    /// Who would be eligible at `as_of_day`.
    pub eligible: u64,
    /// Cut-offs whose windows have closed, newest first.
    pub cutoffs: &'a [CutoffRows],
}

/// When there will be enough to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SufficesOn {
    /// The day, in days since 1970-01-01.
    pub day: i32,
    /// Whether nothing is known yet of how many churn, so that it may well be later.
    pub is_earliest: bool,
}

/// Days in a row without an event, although some were to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Silence {
    /// The first day, in days since 1970-01-01.
    pub first_day: i32,
    /// The last one.
    pub last_day: i32,
    /// How many events there would have been, by the same weekdays before and after.
    pub expected: f64,
}

impl Supply<'_> {
    /// Rows of each class at the cut-offs that a training stacks: who churned, and who stayed.
    pub fn stacked(&self, config: &ChurnConfig) -> (u64, u64) {
        let days = config.training_cutoffs(self.as_of_day);
        let stacked = self.cutoffs.iter();
        let stacked = stacked.filter(|rows| days.contains(&rows.cutoff_day));
        stacked.fold((0, 0), |(churned, stayed), rows| {
            let stays = rows.eligible.saturating_sub(rows.churned);
            (churned + rows.churned, stayed + stays)
        })
    }

    /// Whether a training has the rows of each class that it needs.
    pub fn suffices(&self, config: &ChurnConfig) -> bool {
        let (churned, stayed) = self.stacked(config);
        churned.min(stayed) >= config.rows_min() as u64
    }

    /// The first day on which it has, if customers keep coming and leaving as they have so far;
    /// `None` when that is out of sight.
    pub fn suffices_on(&self, config: &ChurnConfig) -> Option<SufficesOn> {
        let eligible: u64 = self.cutoffs.iter().map(|rows| rows.eligible).sum();
        let churned: u64 = self.cutoffs.iter().map(|rows| rows.churned).sum();
        let is_earliest = eligible == 0;
        let share = if is_earliest {
            0.5
        } else {
            churned as f64 / eligible as f64
        };
        let need = config.rows_min() as f64;
        let enough = |day: &i32| {
            let stacked = config.training_cutoffs(*day).into_iter();
            let rows: f64 = stacked.map(|cutoff| self.eligible_on(cutoff)).sum();
            rows * share.min(1.0 - share) >= need
        };
        let day = (self.as_of_day + 1..=self.as_of_day + WAIT_MAX).find(enough)?;
        Some(SufficesOn { day, is_earliest })
    }

    /// Along the line from the oldest cut-off, or from the first event, to now.
    fn eligible_on(&self, day: i32) -> f64 {
        if day <= self.first_day {
            return 0.0;
        }
        let oldest = self.cutoffs.iter().min_by_key(|rows| rows.cutoff_day);
        let (from, then) =
            oldest.map_or((self.first_day, 0), |rows| (rows.cutoff_day, rows.eligible));
        let days = f64::from((self.as_of_day - from).max(1));
        let daily = (self.eligible as f64 - then as f64) / days;
        (self.eligible as f64 + daily * f64::from(day - self.as_of_day)).max(0.0)
    }
}

/// The silences in events counted by day, up to the day before `as_of_day`, oldest first.
pub fn silences(events: &BTreeMap<i32, u64>, as_of_day: i32) -> Vec<Silence> {
    let Some(&first) = events.keys().next() else {
        return Vec::new();
    };
    let count = |day: i32| events.get(&day).copied().unwrap_or(0);
    let mut silences: Vec<Silence> = Vec::new();
    for day in (first..as_of_day).filter(|day| count(*day) == 0) {
        let near = (-WEEKS..=WEEKS).filter(|week| *week != 0);
        let near: Vec<u64> = near
            .map(|week| day + 7 * week)
            .filter(|day| (first..as_of_day).contains(day))
            .map(count)
            .collect();
        let expected = near.iter().sum::<u64>() as f64 / near.len().max(1) as f64;
        match silences.last_mut() {
            Some(last) if last.last_day == day - 1 => {
                last.last_day = day;
                last.expected += expected;
            }
            _ => silences.push(Silence {
                first_day: day,
                last_day: day,
                expected,
            }),
        }
    }
    silences.retain(|silence| silence.expected >= EXPECTED_MIN);
    silences
}
