use super::words;

/// The first day that a living person can be born on. The first of January 1900 itself is what
/// spreadsheets and databases write for a date that is not known.
const FIRST_DAY: i32 = -25_566;

/// A date of birth in days since 1970-01-01, as Arrow and Parquet count them.
///
/// Accepts `1990-04-03` with or without a time behind it, `19900403`, `3.4.1990`, and dates with
/// slashes or hyphens whose year comes first, or whose day cannot be taken for a month:
/// `03/04/1990` is nobody's birthday, `13/04/1990` and `04/13/1990` are one. A date before
/// 1900-01-02 or after `as_of`, in days since 1970-01-01, is nothing either.
pub fn standard_birth_date(value: &str, as_of: i32) -> Option<i32> {
    let text = words(value)?;
    let text = without_time(&text);
    let day = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        days(
            number(&text[..4])?,
            number(&text[4..6])?,
            number(&text[6..])?,
        )?
    } else {
        let separator = text.chars().find(|letter| !letter.is_ascii_digit())?;
        let mut parts = text.split(separator);
        let parts = [
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next().unwrap_or(""),
        ];
        in_order(separator, parts)?
    };
    (FIRST_DAY..=as_of).contains(&day).then_some(day)
}

/// A date and what stands behind it after a `T` or a space.
fn without_time(text: &str) -> &str {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let is_time = |byte: u8| byte.is_ascii_digit() || b":.+-Z ".contains(&byte);
    if time.bytes().all(is_time) {
        date
    } else {
        text
    }
}

/// Three parts of a date, in the order that its separator and its year tell.
fn in_order(separator: char, parts: [&str; 4]) -> Option<i32> {
    let [first, second, third, rest] = parts;
    if !rest.is_empty() {
        return None;
    }
    if first.len() == 4 && matches!(separator, '-' | '/' | '.') {
        return days(number(first)?, number(second)?, number(third)?);
    }
    if third.len() != 4 {
        return None;
    }
    let (first, second, year) = (number(first)?, number(second)?, number(third)?);
    match separator {
        '.' => days(year, second, first),
        '/' | '-' if first == second || first > 12 => days(year, second, first),
        '/' | '-' if second > 12 => days(year, first, second),
        _ => None,
    }
}

fn number(digits: &str) -> Option<i32> {
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // The year begins in March here, so that the leap day is its last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AS_OF: i32 = 20_454; // 2026-01-01

    #[test]
    fn birthdays() {
        for (value, expected) in [
            ("1970-01-01", Some(0)),
            ("1990-04-03", Some(7397)),
            ("1990-4-3", Some(7397)),
            ("1990/04/03", Some(7397)),
            ("19900403", Some(7397)),
            ("03.04.1990", Some(7397)),
            ("3.4.1990", Some(7397)),
            (" 1990-04-03T00:00:00Z ", Some(7397)),
            ("1990-04-03 00:00:00.000", Some(7397)),
            ("04/13/1990", Some(7407)),
            ("13/04/1990", Some(7407)),
            ("13-04-1990", Some(7407)),
            ("04/04/1990", Some(7398)),
            ("2000-02-29", Some(11_016)),
            ("1900-01-02", Some(FIRST_DAY)),
            ("2026-01-01", Some(AS_OF)),
            ("03/04/1990", None),
            ("03-04-1990", None),
            ("1900-01-01", None),
            ("1899-12-30", None),
            ("2026-01-02", None),
            ("1990-02-29", None),
            ("1990-13-01", None),
            ("1990-00-10", None),
            ("13/13/1990", None),
            ("03.04.90", None),
            ("0000-00-00", None),
            ("00000000", None),
            ("1990", None),
            ("1990-04", None),
            ("1990-04-03-05", None),
            ("1990-04-03 or so", None),
            ("3 April 1990", None),
            ("4+13+1990", None),
            ("n/a", None),
            ("", None),
        ] {
            assert_eq!(standard_birth_date(value, AS_OF), expected, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn every_day_follows_the_day_before(year in 1901..2025_i32, month in 1..=12_i32, day in 1..=31_i32) {
            let Some(today) = days(year, month, day) else {
                return Ok(());
            };
            let next = days(year, month, day + 1)
                .or_else(|| days(year, month + 1, 1))
                .or_else(|| days(year + 1, 1, 1));
            prop_assert_eq!(next, Some(today + 1));
            let spellings = [
                format!("{year}-{month:02}-{day:02}"),
                format!("{year}{month:02}{day:02}"),
                format!("{day}.{month}.{year}"),
            ];
            for spelling in spellings {
                prop_assert_eq!(standard_birth_date(&spelling, AS_OF), Some(today));
            }
        }

        #[test]
        fn nothing_is_a_hostile_date(value in "\\PC{0,16}") {
            if let Some(day) = standard_birth_date(&value, AS_OF) {
                prop_assert!((FIRST_DAY..=AS_OF).contains(&day));
            }
        }
    }
}
