//! The outputs as a stream that runs only while it is polled.

use core::fmt;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;
use trunnion_core::CancelReason;

use super::driver::{Driver, Turn};
use super::feed::Jobs;
use super::next::Next;
use super::sift::Output;
use super::until::Until;

pin_project! {
    /// Gives the outputs of a map as a stream, and sleeps in between; made by
    /// [`lazy_stream`](crate::MapConcurrent::lazy_stream).
    ///
    /// The operations run only while the stream is polled. Each poll starts what there is room for. After its end, and after a
    /// panic, it gives `None` for ever.
    ///
    /// # Panics
    /// With a panic of the source, of `op` or of an operation, after the other operations have been dropped.
    ///
    /// # Cancel safety
    /// Dropping it drops the operations that run and the outputs that wait.
    #[must_use = "streams do nothing unless polled"]
    pub struct LazyStream<J: Jobs, U> {
        #[pin]
        driver: Driver<J, U>,
    }
}

impl<J: Jobs, U: Until> LazyStream<J, U> {
    pub(super) const fn new(driver: Driver<J, U>) -> Self {
        Self { driver }
    }

    /// Gives the next output, or `None` after the last.
    ///
    /// # Panics
    /// With a panic of the source, of `op` or of an operation, after the other operations have been dropped.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing. The operations stay where they are, and do not run until the next call.
    pub const fn next(&mut self) -> Next<'_, Self>
    where
        Self: Unpin,
    {
        Next::new(self)
    }

    /// Changes how many operations run at once. When that becomes less, those that run go on, and none starts before enough
    /// have ended.
    pub fn set_limit(self: Pin<&mut Self>, limit: NonZeroUsize) {
        self.project().driver.set_limit(limit);
    }

    /// Says why the stream was cut short, if it was.
    pub fn reason(&self) -> Option<CancelReason> {
        self.driver.reason()
    }
}

impl<J: Jobs, U: Until> Stream for LazyStream<J, U> {
    type Item = Output<J>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().driver.guarded(|mut driver| {
            driver.as_mut().round();
            loop {
                // The output that is about to be given leaves its place.
                let leaving = usize::from(driver.as_mut().window().is_next_ready());
                let places = driver.places().saturating_add(leaving);
                if driver.as_mut().fill(cx, places) == Turn::GivesWay {
                    return Poll::Pending;
                }
                if let Some(output) = driver.as_mut().window().pop() {
                    return Poll::Ready(Some(output));
                }
                if driver.is_over() {
                    return Poll::Ready(None);
                }
                if driver.as_mut().wait(cx) {
                    return Poll::Pending;
                }
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.driver.size_hint()
    }
}

impl<J: Jobs, U: Until> FusedStream for LazyStream<J, U> {
    fn is_terminated(&self) -> bool {
        self.driver.is_over() && self.driver.size_hint().1 == Some(0)
    }
}

impl<J: Jobs, U> fmt::Debug for LazyStream<J, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyStream").field(&self.driver).finish()
    }
}
