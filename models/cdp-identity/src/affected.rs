//! Which components new evidence and new overrides concern.
//!
//! # Resolving only what is concerned
//!
//! The state is two tables: all evidence so far, and the map, with a row for each identifier, those
//! that are nobody too. What becomes of a component depends on nothing outside it, so a step with
//! new evidence does this:
//!
//! 1. Touch every identifier that the new evidence names, or that evidence named which is gone, and
//!    every override that is new, was taken back, or holds since the last step ([`Affected::touch`],
//!    [`Affected::touch_override`]). For an override of [`Affected::needs_neighbours`] touch also
//!    the identifiers that old evidence names beside one of the component of its left identifier:
//!    when it is taken back, they hang together again.
//! 2. Read the identifier and the component id of the rows of the map that [`Affected::wanted`]
//!    names. [`Affected::scope`] gives the components concerned.
//! 3. Read the rows of the map of these components; each identifier is added to the [`Scope`].
//! 4. Read the evidence, old and new, that names an identifier of the scope: `left` or `right`.
//! 5. Resolve it with [`crate::Resolver::only`], all overrides and the rows of 3. An identifier
//!    outside can only stand beside one that is blocked or detached; it gets no row.
//! 6. Take the rows of the components concerned out of the map, and put the new rows in.
//!
//! The map is then what one resolution of all evidence would have made of the same map of before,
//! ids and component ids included. A blocked identifier is a component of its own, so what it
//! stood beside is not concerned when it turns up again; its degree never falls while evidence
//! is only added. Two things are known of everything only, and whoever makes a step has to ask: that
//! [`crate::ProfileMap::is_local`], and that no profile outside has an id that was minted.

use std::collections::{HashMap, HashSet};

use crate::hashed::{hash_of, hashed};
use crate::overrides::{Override, OverrideKind};
use crate::texts::Interner;

/// Finds the components that a step concerns.
#[derive(Clone, Debug)]
pub struct Affected<'o> {
    overrides: &'o [Override],
    touched: Interner,
    /// The hashes of those that are none themselves.
    forms: Interner,
    /// Whether an identifier was touched, or is named by an override, that is a hash of another,
    /// which nobody can name.
    has_hash: bool,
}

/// What a step resolves, and what it has to know of the rest.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    components: HashSet<i64>,
    inside: Interner,
    /// What overrides name and is known outside.
    elsewhere: HashSet<String>,
}

impl<'o> Affected<'o> {
    /// Nothing is concerned yet. `overrides` are all that hold now.
    pub fn new(overrides: &'o [Override]) -> Self {
        Self {
            overrides,
            touched: Interner::default(),
            forms: Interner::default(),
            has_hash: names(overrides).any(|name| hash_of(name).is_some()),
        }
    }

    /// The identifier is concerned.
    pub fn touch(&mut self, identifier: &str) {
        let known = self.touched.len();
        self.touched.number(identifier);
        if self.touched.len() == known {
            return;
        }
        if hash_of(identifier).is_some() {
            self.has_hash = true;
        } else {
            self.forms.number(&hashed(identifier));
        }
    }

    /// An override began to hold, or holds no more.
    pub fn touch_override(&mut self, changed: &Override) {
        self.touch(&changed.left);
        if let Some(right) = changed.other() {
            self.touch(right);
        }
    }

    /// Whether the identifiers beside the one that an override names are concerned as well.
    pub fn needs_neighbours(changed: &Override) -> bool {
        matches!(
            changed.kind,
            OverrideKind::Detach | OverrideKind::BlockValue
        )
    }

    /// The identifiers whose rows of the map have to be read. None when these are all, for only who
    /// looks at every identifier finds the one that a hash is of.
    pub fn wanted(&self) -> Option<impl Iterator<Item = &str>> {
        let touched = self.touched.texts.iter().chain(self.forms.texts.iter());
        (!self.has_hash).then(|| touched.chain(names(self.overrides)))
    }

    /// The components concerned, given the identifier and the component id of the rows of the map
    /// that are wanted, or of more. The members of the components are still to be added.
    pub fn scope<'m>(mut self, rows: impl Iterator<Item = (&'m str, i64)>) -> Scope {
        self.touch_linked();
        let forms: HashSet<String> = names(self.overrides)
            .flat_map(|name| [name.to_owned(), hashed(name)])
            .collect();
        let mut components = HashSet::new();
        let mut of_form: HashMap<String, i64> = HashMap::new();
        for (identifier, component) in rows {
            let hash = self.has_hash.then(|| hashed(identifier));
            for form in [Some(identifier), hash.as_deref()].into_iter().flatten() {
                if self.is_form(form) {
                    components.insert(component);
                }
                if forms.contains(form) {
                    of_form.insert(form.to_owned(), component);
                }
            }
        }
        let component_of = |name: &str| {
            let known = of_form.get(name);
            known.or_else(|| of_form.get(&hashed(name))).copied()
        };
        self.add_named_together(&mut components, component_of);
        let elsewhere = names(self.overrides).filter(|name| {
            let known = component_of(name);
            known.is_some_and(|component| !components.contains(&component))
        });
        Scope {
            elsewhere: elsewhere.map(str::to_owned).collect(),
            components,
            inside: self.touched,
        }
    }

    /// An identifier that is new may be one that a person linked before anybody saw it.
    fn touch_linked(&mut self) {
        for link in self.overrides {
            if let Some(right) = link.other()
                && (self.is_touched(right) || self.is_touched(&link.left))
            {
                self.touch(&link.left);
                self.touch(right);
            }
        }
    }

    /// What is told of an override names both its ends, so both are resolved or none.
    fn add_named_together(
        &self,
        components: &mut HashSet<i64>,
        component_of: impl Fn(&str) -> Option<i64>,
    ) {
        let pairs = self.overrides.iter().filter_map(|one| {
            let right = component_of(one.other()?)?;
            Some([component_of(&one.left)?, right])
        });
        let pairs: Vec<_> = pairs.collect();
        let mut is_done = false;
        while !is_done {
            let before = components.len();
            for pair in &pairs {
                if pair.iter().any(|one| components.contains(one)) {
                    components.extend(pair);
                }
            }
            is_done = components.len() == before;
        }
    }

    /// Whether it is concerned, by its value or its hash.
    fn is_touched(&self, identifier: &str) -> bool {
        self.is_form(identifier) || (self.has_hash && self.is_form(&hashed(identifier)))
    }

    /// Whether it is a touched identifier, or the hash of one.
    fn is_form(&self, form: &str) -> bool {
        self.touched.find(form).is_some() || self.forms.find(form).is_some()
    }
}

impl Scope {
    /// The components of the map of before that are resolved.
    pub fn components(&self) -> &HashSet<i64> {
        &self.components
    }

    /// Adds an identifier of one of these components; gives its place among all.
    pub fn add(&mut self, identifier: &str) -> usize {
        self.inside.number(identifier) as usize
    }

    /// How many identifiers there are.
    pub fn len(&self) -> usize {
        self.inside.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identifiers that are resolved when evidence names them, by their places.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.inside.texts.iter()
    }

    /// The place of an identifier that is resolved.
    pub fn place(&self, identifier: &str) -> Option<usize> {
        self.inside.find(identifier).map(|number| number as usize)
    }

    /// Whether an identifier is resolved.
    pub fn holds(&self, identifier: &str) -> bool {
        self.place(identifier).is_some()
    }

    pub(crate) fn inside(&self) -> &Interner {
        &self.inside
    }

    pub(crate) fn is_elsewhere(&self, name: &str) -> bool {
        self.elsewhere.contains(name)
    }
}

/// Every identifier that overrides name.
fn names(overrides: &[Override]) -> impl Iterator<Item = &str> {
    let ends = overrides
        .iter()
        .flat_map(|one| [Some(one.left.as_str()), one.other()]);
    ends.flatten()
}
