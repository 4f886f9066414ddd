//! What holds of every generated world.

mod files;
mod noise;
mod shape;
mod truth;
