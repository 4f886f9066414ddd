//! What churn is: the main definition in `[churn]`, and those beside it in `[churn.definitions.NAME]`,
//! each with tables of its own.

use std::collections::BTreeMap;
use std::fmt;

use cdp_churn::{ChurnConfig, RawChurnConfig};
use serde::Serialize;

use crate::config::keyed;
use crate::fault::{Fault, SourceFile};
use crate::layer::Layer;
use crate::name::{NameError, TableName};
use crate::nearest;

/// A definition of churn: the main one, or one by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Definition(Option<String>);

impl Definition {
    /// That of `[churn]` itself.
    pub const MAIN: Self = Self(None);

    /// The one of a name.
    pub fn named(name: &str) -> Self {
        Self(Some(name.to_owned()))
    }

    /// Its name; the main one has none.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// What a command ends with to ask for it; nothing for the main one.
    pub fn flag(&self) -> String {
        let name = self.name();
        name.map_or_else(String::new, |name| format!(" --definition {name}"))
    }

    /// Whether it is that of `[churn]` itself.
    pub fn is_main(&self) -> bool {
        self.0.is_none()
    }

    /// The table of this definition that stands for one of the main definition.
    pub(crate) fn table(&self, main: &TableName) -> Result<TableName, NameError> {
        TableName::new(main.layer(), &self.suffixed(main.name()))
    }

    /// The name of the table that stands for one of the main definition which depends on it.
    pub fn suffixed(&self, main: &str) -> String {
        match self.name() {
            Some(name) => format!("{main}_{name}"),
            None => main.to_owned(),
        }
    }
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or("main"))
    }
}

/// Every definition of churn of a project, the main one first.
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions(BTreeMap<Definition, ChurnConfig>);

impl Definitions {
    /// The main definition alone.
    pub fn main_only(churn: ChurnConfig) -> Self {
        Self(BTreeMap::from([(Definition::MAIN, churn)]))
    }

    /// What `[churn]` says; faults are added to the list.
    pub(crate) fn read(
        raw: &RawChurnConfig,
        file: &SourceFile,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let main = ChurnConfig::from_raw(raw).map_err(|found| {
            faults.extend(found.iter().map(|fault| keyed(file, &fault.to_string())));
        });
        for name in raw.definitions.keys() {
            if TableName::new(Layer::Scores, name).is_err() {
                let fault = Fault::new(format!("`{name}` can't name a definition of churn"));
                faults.push(
                    fault
                        .hint("its tables end with it, so write lower snake case: `within_30_days`")
                        .at_key(file, &["churn", "definitions", name]),
                );
            }
        }
        let others = raw.definitions().map_err(|found| {
            faults.extend(found.iter().map(|fault| keyed(file, &fault.to_string())));
        });
        if faults.len() > before {
            return None;
        }
        let others = others.ok()?.into_iter();
        let mut all = Self::main_only(main.ok()?);
        all.0
            .extend(others.map(|(name, churn)| (Definition::named(&name), churn)));
        Some(all)
    }

    /// What `[churn]` itself says.
    pub fn main(&self) -> &ChurnConfig {
        self.of(&Definition::MAIN)
    }

    /// What a definition says, or the main one when it is not known.
    pub fn of(&self, definition: &Definition) -> &ChurnConfig {
        let own = self.0.get(definition);
        own.unwrap_or_else(|| &self.0[&Definition::MAIN])
    }

    /// Each definition with what it says, the main one first.
    pub fn iter(&self) -> impl Iterator<Item = (&Definition, &ChurnConfig)> {
        self.0.iter()
    }

    /// The definition that somebody asks for by its name, or a fault that suggests the nearest one.
    pub fn expect(&self, name: &str) -> Result<Definition, Box<Fault>> {
        let wanted = Definition::named(name);
        if self.0.contains_key(&wanted) {
            return Ok(wanted);
        }
        let known: Vec<&str> = self.0.keys().filter_map(Definition::name).collect();
        let fault = Fault::new(format!("there is no definition of churn `{name}`"));
        Err(Box::new(if known.is_empty() {
            fault.hint(format!("`[churn.definitions.{name}]` in cdp.toml makes it"))
        } else {
            fault.hint(nearest::hint(name, known))
        }))
    }

    /// The same with the horizons that were chosen, where it is for a training to choose.
    #[must_use]
    pub fn with_chosen_horizons(&self, chosen: impl Fn(&Definition) -> Option<i32>) -> Self {
        let all = self.0.iter();
        let all = all.map(|(name, churn)| (name.clone(), churn.with_chosen_horizon(chosen(name))));
        Self(all.collect())
    }
}
