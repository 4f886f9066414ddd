//! What people say goes before what evidence says.

use std::cmp::Ordering;

use crate::affected::Scope;
use crate::evidence::EvidenceTable;
use crate::hashed::Known;
use crate::violation::{Breach, NONE, Rule};

/// What a person says of one or two identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverrideKind {
    /// The identifier is nobody: it belongs to no person, whatever is said of it.
    BlockValue,
    /// The two are never one person.
    NeverLink,
    /// Evidence of the identifier with others counts for nothing. A [`OverrideKind::Link`] does.
    Detach,
    /// The two are one person, whatever the limits say.
    Link,
}

impl OverrideKind {
    /// Every kind under its name in tables, the more careful first.
    pub const ALL: [(&str, Self); 4] = [
        ("block_value", Self::BlockValue),
        ("never_link", Self::NeverLink),
        ("detach", Self::Detach),
        ("link", Self::Link),
    ];

    /// The name of the kind in tables.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    /// Whether it speaks of two identifiers.
    pub fn has_right(self) -> bool {
        matches!(self, Self::Link | Self::NeverLink)
    }
}

/// What a person decided. It is replayed at every resolution, until it is taken out of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What is said.
    pub kind: OverrideKind,
    /// An identifier as [`crate::IdentityRules::identifier`] gives it.
    pub left: String,
    /// The other one, of a link or of one that must never be.
    pub right: Option<String>,
    /// Who says so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The first day on which it holds, in days since 1970.
    pub valid_from: i32,
    /// Its name, which reports use.
    pub override_id: String,
}

impl Override {
    /// The other identifier, if the kind speaks of two and two different ones are given.
    pub(crate) fn other(&self) -> Option<&str> {
        let right = self.right.as_deref().filter(|_| self.kind.has_right());
        right.filter(|right| *right != self.left)
    }

    /// Whether everything is known that it speaks of.
    fn is_of_use(&self, is_known: impl Fn(&str) -> bool) -> bool {
        let right = self.other().is_some_and(&is_known);
        is_known(&self.left) && (right || !self.kind.has_right())
    }

    /// By name first; no two that differ are equal.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let key = |one: &'_ Self| {
            let said = (one.kind, one.left.clone(), one.right.clone());
            let by = (one.valid_from, one.author.clone(), one.reason.clone());
            (said, by)
        };
        let by_name = self.override_id.cmp(&other.override_id);
        by_name.then_with(|| key(self).cmp(&key(other)))
    }
}

/// A link or its opposite, in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    pub(crate) is_link: bool,
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// The place among all overrides.
    pub(crate) index: u32,
}

/// The overrides that hold today and name what is known.
#[derive(Debug, Default)]
pub(crate) struct Rulings {
    /// Links and their opposites; the earlier one wins over the later one.
    pub(crate) pairs: Vec<Ruling>,
    pub(crate) detached: Vec<u32>,
    pub(crate) blocked: Vec<u32>,
    pub(crate) breaches: Vec<Breach>,
}

impl Rulings {
    /// The newest come first, of equally new ones the more careful, then the names decide.
    pub(crate) fn new(
        table: &EvidenceTable,
        overrides: &[Override],
        today: i32,
        scope: Option<&Scope>,
    ) -> Self {
        let mut order: Vec<_> = (0..).zip(overrides).collect();
        order.retain(|(_, one)| one.valid_from <= today);
        order.sort_by_key(|(_, one)| {
            let names = (&one.override_id, &one.left, &one.right);
            (-i64::from(one.valid_from), one.kind, names)
        });
        let known = Known::of_overrides(table, overrides);
        let is_known = |name: &str| {
            known.node(name).is_some() || scope.is_some_and(|scope| scope.is_elsewhere(name))
        };
        let mut rulings = Self::default();
        let mut blocks = Vec::new();
        for (index, one) in order {
            let unused = Breach::of_overrides(Rule::OverrideUnused, (NONE, NONE), vec![index]);
            let left = known.node(&one.left);
            let right = one.other().and_then(|right| known.node(right));
            match (one.kind, left, right) {
                (OverrideKind::BlockValue, Some(node), _) => {
                    rulings.blocked.push(node);
                    blocks.push((node, index));
                }
                (OverrideKind::Detach, Some(node), _) => rulings.detached.push(node),
                (kind, Some(left), Some(right)) => rulings.pairs.push(Ruling {
                    is_link: kind == OverrideKind::Link,
                    left,
                    right,
                    index,
                }),
                _ if one.is_of_use(is_known) => {}
                _ => rulings.breaches.push(unused),
            }
        }
        rulings.drop_links_of_nobody(&blocks);
        rulings
    }

    fn drop_links_of_nobody(&mut self, blocks: &[(u32, u32)]) {
        let breaches = &mut self.breaches;
        self.pairs.retain(|ruling| {
            let ends = [ruling.left, ruling.right];
            let block = blocks.iter().find(|(node, _)| ends.contains(node));
            if let Some((_, block)) = block.filter(|_| ruling.is_link) {
                let pair = (ruling.left, ruling.right);
                let named = vec![ruling.index, *block];
                breaches.push(Breach::of_overrides(Rule::OverrideConflict, pair, named));
            }
            block.is_none()
        });
    }
}
