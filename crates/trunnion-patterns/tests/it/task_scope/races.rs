//! Cancellation, completion and spawning against each other, in many schedules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Wake, Waker};

use trunnion_core::{CancelKind, YieldNow};
use trunnion_patterns::{CollectAll, Discard, Outcome, TaskScope};

use super::{Census, Fault, in_each_schedule};

#[test]
fn a_child_that_is_ready_when_it_is_cancelled_keeps_its_value_or_is_cancelled_never_both() {
    in_each_schedule(|rt| async move {
        let ended = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            for _ in 0..4 {
                let (rt, ended) = (rt.clone(), Arc::clone(&ended));
                drop(s.spawn(async move {
                    rt.yield_now().await;
                    ended.fetch_add(1, SeqCst);
                    Ok::<_, Fault>(())
                }));
            }
            let token = s.token().clone();
            drop(s.spawn_with_handle(async move { token.cancel() }));
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let cancelled = outcomes
            .iter()
            .filter(|outcome| outcome.is_cancelled())
            .count();
        assert_eq!((kept, kept + cancelled), (ended.load(SeqCst), 4));
    });
}

#[test]
fn children_spawn_fail_and_cancel_at_once_and_nobody_is_left() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).joiner(Discard::new());
        let failed = scope.run(async |s| {
            for number in 0..5_u32 {
                let (scope, rt, census) = (s.clone(), rt.clone(), census.clone());
                drop(s.spawn(async move {
                    let _member = census.join();
                    rt.yield_now().await;
                    match number {
                        0 => Err("one"),
                        1 => {
                            drop(scope.spawn(census.endless()));
                            Ok(())
                        }
                        2 => census.endless().await,
                        3 => {
                            scope.token().cancel_with(CancelKind::Custom(3));
                            Ok(())
                        }
                        _ => {
                            let inner = scope.child_scope().run(async |s| {
                                drop(s.spawn(census.endless::<()>()));
                                Ok::<_, Fault>(())
                            });
                            inner.await.map(drop).map_err(|_| "inner")
                        }
                    }
                }));
            }
            Ok(())
        });
        let failed = failed.await;
        assert!(failed.is_err());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn scopes_are_used_from_destructors_wakers_and_callbacks() {
    struct Spawns(TaskScope<trunnion_sim::SimRuntime, u32, Fault>, u32);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let value = self.1;
            drop(self.0.spawn_graceful(|_| async move { Ok(value) }));
        }
    }
    impl Wake for Spawns {
        fn wake(self: Arc<Self>) {
            self.0.token().cancel();
        }
    }

    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let in_child = Spawns(s.clone(), 1);
            drop(s.spawn(async move {
                let _spawns = in_child;
                std::future::pending().await
            }));
            let kept = {
                let s = s.clone();
                s.token().clone().on_cancel(move |_| {
                    drop(s.spawn_graceful(|_| async { Ok(2) }));
                })
            };
            rt.yield_now().await;
            Waker::from(Arc::new(Spawns(s.clone(), 3))).wake();
            drop(kept);
            Ok(())
        });
        let mut values: Vec<_> = outcomes
            .await
            .expect("it collects")
            .into_iter()
            .filter_map(Outcome::ok)
            .collect();
        values.sort_unstable();
        assert_eq!(values, [1, 2, 3]);
    });
}
