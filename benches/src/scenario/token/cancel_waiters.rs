//! Cancelling a token that many wait for.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{
    Cancel, HEADLINE, HOSTS, LIMIT, STOP_TOKEN, Stop, on_one_thread, tokio_util, trunnion,
};
use crate::host::{Host, Started};
use crate::subject::Subject;

const WAITERS: u32 = 10_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-waiters",
    about: "10,000 wait for a token, each in a box and with a clone of it; it is cancelled, each is woken and polled again. A wake counts one \
            up: no task is scheduled. Making, registering and dropping the waits is not part of it.",
    unit: "waiter",
    operations: WAITERS,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    // Pending, woken and ready.
    expected: |iterations| u64::from(iterations) * u64::from(WAITERS) * 3,
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(lives::<CancellationToken>),
        trunnion(lives::<CancelToken>)
            .note("a panic of one waker does not keep the others from being woken"),
        Subject::peer(STOP_TOKEN, lives::<Stop>).note("cancelled by dropping the source"),
        on_one_thread(),
        Subject::peer(LIMIT, woken)
            .note("the wakers are taken out of a vector and woken, and nothing else"),
    ]
}

/// Counts wakes.
#[derive(Default)]
struct Wakes(AtomicU64);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes tokens and those who wait for them; then cancels the tokens and polls again.
///
/// Gives the number of first polls that are pending, of wakes, and of second polls that are ready.
fn lives<C: Cancel>(iterations: u32) -> impl Future<Output = u64> + Send {
    let counted = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counted));
    let waited = (0..iterations).map(|_| {
        let token = C::new();
        let waits = (0..WAITERS).map(|_| Box::pin(token.cancelled_owned()));
        let waits: Vec<_> = waits.collect();
        (token, waits)
    });
    let mut waited: Vec<_> = waited.collect();
    let pending = waited
        .iter_mut()
        .map(|(_, waits)| WAITERS - ready(waits, &waker));
    let pending: u32 = pending.sum();
    poll_fn(move |_| {
        let told = waited.iter_mut().map(|(token, waits)| {
            token.cancel();
            ready(waits, &waker)
        });
        let told: u32 = told.sum();
        Poll::Ready(u64::from(pending) + u64::from(told) + counted.0.load(Ordering::Relaxed))
    })
}

/// Keeps wakers in vectors; then takes and wakes each. Counts what is kept, taken and woken.
fn woken(iterations: u32) -> impl Future<Output = u64> + Send {
    let counted = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counted));
    let kept = u64::from(iterations) * u64::from(WAITERS);
    let mut wakers: Vec<_> = (0..kept).map(|_| waker.clone()).collect();
    poll_fn(move |_| {
        let taken = wakers.drain(..).map(Waker::wake).count() as u64;
        Poll::Ready(kept + taken + counted.0.load(Ordering::Relaxed))
    })
}

/// Polls all and counts who is ready.
fn ready<F: Future>(waits: &mut [Pin<Box<F>>], waker: &Waker) -> u32 {
    let mut cx = Context::from_waker(waker);
    waits
        .iter_mut()
        .map(|wait| u32::from(wait.as_mut().poll(&mut cx).is_ready()))
        .sum()
}
