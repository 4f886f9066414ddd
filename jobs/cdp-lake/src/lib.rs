//! The lakehouse: Delta tables on an object store, read and written through one bounded engine.
//!
//! This is the only crate that knows Delta, object stores and DataFusion. Reading goes through a
//! [`Catalog`], which shows a query what was known before its date and nothing else; writing goes
//! through [`replace`], which replaces one partition or one table in one commit.

mod at_once;
mod catalog;
mod check;
mod column_lineage;
mod engine;
mod error;
mod first_event;
mod given;
mod kept;
mod lake;
mod linkage;
mod load;
mod members;
mod new_rows;
mod pool;
mod quarantine;
mod query;
mod query_fault;
mod run_tables;
mod schema_book;
mod scratch;
mod sealed;
mod sidecar_fault;
mod snapshots;
mod source_rows;
mod source_view;
mod through;
mod types;
mod udf;
mod unique;
mod words;
mod write;
mod xxhash;

#[cfg(test)]
mod tests;

pub use catalog::{Catalog, Known};
pub use check::{Breach, Checked, check};
pub use engine::Engine;
pub use error::{ErrorKind, LakeError, Result};
pub use given::{column_names, csv_lines, line, rows_from_csv, rows_to_csv};
pub use lake::Lake;
pub use load::{LoadLimits, Loaded, load};
pub use new_rows::Since;
pub use quarantine::{BadRow, Inspection, inspect};
pub use query::QueryResult;
pub use run_tables::RunTables;
pub use schema_book::SchemaBook;
pub use scratch::{Piece, Scratch, Staged};
pub use snapshots::{BASE_DATE, Chains, IS_REMOVED, Link};
pub use source_rows::append_to_source;
pub use types::type_name;
pub use write::{Committed, Held, Provenance, Scope, append_rows, publish};
pub use xxhash::xxhash64;
