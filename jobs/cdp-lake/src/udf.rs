//! The functions that SQL gets from us: `identifier(type, value)`, and `standard_country(text)` and
//! `standard_language(text)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use cdp_identity::{IdentityRules, standard_country, standard_language};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// `'type:normalised value'`, or null for an empty or blocked value.
#[derive(Debug)]
pub(crate) struct Identifier {
    rules: Arc<IdentityRules>,
    signature: Signature,
}

impl Identifier {
    pub(crate) fn new(rules: Arc<IdentityRules>) -> Self {
        Self {
            rules,
            signature: Signature::string(2, Volatility::Immutable),
        }
    }

    fn of(&self, identifier_type: &str, value: &str) -> Result<Option<String>> {
        self.rules
            .identifier(identifier_type, value)
            .map_err(|error| DataFusionError::Execution(error.to_string()))
    }
}

// There is one such function per session, so all of them are the same function.
impl PartialEq for Identifier {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Identifier {}

impl std::hash::Hash for Identifier {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        "identifier".hash(state);
    }
}

impl ScalarUDFImpl for Identifier {
    fn name(&self) -> &'static str {
        "identifier"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [identifier_type, value] = args.args.as_slice() else {
            return exec_err!("identifier takes a type and a value");
        };
        let ColumnarValue::Scalar(identifier_type) = identifier_type else {
            return exec_err!("the type given to identifier is a literal, such as 'email'");
        };
        let Some(Some(identifier_type)) = identifier_type.try_as_str() else {
            return exec_err!("the type given to identifier is a text, such as 'email'");
        };
        match value {
            ColumnarValue::Scalar(value) => {
                let result = match value.try_as_str().flatten() {
                    Some(value) => self.of(identifier_type, value)?,
                    None => None,
                };
                Ok(ColumnarValue::Scalar(ScalarValue::Utf8(result)))
            }
            ColumnarValue::Array(values) => {
                let values = strings(values)?;
                let mut builder = StringBuilder::with_capacity(values.len(), values.len() * 24);
                for value in &values {
                    match value {
                        Some(value) => builder.append_option(self.of(identifier_type, value)?),
                        None => builder.append_null(),
                    }
                }
                Ok(ColumnarValue::Array(Arc::new(builder.finish())))
            }
        }
    }
}

/// A text in its standard form, or null when it has none.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Standard {
    kind: StandardKind,
    signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum StandardKind {
    /// ISO 3166-1 alpha-2.
    Country,
    /// The primary subtag of BCP 47.
    Language,
}

impl Standard {
    /// All such functions.
    pub(crate) fn all() -> [Self; 2] {
        [StandardKind::Country, StandardKind::Language].map(|kind| Self {
            kind,
            signature: Signature::string(1, Volatility::Immutable),
        })
    }

    fn of(&self, value: &str) -> Option<&'static str> {
        match self.kind {
            StandardKind::Country => standard_country(value),
            StandardKind::Language => standard_language(value),
        }
    }
}

impl ScalarUDFImpl for Standard {
    fn name(&self) -> &'static str {
        match self.kind {
            StandardKind::Country => "standard_country",
            StandardKind::Language => "standard_language",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else {
            return exec_err!("{} takes one text", self.name());
        };
        match value {
            ColumnarValue::Scalar(value) => {
                let standard = value
                    .try_as_str()
                    .flatten()
                    .and_then(|value| self.of(value));
                let standard = ScalarValue::Utf8(standard.map(str::to_owned));
                Ok(ColumnarValue::Scalar(standard))
            }
            ColumnarValue::Array(values) => {
                let values = strings(values)?;
                let standard = values.iter().map(|value| self.of(value?));
                let standard: StringArray = standard.collect();
                Ok(ColumnarValue::Array(Arc::new(standard)))
            }
        }
    }
}

/// Texts of any kind as plain ones.
pub(crate) fn strings(values: &ArrayRef) -> Result<StringArray> {
    let cast = arrow::compute::cast(values, &DataType::Utf8)?;
    Ok(cast.as_string::<i32>().clone())
}
