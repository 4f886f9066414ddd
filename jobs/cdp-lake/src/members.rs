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

/// So many bits for each member: most strangers are told by bits that are not set.
const BITS_PER_MEMBER: usize = 16;
/// So many numbers are asked for together. Nothing is decided between them, so that the waits for
/// memory overlap.
const AT_ONCE: usize = 64;

/// Whole numbers, to be looked for many times.
struct Members {
    /// Two bits of one word for each member.
    words: Vec<u64>,
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
        let words = (hashes.len() * BITS_PER_MEMBER / 64)
            .next_power_of_two()
            .max(2);
        let shift = u64::BITS - words.trailing_zeros();
        let mut words = vec![0; words];
        for hash in &hashes {
            words[word(*hash, shift)] |= two_bits(*hash);
        }
        Self {
            words,
            shift,
            hashes,
        }
    }

    /// Which of at most 64 numbers are members, the first one in the last bit.
    fn among(&self, numbers: &[i64]) -> u64 {
        let mut hashes = [0; AT_ONCE];
        let mut members = 0;
        for (place, number) in numbers.iter().enumerate() {
            let hash = hash(*number);
            hashes[place] = hash;
            let bits = two_bits(hash);
            let may_be = self.words[word(hash, self.shift)] & bits == bits;
            members |= u64::from(may_be) << place;
        }
        let mut left = members;
        while left != 0 {
            let place = left.trailing_zeros();
            let is_member = self.hashes.contains(&hashes[place as usize]);
            members &= !(u64::from(!is_member) << place);
            left &= left - 1;
        }
        members
    }

    /// Whether each number is a member.
    fn hold(&self, numbers: &[i64]) -> BooleanBuffer {
        let words = numbers.chunks(AT_ONCE).map(|part| self.among(part));
        BooleanBuffer::new(words.collect::<Vec<_>>().into(), 0, numbers.len())
    }
}

/// Different numbers have different hashes.
fn hash(number: i64) -> u64 {
    let mixed = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// The first bits of a hash say which word.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the place of a word in memory"
)]
fn word(hash: u64, shift: u32) -> usize {
    (hash >> shift) as usize
}

/// The last bits of a hash say which bits of it.
fn two_bits(hash: u64) -> u64 {
    1 << (hash % 64) | 1 << (hash / 64 % 64)
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
        let answer = self.members.hold(numbers.values());
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
            let numbers: Vec<i64> = (-10..1000).collect();
            let told = members.hold(&numbers);
            assert_eq!(told.len(), numbers.len());
            for (number, is_told) in numbers.into_iter().zip(&told) {
                let is_one = (0..count).any(|one| one * one - 7 == number);
                assert_eq!(is_told, is_one, "{number} of {count}");
            }
        }
    }
}
