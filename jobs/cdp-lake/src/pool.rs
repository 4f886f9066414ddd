//! The memory pool: bounded, with one exception that keeps the engine from locking up.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// A fair pool in which repartitioning never has to spill.
///
/// In DataFusion 55 a `RepartitionExec` that spills can wait for itself for ever (DataFusion issue
/// 24883). Its channels hold only a few batches, so it is let through beyond the limit instead.
#[derive(Debug)]
pub(crate) struct JobPool {
    inner: FairSpillPool,
    peak: AtomicUsize,
}

impl JobPool {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            inner: FairSpillPool::new(bytes),
            peak: AtomicUsize::new(0),
        }
    }

    fn note_peak(&self) {
        self.peak
            .fetch_max(self.inner.reserved(), Ordering::Relaxed);
    }
}

fn is_repartition(consumer: &MemoryConsumer) -> bool {
    let name = consumer.name();
    name.starts_with("RepartitionExec[") && !name.contains("Merge")
}

impl MemoryPool for JobPool {
    fn name(&self) -> &'static str {
        "job"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.inner.grow(reservation, additional);
        self.note_peak();
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if is_repartition(reservation.consumer()) {
            self.inner.grow(reservation, additional);
        } else {
            self.inner.try_grow(reservation, additional)?;
        }
        self.note_peak();
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.inner.memory_limit()
    }
}

impl fmt::Display for JobPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peak = self.peak.load(Ordering::Relaxed);
        write!(f, "{} (peak {peak} bytes)", self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn only_repartitioning_passes_the_limit() {
        let pool: Arc<dyn MemoryPool> = Arc::new(JobPool::new(1000));
        let sort = MemoryConsumer::new("ExternalSorter[0]")
            .with_can_spill(true)
            .register(&pool);
        let repartition = MemoryConsumer::new("RepartitionExec[1]")
            .with_can_spill(true)
            .register(&pool);
        assert!(sort.try_grow(2000).is_err());
        repartition.try_grow(2000).unwrap();
        assert_eq!(pool.reserved(), 2000);
    }
}
