//! Where a key stands in a TOML file: found by its path of tables, never by a search for its text.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, SourceFile};

impl Fault {
    /// The place of a key by its path, such as `["identity", "types", "email"]`; an index stands for
    /// an entry of an array. Of a path that is not there, as much as is.
    #[must_use]
    pub fn at_key(self, file: &SourceFile, path: &[&str]) -> Self {
        match place(file, path, None) {
            Some(range) => self.at(file, range),
            None => self.in_file(file),
        }
    }

    /// The place of a text in the value of a key: the value itself, or one in its array.
    #[must_use]
    pub fn at_text(self, file: &SourceFile, path: &[&str], text: &str) -> Self {
        match place(file, path, Some(text)) {
            Some(range) => self.at(file, range),
            None => self.in_file(file),
        }
    }
}

impl SourceFile {
    /// The byte range of a text in the value of a key; of the key when the text is not in it.
    pub fn range_of(&self, path: &[&str], text: &str) -> Option<Range<usize>> {
        place(self, path, Some(text))
    }
}

fn place(file: &SourceFile, path: &[&str], text: Option<&str>) -> Option<Range<usize>> {
    let (table, _) = DeTable::parse_recoverable(file.text());
    let mut found = None;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    let mut keys = table.get_ref();
    for (index, name) in path.iter().enumerate() {
        if let Some(DeValue::Array(array)) = value.map(Spanned::get_ref) {
            let entry = name.parse().ok().and_then(|index: usize| array.get(index));
            return entry.map(Spanned::span).or(found);
        }
        let Some((key, next)) = keys.iter().find(|(key, _)| key.get_ref() == name) else {
            return found;
        };
        found = Some(key.span());
        value = Some(next);
        match next.get_ref() {
            DeValue::Table(table) => keys = table,
            DeValue::Array(_) => {}
            _ if index + 1 < path.len() => return found,
            _ => {}
        }
    }
    let inside = value.zip(text);
    inside
        .and_then(|(value, text)| text_in(value, text))
        .or(found)
}

/// The span of a text without its quotes, in a value or in the arrays that it is made of.
fn text_in(value: &Spanned<DeValue<'_>>, text: &str) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::String(found) if found == text => {
            let span = value.span();
            let quotes = (span.len() - text.len().min(span.len())) / 2;
            Some(span.start + quotes..span.end - quotes)
        }
        DeValue::Array(array) => array.iter().find_map(|entry| text_in(entry, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
# [vars."features.a"]
# days = 1
name = "x"
[types.one]
normalise = "id"
[types.two]
normalise = "idd"
list = ["a", ["b", "normalise"]]
[vars."features.a"]
days = 2
"#;

    fn line_and_text(path: &[&str], text: Option<&str>) -> (usize, &'static str) {
        let file = SourceFile::new("a.toml", TEXT);
        let fault = Fault::new("x");
        let fault = match text {
            Some(text) => fault.at_text(&file, path, text),
            None => fault.at_key(&file, path),
        };
        let line = fault.place().and_then(|place| place.line).unwrap_or(0);
        (
            line,
            place(&file, path, text).map_or("", |range| &TEXT[range]),
        )
    }

    #[test]
    fn a_key_is_found_in_its_own_table() {
        assert_eq!(
            line_and_text(&["types", "two", "normalise"], None),
            (8, "normalise")
        );
        assert_eq!(
            line_and_text(&["vars", "features.a", "days"], None),
            (11, "days")
        );
        assert_eq!(
            line_and_text(&["types", "two", "list", "0"], None),
            (9, "\"a\"")
        );
    }

    #[test]
    fn of_a_path_that_is_not_there_the_beginning_is_found() {
        assert_eq!(line_and_text(&["types", "one", "list"], None), (5, "one"));
        assert_eq!(line_and_text(&["name", "more"], None), (4, "name"));
        assert_eq!(line_and_text(&["nothing"], None), (0, ""));
    }

    #[test]
    fn a_text_is_found_in_its_value() {
        let list = ["types", "two", "list"];
        assert_eq!(line_and_text(&list, Some("normalise")), (9, "normalise"));
        assert_eq!(line_and_text(&["name"], Some("x")), (4, "x"));
        assert_eq!(line_and_text(&["name"], Some("y")), (4, "name"));
    }
}
