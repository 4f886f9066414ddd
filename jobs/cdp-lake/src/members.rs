//! A function of a session that tells members of a set, so that rows of others are left where they
//! are read.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::utils::take_function_args;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::catalog::Catalog;
use crate::xxhash::xxhash64;

/// So many bits for each member: most strangers are told by a bit that is not set.
const BITS_PER_MEMBER: usize = 16;

/// Whole numbers, to be looked for many times.
struct Members {
    /// Whether a member's hash begins with the place of the bit.
    bits: Vec<u64>,
    shift: u32,
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
}

/// Planning writes expressions down, and with them all that they hold.
impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} members", self.hashes.len())
    }
}

impl Members {
    fn new(numbers: impl Iterator<Item = i64>) -> Self {
        let hashes: HashSet<u64, _> = numbers.map(hash).collect();
        let bits = (hashes.len() * BITS_PER_MEMBER).next_power_of_two().max(64);
        let shift = u64::BITS - bits.trailing_zeros();
        let mut members = Self {
            bits: vec![0; bits / 64],
            shift,
            hashes,
        };
        for hash in &members.hashes {
            let (word, bit) = place(*hash, shift);
            members.bits[word] |= bit;
        }
        members
    }

    fn holds(&self, number: i64) -> bool {
        let hash = hash(number);
        let (word, bit) = place(hash, self.shift);
        self.bits[word] & bit != 0 && self.hashes.contains(&hash)
    }
}

/// Different numbers have different hashes.
fn hash(number: i64) -> u64 {
    let mixed = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

fn place(hash: u64, shift: u32) -> (usize, u64) {
    let bit = hash >> shift;
    ((bit / 64) as usize, 1 << (bit % 64))
}

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

/// `name(number)`: whether a whole number is a member.
#[derive(Debug)]
struct Member {
    name: String,
    members: Arc<Members>,
    signature: Signature,
}

impl Catalog {
    /// Queries of this catalog can ask by a function of this name whether a number is one of these.
    pub fn keep_numbers(&self, name: &str, numbers: impl Iterator<Item = i64>) {
        self.session().register_udf(ScalarUDF::from(Member {
            name: name.to_owned(),
            members: Arc::new(Members::new(numbers)),
            signature: Signature::exact(vec![DataType::Int64], Volatility::Immutable),
        }));
    }

    /// The same of the hashes of texts, as `xxhash64` gives them. A stranger may pass for one of the
    /// texts, once in a great while.
    pub fn keep_hashes<'t>(&self, name: &str, texts: impl Iterator<Item = &'t str>) {
        self.keep_numbers(name, texts.map(xxhash64));
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.members, &other.members)
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
        let values = value.into_array(rows)?;
        let numbers = values.as_primitive::<Int64Type>();
        let is_member = |row: usize| self.members.holds(numbers.values()[row]);
        let answer = BooleanBuffer::collect_bool(numbers.len(), is_member);
        // What is null is nobody, and not nothing.
        let answer = match numbers.nulls() {
            Some(nulls) => &answer & nulls.inner(),
            None => answer,
        };
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(
            answer, None,
        ))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_from_strangers() {
        for count in [0, 1, 3, 1000] {
            let members = Members::new((0..count).map(|number| number * number - 7));
            for number in -10..1000 {
                let is_one = (0..count).any(|one| one * one - 7 == number);
                assert_eq!(members.holds(number), is_one, "{number} of {count}");
            }
        }
    }
}
