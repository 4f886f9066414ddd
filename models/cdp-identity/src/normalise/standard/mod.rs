//! One spelling for what the golden record knows of a person: country, language, date of birth.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::text::tidy;

mod birth_date;
mod country;
mod language;

pub use birth_date::standard_birth_date;
pub use country::standard_country;
pub use language::standard_language;

/// Codes and names, each with the code they stand for.
struct Dictionary {
    /// Lower case.
    codes: HashMap<String, &'static str>,
    /// As [`folded`]; apart from the codes, so that `N/A` is not Namibia.
    names: HashMap<String, &'static str>,
}

impl Dictionary {
    /// Reads rows of a code, other codes with commas between them, and names with `|` between them.
    fn new(table: &'static str) -> Self {
        let mut dictionary = Self {
            codes: HashMap::new(),
            names: HashMap::new(),
        };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.splitn(3, ' ');
            let Some(code) = fields.next() else {
                continue;
            };
            let other_codes = fields.next().unwrap_or_default().split(',');
            for spelling in other_codes.chain([code]).filter(|one| *one != "-") {
                dictionary.codes.insert(spelling.to_lowercase(), code);
            }
            for name in fields.next().unwrap_or_default().split('|') {
                dictionary.names.insert(folded(name), code);
            }
        }
        dictionary
    }

    fn code(&self, text: &str) -> Option<&'static str> {
        self.codes.get(&text.to_lowercase()).copied()
    }

    fn name(&self, text: &str) -> Option<&'static str> {
        self.names.get(&folded(text)).copied()
    }
}

/// A name without accents, case, punctuation and the words that come and go.
fn folded(name: &str) -> String {
    let is_accent = |character: &char| matches!(character, '\u{300}'..='\u{36f}');
    let plain: String = name
        .nfkd()
        .filter(|character| !is_accent(character))
        .collect();
    let mut kept = String::with_capacity(plain.len());
    for word in plain.to_lowercase().split_whitespace() {
        let start = kept.len();
        // Signs that are not ASCII can be vowels.
        let is_kept = |letter: &char| {
            letter.is_alphanumeric() || *letter > '\u{2fff}' || is_vowel_sign(*letter)
        };
        kept.extend(word.chars().filter(is_kept));
        if matches!(&kept[start..], "the" | "and" | "of") {
            kept.truncate(start);
        }
    }
    kept
}

/// The blocks of Indic and other scripts that write vowels as marks.
fn is_vowel_sign(letter: char) -> bool {
    matches!(letter, '\u{5b0}'..='\u{6ff}' | '\u{780}'..='\u{1cff}')
}

/// Tidy text of a field that holds a word or two.
fn words(value: &str) -> Option<std::borrow::Cow<'_, str>> {
    tidy(value).filter(|text| text.len() <= 128)
}
