//! Cancelling a token that many wait for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{Cancel, HEADLINE, HOSTS, STOP_TOKEN, Stop, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

const WAITERS: u32 = 10_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-waiters",
    about: "10,000 wait for a token, each in a box, with one pending poll; it is cancelled, each is woken, polled again and dropped. \
            A cancelled token stays so, so that making and registering the waits is part of it. A wake counts one up: no task is scheduled.",
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

async fn lives<C: Cancel>(iterations: u32) -> u64 {
    let counted = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counted));
    let mut polls = 0;
    for _ in 0..iterations {
        polls += life::<C>(&waker);
    }
    polls + counted.0.load(Ordering::Relaxed)
}

/// Gives the number of first polls that are pending and of second ones that are ready.
fn life<C: Cancel>(waker: &Waker) -> u64 {
    let token = C::new();
    let waits = (0..WAITERS).map(|_| Box::pin(token.cancelled()));
    let mut waits: Vec<_> = waits.collect();
    let pending = WAITERS - ready(&mut waits, waker);
    token.cancel();
    u64::from(pending) + u64::from(ready(&mut waits, waker))
}

/// Polls all and counts who is ready.
fn ready<F: Future>(waits: &mut [Pin<Box<F>>], waker: &Waker) -> u32 {
    let mut cx = Context::from_waker(waker);
    waits
        .iter_mut()
        .map(|wait| u32::from(wait.as_mut().poll(&mut cx).is_ready()))
        .sum()
}
