//! Names of tables, models and parameters.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::layer::Layer;

/// A table's full name, `layer.name`: what SQL calls it and where it lies below the lake root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct TableName {
    layer: Layer,
    name: String,
}

impl TableName {
    /// A name in a layer. The name must be lower snake case.
    pub fn new(layer: Layer, name: &str) -> Result<Self, NameError> {
        if !is_snake_case(name) {
            return Err(NameError::Form(name.to_owned()));
        }
        Ok(Self {
            layer,
            name: name.to_owned(),
        })
    }

    /// The layer, which is also the schema and the folder.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The name within the layer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path below the lake root, with forward slashes.
    pub fn path(&self) -> String {
        format!("{}/{}", self.layer, self.name)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.layer, self.name)
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.to_string()
    }
}

impl FromStr for TableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (layer, name) = text
            .split_once('.')
            .ok_or_else(|| NameError::Parts(text.to_owned()))?;
        let layer = layer
            .parse()
            .map_err(|()| NameError::Layer(layer.to_owned()))?;
        Self::new(layer, name)
    }
}

/// Why a text is not a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no dot, or more than one.
    #[error("`{0}` is not a table's name, which is `layer.name`")]
    Parts(String),
    /// The part before the dot is not a layer.
    #[error("`{0}` is not a layer (the layers are {layers})", layers = Layer::list())]
    Layer(String),
    /// The part after the dot is not lower snake case.
    #[error("`{0}` is not a valid name (lower-case letters, digits and `_`, first a letter)")]
    Form(String),
}

/// Whether a text is lower snake case: what tables, columns and parameters are called.
pub fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_layer_dot_name() {
        let name: TableName = "features.order_features".parse().unwrap();
        assert_eq!(name.path(), "features/order_features");
        assert_eq!(name.to_string(), "features.order_features");
        assert!("order_features".parse::<TableName>().is_err());
        assert!("feature.orders".parse::<TableName>().is_err());
        assert!("features.Orders".parse::<TableName>().is_err());
        assert!("features.a.b".parse::<TableName>().is_err());
    }
}
