//! Tests of the crate from outside, in one binary.

mod cdnow;
mod config;
mod feature_spec;
mod logit;
mod metrics;
mod model;
mod support;
mod training;
