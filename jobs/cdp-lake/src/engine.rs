//! The engine: one bounded runtime for a process, and sessions on it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use cdp_identity::IdentityRules;
use cdp_plan::{EngineLimits, Layer};
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SQLOptions, SessionContext, SessionState};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as DfStatement;
use deltalake::delta_datafusion::planner::DeltaPlanner;

use crate::error::{ErrorKind, LakeError, Result};
use crate::pool::JobPool;
use crate::udf::{Identifier, Standard};
use crate::xxhash::Xxhash64;

/// Memory per partition below which spilling queries crawl.
const BYTES_PER_PARTITION: u64 = 256 << 20;
/// How many consumers a memory error names.
const CONSUMERS_NAMED: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");
/// The most bytes of file metadata that are kept in memory.
const METADATA_CACHE: usize = 64 << 20;

/// What all sessions of a process share.
#[derive(Debug, Clone)]
pub struct Engine {
    runtime: Arc<RuntimeEnv>,
    identity: Arc<IdentityRules>,
    partitions: usize,
    spill_dir: PathBuf,
}

impl Engine {
    /// An engine within limits.
    pub fn new(limits: &EngineLimits, identity: Arc<IdentityRules>) -> Result<Self> {
        let spill_dir = limits
            .spill_dir
            .as_ref()
            .map_or_else(std::env::temp_dir, PathBuf::from);
        std::fs::create_dir_all(&spill_dir).map_err(|error| {
            LakeError::new(ErrorKind::Storage, format!("cannot spill: {error}"))
                .with("path", spill_dir.display())
                .hint("set `engine.spill_dir` in cdp.toml to a folder that can be written")
        })?;
        let bytes = usize::try_from(limits.memory_limit).unwrap_or(usize::MAX);
        let pool = TrackConsumersPool::new(JobPool::new(bytes), CONSUMERS_NAMED);
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![spill_dir.clone()]))
            .with_max_temp_directory_size(limits.spill_limit);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .with_metadata_cache_limit(METADATA_CACHE)
            .build_arc()?;
        Ok(Self {
            runtime,
            identity,
            partitions: partitions(limits),
            spill_dir,
        })
    }

    /// The identifier types that `identifier(…)` knows.
    pub(crate) fn identity(&self) -> &IdentityRules {
        &self.identity
    }

    /// Where queries spill and scratch tables lie.
    pub(crate) fn spill_dir(&self) -> &std::path::Path {
        &self.spill_dir
    }

    /// A new session with an empty schema per layer.
    pub(crate) fn session(&self) -> Result<SessionContext> {
        let catalog = MemoryCatalogProvider::new();
        for layer in Layer::ALL {
            catalog.register_schema(layer.name(), Arc::new(MemorySchemaProvider::new()))?;
        }
        let context = SessionContext::new_with_state(self.state());
        context.register_catalog("lake", Arc::new(catalog));
        context.register_udf(ScalarUDF::from(Identifier::new(self.identity.clone())));
        context.register_udf(ScalarUDF::from(Xxhash64::new()));
        for standard in Standard::all() {
            context.register_udf(ScalarUDF::from(standard));
        }
        Ok(context)
    }

    /// Writes of delta-rs plan extension nodes, so every session has its planner.
    fn state(&self) -> SessionState {
        SessionStateBuilder::new()
            .with_default_features()
            .with_config(config(self.partitions))
            .with_runtime_env(self.runtime.clone())
            .with_query_planner(DeltaPlanner::new())
            .build()
    }
}

fn partitions(limits: &EngineLimits) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let wanted = if limits.partitions == 0 {
        cores
    } else {
        limits.partitions
    };
    let affordable = usize::try_from(limits.memory_limit / BYTES_PER_PARTITION).unwrap_or(wanted);
    wanted.min(affordable).max(1)
}

fn config(partitions: usize) -> SessionConfig {
    SessionConfig::new()
        .with_default_catalog_and_schema("lake", "raw")
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(partitions)
        // Strings as plain Utf8, so that nothing that leaves the engine holds a view.
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        // delta-rs hands no predicate to Parquet unless the session says so.
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true)
        .set_str("datafusion.execution.spill_compression", "lz4_frame")
        // Partition columns come as dictionaries, which the in-list pushdown of joins cannot take.
        .set_usize("datafusion.optimizer.hash_join_inlist_pushdown_max_size", 0)
        .set_usize(
            "datafusion.optimizer.hash_join_inlist_pushdown_max_distinct_values",
            0,
        )
        .set_usize("datafusion.sql_parser.recursion_limit", 200)
        .set_str("datafusion.execution.time_zone", "UTC")
}

/// Plans a bound query; anything but a query is refused.
pub(crate) async fn plan_query(
    context: &SessionContext,
    statement: cdp_plan::BoundStatement,
) -> Result<LogicalPlan> {
    let statement = DfStatement::Statement(Box::new(statement));
    let plan = context.state().statement_to_plan(statement).await?;
    only_reads(&plan)?;
    Ok(plan)
}

/// Refuses DDL, DML and statements: delta-rs would run an `insert` without any of our guards.
pub(crate) fn only_reads(plan: &LogicalPlan) -> Result<()> {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(plan)
        .map_err(|error| {
            LakeError::from(error).hint("queries can only read; tables are written by `run`")
        })
}
