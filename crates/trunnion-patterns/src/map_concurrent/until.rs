//! What ends a map early.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::{CancelReason, Cancellation};

/// Tells when nothing more is to be started, and what a result looks like where that may happen.
#[doc(hidden)]
pub trait Until {
    /// What gives `T` at the end, and `P` of it when it was cut short.
    type Outcome<T, P>;
    /// Whether that may happen.
    const CUTS: bool;
    /// Whether operations that run are to end by themselves.
    fn drains(&self) -> bool;
    /// Says why nothing more is to be started, if so.
    fn reason(&self) -> Option<CancelReason>;
    /// Waits until nothing more is to be started.
    fn poll_reason(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelReason>;
    /// Makes the outcome.
    fn outcome<T, P>(result: Result<T, CutShort<P>>) -> Self::Outcome<T, P>;
}

/// Until the end of the stream.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TheEnd;

impl Until for TheEnd {
    type Outcome<T, P> = T;
    const CUTS: bool = false;

    fn drains(&self) -> bool {
        true
    }

    fn reason(&self) -> Option<CancelReason> {
        None
    }

    fn poll_reason(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<CancelReason> {
        Poll::Pending
    }

    fn outcome<T, P>(result: Result<T, CutShort<P>>) -> T {
        match result {
            Ok(value) => value,
            Err(_) => unreachable!("nothing cancels it"),
        }
    }
}

pin_project! {
    /// Until somebody cancels.
    #[doc(hidden)]
    pub struct ByToken<C: Cancellation> {
        token: C,
        drains: bool,
        // Made when there is something to wait for.
        #[pin]
        waiter: Option<C::Cancelled>,
    }
}

impl<C: Cancellation> ByToken<C> {
    pub(super) const fn new(token: C, drains: bool) -> Self {
        let waiter = None;
        Self {
            token,
            drains,
            waiter,
        }
    }
}

impl<C: Cancellation> Until for ByToken<C> {
    type Outcome<T, P> = Result<T, CutShort<P>>;
    const CUTS: bool = true;

    fn drains(&self) -> bool {
        self.drains
    }

    fn reason(&self) -> Option<CancelReason> {
        if self.token.is_cancelled() {
            self.token.reason()
        } else {
            None
        }
    }

    fn poll_reason(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CancelReason> {
        let mut this = self.project();
        if this.waiter.is_none() {
            this.waiter.set(Some(this.token.cancelled_owned()));
        }
        match this.waiter.as_mut().as_pin_mut() {
            Some(waiter) => waiter.poll(cx),
            None => unreachable!("the waiter was made above"),
        }
    }

    fn outcome<T, P>(result: Result<T, CutShort<P>>) -> Result<T, CutShort<P>> {
        result
    }
}

/// Says that a map was cancelled before its end, and holds what it had made by then.
///
/// It is there where [`cancel`](crate::MapConcurrent::cancel) or [`drain`](crate::MapConcurrent::drain) was asked for. Its text
/// and source are those of the reason.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_core::{CancelKind, CancelToken};
/// use trunnion_patterns::{each, map_concurrent};
///
/// async fn doubled(numbers: Vec<u32>, token: &CancelToken) -> Vec<u32> {
///     let map = map_concurrent(NonZeroUsize::MIN, each(numbers), |n| {
///         if n == 2 {
///             token.cancel_with(CancelKind::Shutdown);
///         }
///         async move { 2 * n }
///     });
///     let cut = map.cancel(token.clone()).collect::<Vec<_>>().await.unwrap_err();
///     assert_eq!(cut.reason.kind(), CancelKind::Shutdown);
///     cut.so_far
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(doubled(vec![1, 2, 3], &CancelToken::new())).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(vec![2, 4]));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CutShort<T> {
    /// What had been made of the outputs.
    pub so_far: T,
    /// Why it ended.
    pub reason: CancelReason,
}

impl<T> CutShort<T> {
    /// Says whether a map has come to its end.
    pub(super) fn unless_whole(so_far: T, reason: Option<CancelReason>) -> Result<T, Self> {
        match reason {
            None => Ok(so_far),
            Some(reason) => Err(Self { so_far, reason }),
        }
    }

    /// Gives what had been made of the outputs.
    pub fn into_so_far(self) -> T {
        self.so_far
    }
}

impl<T> fmt::Display for CutShort<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<T: fmt::Debug> Error for CutShort<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.source()
    }
}
