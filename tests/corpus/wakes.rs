//! Wakes that nobody hears, and turns without end.

use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use trunnion_core::YieldNow;
use trunnion_patterns::race;
use trunnion_sim::FailureKind::{Deadlock, Livelock, LostWaker};
use trunnion_sim::SimRuntime;

use crate::parts::{Line, Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(registered_after_the_check, 2, Deadlock),
    program!(one_wake_for_two, 2, Deadlock),
    program!(waker_of_an_old_poll, 1, LostWaker),
    program!(one_slot_for_two, 2, LostWaker),
    program!(two_permits_kept_as_one, 2, Deadlock),
    program!(woken_before_the_value, 2, Deadlock),
    program!(wake_lost_between_consumers, 3, Deadlock),
    program!(spins_while_busy, 1, Livelock),
    program!(compares_with_an_old_version, 2, Livelock),
];

/// Looks, gives way, and waits for a bell that has rung by then.
async fn registered_after_the_check(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Line::bell());
    let waiter = start(&rt, &state, move |rt, (set, bell)| async move {
        if !set.get() {
            rt.yield_now().await;
            if bug || !set.get() {
                bell.turn().await;
            }
        }
    });
    let setter = start(&rt, &state, |_, (set, bell)| async move {
        set.put(true);
        bell.ring();
    });
    join([waiter, setter]).await;
}

/// Two wait, and one is woken.
async fn one_wake_for_two(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Line::bell());
    let waiter = || {
        start(&rt, &state, |_, (set, bell)| async move {
            while !set.get() {
                bell.turn().await;
            }
        })
    };
    let waiters = [waiter(), waiter()];
    let setter = start(&rt, &state, move |_, (set, bell)| async move {
        set.put(true);
        if bug { bell.give() } else { bell.ring() }
    });
    join(waiters).await;
    join([setter]).await;
}

type Slot = Shared<(bool, Option<Waker>)>;

/// Waits for the flag; keeps the waker of the first poll, or of the last.
fn poll_slot(slot: &Slot, cx: &Context<'_>, keeps_first: bool) -> Poll<()> {
    slot.with(|(set, waker)| {
        if *set {
            return Poll::Ready(());
        }
        if !keeps_first || waker.is_none() {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    })
}

fn set_slot(slot: &Slot) {
    let waker = slot.with(|(set, waker)| {
        *set = true;
        waker.take()
    });
    waker.into_iter().for_each(Waker::wake);
}

/// A future is polled in one task, and awaited in another.
async fn waker_of_an_old_poll(rt: SimRuntime, bug: bool) {
    let slot: Slot = Shared::new((false, None));
    let helper = start(&rt, &slot, move |_, slot| {
        poll_fn(move |cx| {
            let _polled = poll_slot(&slot, cx, bug);
            Poll::Ready(())
        })
    });
    let setter = start(&rt, &slot, |_, slot| async move { set_slot(&slot) });
    join([helper]).await;
    poll_fn(|cx| poll_slot(&slot, cx, bug)).await;
    join([setter]).await;
}

/// The second who waits puts its waker where that of the first was.
async fn one_slot_for_two(rt: SimRuntime, bug: bool) {
    let state: (Slot, Slot) = (Shared::new((false, None)), Shared::new((false, None)));
    let waiter = |second: bool| {
        start(&rt, &state, move |_, (one, two)| async move {
            let slot = if second && !bug { &two } else { &one };
            poll_fn(|cx| poll_slot(slot, cx, false)).await;
        })
    };
    let waiters = [waiter(false), waiter(true)];
    let setter = start(&rt, &state, |_, (one, two)| async move {
        set_slot(&one);
        set_slot(&two);
    });
    join(waiters).await;
    join([setter]).await;
}

/// A bell that remembers that it rang, and not how often.
async fn two_permits_kept_as_one(rt: SimRuntime, bug: bool) {
    let permits = Shared::new(0_u32);
    let waiter = || {
        start(&rt, &permits, |_, permits| async move {
            let take = |free: &mut u32| free.checked_sub(1).map(|left| *free = left);
            permits.until(take).await;
        })
    };
    let waiters = [waiter(), waiter()];
    let giver = start(&rt, &permits, move |rt, permits| async move {
        for _ in 0..2 {
            permits.change(|free| *free = if bug { 1 } else { *free + 1 });
            calls(&rt, 1).await;
        }
    });
    join(waiters).await;
    join([giver]).await;
}

/// Rings first, and makes ready second.
async fn woken_before_the_value(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Line::bell());
    let receiver = start(&rt, &state, |_, (ready, bell)| async move {
        while !ready.get() {
            bell.turn().await;
        }
    });
    let sender = start(&rt, &state, move |rt, (ready, bell)| async move {
        if bug {
            bell.ring();
        }
        calls(&rt, 1).await;
        ready.put(true);
        if !bug {
            bell.ring();
        }
    });
    join([receiver, sender]).await;
}

type Items = (Shared<Vec<u32>>, Line);

async fn consume((items, bell): &Items) -> u32 {
    loop {
        if let Some(item) = items.with(Vec::pop) {
            return item;
        }
        bell.turn().await;
    }
}

fn produce((items, bell): &Items) {
    items.with(|items| items.push(1));
    bell.give();
}

/// The consumer that is woken leaves, and the other sleeps on.
async fn wake_lost_between_consumers(rt: SimRuntime, bug: bool) {
    let state = (
        (Shared::new(Vec::new()), Line::bell().untidy(bug)),
        Shared::new(false),
    );
    let leaving = start(&rt, &state, |_, (items, stop)| async move {
        let item = async { Some(consume(&items).await) };
        let stopped = async {
            stop.set().await;
            None
        };
        let taken = race((item, stopped)).await;
        if taken.is_some() {
            produce(&items);
        }
    });
    let staying = start(&rt, &state, |_, (items, _)| async move {
        consume(&items).await;
    });
    let producer = start(&rt, &state, |_, (items, stop)| async move {
        produce(&items);
        stop.put(true);
    });
    join([leaving, staying, producer]).await;
}

/// Turns in a circle until the other is done, who waits for it.
async fn spins_while_busy(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Shared::new(false));
    let holder = start(&rt, &state, |_, (busy, done)| async move {
        busy.put(true);
        done.set().await;
        busy.put(false);
    });
    let spinner = start(&rt, &state, move |rt, (busy, done)| async move {
        if !bug {
            done.put(true);
            return busy.until(|busy| (!*busy).then_some(())).await;
        }
        while busy.get() {
            rt.yield_now().await;
        }
        done.put(true);
    });
    join([holder, spinner]).await;
}

/// Tries again and again with the version that it read once.
async fn compares_with_an_old_version(rt: SimRuntime, bug: bool) {
    let version = Shared::new(0_u32);
    let update = |rounds: bool| {
        start(&rt, &version, move |rt, version| async move {
            let mut seen = version.get();
            calls(&rt, usize::from(rounds)).await;
            while !version.with(|now| swap(now, seen)) {
                if !bug {
                    seen = version.get();
                }
                rt.yield_now().await;
            }
        })
    };
    join([update(true), update(false)]).await;
}

fn swap(now: &mut u32, seen: u32) -> bool {
    let same = *now == seen;
    *now += u32::from(same);
    same
}
