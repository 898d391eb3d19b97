//! Values and errors apart.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::collect::Collect;
use super::feed::Jobs;
use super::sift::Every;

/// Gathers values and errors apart; made by [`settle`](crate::MapConcurrent::settle).
pub type Settle<J, U, C, E> = Collect<Numbered<J>, U, Every, Settled<C, E>>;

/// Holds the values and the errors of operations that all ran to their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled<C, E> {
    /// The values, in the order of the map.
    pub values: C,
    /// The errors, each with the number of its item, the first item being 0.
    pub errors: Vec<(usize, E)>,
}

impl<C: Default, E> Default for Settled<C, E> {
    fn default() -> Self {
        Self {
            values: C::default(),
            errors: Vec::new(),
        }
    }
}

impl<C: Extend<T>, T, E> Extend<(usize, Result<T, E>)> for Settled<C, E> {
    fn extend<I: IntoIterator<Item = (usize, Result<T, E>)>>(&mut self, outputs: I) {
        let Self { values, errors } = self;
        values.extend(
            outputs
                .into_iter()
                .filter_map(|(number, output)| match output {
                    Ok(value) => Some(value),
                    Err(error) => {
                        errors.push((number, error));
                        None
                    }
                }),
        );
    }
}

pin_project! {
    /// Operations with their numbers.
    #[doc(hidden)]
    pub struct Numbered<J> {
        #[pin]
        jobs: J,
        number: usize,
    }
}

impl<J> Numbered<J> {
    pub(super) const fn new(jobs: J) -> Self {
        Self { jobs, number: 0 }
    }
}

impl<J: Jobs> Jobs for Numbered<J> {
    type Job = WithNumber<J::Job>;
    const WEIGHED: bool = J::WEIGHED;

    fn poll_job(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        used: usize,
    ) -> Poll<Option<(Self::Job, usize)>> {
        let this = self.project();
        let Some((job, weight)) = ready!(this.jobs.poll_job(cx, used)) else {
            return Poll::Ready(None);
        };
        let number = *this.number;
        *this.number += 1;
        Poll::Ready(Some((WithNumber { job, number }, weight)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.jobs.size_hint()
    }

    fn close(self: Pin<&mut Self>) {
        self.project().jobs.close();
    }
}

pin_project! {
    /// An operation with its number.
    #[doc(hidden)]
    pub struct WithNumber<F> {
        #[pin]
        job: F,
        number: usize,
    }
}

impl<F: Future> Future for WithNumber<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.job.poll(cx));
        Poll::Ready((*this.number, output))
    }
}

impl<J> fmt::Debug for Numbered<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbered")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for WithNumber<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithNumber")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
