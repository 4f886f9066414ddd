//! The whole of it in memory: block, compare, train, score, cluster.

use std::thread;

use crate::checked::LinkageConfig;
use crate::cluster;
use crate::em::{PatternCounts, TrainingCounts};
use crate::explain::Explanation;
use crate::model::{LinkageModel, match_probability};
use crate::pairs::{self, LeftOutBlocks, Pair};
use crate::pattern::Pattern;
use crate::records::Records;
use crate::terms::Terms;

/// A pair that is kept as evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredPair {
    /// One record.
    pub left: u32,
    /// The other, which comes after it.
    pub right: u32,
    /// How they agree.
    pub pattern: Pattern,
    /// log2 of the odds that they are one.
    pub weight: f64,
    /// The probability that they are one.
    pub probability: f64,
}

/// What a linkage found.
#[derive(Clone, Debug)]
pub struct Linkage<'a> {
    config: &'a LinkageConfig,
    /// The records in the order of their values, so that the order they came in changes nothing.
    sorted: Records,
    /// The row that each sorted record was, and the place that each row has now.
    rows: Vec<u32>,
    places: Vec<u32>,
    terms: Terms,
    model: LinkageModel,
    /// Of sorted records.
    pairs: Vec<ScoredPair>,
    pairs_compared: usize,
    left_out: Vec<LeftOutBlocks>,
}

/// Trains on the records, and scores every pair of them that shares a block.
pub fn link<'a>(config: &'a LinkageConfig, records: &Records, threads: usize) -> Linkage<'a> {
    let rows = records.sorted();
    let sorted = records.reordered(&rows);
    let blocked = Blocked::new(config, &sorted, threads);
    let model = train(config, &sorted, &blocked, threads);
    score(config, rows, sorted, model, blocked)
}

/// Scores with a model that was trained before. So what changes from run to run are the records
/// and not the weights. The model must be one of this configuration, see [`LinkageModel::check`].
pub fn link_with<'a>(
    config: &'a LinkageConfig,
    model: LinkageModel,
    records: &Records,
    threads: usize,
) -> Linkage<'a> {
    let rows = records.sorted();
    let sorted = records.reordered(&rows);
    let blocked = Blocked::new(config, &sorted, threads);
    score(config, rows, sorted, model, blocked)
}

/// The pairs that share a block, and how they agree.
struct Blocked {
    pairs: Vec<Pair>,
    patterns: Vec<Pattern>,
    left_out: Vec<LeftOutBlocks>,
}

impl Blocked {
    fn new(config: &LinkageConfig, records: &Records, threads: usize) -> Self {
        let max = config.block_records_max();
        let (pairs, left_out) = pairs::blocked(config.blocking(), max, records);
        let patterns = patterns(config, records, &pairs, threads);
        Self {
            pairs,
            patterns,
            left_out,
        }
    }
}

fn train(
    config: &LinkageConfig,
    records: &Records,
    blocked: &Blocked,
    threads: usize,
) -> LinkageModel {
    let training = config.training();
    let drawn = pairs::random(records.len(), training.sample_pairs_max, training.seed);
    let certain = (!training.certain.is_empty()).then(|| {
        let (pairs, _) = pairs::blocked(&training.certain, config.block_records_max(), records);
        pairs.len() as u64
    });
    let counts = TrainingCounts {
        blocked: count(&blocked.patterns),
        random: count(&patterns(config, records, &drawn, threads)),
        certain,
        pairs: pairs::pair_count(records.len()),
    };
    LinkageModel::train(config, &counts)
}

fn score(
    config: &LinkageConfig,
    rows: Vec<u32>,
    sorted: Records,
    model: LinkageModel,
    blocked: Blocked,
) -> Linkage<'_> {
    let terms = Terms::count(config, &sorted, &model, &blocked.pairs, &blocked.patterns);
    let scored = blocked
        .pairs
        .iter()
        .zip(&blocked.patterns)
        .map(|((left, right), pattern)| {
            let weight = model.match_weight(*pattern, |one| terms.weight(&sorted, *left, one));
            ScoredPair {
                left: *left,
                right: *right,
                pattern: *pattern,
                weight,
                probability: match_probability(weight),
            }
        });
    let pairs = scored
        .filter(|pair| pair.probability >= config.keep_probability())
        .collect();
    let mut places = vec![0; rows.len()];
    (0_u32..)
        .zip(&rows)
        .for_each(|(place, row)| places[*row as usize] = place);
    Linkage {
        config,
        sorted,
        rows,
        places,
        terms,
        model,
        pairs,
        pairs_compared: blocked.pairs.len(),
        left_out: blocked.left_out,
    }
}

impl Linkage<'_> {
    /// The weights.
    pub fn model(&self) -> &LinkageModel {
        &self.model
    }

    /// The pairs at or above the probability to keep, by rows, sorted.
    pub fn pairs(&self) -> Vec<ScoredPair> {
        let row = |place: u32| self.rows[place as usize];
        let pairs = self.pairs.iter().map(|pair| {
            let (one, other) = (row(pair.left), row(pair.right));
            ScoredPair {
                left: one.min(other),
                right: one.max(other),
                ..*pair
            }
        });
        let mut pairs: Vec<ScoredPair> = pairs.collect();
        pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
        pairs
    }

    /// How many pairs were compared.
    pub fn pairs_compared(&self) -> usize {
        self.pairs_compared
    }

    /// Blocks that were too large to be compared, by rule.
    pub fn left_out(&self) -> &[LeftOutBlocks] {
        &self.left_out
    }

    /// The records that are one from this match probability on: for each row the lowest row of its
    /// cluster. See [`cluster::clusters`].
    pub fn clusters(&self, match_probability: f64) -> Vec<u32> {
        let bridge = self.config.bridge_probability();
        let weight = |left, right| self.weight_between(left, right);
        let found = cluster::clusters(
            self.rows.len(),
            &self.pairs,
            match_probability,
            bridge,
            weight,
        );
        let mut lowest = vec![u32::MAX; self.rows.len()];
        for (row, cluster) in self.rows.iter().zip(&found) {
            let lowest = &mut lowest[*cluster as usize];
            *lowest = (*lowest).min(*row);
        }
        let row = |place: &u32| lowest[found[*place as usize] as usize];
        self.places.iter().map(row).collect()
    }

    /// Why two rows are one, or are not.
    pub fn explain(&self, left: u32, right: u32) -> Explanation {
        let (left, right) = (self.places[left as usize], self.places[right as usize]);
        let pattern = self.pattern_of(left, right);
        self.model.explain(pattern, |comparison| {
            self.terms.weight(&self.sorted, left, comparison)
        })
    }

    fn weight_between(&self, left: u32, right: u32) -> f64 {
        let pattern = self.pattern_of(left, right);
        self.model
            .match_weight(pattern, |one| self.terms.weight(&self.sorted, left, one))
    }

    fn pattern_of(&self, left: u32, right: u32) -> Pattern {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        self.sorted.read(left, &mut one);
        self.sorted.read(right, &mut other);
        self.config.compare(&one, &other)
    }
}

fn count(patterns: &[Pattern]) -> PatternCounts {
    let mut sorted = patterns.to_vec();
    sorted.sort_unstable();
    let same = sorted.chunk_by(|a, b| a == b);
    same.map(|same| (same[0], same.len() as u64)).collect()
}

/// The pattern of each pair. The pairs are sorted, so that the left record is read once for all its
/// partners.
fn patterns(
    config: &LinkageConfig,
    records: &Records,
    pairs: &[Pair],
    threads: usize,
) -> Vec<Pattern> {
    let part = pairs.len().div_ceil(threads.max(1)).max(1);
    let mut patterns = vec![Pattern::default(); pairs.len()];
    thread::scope(|scope| {
        for (pairs, patterns) in pairs.chunks(part).zip(patterns.chunks_mut(part)) {
            scope.spawn(move || {
                let (mut left, mut right, mut last) = (Vec::new(), Vec::new(), None);
                for ((one, other), pattern) in pairs.iter().zip(patterns) {
                    if last != Some(*one) {
                        records.read(*one, &mut left);
                        last = Some(*one);
                    }
                    records.read(*other, &mut right);
                    *pattern = config.compare(&left, &right);
                }
            });
        }
    });
    patterns
}
