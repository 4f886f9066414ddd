//! Tests of the linkage.

mod config;
mod laws;
mod measure;
mod people;
mod public_data;
mod training;
