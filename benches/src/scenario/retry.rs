//! Retries: ours and those of peers. The operation is ready at its first poll; the peers' timers are tokio's.

pub(super) mod budget;
pub(super) mod layers;
pub(super) mod once;
pub(super) mod twice;

use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use tokio_retry::strategy::FixedInterval;
use trunnion_core::{Entropy, Timer};
use trunnion_patterns::{Backoff, Retry};
use trunnion_tokio::Tokio;

use super::far::size_of_made;
use crate::host::{Host, Started};
use crate::subject::Subject;

/// Where retries are measured: the peers know tokio only.
const HOSTS: &[Host] = &[Host::TokioCurrent];
const HEADLINE: (Host, &str) = (Host::TokioCurrent, TRUNNION);
const TRUNNION: &str = "trunnion";

/// An operation that fails so many times before it succeeds, with the delay in between.
trait Case: 'static {
    const DELAY: Duration;
    const FAILURES: u32;

    /// Makes the operation of one call.
    fn operation() -> impl FnMut() -> Ready<Result<u64, ()>> + Send {
        let mut left = black_box(Self::FAILURES);
        move || {
            if left == 0 {
                return ready(Ok(1));
            }
            left -= 1;
            ready(Err(()))
        }
    }
}

/// All that can do it; the first is the reference.
fn subjects<C: Case>(_: Host, started: &Started) -> Vec<Subject> {
    let mut rows = vec![
        Subject::peer("tokio-retry", tokio_retry::<C>),
        ours::<C>(started),
        Subject::peer("tryhard", tryhard::<C>),
        Subject::peer("backon", backon::<C>),
        Subject::peer("again", again::<C>).note("its timer has a thread of its own"),
    ];
    rows.extend(layers::subjects::<C>());
    rows.push(Subject::peer("limit", alone::<C>).note("the operation alone, until it succeeds"));
    rows
}

pub(super) fn runtime(started: &Started) -> Option<Tokio> {
    let Started::Tokio(runtime) = started else {
        return None;
    };
    Tokio::new(runtime.handle().clone()).ok()
}

fn ours<C: Case>(started: &Started) -> Subject {
    let Some(rt) = runtime(started) else {
        return Subject::missing(TRUNNION, "retries are measured on tokio");
    };
    let row = Subject::ours(TRUNNION, move |iterations| {
        trunnion::<C, _>(rt.clone(), iterations)
    });
    row.future_bytes(size_of_future::<C>())
}

const fn retry<C: Case>() -> Retry {
    Retry::new(Backoff::exponential(C::DELAY))
}

async fn trunnion<C: Case, R: Timer + Entropy>(rt: R, iterations: u32) -> u64 {
    let retry = retry::<C>();
    let mut sum = 0;
    for _ in 0..iterations {
        let mut operation = C::operation();
        sum += retry.run(&rt, |_| operation()).await.unwrap_or(0);
    }
    sum
}

fn size_of_future<C: Case>() -> usize {
    struct Parts(Tokio, Retry);
    let make = |parts: &'static Parts| parts.1.run(&parts.0, |_| ready(Ok::<u64, ()>(1)));
    size_of_made(&make)
}

/// No retry at all: what the loop and the operation cost.
async fn alone<C: Case>(iterations: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        let mut operation = C::operation();
        sum += loop {
            if let Ok(one) = operation().await {
                break one;
            }
        };
    }
    sum
}

async fn tokio_retry<C: Case>(iterations: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        let delays = FixedInterval::new(C::DELAY).take(2);
        sum += tokio_retry::Retry::start(delays, C::operation())
            .await
            .unwrap_or(0);
    }
    sum
}

async fn tryhard<C: Case>(iterations: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        let call = tryhard::retry_fn(C::operation()).retries(2);
        sum += call.fixed_backoff(C::DELAY).await.unwrap_or(0);
    }
    sum
}

async fn backon<C: Case>(iterations: u32) -> u64 {
    let delays = ConstantBuilder::default()
        .with_delay(C::DELAY)
        .with_max_times(2);
    let mut sum = 0;
    for _ in 0..iterations {
        sum += C::operation().retry(delays).await.unwrap_or(0);
    }
    sum
}

fn again<C: Case>(iterations: u32) -> impl Future<Output = u64> {
    let policy = again::RetryPolicy::fixed(C::DELAY).with_max_retries(2);
    async move {
        let mut sum = 0;
        for _ in 0..iterations {
            sum += policy.retry(C::operation()).await.unwrap_or(0);
        }
        sum
    }
}
