//! The settings that shape trained weights, to tell whether weights were trained with others.

use serde_json::{Map, Value};

use crate::config::RawLinkageConfig;

/// The settings that shape trained weights, by key.
#[derive(Clone, Debug)]
pub(crate) struct Settings(Map<String, Value>);

impl Settings {
    pub(crate) fn of(raw: &RawLinkageConfig) -> Self {
        let value = |json: serde_json::Result<Value>| json.unwrap_or(Value::Null);
        let settings = [
            ("fields", value(serde_json::to_value(&raw.fields))),
            ("comparisons", value(serde_json::to_value(&raw.comparisons))),
            ("swaps", value(serde_json::to_value(&raw.swaps))),
            ("blocking", value(serde_json::to_value(&raw.blocking))),
            ("block_records_max", raw.block_records_max.into()),
            ("training", value(serde_json::to_value(&raw.training))),
        ];
        Self(
            settings
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect(),
        )
    }

    pub(crate) fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Which of these settings differ from others that were written as JSON.
    pub(crate) fn changes(&self, before: &str) -> Vec<String> {
        let before: Map<String, Value> = serde_json::from_str(before).unwrap_or_default();
        let changed = self
            .0
            .iter()
            .filter(|(key, value)| before.get(*key) != Some(value));
        changed
            .map(|(key, _)| format!("`linkage.{key}` has changed"))
            .collect()
    }
}
