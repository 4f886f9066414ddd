//! Work that waits for a store, done side by side.

use futures::{StreamExt, stream};

use crate::error::Result;

/// What each piece of work brings, in their order, so many of them at once.
///
/// A fault is told when all have ended: whoever is told of it may leave, and a table that is still
/// being opened then panics in the kernel.
pub(crate) async fn at_once<T>(
    many: usize,
    works: Vec<impl Future<Output = Result<T>>>,
) -> Result<Vec<T>> {
    let ended: Vec<Result<T>> = stream::iter(works).buffered(many).collect().await;
    ended.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::{ErrorKind, LakeError};

    #[tokio::test]
    async fn the_first_fault_is_told_when_all_have_ended() {
        let ended = Cell::new(0);
        let works = (0..5).map(async |work: usize| {
            for _ in work..5 {
                tokio::task::yield_now().await;
            }
            ended.set(ended.get() + 1);
            match work {
                1 | 3 => Err(LakeError::new(ErrorKind::NotFound, work.to_string())),
                _ => Ok(work),
            }
        });
        let told = at_once(3, works.collect()).await.unwrap_err();
        assert_eq!((told.to_string().as_str(), ended.get()), ("1", 5));
    }

    #[tokio::test]
    async fn results_keep_their_order() {
        let works = (0..5).map(async |work: usize| {
            for _ in work..5 {
                tokio::task::yield_now().await;
            }
            Ok(work)
        });
        assert_eq!(at_once(2, works.collect()).await.unwrap(), [0, 1, 2, 3, 4]);
    }
}
