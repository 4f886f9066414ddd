//! Whether rows differ in some columns, for little memory and time.
//!
//! Rows that agree have the same hash, so when all hashes differ, all rows do: that is exact. When two
//! hashes agree, two rows may, and whoever asks has to group the rows themselves; for rows that all
//! differ this happens to one table of ten million in a hundred thousand.

use arrow::array::ArrayRef;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};

const SEED: QualityRandomState = QualityRandomState::with_seed(7);
const HASH_BYTES: usize = size_of::<u64>();

/// The hashes of rows, eight bytes each, within the memory of the engine.
pub(crate) struct Keys {
    hashes: Vec<u64>,
    batch: Vec<u64>,
    memory: MemoryReservation,
    /// Whether memory ran out; then nothing is known.
    gave_up: bool,
}

impl Keys {
    pub(crate) fn new(session: &SessionContext) -> Self {
        let consumer = MemoryConsumer::new("uniqueness");
        Self {
            hashes: Vec::new(),
            batch: Vec::new(),
            memory: consumer.register(&session.runtime_env().memory_pool),
            gave_up: false,
        }
    }

    /// Takes in some rows.
    pub(crate) fn add(&mut self, columns: &[ArrayRef], rows: usize) -> Result<(), DataFusionError> {
        if self.gave_up || !self.make_room(rows) {
            return Ok(());
        }
        self.batch.clear();
        self.batch.resize(rows, 0);
        create_hashes(columns, &SEED, &mut self.batch)?;
        self.hashes.extend_from_slice(&self.batch);
        Ok(())
    }

    /// Doubles the room when it is full, as far as the memory of the engine goes.
    fn make_room(&mut self, rows: usize) -> bool {
        let needed = self.hashes.len() + rows;
        let room = self.hashes.capacity();
        if needed <= room {
            return true;
        }
        let room = needed.max(2 * room);
        if self.memory.try_resize(room * HASH_BYTES).is_err() {
            self.hashes = Vec::new();
            self.memory.free();
            self.gave_up = true;
            return false;
        }
        self.hashes.reserve_exact(room - self.hashes.len());
        true
    }

    /// Whether all rows differ for certain.
    pub(crate) fn all_differ(mut self) -> bool {
        self.hashes.sort_unstable();
        !self.gave_up && self.hashes.windows(2).all(|pair| pair[0] != pair[1])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::SessionConfig;

    use super::*;

    fn session(bytes: usize) -> SessionContext {
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(bytes, 1.0);
        let runtime = runtime.build_arc().expect("a runtime");
        SessionContext::new_with_config_rt(SessionConfig::new(), runtime)
    }

    fn differ(bytes: usize, texts: &[&str], numbers: &[i64]) -> bool {
        let columns: [ArrayRef; 2] = [
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(Int64Array::from(numbers.to_vec())),
        ];
        let mut keys = Keys::new(&session(bytes));
        // Rows come in batches, and those of one batch may agree with those of another.
        for row in 0..texts.len() {
            let row: Vec<ArrayRef> = columns.iter().map(|column| column.slice(row, 1)).collect();
            keys.add(&row, 1).expect("hashes");
        }
        keys.all_differ()
    }

    #[test]
    fn rows_that_agree_in_all_columns_are_found() {
        assert!(differ(1000, &["a", "a", "b", "b"], &[1, 2, 1, 2]));
        assert!(!differ(1000, &["a", "a", "b", "a"], &[1, 2, 1, 2]));
        assert!(differ(1000, &[], &[]));
    }

    #[test]
    fn nothing_is_claimed_when_memory_runs_out() {
        assert!(!differ(16, &["a", "b", "c"], &[1, 2, 3]));
    }
}
