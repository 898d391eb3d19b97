//! Where operations come from: the items of a stream, one after the other.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

/// Gives the operations that a map runs.
#[doc(hidden)]
pub trait Jobs {
    type Job: Future;
    /// Whether operations have weights.
    const WEIGHED: bool;

    /// Gives the next operation with its weight, where `used` is what those weigh that run; `None` at the end.
    ///
    /// It is pending, too, while the next operation is too heavy: the end of another one wakes the task.
    fn poll_job(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        used: usize,
    ) -> Poll<Option<(Self::Job, usize)>>;

    /// Bounds how many operations there still are.
    fn size_hint(&self) -> (usize, Option<usize>);

    /// Drops the source: there are no more operations.
    fn close(self: Pin<&mut Self>);
}

pin_project! {
    /// One operation for each item of a stream.
    #[doc(hidden)]
    pub struct Feed<S, F> {
        // Empty after its end.
        #[pin]
        source: Option<S>,
        op: F,
    }
}

impl<S, F> Feed<S, F> {
    pub(super) const fn new(source: S, op: F) -> Self {
        let source = Some(source);
        Self { source, op }
    }
}

impl<S: Stream, F> Feed<S, F> {
    /// Adds weights, which are at most `most` together.
    pub(super) fn weighed<W>(self, most: usize, weigh: W) -> Weighed<S, F, W> {
        Weighed {
            feed: self,
            most,
            weigh,
            held: None,
        }
    }

    fn poll_item(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(source) = this.source.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let item = ready!(source.poll_next(cx));
        if item.is_none() {
            this.source.set(None);
        }
        Poll::Ready(item)
    }

    fn source_hint(&self) -> (usize, Option<usize>) {
        let source = self.source.as_ref();
        source.map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<S, F, Fut> Jobs for Feed<S, F>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    type Job = Fut;
    const WEIGHED: bool = false;

    #[inline]
    fn poll_job(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _used: usize,
    ) -> Poll<Option<(Fut, usize)>> {
        let item = ready!(self.as_mut().poll_item(cx));
        Poll::Ready(item.map(|item| ((self.project().op)(item), 0)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.source_hint()
    }

    fn close(self: Pin<&mut Self>) {
        self.project().source.set(None);
    }
}

pin_project! {
    /// One operation for each item, none started before there is room for its weight.
    #[doc(hidden)]
    pub struct Weighed<S: Stream, F, W> {
        #[pin]
        feed: Feed<S, F>,
        most: usize,
        weigh: W,
        // The item that is too heavy for now, with its weight: no other passes it.
        held: Option<(S::Item, usize)>,
    }
}

impl<S, F, W, Fut> Jobs for Weighed<S, F, W>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    W: FnMut(&S::Item) -> usize,
    Fut: Future,
{
    type Job = Fut;
    const WEIGHED: bool = true;

    fn poll_job(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        used: usize,
    ) -> Poll<Option<(Fut, usize)>> {
        let mut this = self.project();
        if this.held.is_none() {
            let Some(item) = ready!(this.feed.as_mut().poll_item(cx)) else {
                return Poll::Ready(None);
            };
            // What is heavier than all together may be runs alone.
            let weight = (this.weigh)(&item).min(*this.most);
            *this.held = Some((item, weight));
        }
        let fits = |held: &mut (S::Item, usize)| held.1 <= *this.most - used;
        let Some((item, weight)) = this.held.take_if(fits) else {
            return Poll::Pending;
        };
        Poll::Ready(Some(((this.feed.project().op)(item), weight)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let held = usize::from(self.held.is_some());
        let (least, most) = self.feed.source_hint();
        let most = most.and_then(|most| most.checked_add(held));
        (least.saturating_add(held), most)
    }

    fn close(self: Pin<&mut Self>) {
        let this = self.project();
        *this.held = None;
        this.feed.project().source.set(None);
    }
}
