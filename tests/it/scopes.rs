//! Scopes of one task: on every runtime, and in many schedules of the simulator.

mod ends;

use std::future::{Future, Ready, pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{JoinError, PanicPayload, Spawn, Timer, YieldNow, YieldOnce};
use trunnion_patterns::{Group, Scope, group, local_scope, scope, try_scope};

use crate::runtimes::everywhere;

const MOMENT: Duration = Duration::from_millis(1);

/// Counts those that are alive.
#[derive(Clone, Default)]
struct Census(Arc<AtomicUsize>);

struct Member(Census);

impl Census {
    fn join(&self) -> Member {
        self.0.fetch_add(1, SeqCst);
        Member(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

async fn endless(member: Member) {
    let _member = member;
    pending::<()>().await;
}

/// Awaits a future and keeps its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, PanicPayload> {
    let mut future = Box::pin(future);
    poll_fn(move |cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Polls once, inside its runtime.
async fn begin<F: Future>(future: F) -> std::pin::Pin<Box<F>> {
    let mut future = Box::pin(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    future
}

#[test]
fn children_borrow_sleep_and_are_awaited() {
    everywhere(|rt| async move {
        let (mut left, mut right) = (Vec::new(), 0);
        let sum = scope(async |s| {
            s.spawn_detached(async {
                rt.sleep(MOMENT).await;
                left.push(1);
            });
            let child = s.spawn(async {
                rt.yield_now().await;
                right += 2;
                right
            });
            child.await.expect("it ends") + 1
        });
        assert_eq!(sum.await, 3);
        assert_eq!((left, right), (vec![1], 2));
    });
}

#[test]
fn children_go_on_while_the_body_awaits_something_else() {
    everywhere(|rt| async move {
        let ended = AtomicU32::new(0);
        scope(async |s| {
            for _ in 0..10 {
                s.spawn_detached(async {
                    rt.sleep(MOMENT).await;
                    ended.fetch_add(1, SeqCst);
                });
            }
            while ended.load(SeqCst) < 10 {
                rt.sleep(MOMENT).await;
            }
        })
        .await;
        assert_eq!(ended.into_inner(), 10);
    });
}

#[test]
fn a_scope_moves_between_threads_with_its_task() {
    everywhere(|rt| async move {
        let inner = rt.clone();
        let task = rt.spawn(async move {
            let mut sums = [0_u32; 4];
            group(async |s| {
                for (number, sum) in (1..).zip(&mut sums) {
                    let rt = &inner;
                    s.spawn_detached(async move {
                        for _ in 0..10 {
                            rt.yield_now().await;
                            *sum += number;
                        }
                    });
                }
            })
            .await;
            sums
        });
        assert_eq!(task.await.expect("it ends"), [10, 20, 30, 40]);
    });
}

#[test]
fn tasks_on_other_threads_spawn_abort_and_await() {
    everywhere(|rt| async move {
        let (census, ran) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        scope(async |s: Scope<'static>| {
            for number in 0..4 {
                let (s, inner) = (s.clone(), rt.clone());
                let (census, ran) = (census.clone(), Arc::clone(&ran));
                tasks.push(rt.spawn(async move {
                    let (mut admitted, mut cancelled) = (0, 0);
                    for _ in 0..8 {
                        let (member, ran, rt) = (census.join(), Arc::clone(&ran), inner.clone());
                        let child = s.try_spawn(async move {
                            let _member = member;
                            rt.yield_now().await;
                            ran.fetch_add(1, SeqCst);
                        });
                        let Ok(child) = child else { continue };
                        admitted += 1;
                        if number % 2 == 0 {
                            child.abort();
                        }
                        cancelled += usize::from(child.await.is_err());
                    }
                    (admitted, cancelled)
                }));
            }
            for _ in 0..5 {
                rt.yield_now().await;
            }
        })
        .await;
        let ended = ran.load(SeqCst);
        let (mut admitted, mut cancelled) = (0, 0);
        for task in tasks {
            let counts = task.await.expect("it ends");
            (admitted, cancelled) = (admitted + counts.0, cancelled + counts.1);
        }
        assert_eq!(admitted, ended + cancelled);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn cancelling_a_child_waits_until_it_is_gone_and_spares_the_others() {
    everywhere(|rt| async move {
        let census = Census::default();
        let kept = scope(async |s| {
            let child = s.spawn(endless(census.join()));
            let sibling = s.spawn(async {
                rt.sleep(MOMENT).await;
                7
            });
            rt.yield_now().await;
            assert!(matches!(child.cancel().await, Err(JoinError::Cancelled)));
            assert_eq!(census.alive(), 0);
            sibling.await.expect("it goes on")
        });
        assert_eq!(kept.await, 7);
    });
}

#[test]
fn nested_scopes_end_from_inside_out_and_an_inner_failure_is_the_inner_ones() {
    everywhere(|rt| async move {
        let census = Census::default();
        let outer = scope(async |outer| {
            let sibling = outer.spawn(async {
                rt.sleep(MOMENT).await;
                1
            });
            let inner = outer.spawn(async {
                try_scope(async |s| {
                    s.spawn_detached(endless(census.join()));
                    rt.yield_now().await;
                    Err::<(), _>("inner")
                })
                .await
            });
            assert_eq!(inner.await.expect("it ends"), Err("inner"));
            assert_eq!(census.alive(), 0);
            sibling.await.expect("it goes on")
        });
        assert_eq!(outer.await, 1);
    });
}

#[test]
fn a_child_that_never_waits_lets_the_task_give_way() {
    everywhere(|rt| async move {
        let turns = AtomicU32::new(0);
        local_scope(async |s| {
            let busy = s.spawn(poll_fn(|cx| {
                turns.fetch_add(1, SeqCst);
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            }));
            // The child has a turn before the other task is there, which may run on another thread.
            YieldOnce::new().await;
            let inner = rt.clone();
            let other = rt.spawn(async move { inner.yield_now().await });
            assert!(other.await.is_ok(), "another task ran");
            busy.abort();
        })
        .await;
        assert!(turns.into_inner() >= 1);
    });
}

#[test]
fn never_polled_nothing_runs_and_without_children_the_body_is_all() {
    everywhere(|rt| async move {
        let census = Census::default();
        let never = scope(async |s| {
            s.spawn_detached(endless(census.join()));
            unreachable!("nobody polls it")
        });
        let never: Box<dyn Future<Output = ()>> = Box::new(never);
        drop(never);
        assert_eq!(census.alive(), 0);
        let alone = scope(async |_s| {
            rt.yield_now().await;
            4
        });
        assert_eq!(alone.await, 4);
        assert_eq!(group(async |_: Group<Ready<()>>| 5).await, 5);
    });
}
