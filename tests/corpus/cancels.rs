//! What is dropped half-way, forgotten, or happens at the same instant.

use core::future::{Future, pending, poll_fn, ready};
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;

use trunnion_core::sync::Arc;
use trunnion_core::{Clock, Instant, Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::race;
use trunnion_sim::FailureKind::{Leak, Panic};
use trunnion_sim::SimRuntime;

use crate::parts::{Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(message_lost_in_a_race, 2, Panic),
    program!(count_before_the_await, 2, Panic),
    program!(aborted_between_two_writes, 2, Panic),
    program!(charged_at_the_deadline, 1, Panic),
    program!(order_of_equal_deadlines, 1, Panic),
    program!(start_of_a_race, 1, Panic),
    program!(order_of_drops, 1, Panic).leaking(),
    program!(worker_that_nobody_stops, 1, Leak),
    program!(handle_dropped_too_soon, 1, Panic),
    program!(herd_of_retries, 3, Panic),
];

const MS: Duration = Duration::from_millis(1);

/// Takes a message, waits once more, and is dropped by then.
async fn message_lost_in_a_race(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(VecDeque::new()), Shared::new(false));
    let sender = start(&rt, &state, |_, (queue, _)| async move {
        queue.change(|queue| queue.extend([1, 2]));
    });
    let stopper = start(&rt, &state, |_, (_, stop)| async move { stop.put(true) });
    let mut got = Vec::new();
    loop {
        let receive = async {
            let message = state.0.until(VecDeque::pop_front).await;
            if bug {
                calls(&rt, 1).await;
            }
            Some(message)
        };
        let end = async {
            state.1.set().await;
            None
        };
        match race((receive, end)).await {
            Some(message) => got.push(message),
            None => break,
        }
    }
    join([sender, stopper]).await;
    got.extend(state.0.with(core::mem::take));
    assert_eq!(got, [1, 2], "a message was lost");
}

struct Active(Shared<u32>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.with(|active| *active -= 1);
    }
}

/// Counts up, waits, and counts down unless it is dropped.
async fn count_before_the_await(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(0), Shared::new(false));
    let server = start(&rt, &state, move |rt, (active, stop)| async move {
        let serve = async {
            active.with(|active| *active += 1);
            let guard = (!bug).then(|| Active(active.clone()));
            calls(&rt, 1).await;
            match guard {
                Some(guard) => drop(guard),
                None => active.with(|active| *active -= 1),
            }
        };
        race((serve, stop.set())).await;
    });
    let stopper = start(&rt, &state, |_, (_, stop)| async move { stop.put(true) });
    join([server, stopper]).await;
    assert_eq!(state.0.get(), 0, "somebody is counted who has left");
}

/// Two writes that belong together, and an abort.
async fn aborted_between_two_writes(rt: SimRuntime, bug: bool) {
    let books = Shared::new((0, 0));
    let transfer = start(&rt, &books, move |rt, books| async move {
        if bug {
            books.with(|(from, _)| *from -= 1);
            calls(&rt, 1).await;
            books.with(|(_, to)| *to += 1);
        } else {
            calls(&rt, 1).await;
            books.with(|(from, to)| (*from, *to) = (*from - 1, *to + 1));
        }
    });
    calls(&rt, 1).await;
    transfer.abort();
    join([transfer]).await;
    let (from, to) = books.get();
    assert_eq!(from + to, 0, "half of it was booked");
}

/// What ends at the instant of the deadline has happened, and is done again.
async fn charged_at_the_deadline(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(0), Shared::new(false));
    let work = start(&rt, &state, move |rt, (charges, given_up)| async move {
        rt.sleep(10 * MS).await;
        if bug || !given_up.get() {
            charges.with(|charges| *charges += 1);
        }
    });
    let client = start(&rt, &state, |rt, (charges, given_up)| async move {
        rt.sleep(10 * MS).await;
        if charges.get() == 0 {
            given_up.put(true);
            charges.with(|charges| *charges += 1);
        }
    });
    join([work, client]).await;
    assert_eq!(state.0.get(), 1, "it was charged twice");
}

/// Two sleep until the same instant, and one relies on the other.
async fn order_of_equal_deadlines(rt: SimRuntime, bug: bool) {
    let written = Shared::new(false);
    let writer = start(&rt, &written, |rt, written| async move {
        rt.sleep(10 * MS).await;
        written.put(true);
    });
    let reader = start(&rt, &written, move |rt, written| async move {
        rt.sleep(10 * MS).await;
        if !bug {
            written.set().await;
        }
        assert!(written.get(), "the reader came first");
    });
    join([writer, reader]).await;
}

/// Both are ready, and the first is expected.
async fn start_of_a_race(rt: SimRuntime, bug: bool) {
    rt.yield_now().await;
    let (mut first, second) = (Box::pin(ready(1)), ready(2));
    let winner = if bug {
        race((first, second)).await
    } else {
        let looked = poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx))).await;
        match looked {
            Poll::Ready(winner) => winner,
            Poll::Pending => race((first, second)).await,
        }
    };
    assert_eq!(winner, 1, "the second won");
}

struct Connection(Shared<bool>, bool);

impl Drop for Connection {
    fn drop(&mut self) {
        assert!(self.0.get() || !self.1, "the pool went first");
    }
}

struct Pool(Shared<bool>);

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.put(false);
    }
}

/// What the end drops first must not be what the rest needs.
async fn order_of_drops(rt: SimRuntime, bug: bool) {
    let open = Shared::new(true);
    let hold = |kept: Arc<dyn Send + Sync>| {
        rt.spawn_detached(async move {
            pending::<()>().await;
            drop(kept);
        });
    };
    hold(Arc::new(Connection(open.clone(), bug)));
    hold(Arc::new(Pool(open)));
}

/// A return that forgets to stop the worker.
async fn worker_that_nobody_stops(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Shared::new(false));
    start(&rt, &state, |_, (_, stop)| async move { stop.set().await }).detach();
    let result = start(&rt, &state, |_, (ready, _)| async move { ready.put(true) });
    calls(&rt, 1).await;
    let early = state.0.get();
    join([result]).await;
    if !(bug && early) {
        state.1.put(true);
    }
}

/// A handle whose drop cancels the task is dropped, and the task had not run yet.
async fn handle_dropped_too_soon(rt: SimRuntime, bug: bool) {
    let written = Shared::new(false);
    let flush = start(&rt, &written, |_, written| async move { written.put(true) });
    calls(&rt, 1).await;
    if bug {
        drop(flush);
    } else {
        flush.detach();
    }
    rt.settle().await;
    assert!(written.get(), "it was not written");
}

/// Attempts that failed together are made again together.
async fn herd_of_retries(rt: SimRuntime, bug: bool) {
    let up = Instant::ORIGIN + 50 * MS;
    let state = (Shared::new(0), Shared::new(0));
    let client = |number: u32| {
        start(&rt, &state, move |rt, (busy, peak)| async move {
            while rt.now() < up {
                let spread = if bug { 0 } else { 10 * number };
                rt.sleep((100 + spread) * MS).await;
            }
            let now = busy.with(|busy| {
                *busy += 1;
                *busy
            });
            peak.with(|peak| *peak = now.max(*peak));
            rt.yield_now().await;
            busy.with(|busy| *busy -= 1);
        })
    };
    join([client(0), client(1), client(2)]).await;
    assert!(state.1.get() < 3, "all came at one instant");
}
