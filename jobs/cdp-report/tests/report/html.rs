//! As much of a reader of HTML as the page asks for: every element that is opened is closed in its turn.

use std::collections::BTreeMap;

/// Elements that have no end.
const VOID: [&str; 1] = ["meta"];

/// An element with all that is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Child>,
}

#[derive(Debug)]
enum Child {
    Element(Element),
    Text(String),
}

impl Element {
    /// An attribute; empty when there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// All text in it, but for the style.
    pub(crate) fn text(&self) -> String {
        if self.name == "style" {
            return String::new();
        }
        let parts = self.children.iter().map(|child| match child {
            Child::Element(element) => element.text(),
            Child::Text(text) => text.clone(),
        });
        parts.collect()
    }

    /// All elements in it.
    pub(crate) fn descendants(&self) -> Vec<&Element> {
        let mut found = Vec::new();
        for child in &self.children {
            if let Child::Element(element) = child {
                found.push(element);
                found.extend(element.descendants());
            }
        }
        found
    }

    /// All elements in it of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&Element> {
        let mut found = self.descendants();
        found.retain(|element| element.name == name);
        found
    }
}

/// Reads a page; panics where it is not sound.
pub(crate) fn parse(page: &str) -> Element {
    let mut rest = page.strip_prefix("<!doctype html>\n").expect("a doctype");
    let mut open = vec![Element::default()];
    while let Some((text, after)) = rest.split_once('<') {
        push(&mut open, Child::Text(unescaped(text)));
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().expect("something is open");
            assert_eq!(closed.name, name, "closed out of its turn");
            push(&mut open, Child::Element(closed));
            continue;
        }
        let (tag, is_closed) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        let element = element(tag);
        if is_closed || VOID.contains(&element.name.as_str()) {
            push(&mut open, Child::Element(element));
        } else {
            open.push(element);
        }
    }
    assert_eq!(open.len(), 1, "not closed: {}", open[open.len() - 1].name);
    open.remove(0)
}

fn push(open: &mut [Element], child: Child) {
    open.last_mut().expect("the page").children.push(child);
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("a value ends");
        let before = attributes.insert(key.trim().to_owned(), unescaped(value));
        assert!(before.is_none(), "`{key}` is given twice");
        rest = after;
    }
    assert_eq!(rest.trim(), "", "an attribute without a value");
    Element {
        name: name.to_owned(),
        attributes,
        children: Vec::new(),
    }
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (escaped, plain) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
    ] {
        text = text.replace(escaped, plain);
    }
    assert!(!text.replace("&amp;", "").contains('&'), "{text}");
    text.replace("&amp;", "&")
}
