//! The layers, in the order in which data flows.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// One layer of the lake. The order of the variants is the direction of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The team's own tables; read, never written but by `load`.
    Raw,
    /// One view per source: renamed, typed, deduplicated.
    Staging,
    /// Identifiers and the profile each belongs to.
    Identity,
    /// One golden record per profile.
    Profiles,
    /// What was known before a date, and labels.
    Features,
    /// Models and what they predict.
    Scores,
    /// Who is in which segment.
    Segments,
    /// What other systems read.
    Activations,
    /// The ledger and the quarantine.
    Ops,
}

impl Layer {
    /// All layers in the order of the data.
    pub const ALL: [Layer; 9] = [
        Layer::Raw,
        Layer::Staging,
        Layer::Identity,
        Layer::Profiles,
        Layer::Features,
        Layer::Scores,
        Layer::Segments,
        Layer::Activations,
        Layer::Ops,
    ];

    /// The layers that models may be in.
    pub fn of_models() -> impl Iterator<Item = Layer> {
        Self::ALL.into_iter().filter(|layer| layer.has_models())
    }

    /// Whether a project's `sql/` may hold models of this layer.
    pub fn has_models(self) -> bool {
        !matches!(self, Layer::Raw | Layer::Ops)
    }

    /// Whether a model of this layer may read a table of `other`.
    pub fn may_read(self, other: Layer) -> bool {
        match other {
            Layer::Raw => self == Layer::Staging,
            Layer::Ops => false,
            _ => other <= self,
        }
    }

    /// The name, which is also the schema and the folder.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Raw => "raw",
            Layer::Staging => "staging",
            Layer::Identity => "identity",
            Layer::Profiles => "profiles",
            Layer::Features => "features",
            Layer::Scores => "scores",
            Layer::Segments => "segments",
            Layer::Activations => "activations",
            Layer::Ops => "ops",
        }
    }

    pub(crate) fn list() -> String {
        Self::ALL.map(Layer::name).join(", ")
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layer {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|layer| layer.name() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_flows_one_way() {
        assert!(Layer::Features.may_read(Layer::Staging));
        assert!(Layer::Features.may_read(Layer::Features));
        assert!(!Layer::Features.may_read(Layer::Scores));
        assert!(Layer::Staging.may_read(Layer::Raw));
        assert!(!Layer::Segments.may_read(Layer::Raw));
    }
}
