//! Locks and permits: taken in the wrong order, given twice, or never given back.

use core::time::Duration;

use trunnion_core::{TaskHandle, Timer, YieldNow};
use trunnion_patterns::{race, timeout};
use trunnion_sim::FailureKind::{Deadlock, Panic};
use trunnion_sim::SimRuntime;

use crate::parts::{Line, Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(locks_in_two_orders, 2, Deadlock),
    program!(three_philosophers, 3, Deadlock),
    program!(two_readers_who_upgrade, 2, Deadlock),
    program!(sibling_holds_the_lock, 2, Deadlock),
    program!(joined_under_the_lock, 1, Deadlock),
    program!(aborted_inside, 2, Deadlock),
    program!(given_twice, 3, Panic),
    program!(granted_to_the_dropped, 2, Deadlock),
    program!(readers_keep_the_writer_out, 1, Panic),
];

/// Takes one lock, and another while it has the first.
async fn take_both(rt: &SimRuntime, first: &Line, second: &Line) {
    let one = first.permit().await;
    calls(rt, 1).await;
    let two = second.permit().await;
    drop((two, one));
}

/// One takes A and B, the other B and A.
async fn locks_in_two_orders(rt: SimRuntime, bug: bool) {
    let locks = (Line::permits(1), Line::permits(1));
    let one = start(&rt, &locks, |rt, (a, b)| async move {
        take_both(&rt, &a, &b).await;
    });
    let other = start(&rt, &locks, move |rt, (a, b)| async move {
        let (first, second) = if bug { (b, a) } else { (a, b) };
        take_both(&rt, &first, &second).await;
    });
    join([one, other]).await;
}

/// Three forks, and each takes the left one first.
async fn three_philosophers(rt: SimRuntime, bug: bool) {
    let forks = [Line::permits(1), Line::permits(1), Line::permits(1)];
    let philosopher = |left: usize| {
        let right = (left + 1) % 3;
        start(&rt, &forks, move |rt, forks| async move {
            let swapped = !bug && right < left;
            let (first, second) = if swapped {
                (right, left)
            } else {
                (left, right)
            };
            let one = forks[first].permit().await;
            rt.yield_now().await;
            let two = forks[second].permit().await;
            drop((two, one));
        })
    };
    join([philosopher(0), philosopher(1), philosopher(2)]).await;
}

/// Both read, and wait until nobody else does.
async fn two_readers_who_upgrade(rt: SimRuntime, bug: bool) {
    let readers = Shared::new(0);
    let upgrade = || {
        start(&rt, &readers, move |rt, readers| async move {
            let enter = |inside: &mut u32| (bug || *inside == 0).then(|| *inside += 1);
            readers.until(enter).await;
            calls(&rt, 1).await;
            readers.until(|inside| (*inside == 1).then_some(())).await;
            readers.change(|inside| *inside -= 1);
        })
    };
    join([upgrade(), upgrade()]).await;
}

/// A future that stands in the line of a lock is not polled while its task waits for the same lock.
async fn sibling_holds_the_lock(rt: SimRuntime, bug: bool) {
    let state = (Line::permits(1), Shared::new(false));
    let holder = start(&rt, &state, |rt, (lock, _)| async move {
        let permit = lock.permit().await;
        calls(&rt, 1).await;
        drop(permit);
    });
    let both = start(&rt, &state, move |_, (lock, tick)| async move {
        let mut waiting = Box::pin(lock.permit());
        let taken = async {
            drop(waiting.as_mut().await);
            false
        };
        let ticked = async {
            tick.set().await;
            true
        };
        if race((taken, ticked)).await {
            let kept = bug.then_some(waiting);
            drop(lock.permit().await);
            drop(kept);
        }
    });
    let ticker = start(&rt, &state, |_, (_, tick)| async move { tick.put(true) });
    join([holder, both, ticker]).await;
}

/// Waits for a task that needs the lock which it holds.
async fn joined_under_the_lock(rt: SimRuntime, bug: bool) {
    let lock = Line::permits(1);
    let child = start(&rt, &lock, |_, lock| async move {
        drop(lock.permit().await);
    });
    calls(&rt, 1).await;
    let permit = lock.permit().await;
    let kept = bug.then_some(permit);
    join([child]).await;
    drop(kept);
}

/// A lock without a guard: who is aborted inside leaves it locked.
async fn aborted_inside(rt: SimRuntime, bug: bool) {
    let state = (Line::permits(1), ());
    let worker = start(&rt, &state, move |rt, (lock, ())| async move {
        if bug {
            lock.turn().await;
            calls(&rt, 1).await;
            lock.give();
        } else {
            let permit = lock.permit().await;
            calls(&rt, 1).await;
            drop(permit);
        }
    });
    calls(&rt, 1).await;
    worker.abort();
    join([worker]).await;
    drop(state.0.permit().await);
}

/// Gives the permit back where it stops, and again at the end.
async fn given_twice(rt: SimRuntime, bug: bool) {
    let state = (Line::permits(1), Shared::new(false), Shared::new(0));
    let stopped = start(&rt, &state, move |rt, (permits, stop, _)| async move {
        permits.turn().await;
        let work = async {
            calls(&rt, 1).await;
            false
        };
        let stopped = async {
            stop.set().await;
            true
        };
        if race((work, stopped)).await && bug {
            permits.give();
        }
        permits.give();
    });
    let worker = || {
        start(&rt, &state, |rt, (permits, stop, inside)| async move {
            stop.put(true);
            let permit = permits.permit().await;
            let before = inside.with(|inside| core::mem::replace(inside, 1));
            assert_eq!(before, 0, "two are inside");
            calls(&rt, 1).await;
            inside.put(0);
            drop(permit);
        })
    };
    join([stopped, worker(), worker()]).await;
}

/// The permit goes to one who stood in the line and has left.
async fn granted_to_the_dropped(rt: SimRuntime, bug: bool) {
    let state = (Line::permits(1).untidy(bug), Shared::new(false));
    let leaving = start(&rt, &state, |_, (permits, stop)| async move {
        let taken = async { drop(permits.permit().await) };
        race((taken, stop.set())).await;
    });
    let stopper = start(&rt, &state, |_, (_, stop)| async move { stop.put(true) });
    let permit = state.0.permit().await;
    calls(&rt, 1).await;
    drop(permit);
    join([leaving, stopper]).await;
    drop(state.0.permit().await);
}

#[derive(Clone, Copy, Default)]
struct Entered {
    readers: u32,
    writer_waits: bool,
}

/// Readers relieve each other, and the writer has no turn.
async fn readers_keep_the_writer_out(rt: SimRuntime, bug: bool) {
    const SECOND: Duration = Duration::from_secs(1);
    let entered = Shared::new(Entered::default());
    let reader = |delay: u32| {
        start(&rt, &entered, move |rt, entered| async move {
            rt.sleep(SECOND * delay).await;
            for _ in 0..3 {
                let enter =
                    |state: &mut Entered| (bug || !state.writer_waits).then(|| state.readers += 1);
                entered.until(enter).await;
                rt.sleep(2 * SECOND).await;
                entered.change(|state| state.readers -= 1);
            }
        })
    };
    let readers = [reader(0), reader(1)];
    let writer = start(&rt, &entered, |rt, entered| async move {
        entered.with(|state| state.writer_waits = true);
        let alone = entered.until(|state| (state.readers == 0).then_some(()));
        let written = timeout(&rt, 4 * SECOND, alone).await;
        entered.change(|state| state.writer_waits = false);
        assert!(written.is_ok(), "the writer waited too long");
    });
    join(readers).await;
    join([writer]).await;
}
