//! HTML that is sound by construction: text and attribute values are escaped on their way in.

use std::fmt::{Display, Write};

/// A piece of sound HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Markup(String);

impl Markup {
    /// Text, escaped.
    pub(crate) fn text(text: impl Display) -> Self {
        let mut markup = Self::default();
        let _ = write!(Escaping(&mut markup.0), "{text}");
        markup
    }

    /// What the program itself wrote: never data.
    pub(crate) fn written(html: &'static str) -> Self {
        Self(html.to_owned())
    }

    /// What the plotting library drew, which escapes the text in it.
    pub(crate) fn drawn(svg: String) -> Self {
        Self(svg)
    }

    /// The HTML.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<const N: usize> From<[Markup; N]> for Markup {
    fn from(parts: [Markup; N]) -> Self {
        parts.into_iter().collect()
    }
}

impl FromIterator<Markup> for Markup {
    fn from_iter<I: IntoIterator<Item = Markup>>(parts: I) -> Self {
        let mut whole = String::new();
        for part in parts {
            whole.push_str(&part.0);
        }
        Self(whole)
    }
}

/// An element with nothing but content.
pub(crate) fn tag(name: &'static str, content: impl Into<Markup>) -> Markup {
    element(name, &[], content)
}

/// An element with attributes; those without a value are left out.
pub(crate) fn element(
    name: &'static str,
    attributes: &[(&'static str, &str)],
    content: impl Into<Markup>,
) -> Markup {
    let mut html = void(name, attributes).0;
    let _ = write!(html, "{}</{name}>", content.into().0);
    Markup(html)
}

/// An element that has no content and no end.
pub(crate) fn void(name: &'static str, attributes: &[(&'static str, &str)]) -> Markup {
    let mut html = format!("<{name}");
    for (key, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(html, " {key}=\"");
        let _ = write!(Escaping(&mut html), "{value}");
        html.push('"');
    }
    html.push('>');
    Markup(html)
}

/// A paragraph of text.
pub(crate) fn paragraph(text: impl Display) -> Markup {
    tag("p", Markup::text(text))
}

/// Writes text so that no character of it means anything in HTML.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Control characters have no place in HTML, whatever a value holds.
                c if c.is_control() && !c.is_whitespace() => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let nasty = "<script>alert(\"1\" & '2')</script>\u{0}";
        let escaped = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\u{fffd}";
        let html = element("p", &[("title", nasty)], Markup::text(nasty));
        assert_eq!(
            html.into_string(),
            format!("<p title=\"{escaped}\">{escaped}</p>")
        );
    }
}
