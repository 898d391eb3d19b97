//! How scopes of one task end: by errors, panics, timeouts, aborts, and with their runtime.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{AnyRuntime, BlockOn, JoinError, Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::{Elapsed, Scope, SpawnError, scope, timeout, try_scope};
use trunnion_smol::SmolOwned;
use trunnion_tokio::TokioOwned;

use super::{Census, MOMENT, Member, begin, caught, endless, everywhere};

#[test]
fn a_body_that_returns_early_waits_and_one_that_fails_does_not() {
    everywhere(|rt| async move {
        let census = Census::default();
        let value = try_scope(async |s| {
            let (rt, member) = (rt.clone(), census.join());
            s.spawn_detached(async move {
                rt.sleep(MOMENT).await;
                drop(member);
            });
            Ok::<_, ()>(1)
        });
        assert_eq!((value.await, census.alive()), (Ok(1), 0));
        let failed = try_scope(async |s| {
            for _ in 0..5 {
                s.spawn_detached(endless(census.join()));
            }
            rt.yield_now().await;
            Err::<(), _>("body")
        });
        assert_eq!((failed.await, census.alive()), (Err("body"), 0));
    });
}

#[test]
fn panics_of_bodies_and_children_are_raised_when_all_are_gone() {
    everywhere(|rt| async move {
        let census = Census::default();
        let raised = caught(scope(async |s| {
            s.spawn_detached(endless(census.join()));
            s.spawn_detached(async {
                rt.yield_now().await;
                panic!("child")
            });
            s.spawn_detached(endless(census.join()));
            endless(census.join()).await;
        }));
        assert_eq!(
            raised.await.expect_err("it is raised").message(),
            Some("child")
        );
        assert_eq!(census.alive(), 0);
        let raised = caught(scope(async |s| {
            s.spawn_detached(endless(census.join()));
            rt.yield_now().await;
            panic!("body")
        }));
        let raised: Result<(), _> = raised.await;
        assert_eq!(raised.expect_err("it is raised").message(), Some("body"));
        assert_eq!(census.alive(), 0);
    });
}

struct Bomb(Member);

impl Drop for Bomb {
    fn drop(&mut self) {
        let alive = self.0.0.alive();
        panic!("one of {alive}");
    }
}

#[test]
fn destructors_that_panic_spare_the_others_and_are_raised_once() {
    everywhere(|rt| async move {
        let census = Census::default();
        let raised = caught(try_scope(async |s| {
            for _ in 0..3 {
                let bomb = Bomb(census.join());
                s.spawn_detached(async move {
                    let _bomb = &bomb;
                    pending::<()>().await;
                });
                s.spawn_detached(endless(census.join()));
            }
            rt.yield_now().await;
            Err::<(), _>("body")
        }));
        let raised = raised.await.expect_err("it is raised");
        assert_eq!(raised.message(), Some("one of 5"), "the last but one");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_timeout_drops_the_scope_and_all_in_it() {
    everywhere(|rt| async move {
        let census = Census::default();
        let late = timeout(
            &rt,
            MOMENT,
            scope(async |s| {
                let inner = s.clone();
                let (first, second) = (census.join(), census.join());
                s.spawn_detached(async move {
                    inner.spawn_detached(endless(first));
                    drop(inner);
                    endless(second).await;
                });
            }),
        );
        assert!(matches!(late.await, Err(Elapsed { .. })));
        assert_eq!(census.alive(), 0);
    });
}

/// Notes its name when it is dropped.
struct Noted(Arc<Mutex<Vec<u32>>>, u32);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.lock().push(self.1);
    }
}

#[test]
fn a_dropped_scope_drops_its_body_and_then_its_children_from_the_last() {
    everywhere(|rt| async move {
        let gone = Arc::new(Mutex::new(Vec::new()));
        let late = timeout(
            &rt,
            MOMENT,
            scope(async |s| {
                for number in 1..=3 {
                    let noted = Noted(Arc::clone(&gone), number);
                    s.spawn_detached(async move {
                        let _noted = noted;
                        pending::<()>().await;
                    });
                }
                let _noted = Noted(Arc::clone(&gone), 0);
                pending::<()>().await;
            }),
        );
        assert!(late.await.is_err());
        assert_eq!(*gone.lock(), [0, 3, 2, 1]);
    });
}

#[test]
fn a_dropped_scope_tells_handles_in_other_tasks_and_refuses_them() {
    everywhere(|rt| async move {
        let census = Census::default();
        let mut task = None;
        let dropped = begin(scope(async |s: Scope<'static>| {
            let child = s.spawn(endless(census.join()));
            let (late, census) = (s.clone(), census.clone());
            task = Some(rt.spawn(async move {
                let cancelled = matches!(child.await, Err(JoinError::Cancelled));
                let refused = late.try_spawn(endless(census.join()));
                cancelled && matches!(refused, Err(SpawnError::Closed(_)))
            }));
            pending::<()>().await;
        }));
        let dropped = dropped.await;
        rt.yield_now().await;
        drop(dropped);
        let told = task.expect("it was spawned").await;
        assert!(told.expect("it ends"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_forgotten_scope_harms_nobody() {
    everywhere(|rt| async move {
        let census = Census::default();
        let inner = rt.clone();
        let forgotten = begin(scope(async move |s: Scope<'static>| {
            let rt = inner.clone();
            s.spawn_detached(async move { rt.sleep(MOMENT).await });
            s.spawn_detached(endless(census.join()));
            pending::<()>().await;
        }));
        let forgotten = forgotten.await;
        #[expect(clippy::mem_forget, reason = "it is what the test is about")]
        std::mem::forget(forgotten);
        rt.sleep(2 * MOMENT).await;
    });
}

#[test]
fn a_scope_in_an_aborted_task_leaves_nobody() {
    everywhere(|rt| async move {
        let census = Census::default();
        let (inner, members) = (rt.clone(), census.clone());
        let task = rt.spawn(async move {
            scope(async |s| {
                s.spawn_detached(endless(members.join()));
                s.spawn_detached(async {
                    let _member = members.join();
                    inner.sleep(Duration::from_hours(1)).await;
                });
            })
            .await;
        });
        rt.yield_now().await;
        assert!(task.cancel().await.is_err());
        assert_eq!(census.alive(), 0);
    });
}

/// A scope in a task of `owner`, which ends under it.
fn ends_under<O: BlockOn>(owner: O, rt: &AnyRuntime) {
    let census = Census::default();
    let members = census.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let task = rt.spawn(async move {
        scope(async |s| {
            s.spawn_detached(endless(members.join()));
            s.spawn_detached(async move { tell.send(()).expect("it waits") });
            endless(members.join()).await;
        })
        .await;
    });
    owner.block_on(rt.yield_now());
    told.recv().expect("it has begun");
    drop(owner);
    let waiter = TokioOwned::current_thread().expect("tokio starts");
    assert!(matches!(waiter.block_on(task), Err(JoinError::Shutdown)));
    assert_eq!(census.alive(), 0);
}

#[test]
fn a_runtime_that_ends_under_a_scope_drops_it_with_its_children() {
    let owner = TokioOwned::with_workers(std::num::NonZeroUsize::MIN).expect("tokio starts");
    let rt = AnyRuntime::new(owner.handle());
    ends_under(owner, &rt);
    let owner = SmolOwned::with_workers(std::num::NonZeroUsize::MIN).expect("the thread starts");
    let rt = AnyRuntime::new(owner.handle());
    ends_under(owner, &rt);
}
