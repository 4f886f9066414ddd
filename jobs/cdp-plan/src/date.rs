//! The point in time that a run speaks for.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;

/// A run speaks for what was knowable before this date, 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AsOfDate(NaiveDate);

impl AsOfDate {
    /// The calendar date.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// Days since 1970-01-01, as Arrow and Delta count them.
    pub fn epoch_day(self) -> i32 {
        self.0.num_days_from_ce() - NaiveDate::default().num_days_from_ce()
    }

    /// The date of a count of days since 1970-01-01, if the calendar has it.
    pub fn from_epoch_day(day: i32) -> Option<Self> {
        NaiveDate::from_num_days_from_ce_opt(day + NaiveDate::default().num_days_from_ce())
            .map(Self)
    }

    /// The date before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub_days(Days::new(1)).unwrap_or(self.0))
    }

    /// The date after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_days(Days::new(1)).unwrap_or(self.0))
    }
}

impl From<NaiveDate> for AsOfDate {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl fmt::Display for AsOfDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AsOfDate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        if text.len() != 10 || !digits {
            return Err(format!("`{text}` is not a date of the form YYYY-MM-DD"));
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Self)
            .map_err(|_| format!("there is no such day as {text}"))
    }
}

/// The dates from `first` to `last`, both included, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    first: AsOfDate,
    last: AsOfDate,
}

impl DateRange {
    /// A range that holds at least one date.
    pub fn new(first: AsOfDate, last: AsOfDate) -> Result<Self, String> {
        if first > last {
            return Err(format!(
                "the range ends on {last}, before it begins on {first}"
            ));
        }
        Ok(Self { first, last })
    }

    /// Each date, `step_days` apart, oldest first.
    pub fn dates(self, step_days: u32) -> impl Iterator<Item = AsOfDate> {
        self.first
            .date()
            .iter_days()
            .step_by(step_days.max(1) as usize)
            .map(AsOfDate)
            .take_while(move |date| *date <= self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_the_epoch() {
        let date: AsOfDate = "2011-09-11".parse().unwrap();
        assert_eq!(date.epoch_day(), 15_228);
        assert_eq!(AsOfDate::from_epoch_day(15_228), Some(date));
    }

    #[test]
    fn a_date_has_ten_characters_and_is_in_the_calendar() {
        let error = |text: &str| text.parse::<AsOfDate>().unwrap_err();
        assert_eq!(error("2026-02-30"), "there is no such day as 2026-02-30");
        for text in [
            "2026-1-1",
            "01.02.2026",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
        ] {
            assert_eq!(
                error(text),
                format!("`{text}` is not a date of the form YYYY-MM-DD")
            );
        }
    }

    #[test]
    fn a_range_holds_both_ends() {
        let range = DateRange::new("2025-12-30".parse().unwrap(), "2026-01-02".parse().unwrap());
        let dates: Vec<String> = range.unwrap().dates(1).map(|d| d.to_string()).collect();
        assert_eq!(
            dates,
            ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
        );
    }
}
