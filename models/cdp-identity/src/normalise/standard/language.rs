use std::sync::LazyLock;

use super::{Dictionary, words};

static LANGUAGES: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::new(include_str!("../data/languages.txt")));

/// The primary subtag of a language as BCP 47 writes it, in lower case: `de` from `de-AT`,
/// `de_DE.UTF-8`, `ger`, `German` and `Deutsch`.
///
/// The shortest code counts, so `deu` is `de`; `yue` has no shorter one.
pub fn standard_language(value: &str) -> Option<&'static str> {
    let text = words(value)?;
    let whole = LANGUAGES.code(&text).or_else(|| LANGUAGES.name(&text));
    if whole.is_some() {
        return whole;
    }
    let mut subtags = text.split(['-', '_', '.', '@']);
    let primary = subtags.next()?;
    let is_tag = subtags.all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    // `UTF-8` behind a dot is two subtags here, and both are well formed.
    if is_tag {
        LANGUAGES.code(primary)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_one_tag() {
        for (value, expected) in [
            ("de", Some("de")),
            (" DE ", Some("de")),
            ("de-AT", Some("de")),
            ("de_DE.UTF-8", Some("de")),
            ("ger", Some("de")),
            ("DEU", Some("de")),
            ("German", Some("de")),
            ("deutsch", Some("de")),
            ("English", Some("en")),
            ("en-GB", Some("en")),
            ("français", Some("fr")),
            ("Francais", Some("fr")),
            ("zh-Hans-CN", Some("zh")),
            ("iw", Some("he")),
            ("nb-NO", Some("nb")),
            ("yue", Some("yue")),
            ("日本語", Some("ja")),
            ("हिन्दी", Some("hi")),
            ("und", None),
            ("mul", None),
            ("n/a", None),
            ("NaN", None),
            ("na", None),
            ("xx", None),
            ("de-", None),
            ("de-toolongsubtag", None),
            ("Klatschian", None),
            ("", None),
        ] {
            assert_eq!(standard_language(value), expected, "{value:?}");
        }
    }

    #[test]
    fn every_tag_is_standard() {
        for code in LANGUAGES.codes.values() {
            assert_eq!(standard_language(code), Some(*code));
        }
    }
}
