//! The program from outside: what is typed, what comes out, what is left in the lake.

mod bad_input;
mod cases;
mod command;
mod definitions;
mod errors;
mod explain;
mod feature;
mod help;
mod identity;
mod increments;
mod lake;
mod laws;
mod linkage;
mod machine;
mod model;
mod online_retail;
mod outcomes;
mod registry;
mod report;
mod rerun;
mod shop;
mod tables;
mod truth;
mod world;
