//! The map with all it can do: overrides, windows, shared identifiers, hubs, quarantine, changes,
//! and steps.

mod changes;
mod common;
mod explain;
mod incremental;
mod limits;
mod overrides;
mod weak;
