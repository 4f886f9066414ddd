//! What was not done, and why.

use crate::rules::{DAY_MICROS, IdentityRules};

/// Why evidence, an identifier or an override did not have its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Two values of a type of which a person has one.
    UniqueType,
    /// More values of a type than one profile may hold.
    MaxPerProfile,
    /// More identifiers than one profile may hold in all.
    ClusterSize,
    /// A person said that the two are not the same.
    NeverLink,
    /// One end is shared by several people, so it belongs to none of them.
    Ambiguous,
    /// The identifier was seen with too many others to name anybody.
    DegreeMax,
    /// Too many identifiers hang together; they keep the profiles they had.
    ComponentSize,
    /// Two overrides contradict each other, and the first one named gave way.
    OverrideConflict,
    /// An override names an identifier that nobody has seen.
    OverrideUnused,
}

impl Rule {
    /// The name of the rule in tables, such as `unique_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UniqueType => "unique_type",
            Self::MaxPerProfile => "max_per_profile",
            Self::ClusterSize => "cluster_size",
            Self::NeverLink => "never_link",
            Self::Ambiguous => "ambiguous",
            Self::DegreeMax => "degree_max",
            Self::ComponentSize => "component_size",
            Self::OverrideConflict => "override_conflict",
            Self::OverrideUnused => "override_unused",
        }
    }

    /// Whether the rule proves that the two ends are two people.
    pub(crate) fn tells_people_apart(self) -> bool {
        matches!(self, Self::UniqueType | Self::NeverLink)
    }
}

impl IdentityRules {
    /// What stands behind a rule, in words, with the key that sets it where there is one.
    pub fn behind(&self, rule: Rule, identifier_type: &str) -> String {
        let index = self.type_index(identifier_type);
        let known = index.map(|index| &self.types()[index]);
        let key = |name: &str| format!("`identity.types.{identifier_type}.{name}`");
        match rule {
            Rule::UniqueType => format!("a person has one {identifier_type} ({})", key("unique")),
            Rule::MaxPerProfile => {
                let max = known.and_then(|known| known.max_per_profile).unwrap_or(0);
                let within = known.and_then(|known| known.within);
                let within = within.map(|micros| format!(" within {} days", micros / DAY_MICROS));
                let within = within.unwrap_or_default();
                let key = key("max_per_profile");
                format!("a profile holds at most {max} {identifier_type}{within} ({key})")
            }
            Rule::ClusterSize => format!(
                "a profile holds at most {} identifiers (`identity.cluster_size_max`)",
                self.cluster_size_max
            ),
            Rule::Ambiguous => format!(
                "two people share the {identifier_type}, so it has a profile of its own ({})",
                key("on_conflict")
            ),
            Rule::DegreeMax => format!(
                "who was seen with more than {} others is nobody ({})",
                self.degree_max(index),
                key("degree_max")
            ),
            Rule::ComponentSize => format!(
                "more than {} identifiers hang together, so each keeps the profile it had \
                 (`identity.component_size_max`)",
                self.component_size_max
            ),
            Rule::NeverLink => "an override says that they are two people".to_owned(),
            Rule::OverrideConflict => "another override says the opposite and wins".to_owned(),
            Rule::OverrideUnused => "nobody has seen an identifier that it names".to_owned(),
        }
    }
}

/// One thing that was not done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation<'m> {
    /// The rule in the way.
    pub rule: Rule,
    /// The type whose limit it is. For [`Rule::ClusterSize`] the type of the weaker end, for
    /// [`Rule::Ambiguous`] that of the shared end. Empty for none, or one that is not declared.
    pub identifier_type: &'m str,
    /// The identifier, or the smaller of two.
    pub left: &'m str,
    /// The larger of two.
    pub right: Option<&'m str>,
    /// The profile of the left one.
    pub left_profile: Option<&'m str>,
    /// The profile of the right one.
    pub right_profile: Option<&'m str>,
    /// Where the link was seen, of several sources the smallest. Empty for no link of evidence.
    pub source: &'m str,
    /// For [`Rule::DegreeMax`] with how many others the identifier was seen, for
    /// [`Rule::ComponentSize`] how many hang together. Otherwise zero.
    pub size: u64,
    /// The overrides that have to do with it.
    pub override_ids: Vec<&'m str>,
    /// The component that decides over it: that of an end. None for an override of no use.
    pub component_id: Option<i64>,
}

/// Stands for no node, no source and no number of any kind.
pub(crate) const NONE: u32 = u32::MAX;

/// A violation in numbers.
#[derive(Clone, Debug)]
pub(crate) struct Breach {
    pub(crate) rule: Rule,
    pub(crate) type_index: Option<usize>,
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) source: u32,
    pub(crate) size: u64,
    pub(crate) overrides: Vec<u32>,
}

impl Breach {
    /// A breach by one identifier.
    pub(crate) fn of_node(rule: Rule, type_index: Option<usize>, node: u32, size: usize) -> Self {
        Self {
            rule,
            type_index,
            left: node,
            right: NONE,
            source: NONE,
            size: size as u64,
            overrides: Vec::new(),
        }
    }

    /// A breach between two overrides, or by one. The one that gives way comes first.
    pub(crate) fn of_overrides(rule: Rule, pair: (u32, u32), overrides: Vec<u32>) -> Self {
        Self {
            rule,
            type_index: None,
            left: pair.0,
            right: pair.1,
            source: NONE,
            size: 0,
            overrides,
        }
    }
}
