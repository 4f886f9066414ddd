//! Raw values made comparable: one spelling for what is the same, nothing for what says nothing.

use unicode_normalization::UnicodeNormalization;

use crate::date;

/// No value is longer than so many characters; the rest is cut off.
const CHARS_MAX: usize = 1024;
/// A list holds no more texts than this; the rest is left out.
const TEXTS_MAX: usize = 64;
/// Stands between the texts of a list.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// Words that stand for a missing value.
const PLACEHOLDERS: [&str; 12] = [
    "-",
    "?",
    "n/a",
    "nan",
    "none",
    "null",
    "undefined",
    "unknown",
    "(null)",
    "<na>",
    "nat",
    "#n/a",
];

/// What a field holds, and so how its values are made comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Name,
    Email,
    Phone,
    Code,
    Date { month_first: bool },
    Number,
    Texts,
}

impl Kind {
    /// Every kind under the name it has in a configuration.
    pub(crate) const ALL: [(&str, Self); 9] = [
        ("text", Self::Text),
        ("name", Self::Name),
        ("email", Self::Email),
        ("phone", Self::Phone),
        ("code", Self::Code),
        ("date", Self::Date { month_first: false }),
        ("date_month_first", Self::Date { month_first: true }),
        ("number", Self::Number),
        ("texts", Self::Texts),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    /// The comparable form of a value, or nothing when it says nothing.
    pub(crate) fn clean(self, raw: &str) -> Option<String> {
        if self == Self::Texts {
            return texts(raw);
        }
        let text = fold(raw);
        if says_nothing(&text) {
            return None;
        }
        let cleaned = match self {
            Self::Text | Self::Texts => words(&text, |c| c == '\''),
            Self::Name => words(&text, |c| matches!(c, '\'' | '.' | '`')),
            Self::Email => text.replace(' ', ""),
            Self::Phone => phone(&text),
            Self::Code => code(&text),
            Self::Date { month_first } => date::clean(&text, month_first),
            Self::Number => number(&text),
        };
        // What fell away may have stood between marks that now have another order.
        let cleaned = if cleaned.is_ascii() {
            cleaned
        } else {
            cleaned.nfc().collect()
        };
        (!says_nothing(&cleaned)).then_some(cleaned)
    }
}

fn says_nothing(text: &str) -> bool {
    text.is_empty() || PLACEHOLDERS.contains(&text)
}

/// Lower case, compatibility form, without accents, invisible characters and runs of white space.
fn fold(raw: &str) -> String {
    let mut folded = String::new();
    let mut gap = false;
    let mut length = 0;
    let mut push = |character: char| {
        if character.is_whitespace() {
            gap = length > 0;
        } else if !is_dropped(character) {
            if gap {
                folded.push(' ');
            }
            gap = false;
            folded.push(character);
            length += 1;
        }
        length < CHARS_MAX
    };
    // Characters that are nothing but white space must not be walked for ever either.
    let characters = raw
        .chars()
        .skip_while(|c| c.is_whitespace())
        .take(4 * CHARS_MAX);
    if raw.is_ascii() {
        let _ = characters.map(|c| c.to_ascii_lowercase()).all(&mut push);
    } else {
        let lower = characters.nfkd().flat_map(char::to_lowercase).nfkd();
        let lower = lower.filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
        let _ = lower.flat_map(plain_letters).nfc().all(&mut push);
    }
    folded
}

/// Letters that no normal form takes apart.
fn plain_letters(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ı' => ('i', None),
        '’' | '‘' | 'ʼ' => ('\'', None),
        '‐' | '‑' | '–' | '—' => ('-', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// Controls, zero-width characters, marks of direction and the soft hyphen.
fn is_dropped(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// Letters and digits with single blanks between the words; some marks fall away without a gap.
fn words(text: &str, falls_away: impl Fn(char) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.chars() {
        if character.is_alphanumeric() || !character.is_ascii() {
            if gap && !kept.is_empty() {
                kept.push(' ');
            }
            gap = false;
            kept.push(character);
        } else if !falls_away(character) {
            gap = true;
        }
    }
    kept
}

/// Digits without the zeros they begin with. Fewer than four, or one digit repeated, is filler.
fn phone(text: &str) -> String {
    let digits: String = whole_number(text)
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let digits = digits.trim_start_matches('0');
    let first = digits.chars().next();
    let is_filler = digits.len() < 4 || digits.chars().all(|digit| Some(digit) == first);
    if is_filler {
        String::new()
    } else {
        digits.to_owned()
    }
}

/// Letters and digits only. Nothing but zeros is filler.
fn code(text: &str) -> String {
    let kept = whole_number(text).chars().filter(|c| c.is_alphanumeric());
    let kept: String = kept.collect();
    if kept.bytes().all(|byte| byte == b'0') {
        String::new()
    } else {
        kept
    }
}

/// `17850.0` is the whole number `17850` that went through a column of floats.
fn whole_number(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, fraction))
            if !whole.is_empty()
                && !fraction.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && fraction.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

fn number(text: &str) -> String {
    match text.replace([' ', '_'], "").parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => String::new(),
    }
}

/// The texts of a list, which stand between commas, semicolons, bars or separators; each once,
/// sorted.
fn texts(raw: &str) -> Option<String> {
    let parts = raw.split([SEPARATOR, ',', ';', '|']).take(TEXTS_MAX);
    let mut parts: Vec<String> = parts.filter_map(|part| Kind::Text.clean(part)).collect();
    parts.sort_unstable();
    parts.dedup();
    let joined = parts.join(&SEPARATOR.to_string());
    (!joined.is_empty()).then_some(joined)
}
