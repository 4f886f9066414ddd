//! Tests of the crate from outside, in one binary.

mod boosted;
mod calibration;
mod cdnow;
mod comparison;
mod config;
mod cutoff_effects;
mod drift;
mod feature_spec;
mod horizon;
mod logit;
mod metrics;
mod model;
mod promotion;
mod solver;
mod sufficiency;
mod support;
mod training;
