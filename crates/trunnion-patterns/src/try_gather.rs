//! Waiting for several futures until one fails.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::Errors;
use crate::together::{Fallible, Start, Together, guarded};

/// Waits for all of `futures`, or for the first that fails; then the others are dropped.
///
/// JavaScript's `Promise.all`, and what asyncio's `TaskGroup` does: the others are gone before the error is given. Errors that
/// are ready in the same moment are kept beside the first; a future that was not started yet is not started any more.
/// Futures are polled in the order of [`gather`](fn@crate::gather).
///
/// ```
/// use trunnion_patterns::try_gather;
///
/// async fn sum(one: &str, two: &str) -> Result<u32, std::num::ParseIntError> {
///     let parsed = try_gather((async { one.parse::<u32>() }, async { two.parse::<u32>() })).await;
///     let (one, two) = parsed.map_err(|errors| errors.into_first())?;
///     Ok(one + two)
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(sum("1", "2")).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(Ok(3)));
/// ```
///
/// # Errors
/// [`Errors`] from the returned future, with the first error and those that came with it.
///
/// # Panics
/// The returned future panics with a panic of one of the futures, after the others have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops those that run and the outputs so far.
///
/// # Cost
/// That of [`gather`](fn@crate::gather).
pub fn try_gather<T: Together<Group: Fallible>>(futures: T) -> TryGather<T::Group> {
    TryGather {
        group: futures.into_group(Start::First),
        stage: Stage::New,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Some futures may never have been polled.
    New,
    /// All futures have been polled.
    Started,
    Finished,
}

pin_project! {
    /// Waits for several futures until one fails; made by [`try_gather`](fn@crate::try_gather).
    ///
    /// # Panics
    /// With a panic of one of the futures, and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the futures that run and the outputs so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct TryGather<G> {
        #[pin]
        group: G,
        stage: Stage,
    }
}

impl<G: Fallible> Future for TryGather<G> {
    type Output = Result<G::Values, Errors<G::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let stage = core::mem::replace(this.stage, Stage::Started);
        assert!(
            stage != Stage::Finished,
            "the gather was polled after its result"
        );
        let started = stage == Stage::Started;
        let result = ready!(guarded(this.group, |group| poll_all(group, cx, started)));
        *this.stage = Stage::Finished;
        Poll::Ready(result)
    }
}

fn poll_all<G: Fallible>(
    mut group: Pin<&mut G>,
    cx: &mut Context<'_>,
    started: bool,
) -> Poll<Result<G::Values, Errors<G::Error>>> {
    while let Some(number) = ready!(group.as_mut().poll_ended(cx)) {
        if let Some(first) = group.as_mut().take_error(number) {
            let mut errors = Errors::new(first);
            if started {
                finish_round(group.as_mut(), cx, &mut errors);
            }
            group.clear();
            return Poll::Ready(Err(errors));
        }
    }
    Poll::Ready(Ok(group.values()))
}

/// Polls those whose turn has not come yet, for the errors that are ready.
fn finish_round<G: Fallible>(
    mut group: Pin<&mut G>,
    cx: &mut Context<'_>,
    errors: &mut Errors<G::Error>,
) {
    while let Poll::Ready(Some(number)) = group.as_mut().poll_ended(cx) {
        errors.rest.extend(group.as_mut().take_error(number));
    }
}

impl<G: fmt::Debug> fmt::Debug for TryGather<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGather")
            .field("group", &self.group)
            .field("stage", &self.stage)
            .finish()
    }
}
