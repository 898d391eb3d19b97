//! Permits: none is lost, none is made, and the line keeps its order.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::{Spawn, TaskHandle};
use trunnion_patterns::{AcquireError, Semaphore};
use trunnion_sim::SimRuntime;

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Log, pass};

/// Nobody holds, waits or is owed anything.
fn at_rest(permits: &Semaphore) {
    let stats = permits.stats();
    assert_eq!(
        (
            stats.available,
            stats.held,
            stats.debt,
            stats.waiting,
            stats.assigned
        ),
        (stats.limit, 0, 0, 0, 0),
        "{stats:?}"
    );
}

/// A task that holds `wanted` permits for a step.
fn holds(
    rt: &SimRuntime,
    permits: &Arc<Semaphore>,
    census: &Census,
    wanted: usize,
) -> impl TaskHandle<()> + use<> {
    let (permits, census) = (Arc::clone(permits), census.clone());
    rt.spawn(async move {
        let _permit = permits.acquire_many(wanted).await.unwrap();
        let _members: Vec<_> = (0..wanted).map(|_| census.join()).collect();
        pass(1).await;
    })
}

#[test]
fn at_most_so_many_are_inside_and_all_get_in() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, census) = (Arc::new(Semaphore::new(2)), Census::default());
        let tasks = [(); 3].map(|()| holds(&rt, &permits, &census, 1));
        for task in tasks {
            task.await.unwrap();
        }
        assert!(census.peak() <= 2);
        at_rest(&permits);
    });
}

#[test]
fn who_wants_much_is_not_passed_by_who_wants_little() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, order) = (Semaphore::new(2), Log::default());
        let held = permits.try_acquire_owned().unwrap();
        let wants = |name: char, wanted| {
            let (permit, order) = (permits.acquire_many_owned(wanted), order.clone());
            rt.spawn(async move {
                let mut permit = pin!(permit);
                let joined = poll_fn(|cx| {
                    let polled = permit.as_mut().poll(cx);
                    Poll::Ready(polled.is_pending())
                });
                if joined.await {
                    order.add(('-', name));
                    drop(permit.await.unwrap());
                }
                order.add(('+', name));
            })
        };
        let tasks = [wants('m', 2), wants('a', 1), wants('b', 1)];
        pass(1).await;
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.take();
        let of = |kind| {
            order
                .iter()
                .filter(move |entry| entry.0 == kind)
                .map(|entry| entry.1)
        };
        let queued: Vec<_> = of('-').collect();
        // Those that are given together may run in any order; the one who wants all is never given together with others.
        if let Some(at) = queued.iter().position(|name| *name == 'm') {
            let served: Vec<_> = of('+').filter(|name| queued.contains(name)).collect();
            let of_much = served.iter().position(|name| *name == 'm');
            assert_eq!(of_much, Some(at), "{order:?}");
        }
        at_rest(&permits);
    });
}

#[test]
fn who_leaves_the_line_takes_no_permit_with_it() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, census) = (Arc::new(Semaphore::new(1)), Census::default());
        let first = holds(&rt, &permits, &census, 1);
        let leaves = holds(&rt, &permits, &census, 1);
        let last = holds(&rt, &permits, &census, 1);
        pass(1).await;
        drop(leaves.cancel().await);
        first.await.unwrap();
        last.await.unwrap();
        assert_eq!(census.peak(), 1);
        at_rest(&permits);
    });
}

#[test]
fn who_wanted_much_and_leaves_lets_the_others_go() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, census) = (Arc::new(Semaphore::new(2)), Census::default());
        let held = Arc::clone(&permits).acquire_owned().await.unwrap();
        let much = holds(&rt, &permits, &census, 2);
        let little = holds(&rt, &permits, &census, 1);
        pass(1).await;
        drop(much.cancel().await);
        little.await.unwrap();
        drop(held);
        at_rest(&permits);
    });
}

#[test]
fn a_limit_that_is_raised_lets_in_and_one_that_is_lowered_is_a_debt() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, census) = (Arc::new(Semaphore::new(1)), Census::default());
        let tasks = [(); 2].map(|()| holds(&rt, &permits, &census, 1));
        let sets = {
            let permits = Arc::clone(&permits);
            rt.spawn(async move {
                permits.set_limit(2);
                pass(1).await;
                permits.set_limit(1);
            })
        };
        for task in tasks {
            task.await.unwrap();
        }
        sets.await.unwrap();
        assert!(census.peak() <= 2);
        assert_eq!(permits.limit(), 1);
        at_rest(&permits);
    });
}

#[test]
fn close_refuses_those_who_wait_and_drained_waits_for_those_who_hold() {
    explore(Space::All, WAKES, |rt| async move {
        let (permits, inside) = (Semaphore::new(1), Census::default());
        let tasks = [(); 2].map(|()| {
            let (permit, inside) = (permits.acquire_owned(), inside.clone());
            rt.spawn(async move {
                let permit = permit.await?;
                let member = inside.join();
                pass(1).await;
                drop((member, permit));
                Ok(())
            })
        });
        pass(1).await;
        permits.close();
        permits.drained().await;
        assert_eq!(
            inside.alive(),
            0,
            "drained means that nobody holds a permit"
        );
        let mut refused = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => {}
                Err(AcquireError::Closed) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(refused + inside.entered(), 2);
        assert_eq!(permits.acquire().await.err(), Some(AcquireError::Closed));
        at_rest(&permits);
    });
}
