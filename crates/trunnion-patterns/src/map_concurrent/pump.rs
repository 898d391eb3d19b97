//! The loop body and the work in flight, polled by one future.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::coop;

use super::driver::{Driver, Turn};
use super::feed::Jobs;
use super::outputs::{Feeder, Outputs, channel};
use super::sift::{Every, Output, Sift, UntilError, errors};
use super::until::Until;
use crate::Errors;

pin_project! {
    /// Runs a body over the outputs of a map; made by [`pump`](crate::MapConcurrent::pump) and
    /// [`try_pump`](crate::MapConcurrent::try_pump).
    ///
    /// # Panics
    /// With a panic of the source, of `op`, of an operation or of the body, after the operations have been dropped; and when
    /// it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the body, the operations that run and the outputs that wait.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Pump<J: Jobs, U, V: Sift<Output<J>>, B> {
        // Empty once it has ended.
        #[pin]
        body: Option<B>,
        #[pin]
        driver: Driver<J, U>,
        feeder: Feeder<V::Value>,
    }
}

impl<J: Jobs, U: Until, V: Sift<Output<J>>, B> Pump<J, U, V, B> {
    pub(super) fn new(driver: Driver<J, U>, body: impl FnOnce(Outputs<V::Value>) -> B) -> Self {
        let (feeder, outputs) = channel();
        Self {
            body: Some(body(outputs)),
            driver,
            feeder,
        }
    }
}

impl<J, U, V, B> Pump<J, U, V, B>
where
    J: Jobs,
    U: Until,
    V: Sift<Output<J>>,
    B: Future,
{
    /// Fills the map and polls the body, in turn, as long as the body makes room; `None` after an error.
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<B::Output>> {
        let mut this = self.project();
        let (feeder, mut body) = (&*this.feeder, this.body.as_mut());
        assert!(
            body.is_some(),
            "the pump was polled after it gave its result"
        );
        let output = ready!(this.driver.guarded(|mut driver| {
            driver.as_mut().round();
            loop {
                let turn = make_turn::<J, U, V>(driver.as_mut(), feeder, cx);
                if driver.as_mut().window().has_failed() {
                    return Poll::Ready(None);
                }
                let polled = body.as_mut().as_pin_mut().map(|body| body.poll(cx));
                if let Some(Poll::Ready(output)) = polled {
                    driver.stop(None);
                    return Poll::Ready(Some(output));
                }
                // What is over is not waited for, and who gives way has been woken.
                if turn == Turn::GivesWay || driver.is_over() {
                    return Poll::Pending;
                }
                if feeder.leave(cx) && driver.as_mut().wait(cx) {
                    return Poll::Pending;
                }
                // A body may say something at each of its polls, and nothing else counts those.
                if coop::poll_proceed(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        }));
        body.set(None);
        feeder.end(None);
        Poll::Ready(output)
    }
}

/// Starts what there is room for, and hands over the outputs.
fn make_turn<J: Jobs, U: Until, V: Sift<Output<J>>>(
    mut driver: Pin<&mut Driver<J, U>>,
    feeder: &Feeder<V::Value>,
    cx: &mut Context<'_>,
) -> Turn {
    let seen = feeder.enter();
    if let Some(limit) = seen.limit {
        driver.as_mut().set_limit(limit);
    }
    if seen.gone {
        driver.as_mut().stop(None);
    }
    let places = driver.places().saturating_sub(seen.given);
    let turn = driver.as_mut().fill(cx, places);
    let window = driver.as_mut().window();
    if window.is_next_ready() {
        let outputs = core::iter::from_fn(|| window.pop().and_then(V::value));
        feeder.give(cx, outputs);
    }
    if driver.is_over() {
        feeder.end(driver.reason());
    }
    turn
}

impl<J, U, B> Future for Pump<J, U, Every, B>
where
    J: Jobs,
    U: Until,
    B: Future,
{
    type Output = B::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B::Output> {
        let output = ready!(self.poll_body(cx));
        Poll::Ready(output.expect("nothing stops it but its body"))
    }
}

impl<J, U, B, T, R, E> Future for Pump<J, U, UntilError, B>
where
    J: Jobs<Job: Future<Output = Result<T, E>>>,
    U: Until,
    B: Future<Output = Result<R, E>>,
{
    type Output = Result<R, Errors<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(self.as_mut().poll_body(cx));
        let failed = errors(self.project().driver.window().take_errors());
        Poll::Ready(match (failed, output) {
            (Some(errors), _) => Err(errors),
            (None, Some(output)) => output.map_err(Errors::new),
            (None, None) => unreachable!("there is an error or a result"),
        })
    }
}

impl<J: Jobs, U, V: Sift<Output<J>>, B> fmt::Debug for Pump<J, U, V, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump")
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
