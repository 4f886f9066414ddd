//! Worlds kept in memory, and their rows.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::rc::Rc;

use cdp_sample_world::{Files, Summary, TruthSpec, WorldSpec, generate};

/// A file in memory, or one whose content nobody asked for.
#[derive(Clone, Default)]
pub(crate) struct Page(Option<Rc<RefCell<Vec<u8>>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(content) = &self.0 {
            content.borrow_mut().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Memory {
    keeps: fn(&str) -> bool,
    pages: BTreeMap<String, Page>,
}

impl Files for Memory {
    type W = Page;

    fn create(&mut self, name: &str) -> io::Result<Page> {
        let page = Page((self.keeps)(name).then(Rc::default));
        self.pages.insert(name.to_owned(), page.clone());
        Ok(page)
    }
}

/// A generated world.
pub(crate) struct Generated {
    pub(crate) summary: Summary,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// A row as text by column; cells that are null are left out.
pub(crate) type Record = HashMap<String, String>;

impl Generated {
    pub(crate) fn new(spec: &WorldSpec) -> Self {
        Self::keeping(spec, |_| true)
    }

    /// Keeps the content of the files that `keeps` names.
    pub(crate) fn keeping(spec: &WorldSpec, keeps: fn(&str) -> bool) -> Self {
        let mut memory = Memory {
            keeps,
            pages: BTreeMap::new(),
        };
        let summary = generate(spec, &TruthSpec::default(), &mut memory).expect("memory is there");
        let content = |page: Page| page.0.map(|content| content.take()).unwrap_or_default();
        let files = memory.pages.into_iter();
        Self {
            summary,
            files: files.map(|(name, page)| (name, content(page))).collect(),
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.files[name]).expect("UTF-8")
    }

    pub(crate) fn records(&self, name: &str) -> Vec<Record> {
        if name.contains(".json") {
            self.text(name).lines().map(json_record).collect()
        } else {
            let mut reader = csv::Reader::from_reader(self.text(name).as_bytes());
            let rows = reader.deserialize::<Record>();
            rows.map(|row| {
                let mut row = row.expect("a CSV row");
                row.retain(|_, value| !value.is_empty());
                row
            })
            .collect()
        }
    }
}

fn json_record(line: &str) -> Record {
    let row: BTreeMap<String, Option<String>> = serde_json::from_str(line).expect("a JSON object");
    row.into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}
