//! The map with all it can do: overrides, windows, shared identifiers, hubs, quarantine, changes,
//! steps, and figures.

mod changes;
mod common;
mod explain;
mod incremental;
mod limits;
mod overrides;
mod tally;
mod weak;
