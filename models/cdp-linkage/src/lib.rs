//! Who is who without a shared identifier: probabilistic record linkage after Fellegi and Sunter.
//!
//! Two records of one person agree in most of what they hold, two strangers only by chance. How
//! often either happens is learned from the records themselves, without examples. A match weight is
//! then a sum of bits: how unlikely a match was beforehand, and what each comparison adds or takes.
//!
//! The way through it:
//!
//! 1. [`RawLinkageConfig`] is what a team wrote under `[linkage]`; the defaults know people.
//!    [`LinkageConfig::from_raw`] checks it once, at the door, and names every fault it finds.
//! 2. [`Records`] hold cleaned values. [`link()`] blocks, compares, trains and scores them, and
//!    [`Linkage::clusters`] says which are one.
//!
//! Each step also stands alone, for an engine that makes the pairs itself:
//! [`LinkageConfig::clean`], [`LinkageConfig::block_keys`] and [`LinkageConfig::compare`] work on
//! one value, one record and one pair; [`LinkageModel::train`] sees only counted [`Pattern`]s;
//! [`LinkageModel::match_weight`] scores a pattern, [`LinkageModel::term_weight`] takes counts, and
//! [`clusters`] hears all pairs between two groups before they become one.
//!
//! The crate is pure. The same records give the same result, in whatever order they come and on
//! however many threads.

mod check;
mod checked;
mod clean;
mod cluster;
mod compare;
mod config;
mod date;
mod distance;
mod em;
mod expected;
mod explain;
mod key;
mod level;
mod link;
mod model;
mod pairs;
mod pattern;
mod people;
mod records;
mod settings;
mod sound;
mod terms;

pub use checked::LinkageConfig;
pub use cluster::clusters;
pub use compare::SharedBy;
pub use config::{
    IDENTITY, LinkageFault, RawComparison, RawField, RawLinkageConfig, RawSwap, RawTraining,
};
pub use em::{PatternCounts, TrainingCounts};
pub use explain::{Evidence, Explanation};
pub use key::BlockKeys;
pub use link::{Linkage, ScoredPair, link, link_with};
pub use model::{
    ComparisonWeights, FORMAT_VERSION, LevelWeight, LinkageModel, LinkageModelError,
    match_probability,
};
pub use pairs::LeftOutBlocks;
pub use pattern::Pattern;
pub use records::Records;
