//! Moments in whole seconds, and how they are written.

use std::ops::Add;

use chrono::{NaiveDate, NaiveTime};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// Of a thousand visits, how many start in each hour of the day.
const VISITS_BY_HOUR: [i64; 24] = [
    12, 6, 4, 3, 3, 6, 15, 30, 42, 48, 52, 55, 60, 56, 50, 50, 52, 60, 70, 84, 92, 78, 48, 24,
];

/// Seconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(i64);

impl Time {
    pub(crate) const NEVER: Self = Self(i64::MAX);

    pub(crate) fn of(date: NaiveDate) -> Self {
        Self(date.and_time(NaiveTime::MIN).and_utc().timestamp())
    }

    /// This moment moved by `days`; moves of a thousand years and more reach [`Time::NEVER`].
    pub(crate) fn after_days(self, days: f64) -> Self {
        if days > 365_000.0 {
            return Self::NEVER;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded above, and fractions of a second are not kept"
        )]
        Self(self.0.saturating_add((days * DAY as f64) as i64))
    }

    pub(crate) fn days_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / DAY as f64
    }

    pub(crate) fn seconds_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    pub(crate) fn year(self) -> i64 {
        civil(self.0.div_euclid(DAY)).0
    }

    pub(crate) fn start_of_day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY))
    }

    /// Moves an evenly spread moment to an hour when people are awake. Day and order stay.
    pub(crate) fn in_waking_hours(self) -> Self {
        let place = self.0.rem_euclid(DAY) * 1_000;
        let mut hour_start = 0;
        for (hour, visits) in (0..).zip(VISITS_BY_HOUR) {
            let width = visits * DAY;
            if place < hour_start + width {
                let second = (place - hour_start) * HOUR / width;
                return self.start_of_day() + (hour * HOUR + second);
            }
            hour_start += width;
        }
        self
    }

    /// Writes `2025-01-31T08:00:00Z`.
    pub(crate) fn write_timestamp(self, buffer: &mut Vec<u8>) {
        self.write_date(buffer);
        let second = self.0.rem_euclid(DAY);
        let parts = [
            (b'T', second / HOUR),
            (b':', second / MINUTE % 60),
            (b':', second % 60),
        ];
        for (sign, value) in parts {
            buffer.push(sign);
            write_two_digits(value, buffer);
        }
        buffer.push(b'Z');
    }

    /// Writes `2025-01-31`.
    pub(crate) fn write_date(self, buffer: &mut Vec<u8>) {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        write_two_digits(year / 100, buffer);
        write_two_digits(year % 100, buffer);
        buffer.push(b'-');
        write_two_digits(month, buffer);
        buffer.push(b'-');
        write_two_digits(day, buffer);
    }
}

impl Add<i64> for Time {
    type Output = Self;

    fn add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// Year, month and day of a day counted from 1970-01-01, by the proleptic Gregorian calendar.
fn civil(epoch_day: i64) -> (i64, i64, i64) {
    let shifted = epoch_day + 719_468; // days since 0000-03-01
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn write_two_digits(value: i64, buffer: &mut Vec<u8>) {
    debug_assert!((0..100).contains(&value));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of at most two digits"
    )]
    buffer.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(time: Time) -> String {
        let mut buffer = Vec::new();
        time.write_timestamp(&mut buffer);
        String::from_utf8(buffer).expect("ASCII")
    }

    #[test]
    fn timestamps_are_written_as_chrono_writes_them() {
        for days in [0, 58, 59, 60, 364, 365, 11_016, 20_088, 20_453] {
            let time = Time(days * DAY + 3_723);
            let expected = chrono::DateTime::from_timestamp(time.0, 0).expect("in range");
            assert_eq!(
                written(time),
                expected.format("%Y-%m-%dT%H:%M:%SZ").to_string()
            );
        }
    }

    #[test]
    fn waking_hours_keep_day_and_order() {
        assert_eq!(VISITS_BY_HOUR.iter().sum::<i64>(), 1_000);
        let mut last = Time(i64::MIN);
        for second in (0..3 * DAY).step_by(613) {
            let moved = Time(second).in_waking_hours();
            assert_eq!(moved.start_of_day(), Time(second).start_of_day());
            assert!(moved >= last);
            last = moved;
        }
    }
}
