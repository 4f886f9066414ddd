//! Counting what an increment concerns, which goes on beside what does not ask for it.

use std::sync::Arc;

use cdp_identity::{ProfileMap, Tally};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::figures::LIST_KEPT;

/// Enough of what is concerned to tell which rows of a list that is kept go and come.
const LIST_ROWS: usize = LIST_KEPT + 1;

/// What is concerned as it was counted before, to be taken off, and as it counts now.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) before: Tally,
    pub(super) now: Tally,
}

/// Counts that will be there when they are asked for.
#[derive(Debug)]
pub(super) struct Counting(Mutex<State>);

#[derive(Debug)]
enum State {
    Begun(JoinHandle<Counts>),
    Done(Arc<Counts>),
}

impl Counting {
    /// Begins to count what was and what is, each on a thread.
    pub(super) fn begin(before: ProfileMap, now: Arc<ProfileMap>) -> Self {
        let count = move || {
            std::thread::scope(|threads| {
                let before = threads.spawn(move || before.tally(LIST_ROWS));
                let now = now.tally(LIST_ROWS);
                let before = before.join();
                let before = before.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                Counts { before, now }
            })
        };
        let begun = tokio::task::spawn_blocking(count);
        Self(Mutex::new(State::Begun(begun)))
    }

    /// Waits for the counts.
    pub(super) async fn counts(&self) -> Arc<Counts> {
        let mut state = self.0.lock().await;
        let counts = match &mut *state {
            State::Done(counts) => return counts.clone(),
            State::Begun(begun) => begun.await,
        };
        let counts = counts.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let counts = Arc::new(counts);
        *state = State::Done(counts.clone());
        counts
    }
}
