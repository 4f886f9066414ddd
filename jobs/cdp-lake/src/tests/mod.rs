//! Tests on a lake in a temporary folder: each stands for a trap of Delta or of the engine.

mod fixture;
mod loading;
mod new_rows;
mod reading;
mod source_rows;
mod writing;
