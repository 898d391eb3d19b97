//! Spawning, ending and cancelling against each other, in many schedules and from other tasks.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Wake, Waker};

use trunnion_core::{JoinError, Spawn, TaskHandle, YieldNow};
use trunnion_patterns::{Scope, scope, try_scope};

use crate::task_scope::{Census, in_each_schedule};

#[test]
fn tasks_spawn_into_a_scope_that_ends_and_nobody_is_lost() {
    in_each_schedule(|rt| async move {
        let (census, ran) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        scope(async |s: Scope<'static>| {
            for _ in 0..3 {
                let (s, rt2, census, ran) =
                    (s.clone(), rt.clone(), census.clone(), Arc::clone(&ran));
                tasks.push(rt.spawn(async move {
                    let mut admitted = 0;
                    for _ in 0..4 {
                        rt2.yield_now().await;
                        let (member, ran) = (census.join(), Arc::clone(&ran));
                        let child = s.try_spawn(async move {
                            let _member = member;
                            ran.fetch_add(1, SeqCst);
                        });
                        match child {
                            Ok(_) => admitted += 1,
                            Err(refused) => drop(refused.into_inner()),
                        }
                    }
                    admitted
                }));
            }
            rt.yield_now().await;
            rt.yield_now().await;
        })
        .await;
        let mut admitted = 0;
        for task in tasks {
            admitted += task.await.expect("it ends");
        }
        assert_eq!((admitted, census.alive()), (ran.load(SeqCst), 0));
    });
}

#[test]
fn a_cancelled_child_keeps_its_value_or_is_cancelled_never_both() {
    in_each_schedule(|rt| async move {
        let ended = AtomicUsize::new(0);
        let kept = scope(async |s| {
            let children: [_; 4] = std::array::from_fn(|_| {
                s.spawn(async {
                    rt.yield_now().await;
                    ended.fetch_add(1, SeqCst);
                })
            });
            let other = rt.clone();
            let waits = rt.spawn(async move { other.yield_now().await });
            drop(waits.await);
            for child in &children {
                child.abort();
            }
            let mut kept = 0;
            for child in children {
                match child.await {
                    Ok(()) => kept += 1,
                    Err(error) => assert!(error.is_cancelled()),
                }
            }
            kept
        })
        .await;
        assert_eq!(kept, ended.load(SeqCst));
    });
}

#[test]
fn a_task_that_awaits_a_child_is_told_whatever_ends_the_scope() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let mut waiter = None;
        let failed = try_scope(async |s: Scope<'static>| {
            let child = s.spawn(census.endless::<()>());
            waiter =
                Some(rt.spawn(async move { matches!(child.await, Err(JoinError::Cancelled)) }));
            rt.yield_now().await;
            Err::<(), _>("body")
        });
        assert_eq!(failed.await, Err("body"));
        let told = waiter.expect("it was spawned").await;
        assert!(told.expect("it ends"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn scopes_are_used_from_wakers() {
    struct Spawns(Scope<'static>, Arc<AtomicUsize>);
    impl Wake for Spawns {
        fn wake(self: Arc<Self>) {
            let ran = Arc::clone(&self.1);
            self.0
                .spawn_detached(async move { _ = ran.fetch_add(1, SeqCst) });
        }
    }

    in_each_schedule(|rt| async move {
        let ran = Arc::new(AtomicUsize::new(0));
        scope(async |s: Scope<'static>| {
            let spawns = Waker::from(Arc::new(Spawns(s.clone(), Arc::clone(&ran))));
            // The end of a child wakes who awaits it, here with a waker that spawns.
            let mut child = Box::pin(s.spawn(async {}));
            let mut cx = std::task::Context::from_waker(&spawns);
            assert!(child.as_mut().poll(&mut cx).is_pending());
            rt.yield_now().await;
            rt.yield_now().await;
        })
        .await;
        assert_eq!(ran.load(SeqCst), 1);
    });
}

#[test]
fn a_scope_in_a_task_that_is_aborted_leaves_nobody() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let task = {
            let (census, inner) = (census.clone(), rt.clone());
            rt.spawn(async move {
                scope(async |s| {
                    for _ in 0..3 {
                        s.spawn_detached(async {
                            let _member = census.join();
                            inner.yield_now().await;
                            pending::<()>().await;
                        });
                    }
                    inner.yield_now().await;
                })
                .await;
            })
        };
        rt.yield_now().await;
        assert!(task.cancel().await.is_err());
        assert_eq!(census.alive(), 0);
    });
}
