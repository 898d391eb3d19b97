//! Futures of one type, of which only those are polled that were woken.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use trunnion_core::choose;
use trunnion_core::set::FutureSet;

use super::{Alike, Fallible, Group, Start, Together};
use crate::Empty;

/// Lets an iterator stand where several futures or a stream can; made by [`each`].
#[derive(Clone, Debug)]
#[must_use = "nothing runs until it is passed on and awaited"]
pub struct Each<I>(I);

/// Lets an iterator stand where several futures or a stream can: one of futures where a vector of them can, without the
/// vector; one of items as the source of [`map_concurrent`](fn@crate::map_concurrent).
///
/// ```
/// use trunnion_patterns::{each, gather};
///
/// async fn lengths(names: &[&str]) -> Vec<usize> {
///     gather(each(names.iter().map(|name| async { name.len() }))).await
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(lengths(&["one", "three"])).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(vec![3, 5]));
/// ```
pub fn each<I: IntoIterator>(items: I) -> Each<I::IntoIter> {
    Each(items.into_iter())
}

// The iterator is only moved.
impl<I> Unpin for Each<I> {}

/// Always ready.
impl<I: Iterator> Stream for Each<I> {
    type Item = I::Item;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// Futures of one type, in any number.
#[doc(hidden)]
pub struct Many<F: Future> {
    set: FutureSet<F>,
    count: usize,
    // The future that is number 0 in the set.
    start: usize,
    latest: Option<F::Output>,
    outputs: Vec<Option<F::Output>>,
}

// The futures lie in the set, which does not move them.
impl<F: Future> Unpin for Many<F> {}

impl<F: Future> Many<F> {
    pub(crate) fn new(futures: impl Iterator<Item = F>, start: Start) -> Self {
        match start {
            Start::First => Self::in_order(futures, 0),
            Start::Chosen => {
                let mut futures: Vec<F> = futures.collect();
                let start = choose(futures.len());
                futures.rotate_left(start);
                Self::in_order(futures.into_iter(), start)
            }
        }
    }

    fn in_order(futures: impl Iterator<Item = F>, start: usize) -> Self {
        let mut set = FutureSet::with_capacity(futures.size_hint().0);
        set.extend(futures);
        Self {
            count: set.len(),
            set,
            start,
            latest: None,
            outputs: Vec::new(),
        }
    }

    /// Polls until one ends, and gives its number with its output.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, F::Output)>> {
        let ended = ready!(self.set.poll_next(cx));
        Poll::Ready(ended.map(|(place, output)| (self.number(place), output)))
    }

    pub(crate) const fn len(&self) -> usize {
        self.set.len()
    }

    fn make_room(&mut self) {
        if self.outputs.is_empty() {
            self.outputs.resize_with(self.count, || None);
        }
    }

    const fn number(&self, place: usize) -> usize {
        let number = place + self.start;
        if number < self.count {
            number
        } else {
            number - self.count
        }
    }
}

impl<F: Future> Group for Many<F> {
    type Outputs = Vec<F::Output>;

    fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let this = self.get_mut();
        let Some((number, output)) = ready!(this.poll_next(cx)) else {
            return Poll::Ready(None);
        };
        this.latest = Some(output);
        Poll::Ready(Some(number))
    }

    fn keep(self: Pin<&mut Self>, number: usize) {
        let this = self.get_mut();
        this.make_room();
        this.outputs[number] = this.latest.take();
    }

    fn outputs(self: Pin<&mut Self>) -> Vec<F::Output> {
        let outputs = core::mem::take(&mut self.get_mut().outputs);
        outputs.into_iter().map(expect_output).collect()
    }

    /// Puts each output into its place at once.
    fn poll_outputs(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<F::Output>> {
        let this = self.get_mut();
        this.make_room();
        while let Some((number, output)) = ready!(this.poll_next(cx)) {
            this.outputs[number] = Some(output);
        }
        Poll::Ready(Pin::new(this).outputs())
    }

    fn clear(self: Pin<&mut Self>) {
        self.get_mut().set.clear();
    }
}

fn expect_output<T>(output: Option<T>) -> T {
    output.expect("each future has ended once")
}

impl<F: Future> Alike for Many<F> {
    type Output = F::Output;
    type Winner = Result<F::Output, Empty>;
    const NOT_EMPTY: () = ();

    fn take(self: Pin<&mut Self>, _number: usize) -> F::Output {
        expect_output(self.get_mut().latest.take())
    }

    fn winner(output: Option<F::Output>) -> Self::Winner {
        output.ok_or(Empty::new())
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Fallible for Many<F> {
    type Values = Vec<T>;
    type Error = E;

    fn take_error(mut self: Pin<&mut Self>, number: usize) -> Option<E> {
        match expect_output(self.latest.take()) {
            Ok(value) => {
                self.latest = Some(Ok(value));
                self.keep(number);
                None
            }
            Err(error) => Some(error),
        }
    }

    fn values(self: Pin<&mut Self>) -> Vec<T> {
        self.outputs().into_iter().filter_map(Result::ok).collect()
    }
}

/// Exactly `N` futures of one type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Exactly<F: Future, const N: usize>(Many<F>);

impl<F: Future, const N: usize> Exactly<F, N> {
    fn many(self: Pin<&mut Self>) -> Pin<&mut Many<F>> {
        Pin::new(&mut self.get_mut().0)
    }
}

/// There are as many outputs as futures.
fn exactly<T, const N: usize>(outputs: Vec<T>) -> [T; N] {
    let outputs = <[T; N]>::try_from(outputs).ok();
    outputs.expect("each future has ended once")
}

impl<F: Future, const N: usize> Group for Exactly<F, N> {
    type Outputs = [F::Output; N];

    fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        self.many().poll_ended(cx)
    }

    fn keep(self: Pin<&mut Self>, number: usize) {
        self.many().keep(number);
    }

    fn outputs(self: Pin<&mut Self>) -> [F::Output; N] {
        exactly(self.many().outputs())
    }

    fn poll_outputs(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<[F::Output; N]> {
        self.many().poll_outputs(cx).map(exactly)
    }

    fn clear(self: Pin<&mut Self>) {
        self.many().clear();
    }
}

impl<F: Future, const N: usize> Alike for Exactly<F, N> {
    type Output = F::Output;
    type Winner = F::Output;
    const NOT_EMPTY: () = assert!(N > 0, "there is nothing to race in an empty array");

    fn take(self: Pin<&mut Self>, number: usize) -> F::Output {
        self.many().take(number)
    }

    fn winner(output: Option<F::Output>) -> F::Output {
        expect_output(output)
    }
}

impl<F: Future<Output = Result<T, E>>, T, E, const N: usize> Fallible for Exactly<F, N> {
    type Values = [T; N];
    type Error = E;

    fn take_error(self: Pin<&mut Self>, number: usize) -> Option<E> {
        self.many().take_error(number)
    }

    fn values(self: Pin<&mut Self>) -> [T; N] {
        exactly(self.many().values())
    }
}

impl<F: Future> Together for Vec<F> {
    type Group = Many<F>;

    fn into_group(self, start: Start) -> Many<F> {
        Many::new(self.into_iter(), start)
    }
}

impl<I: Iterator<Item: Future>> Together for Each<I> {
    type Group = Many<I::Item>;

    fn into_group(self, start: Start) -> Many<I::Item> {
        Many::new(self.0, start)
    }
}

impl<F: Future, const N: usize> Together for [F; N] {
    type Group = Exactly<F, N>;

    fn into_group(self, start: Start) -> Exactly<F, N> {
        Exactly(Many::new(self.into_iter(), start))
    }
}

impl<F: Future> fmt::Debug for Many<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many")
            .field("running", &self.set.len())
            .finish_non_exhaustive()
    }
}
