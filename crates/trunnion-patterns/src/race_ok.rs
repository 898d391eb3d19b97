//! Waiting for the first of several futures that succeeds.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::AllFailed;
use crate::together::{Alike, Start, Together, guarded};

/// Waits for the first of `futures` that succeeds; the others are dropped before its value is given.
///
/// JavaScript's `Promise.any`. A failure does not end it; when all have failed, their errors are given. The futures have one
/// value and one error type, and are polled in the order of [`race`](fn@crate::race).
///
/// ```
/// use trunnion_patterns::{AllFailed, race_ok};
///
/// async fn fetch(mirror: &str) -> Result<String, &'static str> {
/// #   if mirror == "down" { return Err("down") }
///     Ok(format!("from {mirror}"))
/// }
///
/// async fn fetch_any() -> Result<String, AllFailed<&'static str>> {
///     race_ok([fetch("down"), fetch("up")]).await
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(fetch_any()).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(Ok("from up".to_owned())));
/// ```
///
/// # Errors
/// [`AllFailed`] from the returned future, with all errors in the order of the futures; with none for a vector of none. Of a
/// tuple or an array of none it does not compile.
///
/// # Panics
/// The returned future panics with a panic of one of the futures, after the others have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops all futures, and the errors so far.
///
/// # Cost
/// That of [`race`](fn@crate::race), and of a vector for the errors if there are any.
pub fn race_ok<T, G, V, E>(futures: T) -> RaceOk<G, E>
where
    T: Together<Group = G>,
    G: Alike<Output = Result<V, E>>,
{
    let () = G::NOT_EMPTY;
    RaceOk {
        group: futures.into_group(Start::Chosen),
        errors: Vec::new(),
        finished: false,
    }
}

pin_project! {
    /// Waits for the first of several futures that succeeds; made by [`race_ok`](fn@crate::race_ok).
    ///
    /// # Panics
    /// With a panic of one of the futures, and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops all futures, and the errors so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RaceOk<G, E> {
        #[pin]
        group: G,
        // With the number of the future.
        errors: Vec<(usize, E)>,
        finished: bool,
    }
}

impl<G: Alike<Output = Result<V, E>>, V, E> Future for RaceOk<G, E> {
    type Output = Result<V, AllFailed<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        assert!(!*this.finished, "the race was polled after its result");
        let errors = this.errors;
        let result = ready!(guarded(this.group, |group| poll_value(group, errors, cx)));
        *this.finished = true;
        Poll::Ready(result.ok_or_else(|| all_failed(core::mem::take(errors))))
    }
}

/// Polls until one succeeds; `None` when all have failed.
fn poll_value<G: Alike<Output = Result<V, E>>, V, E>(
    mut group: Pin<&mut G>,
    errors: &mut Vec<(usize, E)>,
    cx: &mut Context<'_>,
) -> Poll<Option<V>> {
    while let Some(number) = ready!(group.as_mut().poll_ended(cx)) {
        match group.as_mut().take(number) {
            Err(error) => errors.push((number, error)),
            Ok(value) => {
                group.clear();
                return Poll::Ready(Some(value));
            }
        }
    }
    Poll::Ready(None)
}

fn all_failed<E>(mut errors: Vec<(usize, E)>) -> AllFailed<E> {
    errors.sort_unstable_by_key(|(number, _)| *number);
    AllFailed::new(errors.into_iter().map(|(_, error)| error).collect())
}

impl<G: fmt::Debug, E> fmt::Debug for RaceOk<G, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RaceOk")
            .field("group", &self.group)
            .field("failed", &self.errors.len())
            .finish_non_exhaustive()
    }
}
