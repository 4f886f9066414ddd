//! Ids: kept as they are, but for what a column of floats does to them.

use std::borrow::Cow;

use super::text::part;

/// `17850.0` is the whole number `17850` that went through a column of floats.
pub(super) fn whole_number(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && !fraction.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().all(|byte| byte == b'0');
    if !is_whole {
        return text;
    }
    let length = whole.len();
    part(text, 0..length)
}
