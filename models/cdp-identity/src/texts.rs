//! Millions of texts in one piece of memory, each with a number.
#![expect(
    clippy::cast_possible_truncation,
    reason = "halves of words, and places in memory that were counted with `usize` before"
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::hint::black_box;

/// So many lookups wait for memory together.
const TEXTS_AT_ONCE: usize = 1024;

/// Texts one after the other, without a piece of memory for each.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    all: String,
    /// Where each text begins, and at last where the last one ends.
    starts: Vec<u64>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            all: String::new(),
            starts: vec![0],
        }
    }
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.starts.push(self.all.len() as u64);
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        &self.all[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Waits for the memory of some texts, for all of them at once.
    pub(crate) fn bring_near(&self, numbers: &[u32]) {
        let bytes = self.all.as_bytes();
        let mut near = 0;
        for number in numbers {
            near ^= self.starts[*number as usize];
        }
        for number in numbers {
            let start = self.starts[*number as usize];
            near ^= bytes.get(start as usize).map_or(0, |byte| u64::from(*byte));
        }
        black_box(near);
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.starts.truncate(1);
    }
}

/// Gives each text a number, the same number to the same text, in the order they come.
#[derive(Clone, Debug)]
pub(crate) struct Interner {
    pub(crate) texts: Texts,
    /// A table of tag and number plus one, or zero for an empty slot. The length is a power of
    /// two, and the leading bits of a tag say where the search for it begins.
    slots: Vec<u64>,
    shift: u32,
    seed: u64,
}

impl Default for Interner {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Interner {
    pub(crate) fn with_capacity(texts: usize) -> Self {
        let slots = (texts * 8 / 5).next_power_of_two().clamp(16, 1 << 32);
        Self {
            texts: Texts::default(),
            slots: vec![0; slots],
            shift: 32 - slots.trailing_zeros(),
            // Nobody can choose texts that collide; the numbers do not depend on it.
            seed: RandomState::new().build_hasher().finish(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The number of a text, which is given one if it has none.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        self.number_of_tag(text, tag(text, self.seed))
    }

    /// The number of a text that was given one.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.search(text, tag(text, self.seed)).ok()
    }

    /// The numbers of many texts. What they need is brought near before it is needed, so that
    /// the waits for memory overlap.
    pub(crate) fn numbers(&mut self, texts: &Texts, tags: &mut Vec<u32>, numbers: &mut Vec<u32>) {
        tags.clear();
        tags.extend(texts.iter().map(|text| tag(text, self.seed)));
        self.bring_near(tags);
        numbers.clear();
        for (text, tag) in texts.iter().zip(tags.iter()) {
            numbers.push(self.number_of_tag(text, *tag));
        }
    }

    /// Calls back with the place and the number of each text that has one.
    pub(crate) fn find_all(&self, texts: &Texts, mut found: impl FnMut(u32, u32)) {
        let mut tags = Vec::new();
        for begin in (0..texts.len()).step_by(TEXTS_AT_ONCE) {
            let part = begin..texts.len().min(begin + TEXTS_AT_ONCE);
            tags.clear();
            tags.extend(part.clone().map(|place| tag(texts.get(place), self.seed)));
            self.bring_near(&tags);
            for (place, tag) in part.zip(&tags) {
                if let Ok(number) = self.search(texts.get(place), *tag) {
                    found(to_number(place), number);
                }
            }
        }
    }

    fn bring_near(&self, tags: &[u32]) {
        let mut near = 0;
        for tag in tags {
            near ^= self.slots[self.slot(*tag)];
        }
        let bytes = self.texts.all.as_bytes();
        for tag in tags {
            let number = (self.slots[self.slot(*tag)] as u32).wrapping_sub(1) as usize;
            let start = self.texts.starts.get(number).copied().unwrap_or(0);
            near ^= bytes.get(start as usize).map_or(0, |byte| u64::from(*byte));
        }
        black_box(near);
    }

    fn number_of_tag(&mut self, text: &str, tag: u32) -> u32 {
        match self.search(text, tag) {
            Ok(number) => number,
            Err(slot) => {
                let number = to_number(self.len());
                self.texts.push(text);
                self.slots[slot] = u64::from(tag) << 32 | u64::from(number + 1);
                if self.len() * 8 > self.slots.len() * 5 && self.shift > 0 {
                    self.grow();
                }
                number
            }
        }
    }

    fn slot(&self, tag: u32) -> usize {
        (u64::from(tag) >> self.shift) as usize
    }

    /// The number of a text, or the slot where it would go.
    fn search(&self, text: &str, tag: u32) -> Result<u32, usize> {
        let mut slot = self.slot(tag);
        loop {
            let found = self.slots[slot];
            if found == 0 {
                return Err(slot);
            }
            let number = found as u32 - 1;
            if (found >> 32) as u32 == tag && self.texts.get(number as usize) == text {
                return Ok(number);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn grow(&mut self) {
        let slots = vec![0; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, slots);
        self.shift -= 1;
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let mut slot = self.slot((entry >> 32) as u32);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = entry;
        }
    }
}

/// Half of a hash: each eight bytes are multiplied in, and the halves of the product folded.
fn tag(text: &str, seed: u64) -> u32 {
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * 0x9E37_79B9_7F4A_7C15;
        product as u64 ^ (product >> 64) as u64
    };
    let mut hash = seed ^ text.len() as u64;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        hash = fold(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    (fold(fold(hash, u64::from_le_bytes(last)), seed) >> 32) as u32
}

pub(crate) fn to_number(count: usize) -> u32 {
    // One below the maximum, which stands for none.
    assert!(
        count < u32::MAX as usize,
        "fewer than four billion identifiers fit into memory"
    );
    count as u32
}

/// The numbers of texts in the order of the texts, each of which is there once.
pub(crate) fn sorted(texts: &Texts) -> Vec<u32> {
    let mut order: Vec<_> = (0..to_number(texts.len()))
        .map(|number| SortKey::new(texts, number, 0))
        .collect();
    sort_from(texts, &mut order, 0);
    order.into_iter().map(|key| key.number).collect()
}

/// Eight bytes of a text, so that most comparisons need not look for the text itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    bytes: u64,
    /// How many bytes there are, nine for more than eight.
    length: u8,
    number: u32,
}

impl SortKey {
    fn new(texts: &Texts, number: u32, depth: usize) -> Self {
        let rest = &texts.get(number as usize).as_bytes()[depth..];
        let mut bytes = [0; 8];
        let length = rest.len().min(8);
        bytes[..length].copy_from_slice(&rest[..length]);
        Self {
            bytes: u64::from_be_bytes(bytes),
            length: rest.len().min(9) as u8,
            number,
        }
    }
}

/// Sorts texts that are equal up to a depth.
fn sort_from(texts: &Texts, keys: &mut [SortKey], depth: usize) {
    keys.sort_unstable();
    for run in keys.chunk_by_mut(|left, right| left.bytes == right.bytes) {
        // Different texts of one length are longer than what was compared.
        let shorter = run.partition_point(|key| key.length < 9);
        let run = &mut run[shorter..];
        if run.len() > 1 {
            for key in run.iter_mut() {
                *key = SortKey::new(texts, key.number, depth + 8);
            }
            sort_from(texts, run, depth + 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_same_text_has_the_same_number(
            words in prop::collection::vec("[ab:\0é]{0,20}", 0..200),
        ) {
            let mut interner = Interner::default();
            let mut many = Texts::default();
            for word in &words {
                many.push(word);
            }
            let (mut tags, mut numbers) = (Vec::new(), Vec::new());
            interner.numbers(&many, &mut tags, &mut numbers);
            for (word, number) in words.iter().zip(numbers) {
                prop_assert_eq!(interner.texts.get(number as usize), word);
                prop_assert_eq!(interner.find(word), Some(number));
                prop_assert_eq!(interner.number(word), number);
            }
            let mut expected = words.clone();
            expected.sort_unstable();
            expected.dedup();
            let order = sorted(&interner.texts);
            let found = order.iter().map(|number| interner.texts.get(*number as usize));
            prop_assert!(found.eq(expected));
            prop_assert_eq!(interner.find("never"), None);
        }
    }
}
