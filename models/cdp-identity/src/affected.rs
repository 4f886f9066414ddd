//! Which components new evidence and new overrides concern.
//!
//! # Resolving only what is concerned
//!
//! The state is two tables: all evidence so far, and the map, with a row for each identifier. What
//! becomes of a component depends on nothing outside it, so a step with new evidence does this:
//!
//! 1. Touch every identifier that the new evidence names, and every override that is new, was
//!    taken back, or holds since the last step ([`Affected::touch`],
//!    [`Affected::touch_override`]). For an override of [`Affected::needs_neighbours`] touch also
//!    the identifiers that old evidence names beside one of the component of its left identifier:
//!    when it is taken back, they hang together again.
//! 2. [`Affected::components`] reads the identifiers and component ids of the whole map, and gives
//!    the components concerned.
//! 3. Read the evidence, old and new, that names an identifier of these components or one that
//!    is new: `left` or `right`. Read the rows of the map of every identifier this evidence names.
//! 4. Resolve it with [`crate::Resolver::only`] and all overrides. An identifier of another
//!    component can only stand beside one that is blocked or detached; it gets no row.
//! 5. Take the rows of the components concerned out of the map, and put the new rows in.
//!
//! The map is then what one resolution of all evidence would have made of the same map of before,
//! ids and component ids included. A blocked identifier is a component of its own, so what it
//! stood beside is not concerned when it turns up again; its degree never falls while evidence
//! is only added.

use std::collections::{BTreeSet, HashSet};

use crate::hashed::{hash_of, hashed};
use crate::overrides::{Override, OverrideKind};

/// Finds the components that a step concerns.
#[derive(Clone, Debug)]
pub struct Affected<'o> {
    overrides: &'o [Override],
    touched: HashSet<String>,
    /// Whether an identifier was touched that is a hash of another, which nobody can name.
    has_hash: bool,
}

impl<'o> Affected<'o> {
    /// Nothing is concerned yet. `overrides` are all that hold now.
    pub fn new(overrides: &'o [Override]) -> Self {
        Self {
            overrides,
            touched: HashSet::new(),
            has_hash: false,
        }
    }

    /// The identifier is concerned.
    pub fn touch(&mut self, identifier: &str) {
        if self.touched.contains(identifier) {
            return;
        }
        if hash_of(identifier).is_some() {
            self.has_hash = true;
        } else {
            self.touched.insert(hashed(identifier));
        }
        self.touched.insert(identifier.to_owned());
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

    /// The components concerned, given the identifier and the component id of every row of the map.
    pub fn components<'m>(mut self, map: impl Iterator<Item = (&'m str, i64)>) -> BTreeSet<i64> {
        // An identifier that is new may be one that a person linked before anybody saw it.
        for link in self.overrides {
            if let Some(right) = link.other()
                && (self.is_touched(right) || self.is_touched(&link.left))
            {
                self.touch(&link.left);
                self.touch(right);
            }
        }
        let concerned = map.filter(|(identifier, _)| self.is_touched(identifier));
        concerned.map(|(_, component)| component).collect()
    }

    /// Whether it is concerned, by its value or its hash.
    fn is_touched(&self, identifier: &str) -> bool {
        self.touched.contains(identifier)
            || (self.has_hash && self.touched.contains(&hashed(identifier)))
    }
}
