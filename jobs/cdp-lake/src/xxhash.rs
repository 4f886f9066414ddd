//! `xxhash64(text)`: a text as a number, which is looked for faster than the text.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use twox_hash::XxHash64;

use crate::udf::strings;

/// XXH64 of a text in UTF-8, with the seed 0. It is stored, so it never changes.
pub fn xxhash64(text: &str) -> i64 {
    XxHash64::oneshot(0, text.as_bytes()).cast_signed()
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Xxhash64 {
    signature: Signature,
}

impl Xxhash64 {
    pub(crate) fn new() -> Self {
        Self {
            signature: Signature::string(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Xxhash64 {
    fn name(&self) -> &'static str {
        "xxhash64"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = take_function_args(self.name(), args.args)?;
        Ok(match value {
            ColumnarValue::Scalar(value) => {
                let hash = value.try_as_str().flatten().map(xxhash64);
                ColumnarValue::Scalar(ScalarValue::Int64(hash))
            }
            ColumnarValue::Array(values) => {
                let texts = strings(&values)?;
                let hashes = texts.iter().map(|text| text.map(xxhash64));
                ColumnarValue::Array(Arc::new(hashes.collect::<Int64Array>()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation.
    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!(xxhash64("").cast_unsigned(), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxhash64("a").cast_unsigned(), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxhash64("abc").cast_unsigned(), 0x44BC_2CF5_AD77_0999);
    }
}
