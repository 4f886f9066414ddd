use std::sync::LazyLock;

use super::{Dictionary, words};

static COUNTRIES: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::new(include_str!("../data/countries.txt")));

/// The ISO 3166-1 alpha-2 code of a country, from its codes in any case or a name of it: English,
/// native, or in one of seven other European languages, with or without accents. `XK` is Kosovo.
///
/// What could be two countries is none: `Congo`, `Korea`. Neither is `N/A`; but `NA` is Namibia.
pub fn standard_country(value: &str) -> Option<&'static str> {
    let text = words(value)?;
    match &*text {
        // What the United Kingdom and the European Union write.
        "UK" | "uk" => return Some("GB"),
        "EL" | "el" => return Some("GR"),
        _ => {}
    }
    COUNTRIES.code(&text).or_else(|| COUNTRIES.name(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_have_one_code() {
        for (value, expected) in [
            ("DE", Some("DE")),
            (" de ", Some("DE")),
            ("DEU", Some("DE")),
            ("Germany", Some("DE")),
            ("DEUTSCHLAND", Some("DE")),
            ("Allemagne", Some("DE")),
            ("UK", Some("GB")),
            ("U.K.", Some("GB")),
            ("England", Some("GB")),
            ("Great Britain", Some("GB")),
            ("Großbritannien", Some("GB")),
            ("U.S.A.", Some("US")),
            ("usa", Some("US")),
            ("The United States of America", Some("US")),
            ("Österreich", Some("AT")),
            ("Osterreich", Some("AT")),
            ("Suisse", Some("CH")),
            ("Czech Republic", Some("CZ")),
            ("Czechia", Some("CZ")),
            ("The Netherlands", Some("NL")),
            ("Holland", Some("NL")),
            ("Türkiye", Some("TR")),
            ("Turkey", Some("TR")),
            ("Côte d'Ivoire", Some("CI")),
            ("Cote d’Ivoire", Some("CI")),
            ("Bosnia and Herzegovina", Some("BA")),
            ("Bosnia & Herzegovina", Some("BA")),
            ("日本", Some("JP")),
            ("भारत", Some("IN")),
            ("Россия", Some("RU")),
            ("EL", Some("GR")),
            ("Kosovo", Some("XK")),
            ("NA", Some("NA")),
            ("N/A", None),
            ("n.a.", None),
            ("Congo", None),
            ("Korea", None),
            ("XX", None),
            ("D", None),
            ("Atlantis", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(standard_country(value), expected, "{value:?}");
        }
        assert_eq!(standard_country(&"x".repeat(10 * 1024 * 1024)), None);
    }

    #[test]
    fn every_code_is_standard() {
        let codes: std::collections::BTreeSet<_> = COUNTRIES.codes.values().copied().collect();
        assert_eq!(codes.len(), 250);
        for code in codes {
            assert_eq!(standard_country(code), Some(code));
        }
    }

    #[test]
    fn no_two_rows_share_a_name() {
        for line in include_str!("../data/countries.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            let mut fields = line.splitn(3, ' ');
            let code = fields.next();
            let names = fields.nth(1).unwrap_or_default();
            for name in names.split('|') {
                assert_eq!(standard_country(name), code, "{name}");
            }
        }
    }
}
