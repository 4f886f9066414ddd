//! Which models a command is about: `features.order_features`, `+scores.churn_scores`,
//! `profiles.profiles+`, `layer:staging`.

use std::collections::BTreeSet;

use crate::fault::{Fault, Faults};
use crate::layer::Layer;
use crate::manifest::Manifest;
use crate::name::TableName;
use crate::nearest;

/// A checked selection of models and sources.
#[derive(Debug, Clone)]
pub struct Selection {
    names: BTreeSet<TableName>,
    /// Those that were typed, not those that came with others or with a layer.
    typed: BTreeSet<TableName>,
}

impl Selection {
    /// Reads selectors; none at all selects everything. Every faulty one is reported.
    pub fn parse(selectors: &[String], manifest: &Manifest) -> Result<Self, Faults> {
        let mut names = BTreeSet::new();
        let mut typed = BTreeSet::new();
        let mut faults = Vec::new();
        let words = selectors.iter().flat_map(|text| text.split(','));
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            match add(word, manifest, &mut names) {
                Ok(name) => typed.extend(name),
                Err(fault) => faults.push(*fault),
            }
        }
        Faults::check(faults)?;
        if selectors.is_empty() {
            names.extend(manifest.models().map(|model| model.name.clone()));
            names.extend(manifest.sources().map(|source| source.name.clone()));
        }
        Ok(Self { names, typed })
    }

    /// Whether a model or source is selected.
    pub fn holds(&self, name: &TableName) -> bool {
        self.names.contains(name)
    }

    /// Whether a model was typed by its name, alone or with what it reads or what reads it.
    pub fn names(&self, name: &TableName) -> bool {
        self.typed.contains(name)
    }
}

/// Adds what a selector means; gives the model that it names.
fn add(
    word: &str,
    manifest: &Manifest,
    names: &mut BTreeSet<TableName>,
) -> Result<Option<TableName>, Box<Fault>> {
    if let Some(text) = word.strip_prefix("layer:") {
        let layer: Layer = text.parse().map_err(|()| {
            let known: Vec<&str> = Layer::of_models().map(Layer::name).collect();
            Box::new(
                Fault::new(format!("`--select {word}`: there is no layer `{text}`"))
                    .hint(nearest::hint(text, known.iter().copied())),
            )
        })?;
        let models = manifest.models().map(|model| &model.name);
        names.extend(models.filter(|name| name.layer() == layer).cloned());
        if matches!(layer, Layer::Staging | Layer::Raw) {
            names.extend(manifest.sources().map(|source| source.name.clone()));
        }
        return Ok(None);
    }
    let (upstream, rest) = match word.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let (downstream, text) = match rest.strip_suffix('+') {
        Some(text) => (true, text),
        None => (false, rest),
    };
    let model = manifest.expect_model(text).map_err(|fault| {
        let hint = fault.hint_text().unwrap_or_default().to_owned();
        Box::new(Fault::new(format!("`--select {word}`: {fault}")).hint(hint))
    })?;
    let name = model.name.clone();
    if upstream {
        walk(&name, names, &|name| manifest.reads(name).to_vec());
    }
    if downstream {
        walk(&name, names, &|name| {
            manifest.read_by(name).cloned().collect()
        });
    }
    names.insert(name.clone());
    Ok(Some(name))
}

fn walk(
    from: &TableName,
    names: &mut BTreeSet<TableName>,
    next: &dyn Fn(&TableName) -> Vec<TableName>,
) {
    let mut open = next(from);
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if seen.insert(name.clone()) {
            open.extend(next(&name));
            names.insert(name);
        }
    }
}
