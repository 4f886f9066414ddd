//! Which numbers in international form are clean, told without the library.
//!
//! The library reads `+<digits>` in three steps: it takes the calling code off, takes a trunk
//! prefix off if the numbering plan has one and the number can begin with it, and compares the
//! number of digits left with the plan. So a number of a possible length that begins with a digit
//! that no trunk prefix of its plan begins with is read as it is written. The table has the plans,
//! and a test holds every row of it against the library.

use std::sync::LazyLock;

const TABLE: &str = include_str!("data/calling_codes.txt");
const CODES: usize = 1000;

/// The numbering plan behind a calling code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    /// Bit `n` is set if a national number may have `n` digits. No plan has no length.
    lengths: u32,
    /// Bit `d` is set if a trunk prefix may begin with the digit `d`.
    trunk_digits: u16,
}

static PLANS: LazyLock<[Plan; CODES]> = LazyLock::new(plans);

impl Plan {
    /// The plan of a number's digits, and how many of them are its calling code. Nothing if no
    /// country has the code.
    pub(super) fn of(digits: &[u8]) -> Option<(Self, usize)> {
        let mut code = 0;
        for (length, digit) in (1..=3).zip(digits) {
            code = code * 10 + usize::from(digit - b'0');
            let plan = PLANS[code];
            if plan.lengths != 0 {
                return Some((plan, length));
            }
        }
        None
    }

    /// Whether the library reads a national number of this plan as it is written.
    pub(super) fn is_clean(self, national: &[u8]) -> bool {
        let has_length = u32::try_from(national.len())
            .ok()
            .and_then(|length| self.lengths.checked_shr(length))
            .is_some_and(|bits| bits & 1 == 1);
        let begins_with_trunk = national
            .first()
            .is_some_and(|digit| self.trunk_digits >> (digit - b'0') & 1 == 1);
        has_length && !begins_with_trunk
    }
}

fn plans() -> [Plan; CODES] {
    let mut plans = [Plan::default(); CODES];
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        if let Some((code, plan)) = row(line)
            && let Some(slot) = plans.get_mut(code)
        {
            *slot = plan;
        }
    }
    plans
}

/// A row such as `44 7,9-10 01`.
fn row(line: &str) -> Option<(usize, Plan)> {
    let mut fields = line.split(' ');
    let code = fields.next()?.parse().ok()?;
    let mut plan = Plan::default();
    for range in fields.next()?.split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        for length in from.parse::<u32>().ok()?..=to.parse().ok()? {
            plan.lengths |= 1_u32.checked_shl(length)?;
        }
    }
    for digit in fields.next()?.bytes().filter(u8::is_ascii_digit) {
        plan.trunk_digits |= 1 << (digit - b'0');
    }
    Some((code, plan))
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{
        NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat,
        get_national_significant_number_owned,
    };

    use super::*;

    /// Every calling code that the library knows.
    fn codes() -> Vec<usize> {
        let known = PHONE_NUMBER_UTIL.get_supported_calling_codes();
        let mut codes: Vec<_> = known
            .filter_map(|code| usize::try_from(code).ok())
            .collect();
        codes.sort_unstable();
        codes
    }

    #[test]
    fn the_table_has_a_plan_for_every_calling_code() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<_> = lines.filter_map(row).map(|(code, _)| code).collect();
        assert_eq!(rows, codes());
        assert!(Plan::of(b"9991234567").is_none());
        assert!(Plan::of(b"0").is_none() && Plan::of(b"").is_none());
    }

    /// Every row, every length, every two first digits: what the table calls clean, the library
    /// reads as it is written; and the table misses no length.
    #[test]
    fn the_library_agrees_with_the_table() {
        let util = &*PHONE_NUMBER_UTIL;
        for code in codes() {
            let digits = code.to_string();
            let Some((plan, length)) = Plan::of(digits.as_bytes()) else {
                panic!("{code} has no plan");
            };
            assert_eq!(length, digits.len(), "{code} begins with another code");
            for count in 4..=17_usize {
                let mut is_ever_read = false;
                for start in 0..100 {
                    let tail = &"35791246835791246"[..count - 2];
                    let national = format!("{start:02}{tail}");
                    let number = format!("+{code}{national}");
                    let Ok(read) = util.parse(&number, None) else {
                        assert!(!plan.is_clean(national.as_bytes()), "{number}");
                        continue;
                    };
                    let is_possible = util.is_possible_number_with_reason(&read)
                        == Ok(NumberLengthType::IsPossible);
                    is_ever_read |=
                        is_possible && get_national_significant_number_owned(&read) == national;
                    if plan.is_clean(national.as_bytes()) {
                        let text = util.format(&read, PhoneNumberFormat::E164);
                        assert!(is_possible && text == number, "{number} is read as {text}");
                    }
                }
                let has_length = plan.lengths >> count & 1 == 1;
                assert_eq!(has_length, is_ever_read, "+{code} and {count} digits");
            }
        }
    }
}
