//! No schedule keeps a task from running for ever.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use trunnion_core::{Spawn, YieldNow};
use trunnion_sim::{Explore, Schedule, SimRuntime};

/// Spins until another task, of `steps` steps, has been there.
async fn spins(rt: SimRuntime, steps: u32) {
    let busy = Arc::new(AtomicU32::new(1));
    let other = {
        let (rt, busy) = (rt.clone(), Arc::clone(&busy));
        rt.clone().spawn(async move {
            for _ in 1..steps {
                rt.yield_now().await;
            }
            busy.store(0, Relaxed);
        })
    };
    while busy.load(Relaxed) == 1 {
        rt.yield_now().await;
    }
    other.await.unwrap();
}

#[test]
fn a_search_of_a_loop_that_yields_comes_to_its_end() {
    // The other may be passed over from 0 to 100 times before its first step; before its second one, also when the loop has had its turn.
    let all = Explore::new(Schedule::Dfs { preemptions: None });
    assert_eq!(
        all.run(|rt| spins(rt, 1)).expect_complete().executions(),
        101
    );
    assert_eq!(
        all.run(|rt| spins(rt, 2)).expect_complete().executions(),
        101 * 102
    );
    for preemptions in 0..3 {
        let bounded = Explore::new(Schedule::Dfs {
            preemptions: Some(preemptions),
        });
        bounded.run(|rt| spins(rt, 2)).expect_complete();
    }
}

/// Two tasks wake each other until a third, which waits from the beginning, has had its turn.
async fn starves(rt: SimRuntime) {
    let (stop, turn) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let wakers = Arc::new(Mutex::new([None::<Waker>, None]));
    let stops = rt.spawn({
        let (stop, wakers) = (Arc::clone(&stop), Arc::clone(&wakers));
        async move {
            stop.store(1, Relaxed);
            let wakers = std::mem::take(&mut *wakers.lock().unwrap());
            wakers.into_iter().flatten().for_each(Waker::wake);
        }
    });
    let plays = [0, 1].map(|me| {
        let (stop, turn, wakers) = (Arc::clone(&stop), Arc::clone(&turn), Arc::clone(&wakers));
        rt.spawn(poll_fn(move |cx| {
            if stop.load(Relaxed) == 1 {
                return Poll::Ready(());
            }
            turn.fetch_add(1, Relaxed);
            let mut wakers = wakers.lock().unwrap();
            wakers[me] = Some(cx.waker().clone());
            let other = wakers[1 - me].take();
            drop(wakers);
            other.into_iter().for_each(Waker::wake);
            Poll::Pending
        }))
    });
    stops.await.unwrap();
    for plays in plays {
        plays.await.unwrap();
    }
}

#[test]
fn nobody_starves_under_check() {
    trunnion_sim::check(starves);
}
