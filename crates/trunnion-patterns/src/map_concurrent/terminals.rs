//! What is done with the outputs.

use core::future::Future;

use super::MapConcurrent;
use super::collect::Collect;
use super::driver::Driver;
use super::feed::Jobs;
use super::lazy::LazyStream;
use super::outputs::Outputs;
use super::pump::Pump;
use super::settled::{Numbered, Settle, Settled};
use super::sift::{Every, Output, Sift, UntilError};
use super::until::{CutShort, Until};
use crate::Errors;

/// # What is done with the outputs
///
/// Each of these polls the source, the operations and, where there is one, the body from one future: nothing that was started
/// ever waits for the body. An error is an output like any other, but for those that begin with `try_`: with them, nothing new
/// starts once the first error is known, and what runs is gone before it is given.
impl<J: Jobs, U: Until> MapConcurrent<J, U> {
    fn driver<V: Sift<Output<J>>>(self) -> Driver<J, U> {
        Driver::new(self.jobs, self.until, self.bounds, V::STOPS)
    }

    /// Runs `body`, which takes the outputs one by one, and gives its result.
    ///
    /// The loop has the shape that it has over a stream, but the operations go on while the body awaits something else:
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use std::time::Duration;
    /// use trunnion_core::{BlockOn, Clock, Timer};
    /// use trunnion_patterns::{each, map_concurrent};
    /// use trunnion_sim::Sim;
    ///
    /// let (sim, second) = (Sim::new(), Duration::from_secs(1));
    /// let rt = sim.handle();
    /// let sum = sim.block_on(async {
    ///     let begin = rt.now();
    ///     let map = map_concurrent(NonZeroUsize::MIN, each([1, 2, 3]), |n| {
    ///         let rt = &rt;
    ///         async move {
    ///             rt.sleep(second).await;
    ///             n
    ///         }
    ///     });
    ///     let sum = map.ready_buffer(1).pump(async |mut outputs| {
    ///         let mut sum = 0;
    ///         while let Some(n) = outputs.next().await {
    ///             rt.sleep(second).await; // the next operation runs meanwhile
    ///             sum += n;
    ///         }
    ///         sum
    ///     });
    ///     let sum = sum.await;
    ///     assert_eq!(rt.now() - begin, 4 * second);
    ///     sum
    /// });
    /// assert_eq!(sum, 6);
    /// ```
    ///
    /// A body that ends early, by `break` or `return`, drops what runs; so does one that drops its [`Outputs`], and then goes
    /// on alone. Where the map is cancelled, the outputs end, and [`Outputs::reason`] says why.
    ///
    /// `body` is called here and runs when the future is awaited. It is polled whenever the map is, as the futures of
    /// [`gather`](fn@crate::gather) in a tuple are; what it polls itself, in a race of its own say, it must go on polling.
    ///
    /// # Cancel safety
    /// Dropping the future drops the body, the operations that run and the outputs that wait.
    ///
    /// # Cost
    /// One allocation and that of a queue; three locks that nobody else holds for each time the task runs, and one for each output.
    pub fn pump<B, Fut>(self, body: B) -> Pump<J, U, Every, Fut>
    where
        B: FnOnce(Outputs<Output<J>>) -> Fut,
        Fut: Future,
    {
        Pump::new(self.driver::<Every>(), body)
    }

    /// Runs `body`, which takes the values one by one, until it ends or an operation fails.
    ///
    /// It is [`pump`](Self::pump) for operations that can fail. An error, also one of the body, ends everything at once: the
    /// body does not see it, and is dropped where it waits.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn sum(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    ///     let parsed = map_concurrent(NonZeroUsize::MIN, each(texts), |text| async { text.parse::<u32>() });
    ///     let sum = parsed.try_pump(async |mut numbers| {
    ///         let mut sum = 0;
    ///         while let Some(number) = numbers.next().await {
    ///             sum += number;
    ///         }
    ///         Ok(sum)
    ///     });
    ///     sum.await.map_err(|errors| errors.into_first())
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert_eq!(pin!(sum(&["1", "2"])).poll(&mut cx), Poll::Ready(Ok(3)));
    /// # assert!(matches!(pin!(sum(&["1", "two"])).poll(&mut cx), Poll::Ready(Err(_))));
    /// ```
    ///
    /// # Errors
    /// [`Errors`] from the returned future, with the first error and those that were ready in the same moment.
    ///
    /// # Cancel safety
    /// As for [`pump`](Self::pump).
    ///
    /// # Cost
    /// As for [`pump`](Self::pump).
    pub fn try_pump<T, E, B, R, Fut>(self, body: B) -> Pump<J, U, UntilError, Fut>
    where
        J: Jobs<Job: Future<Output = Result<T, E>>>,
        B: FnOnce(Outputs<T>) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        Pump::new(self.driver::<UntilError>(), body)
    }

    /// Awaits `body` for each output, one at a time; the operations go on meanwhile.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn sum(numbers: Vec<u32>) -> u32 {
    ///     let sum = Cell::new(0);
    ///     let doubled = map_concurrent(NonZeroUsize::MIN, each(numbers), |n| async move { 2 * n });
    ///     doubled.for_each(async |n| sum.set(sum.get() + n)).await;
    ///     sum.into_inner()
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(sum(vec![1, 2])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(6));
    /// ```
    ///
    /// A body that changes what it captures is written as a loop in a [`pump`](Self::pump). Operations that give nothing need no
    /// body: `collect::<()>()`.
    ///
    /// # Cancel safety
    /// As for [`pump`](Self::pump).
    ///
    /// # Cost
    /// As for [`pump`](Self::pump).
    pub async fn for_each<B, Fut>(self, mut body: B) -> U::Outcome<(), ()>
    where
        B: FnMut(Output<J>) -> Fut,
        Fut: Future<Output = ()>,
    {
        let reason = self.pump(async move |mut outputs| {
            while let Some(output) = outputs.next().await {
                body(output).await;
            }
            outputs.reason()
        });
        U::outcome(CutShort::unless_whole((), reason.await))
    }

    /// Awaits `body` for each value, one at a time, until it or an operation fails.
    ///
    /// # Errors
    /// [`Errors`] from the returned future, with the first error and those that were ready in the same moment.
    ///
    /// # Cancel safety
    /// As for [`pump`](Self::pump).
    ///
    /// # Cost
    /// As for [`pump`](Self::pump).
    pub async fn try_for_each<T, E, B, Fut>(
        self,
        mut body: B,
    ) -> U::Outcome<Result<(), Errors<E>>, ()>
    where
        J: Jobs<Job: Future<Output = Result<T, E>>>,
        B: FnMut(T) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        let reason = self.try_pump(async move |mut values| {
            while let Some(value) = values.next().await {
                body(value).await?;
            }
            Ok(values.reason())
        });
        U::outcome(match reason.await {
            Err(errors) => Ok(Err(errors)),
            Ok(reason) => CutShort::unless_whole((), reason).map(Ok),
        })
    }

    /// Makes one value of all outputs, beginning with `first`; the operations go on while `fold` is awaited.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn digits(numbers: Vec<u32>) -> String {
    ///     let texts = map_concurrent(NonZeroUsize::MIN, each(numbers), |n| async move { n.to_string() });
    ///     texts.fold(String::new(), async |all, text| all + &text).await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(digits(vec![1, 2])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready("12".to_owned()));
    /// ```
    ///
    /// # Cancel safety
    /// As for [`pump`](Self::pump); the value so far is dropped, too.
    ///
    /// # Cost
    /// As for [`pump`](Self::pump).
    pub async fn fold<A, B, Fut>(self, first: A, mut fold: B) -> U::Outcome<A, A>
    where
        B: FnMut(A, Output<J>) -> Fut,
        Fut: Future<Output = A>,
    {
        let folded = self.pump(async move |mut outputs| {
            let mut value = first;
            while let Some(output) = outputs.next().await {
                value = fold(value, output).await;
            }
            (value, outputs.reason())
        });
        let (value, reason) = folded.await;
        U::outcome(CutShort::unless_whole(value, reason))
    }

    /// Makes one value of all values, until `fold` or an operation fails.
    ///
    /// # Errors
    /// [`Errors`] from the returned future, with the first error and those that were ready in the same moment.
    ///
    /// # Cancel safety
    /// As for [`pump`](Self::pump); the value so far is dropped, too.
    ///
    /// # Cost
    /// As for [`pump`](Self::pump).
    pub async fn try_fold<T, E, A, B, Fut>(
        self,
        first: A,
        mut fold: B,
    ) -> U::Outcome<Result<A, Errors<E>>, A>
    where
        J: Jobs<Job: Future<Output = Result<T, E>>>,
        B: FnMut(A, T) -> Fut,
        Fut: Future<Output = Result<A, E>>,
    {
        let folded = self.try_pump(async move |mut values| {
            let mut value = first;
            while let Some(next) = values.next().await {
                value = fold(value, next).await?;
            }
            Ok((value, values.reason()))
        });
        U::outcome(match folded.await {
            Err(errors) => Ok(Err(errors)),
            Ok((value, reason)) => CutShort::unless_whole(value, reason).map(Ok),
        })
    }

    /// Gathers all outputs.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn doubled(numbers: Vec<u32>) -> Vec<u32> {
    ///     map_concurrent(NonZeroUsize::MIN, each(numbers), |n| async move { 2 * n }).collect().await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(doubled(vec![1, 2])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(vec![2, 4]));
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future drops the operations that run and the outputs so far.
    ///
    /// # Cost
    /// That of the collection, and of the map.
    pub fn collect<C>(self) -> Collect<J, U, Every, C>
    where
        C: Default + Extend<Output<J>>,
    {
        Collect::new(self.driver::<Every>())
    }

    /// Gathers all values, or gives the first error.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{Errors, each, map_concurrent};
    ///
    /// async fn parse(texts: &[&str]) -> Result<Vec<u32>, Errors<std::num::ParseIntError>> {
    ///     let parsed = map_concurrent(NonZeroUsize::MIN, each(texts), |text| async { text.parse::<u32>() });
    ///     parsed.try_collect().await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert_eq!(pin!(parse(&["1", "2"])).poll(&mut cx), Poll::Ready(Ok(vec![1, 2])));
    /// # assert!(matches!(pin!(parse(&["one", "2"])).poll(&mut cx), Poll::Ready(Err(_))));
    /// ```
    ///
    /// # Errors
    /// [`Errors`] from the returned future, with the first error and those that were ready in the same moment.
    ///
    /// # Cancel safety
    /// Dropping the future drops the operations that run and the values so far.
    ///
    /// # Cost
    /// That of the collection, and of the map.
    pub fn try_collect<T, E, C>(self) -> Collect<J, U, UntilError, C>
    where
        J: Jobs<Job: Future<Output = Result<T, E>>>,
        C: Default + Extend<T>,
    {
        Collect::new(self.driver::<UntilError>())
    }

    /// Runs all operations, whatever fails, and gives values and errors apart, each error with the number of its item.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn wrong(texts: &[&str]) -> Vec<usize> {
    ///     let parsed = map_concurrent(NonZeroUsize::MIN, each(texts), |text| async { text.parse::<u32>() });
    ///     let settled = parsed.settle::<_, _, Vec<u32>>().await;
    ///     settled.errors.into_iter().map(|(number, _)| number).collect()
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(wrong(&["1", "two", "3"])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(vec![1]));
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future drops the operations that run, the values and the errors so far.
    ///
    /// # Cost
    /// That of the collection, and of the map; one word for each operation.
    pub fn settle<T, E, C>(self) -> Settle<J, U, C, E>
    where
        J: Jobs<Job: Future<Output = Result<T, E>>>,
        C: Default + Extend<T>,
    {
        let map = MapConcurrent {
            jobs: Numbered::new(self.jobs),
            until: self.until,
            bounds: self.bounds,
        };
        map.collect::<Settled<C, E>>()
    }

    /// Gives the outputs as a stream, whose operations sleep whenever it is not polled.
    ///
    /// It is for adaptors of other crates, and for loops that await nothing but the next output. In a loop that awaits something else, the
    /// operations stand still until the next turn, their timeouts run out, and what they hold, a lock or a permit, is kept from
    /// everybody, the loop's own body included, which can wait for it for ever: use [`pump`](Self::pump) there.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use futures::StreamExt;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn even(numbers: Vec<u32>) -> Vec<u32> {
    ///     let doubled = map_concurrent(NonZeroUsize::MIN, each(numbers), |n| async move { 2 * n });
    ///     doubled.lazy_stream().skip(1).collect().await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(even(vec![1, 2])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(vec![4]));
    /// ```
    ///
    /// Its `size_hint` is that of the source and what is on its way. Where the map can be cancelled, the end may come earlier;
    /// [`LazyStream::reason`] says so.
    ///
    /// # Cancel safety
    /// Dropping the stream drops the operations that run and the outputs that wait.
    ///
    /// # Cost
    /// That of the map.
    pub fn lazy_stream(self) -> LazyStream<J, U> {
        LazyStream::new(self.driver::<Every>())
    }
}
