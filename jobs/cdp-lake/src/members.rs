//! A function of a session that tells members of a set, so that rows of others are left where they
//! are read.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::common::utils::take_function_args;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::catalog::Catalog;
use crate::error::Result;

const SEED: QualityRandomState = QualityRandomState::with_seed(11);

/// A hash is its own.
#[derive(Debug, Clone, Copy, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// `name(value)`: whether a value is a member. Values are known by their hashes, so a stranger may
/// pass for a member, once in a great while.
#[derive(Debug)]
struct Member {
    name: String,
    hashes: Arc<HashSet<u64, BuildHasherDefault<AsItIs>>>,
    data_type: DataType,
    signature: Signature,
}

impl Catalog {
    /// Queries of this catalog can ask by a function of this name whether a text is one of these. A
    /// stranger may pass for one, once in a great while.
    pub fn keep_texts<'t>(&self, name: &str, texts: impl Iterator<Item = &'t str>) -> Result<()> {
        let texts: StringArray = texts.map(Some).collect();
        self.keep_members(name, &(Arc::new(texts) as ArrayRef))
    }

    /// The same of whole numbers.
    pub fn keep_numbers(&self, name: &str, numbers: impl Iterator<Item = i64>) -> Result<()> {
        let numbers: Int64Array = numbers.map(Some).collect();
        self.keep_members(name, &(Arc::new(numbers) as ArrayRef))
    }

    fn keep_members(&self, name: &str, values: &ArrayRef) -> Result<()> {
        let mut hashes = vec![0; values.len()];
        create_hashes([values], &SEED, &mut hashes)?;
        self.session().register_udf(ScalarUDF::from(Member {
            name: name.to_owned(),
            hashes: Arc::new(hashes.into_iter().collect()),
            data_type: values.data_type().clone(),
            signature: Signature::exact(vec![values.data_type().clone()], Volatility::Immutable),
        }));
        Ok(())
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.hashes, &other.hashes)
    }
}

impl Eq for Member {}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Member {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> datafusion::common::Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(
        &self,
        args: ScalarFunctionArgs,
    ) -> datafusion::common::Result<ColumnarValue> {
        let rows = args.number_rows;
        let [value] = take_function_args(&self.name, args.args)?;
        let values = cast(&value.into_array(rows)?, &self.data_type)?;
        let mut hashes = vec![0; values.len()];
        create_hashes([&values], &SEED, &mut hashes)?;
        let is_member = |row| values.is_valid(row) && self.hashes.contains(&hashes[row]);
        let answer = BooleanArray::new(BooleanBuffer::collect_bool(values.len(), is_member), None);
        Ok(ColumnarValue::Array(Arc::new(answer)))
    }
}
