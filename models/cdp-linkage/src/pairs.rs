//! Which pairs are compared: those that share a block, or a random draw.

use crate::key::{BlockKeys, Rule};
use crate::records::Records;

/// A pair of rows, the lower first.
pub(crate) type Pair = (u32, u32);

/// The blocks of a rule that are too large to tell anybody apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutBlocks {
    /// The blocking rule as written.
    pub rule: String,
    /// How many of its blocks were left out.
    pub blocks: usize,
    /// How many records the largest of them holds.
    pub records_max: usize,
}

/// All pairs that share a block under any of the rules, each once, sorted.
pub(crate) fn blocked(
    rules: &[Rule],
    block_records_max: usize,
    records: &Records,
) -> (Vec<Pair>, Vec<LeftOutBlocks>) {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut left_out = Vec::new();
    for rule in rules {
        let mut blocks = Blocks {
            records_max: block_records_max,
            left_out: LeftOutBlocks {
                rule: rule.label.clone(),
                blocks: 0,
                records_max: 0,
            },
        };
        let keys = keys(rule, records);
        let pair = |left: u32, right: u32| pairs.push((left.min(right), left.max(right)));
        if rule.crosses() {
            blocks.across(&keys, pair);
        } else {
            blocks.within(&keys, pair);
        }
        pairs.sort_unstable();
        pairs.dedup();
        if blocks.left_out.blocks > 0 {
            left_out.push(blocks.left_out);
        }
    }
    (pairs, left_out)
}

fn keys(rule: &Rule, records: &Records) -> Vec<BlockKeys> {
    let mut values = Vec::new();
    let rows = (0_u32..).take(records.len());
    let keys = rows.map(|row| {
        records.read(row, &mut values);
        rule.keys(&values)
    });
    keys.collect()
}

/// Makes the pairs of one rule, but for blocks that are too large.
struct Blocks {
    records_max: usize,
    left_out: LeftOutBlocks,
}

impl Blocks {
    /// The pairs of records that have the same key.
    fn within(&mut self, keys: &[BlockKeys], mut pair: impl FnMut(u32, u32)) {
        let keyed = by_key(keys.iter().map(|keys| keys.left));
        for block in keyed.chunk_by(|a, b| a.0 == b.0) {
            if !self.fits(block.len()) {
                continue;
            }
            for (index, (_, left)) in block.iter().enumerate() {
                for (_, right) in &block[index + 1..] {
                    pair(*left, *right);
                }
            }
        }
    }

    /// The pairs in which the left key of one record is the right key of the other.
    fn across(&mut self, keys: &[BlockKeys], mut pair: impl FnMut(u32, u32)) {
        let lefts = by_key(keys.iter().map(|keys| keys.left));
        let rights = by_key(keys.iter().map(|keys| keys.right));
        for block in lefts.chunk_by(|a, b| a.0 == b.0) {
            let key = block[0].0;
            let start = rights.partition_point(|(other, _)| *other < key);
            let end = rights.partition_point(|(other, _)| *other <= key);
            let others = &rights[start..end];
            if others.is_empty() || !self.fits(block.len().max(others.len())) {
                continue;
            }
            for (_, left) in block {
                for (_, right) in others.iter().filter(|(_, right)| left != right) {
                    pair(*left, *right);
                }
            }
        }
    }

    fn fits(&mut self, records: usize) -> bool {
        let fits = records <= self.records_max;
        if !fits {
            self.left_out.blocks += 1;
            self.left_out.records_max = self.left_out.records_max.max(records);
        }
        fits
    }
}

fn by_key(keys: impl Iterator<Item = Option<u64>>) -> Vec<(u64, u32)> {
    let keyed = (0_u32..)
        .zip(keys)
        .filter_map(|(row, key)| Some((key?, row)));
    let mut keyed: Vec<(u64, u32)> = keyed.collect();
    keyed.sort_unstable();
    keyed
}

/// How many pairs so many records make.
pub(crate) fn pair_count(records: usize) -> f64 {
    let records = records as f64;
    records * (records - 1.0) / 2.0
}

/// Pairs drawn at random, or all there are if they are no more than `max`.
pub(crate) fn random(records: usize, max: usize, seed: u64) -> Vec<Pair> {
    let rows = u32::try_from(records).expect("fewer than four thousand million records");
    if pair_count(records) <= max as f64 {
        let pairs = (0..rows).flat_map(|left| (left + 1..rows).map(move |right| (left, right)));
        return pairs.collect();
    }
    let mut draw = SplitMix(seed);
    let mut pairs = Vec::with_capacity(max);
    while pairs.len() < max {
        let (one, other) = (draw.below(rows), draw.below(rows));
        if one != other {
            pairs.push((one.min(other), one.max(other)));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// The generator SplitMix64: small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, each as likely as the others to one part in four thousand million.
    fn below(&mut self, end: u32) -> u32 {
        let high = self.next() >> 32;
        u32::try_from((high * u64::from(end)) >> 32).expect("less than `end`")
    }
}
