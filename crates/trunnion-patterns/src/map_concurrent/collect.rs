//! Gathering all outputs.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::driver::{Driver, Turn};
use super::feed::Jobs;
use super::sift::{Every, Output, Sift, UntilError, errors};
use super::until::{CutShort, Until};
use crate::Errors;

pin_project! {
    /// Gathers the outputs of a map; made by [`collect`](crate::MapConcurrent::collect) and
    /// [`try_collect`](crate::MapConcurrent::try_collect).
    ///
    /// # Panics
    /// With a panic of the source, of `op`, of an operation or of the collection, after the other operations have been
    /// dropped; and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the operations that run and the outputs so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Collect<J: Jobs, U, V, C> {
        #[pin]
        driver: Driver<J, U>,
        // Empty once it was given.
        outputs: Option<C>,
        sift: PhantomData<fn() -> V>,
    }
}

impl<J: Jobs, U: Until, V, C: Default> Collect<J, U, V, C> {
    pub(super) fn new(driver: Driver<J, U>) -> Self {
        Self {
            driver,
            outputs: Some(C::default()),
            sift: PhantomData,
        }
    }
}

impl<J, U, V, C> Collect<J, U, V, C>
where
    J: Jobs,
    U: Until,
    V: Sift<Output<J>>,
    C: Extend<V::Value>,
{
    /// Drives the map to its end, or to an error.
    fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let outputs = this.outputs.as_mut();
        let outputs = outputs.expect("the map was polled after it gave its result");
        this.driver.guarded(|mut driver| {
            let mut more = Poll::Ready(true);
            driver.as_mut().begin_round();
            let mut taken = core::iter::from_fn(|| {
                while more == Poll::Ready(true) {
                    if let Some(output) = driver.as_mut().window().next() {
                        return V::value(output);
                    }
                    more = poll_more(driver.as_mut(), cx);
                }
                None
            });
            outputs.extend(&mut taken);
            // What a collection leaves is dropped: the map goes on.
            taken.for_each(drop);
            more.map(|_| ())
        })
    }
}

/// Starts what there is room for: ready and true if there is an output, ready and false at the end.
fn poll_more<J: Jobs, U: Until>(
    mut driver: Pin<&mut Driver<J, U>>,
    cx: &mut Context<'_>,
) -> Poll<bool> {
    loop {
        let places = driver.places();
        let turn = driver.as_mut().fill(cx, places);
        if driver.as_mut().window().has_failed() {
            return Poll::Ready(false);
        }
        if turn == Turn::GivesWay {
            return Poll::Pending;
        }
        if driver.as_mut().window().is_next_ready() {
            return Poll::Ready(true);
        }
        if driver.is_over() {
            return Poll::Ready(false);
        }
        if driver.as_mut().wait(cx) {
            return Poll::Pending;
        }
    }
}

impl<J, U, C> Future for Collect<J, U, Every, C>
where
    J: Jobs,
    U: Until,
    C: Extend<Output<J>>,
{
    type Output = U::Outcome<C, C>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.as_mut().poll_end(cx));
        let this = self.project();
        let outputs = this.outputs.take();
        let outputs = outputs.expect("they were there for this poll");
        let whole = CutShort::unless_whole(outputs, this.driver.reason());
        Poll::Ready(U::outcome(whole))
    }
}

impl<J, U, T, E, C> Future for Collect<J, U, UntilError, C>
where
    J: Jobs<Job: Future<Output = Result<T, E>>>,
    U: Until,
    C: Extend<T>,
{
    type Output = U::Outcome<Result<C, Errors<E>>, C>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.as_mut().poll_end(cx));
        let this = self.project();
        let outputs = this.outputs.take();
        let outputs = outputs.expect("they were there for this poll");
        let reason = this.driver.reason();
        let result = match errors(this.driver.window().take_errors()) {
            Some(errors) => Ok(Err(errors)),
            None => CutShort::unless_whole(outputs, reason).map(Ok),
        };
        Poll::Ready(U::outcome(result))
    }
}

impl<J: Jobs, U, V, C> fmt::Debug for Collect<J, U, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
