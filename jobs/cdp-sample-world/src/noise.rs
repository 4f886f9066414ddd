//! What goes wrong on the way from people to tables.

use crate::draw::Draw;
use crate::time::{DAY, HOUR, MINUTE, Time};

/// What systems and clerks write when they do not know who it is.
pub(crate) const ID_PLACEHOLDERS: [&str; 4] = ["null", "anonymous", "0", "unknown"];

pub(crate) const EMAIL_PLACEHOLDERS: [&str; 3] = ["test@test.com", "unknown", "null"];

/// How likely an event is delivered twice.
pub(crate) const REPEAT_CHANCE: f64 = 0.006;

/// Seconds by which all events of a visit come late; mostly none.
pub(crate) fn lateness(draw: &mut Draw, chance: f64) -> i64 {
    if draw.chance(chance) {
        draw.between(2 * HOUR, 6 * DAY)
    } else {
        0
    }
}

/// When a row that came to be at `at` arrives.
pub(crate) fn arrival(draw: &mut Draw, at: Time, late_chance: f64) -> Time {
    at + (draw.between(5, 10 * MINUTE) + lateness(draw, late_chance))
}

/// When a row that comes with the nightly delivery arrives: 02:00 on one of the next days.
pub(crate) fn nightly_arrival(draw: &mut Draw, at: Time) -> Time {
    let days = if draw.chance(0.02) {
        draw.between(2, 5)
    } else {
        1
    };
    at.start_of_day() + (days * DAY + 2 * HOUR)
}

/// An address as somebody types it. All ways but the mistyped ones in [`mistyped_email`] mean the
/// same address once trimmed and in lower case.
pub(crate) fn typed_email(draw: &mut Draw, email: &str) -> String {
    let place = draw.unit();
    if place < 0.84 {
        email.to_owned()
    } else if place < 0.9 {
        titled(email)
    } else if place < 0.94 {
        email.to_uppercase()
    } else if place < 0.97 {
        format!(" {} ", titled(email))
    } else {
        format!("{email} ")
    }
}

/// An address with two letters of its domain swapped: another address, of the same person.
pub(crate) fn mistyped_email(email: &str) -> String {
    let mut letters: Vec<char> = email.chars().collect();
    let after_at = email.find('@').map_or(0, |at| at + 2);
    letters.swap(after_at, after_at + 1);
    letters.into_iter().collect()
}

/// `ann.lee@mail.test` as `Ann.Lee@Mail.Test`.
fn titled(email: &str) -> String {
    let mut starts_word = true;
    email
        .chars()
        .map(|letter| {
            let shown = if starts_word {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            starts_word = !letter.is_ascii_alphanumeric();
            shown
        })
        .collect()
}

/// `+` and 13 digits as people write them, always with the country code.
pub(crate) fn typed_phone(draw: &mut Draw, phone: &str) -> String {
    let (country, area, first, last) = (&phone[1..4], &phone[4..7], &phone[7..10], &phone[10..]);
    match draw.index(8) {
        0 => format!("+{country} {area} {first}{last}"),
        1 => format!("00{country} {area} {first} {last}"),
        2 => format!("+{country} ({area}) {first}-{last}"),
        3 => format!("+{country}-{area}-{first}-{last}"),
        _ => phone.to_owned(),
    }
}

/// A name as somebody types it, sometimes wrong.
pub(crate) fn typed_name(draw: &mut Draw, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let place = draw.unit();
    if place < 0.9 {
        return name.to_owned();
    } else if place < 0.92 {
        return name.to_uppercase();
    } else if place < 0.94 {
        return format!("{} ", name.to_lowercase());
    } else if letters.len() > 3 {
        let at = 1 + draw.index(letters.len() - 2);
        match draw.index(3) {
            0 => letters.swap(at, at + 1),
            1 => letters.insert(at, letters[at]),
            _ => drop(letters.remove(at)),
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Topic;

    #[test]
    fn typing_an_address_keeps_it_and_mistyping_changes_it() {
        let mut draw = Draw::new(3, 1, Topic::Orders);
        let address = "ann.lee7@mail.test";
        let mut seen = Vec::new();
        for _ in 0..200 {
            let typed = typed_email(&mut draw, address);
            assert_eq!(typed.trim().to_lowercase(), address);
            seen.push(typed);
        }
        assert!(seen.iter().any(|typed| typed == " Ann.Lee7@Mail.Test "));
        assert_eq!(mistyped_email(address), "ann.lee7@mial.test");
    }

    #[test]
    fn typing_a_phone_number_keeps_its_digits() {
        let mut draw = Draw::new(3, 1, Topic::Orders);
        for _ in 0..50 {
            let typed = typed_phone(&mut draw, "+9990123456789");
            let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
            let digits = digits.strip_prefix("00").unwrap_or(&digits);
            assert_eq!(digits, "9990123456789");
        }
    }
}
