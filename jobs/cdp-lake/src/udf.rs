//! `identifier(type, value)`: the one function that SQL gets from us.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use cdp_identity::IdentityRules;
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

fn strings(values: &ArrayRef) -> Result<StringArray> {
    let cast = arrow::compute::cast(values, &DataType::Utf8)?;
    Ok(cast.as_string::<i32>().clone())
}
