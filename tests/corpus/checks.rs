//! What was true before an await, and is not after it.

use core::time::Duration;

use trunnion_core::{Clock, Instant, Timer, YieldNow};
use trunnion_sim::FailureKind::{Deadlock, Panic};
use trunnion_sim::SimRuntime;

use crate::parts::{Line, Shared, calls, join, start};
use crate::program::{Program, program};

pub(crate) const PROGRAMS: &[Program] = &[
    program!(withdrawn_twice, 2, Panic),
    program!(initialised_twice, 2, Panic),
    program!(published_before_it_is_filled, 2, Panic),
    program!(index_kept_across_an_await, 2, Panic),
    program!(halves_of_two_writes, 2, Panic),
    program!(cache_stampede, 2, Panic),
    program!(slot_of_a_limiter_taken_twice, 2, Panic),
    program!(barrier_without_rounds, 2, Deadlock),
    program!(sure_to_begin_before_a_yield_ends, 1, Panic),
];

/// Looks whether there is enough, and takes it later.
async fn withdrawn_twice(rt: SimRuntime, bug: bool) {
    let balance = Shared::new(100_i32);
    let withdraw = || {
        start(&rt, &balance, move |rt, balance| async move {
            if bug {
                let enough = balance.get() >= 60;
                rt.yield_now().await;
                balance.with(|left| *left -= if enough { 60 } else { 0 });
            } else {
                rt.yield_now().await;
                balance.with(|left| *left -= if *left >= 60 { 60 } else { 0 });
            }
        })
    };
    join([withdraw(), withdraw()]).await;
    assert!(balance.get() >= 0, "more was taken than there is");
}

/// A value that is made at its first use, with an await in between.
async fn initialised_twice(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(None), Shared::new(0), Line::permits(1));
    let user = || {
        start(&rt, &state, move |rt, (value, made, lock)| async move {
            let permit = if bug { None } else { Some(lock.permit().await) };
            if value.get().is_none() {
                made.with(|made| *made += 1);
                calls(&rt, 1).await;
                value.with(|value| *value = Some(7));
            }
            drop(permit);
        })
    };
    join([user(), user()]).await;
    assert_eq!(state.1.get(), 1, "it was made more than once");
}

/// The flag first, the content second.
async fn published_before_it_is_filled(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Shared::new(0));
    let writer = start(&rt, &state, move |rt, (ready, content)| async move {
        if bug {
            ready.put(true);
        }
        rt.yield_now().await;
        content.put(7);
        ready.put(true);
    });
    let reader = start(&rt, &state, |_, (ready, content)| async move {
        if ready.get() {
            assert_eq!(content.get(), 7, "it was not filled");
        }
    });
    join([writer, reader]).await;
}

/// An index into a list that becomes shorter.
async fn index_kept_across_an_await(rt: SimRuntime, bug: bool) {
    let list = Shared::new(vec![1, 2, 3]);
    let reader = start(&rt, &list, move |rt, list| async move {
        let mut index = list.with(|list| list.len() - 1);
        rt.yield_now().await;
        if !bug {
            index = list.with(|list| list.len() - 1);
        }
        assert!(list.with(|list| list.get(index).is_some()), "out of bounds");
    });
    let shortener = start(&rt, &list, |_, list| async move {
        list.with(|list| list.truncate(1));
    });
    join([reader, shortener]).await;
}

/// A reader between the two writes that belong together.
async fn halves_of_two_writes(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(0), Shared::new(0));
    let writer = start(&rt, &state, move |rt, (left, right)| async move {
        if bug {
            left.put(1);
            rt.yield_now().await;
        } else {
            rt.yield_now().await;
            left.put(1);
        }
        right.put(1);
    });
    let reader = start(&rt, &state, |_, (left, right)| async move {
        assert_eq!(left.get(), right.get(), "only half of it was written");
    });
    join([writer, reader]).await;
}

/// All who miss the cache ask the source.
async fn cache_stampede(rt: SimRuntime, bug: bool) {
    let state = (Shared::new(false), Shared::new(false), Shared::new(0));
    let request = || {
        start(
            &rt,
            &state,
            move |rt, (cached, loading, loads)| async move {
                if cached.get() {
                    return;
                }
                if !bug && loading.with(|loading| core::mem::replace(loading, true)) {
                    return cached.set().await;
                }
                loads.with(|loads| *loads += 1);
                rt.yield_now().await;
                cached.put(true);
            },
        )
    };
    join([request(), request(), request()]).await;
    assert_eq!(state.2.get(), 1, "the source was asked more than once");
}

/// One a second: the next slot is read, and reserved too late.
async fn slot_of_a_limiter_taken_twice(rt: SimRuntime, bug: bool) {
    let second = Duration::from_secs(1);
    let state = (Shared::new(rt.now()), Shared::new(Vec::<Instant>::new()));
    let pass = || {
        start(&rt, &state, move |rt, (next, passed)| async move {
            let at = next.get();
            if bug {
                rt.yield_now().await;
            }
            next.put(at + second);
            rt.sleep_until(at).await;
            passed.with(|passed| passed.push(rt.now()));
        })
    };
    join([pass(), pass(), pass()]).await;
    let mut passed = state.1.with(core::mem::take);
    passed.sort_unstable();
    let apart = passed.windows(2).all(|two| two[1] - two[0] >= second);
    assert!(apart, "two passed in one second");
}

/// Who waits for the others looks at a count that begins anew before it has looked.
async fn barrier_without_rounds(rt: SimRuntime, bug: bool) {
    let barrier = Shared::new((0_u32, 0_u32));
    let walker = || {
        start(&rt, &barrier, move |rt, barrier| async move {
            for _ in 0..2 {
                calls(&rt, 1).await;
                let round = barrier.change(arrive);
                let passed = |(count, now): &mut (u32, u32)| {
                    let passed = if bug { *count == 0 } else { *now != round };
                    passed.then_some(())
                };
                barrier.until(passed).await;
            }
        })
    };
    join([walker(), walker()]).await;
}

/// Takes for granted that all begin before one that yields goes on.
async fn sure_to_begin_before_a_yield_ends(rt: SimRuntime, bug: bool) {
    let closed = Shared::new(false);
    let shut = start(&rt, &closed, |rt, closed| async move {
        rt.yield_now().await;
        closed.put(true);
    });
    let user = start(&rt, &closed, move |_, closed| async move {
        assert!(!bug || !closed.get(), "closed before it was used");
    });
    join([shut, user]).await;
}

/// Counts one who arrives, gives the round that it arrived in.
fn arrive((count, round): &mut (u32, u32)) -> u32 {
    let arrived_in = *round;
    *count += 1;
    if *count == 2 {
        *count = 0;
        *round += 1;
    }
    arrived_in
}
