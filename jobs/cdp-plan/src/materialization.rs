//! What is kept of a model's rows.

use serde::Serialize;

use crate::fault::{Fault, SourceFile};
use crate::layer::Layer;
use crate::model::Model;
use crate::name::TableName;
use crate::nearest;

/// What is kept of a model's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Materialization {
    /// Nothing: the query stands wherever the name is read.
    View,
    /// The rows, on local disk, until the run ends.
    Scratch,
    /// One partition per `as_of_date`.
    Partition,
    /// One partition per `as_of_date`, with what the sources hold that an earlier one has not read.
    Log,
    /// One partition per `as_of_date`, with the rows that differ from those of an earlier one; read,
    /// it shows all rows of every date.
    Incremental,
    /// The whole table, for the latest `as_of_date` only.
    Current,
}

impl Materialization {
    const NAMES: [(&'static str, Self); 6] = [
        ("view", Self::View),
        ("scratch", Self::Scratch),
        ("partition", Self::Partition),
        ("log", Self::Log),
        ("incremental", Self::Incremental),
        ("current", Self::Current),
    ];

    /// Whether the rows are a Delta table of the lake.
    pub fn is_stored(self) -> bool {
        self.is_dated() || self == Self::Current
    }

    /// Whether the table has a partition per `as_of_date`.
    pub fn is_dated(self) -> bool {
        matches!(self, Self::Partition | Self::Log | Self::Incremental)
    }

    /// Whether the table shows all rows of every date that it was made for.
    pub fn is_snapshot(self) -> bool {
        matches!(self, Self::Partition | Self::Incremental)
    }

    /// The name as written in a sidecar.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(name, _)| name)
    }
}

/// The materialization that a sidecar names.
pub(crate) fn read(
    file: &SourceFile,
    text: &str,
    faults: &mut Vec<Fault>,
) -> Option<Materialization> {
    let found = Materialization::NAMES
        .iter()
        .find(|(name, _)| *name == text);
    if found.is_none() {
        let names = Materialization::NAMES.iter().map(|(name, _)| *name);
        faults.push(
            Fault::new(format!("`{text}` is not a materialization"))
                .hint(nearest::hint(text, names))
                .at_key(file, &["materialization"]),
        );
    }
    found.map(|(_, value)| *value)
}

/// A model whose rows are not stored has no past of its own, and a step is no query that could be
/// inlined.
pub(crate) fn fits(
    kept: Materialization,
    layer: Layer,
    step: bool,
    file: &SourceFile,
    faults: &mut Vec<Fault>,
) {
    let mut fault = |message: &str| {
        faults.push(Fault::new(message).at_key(file, &["materialization"]));
    };
    if layer == Layer::Staging && kept.is_stored() {
        fault("a staging model is a `view` or `scratch`");
    }
    if step && !(kept.is_snapshot() || kept == Materialization::Current) {
        fault("a step is kept as `partition`, `incremental` or `current`");
    }
    if !step && kept == Materialization::Incremental {
        fault("an `incremental` table is made by a step, which can tell what differs");
    }
}

/// A log is made from what is new in sources; of a stored table nobody can say what is new.
pub(crate) fn inputs_fit(model: &Model, inputs: &[TableName], faults: &mut Vec<Fault>) {
    if model.materialization != Materialization::Log {
        return;
    }
    for input in inputs.iter().filter(|input| input.layer() != Layer::Raw) {
        faults.push(
            Fault::new(format!(
                "a `log` reads sources only, and this one `{input}`"
            ))
            .hint("keep it as `partition`, or take that table out of its query")
            .at_key(&model.sidecar, &["materialization"]),
        );
    }
}
