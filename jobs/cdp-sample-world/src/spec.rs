//! What a caller asks for, and what it is told afterwards.

use std::io;

use chrono::{Days, NaiveDate};

/// A century.
const MOST_DAYS: u32 = 36_500;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldSpec {
    /// How many people there are, buyers and browsers together.
    pub people: u32,
    /// What every random number is drawn from.
    pub seed: u64,
    /// The first day with events.
    pub first_day: NaiveDate,
    /// The number of days with events.
    pub days: u32,
    /// Scales the visits that end without a purchase; it changes neither purchases nor the truth.
    pub activity: f64,
}

impl Default for WorldSpec {
    /// A year, and the 90 days after it in which churn shows.
    fn default() -> Self {
        Self {
            people: 2_000,
            seed: 7,
            first_day: date(2025, 1, 1),
            days: 455,
            activity: 1.0,
        }
    }
}

impl WorldSpec {
    /// A world small enough to be read: the default one's first 60 people.
    pub fn small() -> Self {
        Self {
            people: 60,
            ..Self::default()
        }
    }

    /// The day after the last one.
    pub fn end_date(&self) -> NaiveDate {
        self.first_day + Days::new(u64::from(self.days))
    }

    pub(crate) fn check(&self, truth: &TruthSpec) -> io::Result<()> {
        let fault = |message: String| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        if !(self.activity.is_finite() && self.activity >= 0.0) {
            return fault(format!(
                "`activity` must be a number from 0 up: {}",
                self.activity
            ));
        }
        if self.days.max(truth.horizon_days) > MOST_DAYS {
            return fault(format!("a world has at most {MOST_DAYS} days"));
        }
        if truth.as_of_date <= self.first_day {
            return fault(format!(
                "the truth is asked as of {}, and the world only begins on {}",
                truth.as_of_date, self.first_day
            ));
        }
        let horizon_end = truth.as_of_date + Days::new(u64::from(truth.horizon_days));
        if horizon_end > self.end_date() {
            return fault(format!(
                "the horizon ends on {horizon_end}, and the world already on {}",
                self.end_date()
            ));
        }
        Ok(())
    }
}

/// When, and how far ahead, the truth is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthSpec {
    /// The first day of the horizon; everything before it is the past.
    pub as_of_date: NaiveDate,
    /// How many days without a sale make a churned customer.
    pub horizon_days: u32,
}

impl Default for TruthSpec {
    fn default() -> Self {
        Self {
            as_of_date: date(2026, 1, 1),
            horizon_days: 90,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Every file, the raw sources first.
    pub files: Vec<FileRows>,
}

impl Summary {
    /// The rows of the file called `name`; none if there is no such file.
    pub fn rows(&self, name: &str) -> u64 {
        self.files
            .iter()
            .find(|file| file.name == name)
            .map_or(0, |file| file.rows)
    }

    /// The rows of all files.
    pub fn total(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

/// One file of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRows {
    /// The name it was created under, such as `orders.csv` or `truth/people.csv`.
    pub name: &'static str,
    /// The raw source it belongs to; none for the truth.
    pub source: Option<&'static str>,
    /// Its rows, header apart.
    pub rows: u64,
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date that exists")
}
