//! Dates as text: `YYYYMMDD` where that can be told, else the digits there are.

/// Years that a date may lie in, to tell which end of eight digits is the year.
const YEARS: std::ops::Range<u32> = 1700..2200;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Makes dates comparable. The text is in lower case already.
pub(crate) fn clean(text: &str, month_first: bool) -> String {
    let mut parts = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    let (Some(first), Some(second), Some(third)) = (first, second, third) else {
        return from_digits(first.unwrap_or_default(), text, month_first);
    };
    if is_digits(first, 8) {
        return from_digits(first, text, month_first);
    }
    // `1971-06-24t00` is cut before its time of day.
    let third = third.split(|c: char| !c.is_ascii_digit()).next();
    let third = third.unwrap_or_default();
    let written = if is_digits(first, 4) {
        ymd(first, second, third)
    } else if is_digits(third, 4) && month_first != is_month_name(second) {
        ymd(third, first, second)
    } else if is_digits(third, 4) {
        ymd(third, second, first)
    } else {
        None
    };
    written.unwrap_or_else(|| digits_of(text))
}

fn from_digits(first: &str, text: &str, month_first: bool) -> String {
    if !is_digits(first, 8) {
        return digits_of(text);
    }
    let is_year = |part: &str| part.parse().is_ok_and(|year| YEARS.contains(&year));
    if is_year(&first[..4]) || !is_year(&first[4..]) {
        return first.to_owned();
    }
    let (a, b, year) = (&first[..2], &first[2..4], &first[4..]);
    if month_first {
        format!("{year}{a}{b}")
    } else {
        format!("{year}{b}{a}")
    }
}

/// Eight digits. A month above twelve beside a day that could be one is a day.
fn ymd(year: &str, month: &str, day: &str) -> Option<String> {
    let (mut month, mut day) = (month_number(month)?, month_number(day)?);
    if month > 12 && day <= 12 {
        std::mem::swap(&mut month, &mut day);
    }
    (month < 100 && day < 100).then(|| format!("{year}{month:02}{day:02}"))
}

fn month_number(part: &str) -> Option<u32> {
    let named = MONTHS.iter().position(|name| part.starts_with(name));
    match named {
        Some(index) => u32::try_from(index + 1).ok(),
        None => part.parse().ok(),
    }
}

fn is_month_name(part: &str) -> bool {
    MONTHS.iter().any(|name| part.starts_with(name))
}

fn is_digits(part: &str, count: usize) -> bool {
    part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is left of a date that nobody can read. Fewer than four digits say nothing.
fn digits_of(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
    if digits.len() < 4 {
        String::new()
    } else {
        digits
    }
}

/// Year, month and day of eight digits.
fn parts(date: &str) -> Option<(i64, i64, i64)> {
    if !is_digits(date, 8) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| date[range].parse().ok();
    Some((number(0..4)?, number(4..6)?, number(6..8)?))
}

/// Days since 1970-01-01 of a date that is in the calendar (as far as month ends go, roughly).
fn day_number(date: &str) -> Option<i64> {
    let (year, month, day) = parts(date)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Months counted from March, so that the leap day is the last day of a year.
    let shifted = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468)
}

/// How many days lie between two dates, if both are dates.
pub(crate) fn days_between(left: &str, right: &str) -> Option<i64> {
    Some((day_number(left)? - day_number(right)?).abs())
}

/// Whether day and month of one date are month and day of the other.
pub(crate) fn day_and_month_swapped(left: &str, right: &str) -> bool {
    match (parts(left), parts(right)) {
        (Some((year, month, day)), Some(other)) => other == (year, day, month),
        _ => false,
    }
}

/// The year of a date, as text.
pub(crate) fn year(date: &str) -> Option<&str> {
    is_digits(date, 8).then(|| &date[..4])
}

/// Month and day of a date, as text.
pub(crate) fn month_and_day(date: &str) -> Option<&str> {
    is_digits(date, 8).then(|| &date[4..])
}
