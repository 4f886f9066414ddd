//! What exists, what depends on what, and what should run.
//!
//! Everything a person writes comes in here as text and leaves as checked types, or as faults that
//! say where and what to do: `cdp.toml` becomes a [`Config`], a `sql/` tree a [`Manifest`], words
//! such as `+scores.churn_scores` a [`Selection`], and those together with what the lake holds
//! already become a [`Plan`]. Nothing here reads a file, a clock or the environment.

mod check;
mod column_type;
mod config;
mod date;
mod declared;
mod definition;
mod fault;
mod instances;
mod layer;
mod lineage;
mod manifest;
mod materialization;
mod model;
mod name;
mod nearest;
mod param;
mod plan;
mod rewrite;
mod selector;
mod sentence;
mod source;
mod statement;
mod toml_file;
mod toml_place;
mod training;
mod vars;

pub use check::{Check, Rule, Severity};
pub use column_type::ColumnType;
pub use config::{Base, Config, DEFAULT_TOML, EngineLimits};
pub use date::{AsOfDate, DateRange};
pub use definition::{Definition, Definitions};
pub use fault::{Fault, Faults, Place, SourceFile};
pub use layer::Layer;
pub use manifest::{Manifest, ModelSettings, TreeFile};
pub use materialization::Materialization;
pub use model::{Body, Model, Step};
pub use name::{NameError, TableName, is_snake_case};
pub use nearest::{hint as nearest_hint, nearest as nearest_name};
pub use param::{ParamType, ParamValue, Supplied, TaskDates};
pub use plan::{Framed, LakeState, NotDue, Plan, Purpose, Task, TaskId, Wanted, Work};
pub use rewrite::rename_tables;
pub use selector::Selection;
pub use sentence::{Sentence, Told};
pub use source::Source;
pub use statement::Statement;
pub use vars::Vars;

/// The syntax tree of a bound query, in the dialect that the engine speaks.
pub use sqlparser::ast::Statement as BoundStatement;
