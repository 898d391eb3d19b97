//! Waiting for several futures, whatever fails.

use crate::together::{Fallible, Together};
use crate::{Gather, gather};

/// Waits for all of `futures`, whatever fails, and gives each result in the order of the futures.
///
/// An error stops nobody: asyncio's `gather` with `return_exceptions`, JavaScript's `Promise.allSettled`. It is [`gather`](fn@crate::gather) for
/// futures that can fail, polls them in the same order, and says so. [`try_gather`](fn@crate::try_gather) stops at the first error instead.
///
/// ```
/// use trunnion_patterns::{each, settle};
///
/// async fn parsed(texts: &[&str]) -> usize {
///     let numbers = settle(each(texts.iter().map(|text| async { text.parse::<u32>() }))).await;
///     numbers.iter().filter(|number| number.is_ok()).count()
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(parsed(&["1", "two", "3"])).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(2));
/// ```
///
/// # Panics
/// A panic is not an error: the returned future panics with it, after the other futures have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops those that run and the results so far.
///
/// # Cost
/// That of [`gather`](fn@crate::gather).
pub fn settle<T: Together<Group: Fallible>>(futures: T) -> Gather<T::Group> {
    gather(futures)
}
