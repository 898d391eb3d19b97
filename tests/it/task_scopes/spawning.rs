//! Who may spawn and cancel, from where, and until when.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Wake, Waker};

use trunnion_core::{AnyRuntime, CancelKind, YieldNow};
use trunnion_patterns::{CollectAll, Discard, Outcome, Ready, SpawnError, TaskScope, Why};

use super::{Fault, Member, endless, everywhere};

#[test]
fn an_ended_scope_gives_futures_and_closures_back() {
    everywhere(|rt| async move {
        let mut kept = None;
        let ended = TaskScope::builder(&rt).run(async |s| {
            kept = Some(s.clone());
            Ok::<_, Fault>(())
        });
        assert!(ended.await.is_ok());
        let kept = kept.expect("the body ran");
        let refused = kept.try_spawn(async { Ok(7) }).expect_err("it is closed");
        assert!(matches!(refused, SpawnError::Closed(_)));
        assert_eq!(refused.into_inner().await, Ok(7), "unpolled");
        assert!(kept.spawn(async { unreachable!() }).is_refused());
        assert!(
            kept.spawn_graceful(|_| async { unreachable!() })
                .is_refused()
        );
        assert!(kept.spawn_blocking(|_| unreachable!()).is_err());
        let started = kept.start(|_: Ready<()>| pending());
        assert!(started.await.is_err());
    });
}

#[test]
fn a_cancelled_scope_refuses_but_takes_graceful_children_until_it_is_killed() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            s.token().cancel();
            let refused = s.try_spawn(async { Ok(7) }).expect_err("it is cancelled");
            assert!(matches!(refused, SpawnError::Cancelled(_)));
            assert_eq!(refused.into_inner().await, Ok(7), "unpolled");
            let inner = rt.clone();
            let cleanup = s.spawn_graceful(|token| async move {
                assert!(token.is_cancelled(), "it is born so");
                inner.yield_now().await;
                Ok::<_, Fault>(8)
            });
            assert!(!cleanup.is_refused());
            assert!(cleanup.await.is_ok());
            s.token().kill(CancelKind::Requested);
            assert!(s.spawn_graceful(|_| async { unreachable!() }).is_refused());
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(outcomes[..], [Outcome::Ok(8)]), "{outcomes:?}");
    });
}

/// Spawns when it is dropped, and when it is woken.
struct Spawns(TaskScope<AnyRuntime, u32, Fault>, u32);

impl Spawns {
    fn spawn(&self) {
        let value = self.1;
        drop(self.0.spawn_graceful(|_| async move { Ok(value) }));
    }
}

impl Drop for Spawns {
    fn drop(&mut self) {
        self.spawn();
    }
}

impl Wake for Spawns {
    fn wake(self: Arc<Self>) {
        self.spawn();
    }
}

#[test]
fn children_come_from_destructors_wakers_callbacks_and_other_threads() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let in_child = Spawns(s.clone(), 1);
            drop(s.spawn(async move {
                let _spawns = in_child;
                pending().await
            }));
            let in_callback = s.clone();
            let kept = s.token().on_cancel(move |_| {
                drop(in_callback.spawn_graceful(|_| async { Ok(2) }));
            });
            // Once when it is woken and once when it is dropped.
            Waker::from(Arc::new(Spawns(s.clone(), 3))).wake();
            let thread = Spawns(s.clone(), 4);
            std::thread::scope(|threads| _ = threads.spawn(move || drop(thread)));
            rt.yield_now().await;
            s.token().cancel();
            drop(kept);
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects").into_iter();
        let mut values: Vec<_> = outcomes.filter_map(Outcome::ok).collect();
        values.sort_unstable();
        assert_eq!(values, [1, 2, 3, 3, 4]);
    });
}

/// Cancels when it is dropped, and when it is woken.
struct Cancels(TaskScope<AnyRuntime, (), Fault>);

impl Drop for Cancels {
    fn drop(&mut self) {
        self.0.token().cancel_with(CancelKind::Custom(1));
    }
}

impl Wake for Cancels {
    fn wake(self: Arc<Self>) {
        self.0.token().cancel_with(CancelKind::Custom(2));
    }
}

#[test]
fn a_scope_is_cancelled_from_its_own_children_destructors_wakers_and_callbacks() {
    for from in 0..4 {
        everywhere(async |rt: AnyRuntime| {
            let alive = Arc::new(AtomicUsize::new(0));
            let scope = TaskScope::builder(&rt).joiner(Discard::new());
            let cancelled = scope.run(async |s: TaskScope<_, (), Fault>| {
                drop(s.spawn(endless(Member::of(&alive))));
                let (own, cancels) = (s.clone(), || Cancels(s.clone()));
                let kept = s.token().on_cancel(move |_| {
                    assert!(!own.token().cancel(), "it is cancelled already");
                    own.token().kill(CancelKind::Requested);
                });
                match from {
                    0 => {
                        let (own, member) = (s.clone(), Member::of(&alive));
                        drop(s.spawn(async move {
                            let _member = member;
                            own.token().cancel();
                            pending().await
                        }));
                    }
                    1 => {
                        let cancels = cancels();
                        drop(s.spawn(async move {
                            drop(cancels);
                            Ok(())
                        }));
                    }
                    2 => Waker::from(Arc::new(cancels())).wake(),
                    _ => drop(cancels()),
                }
                let _kept = kept;
                pending().await
            });
            let error = cancelled.await.expect_err("it is cancelled");
            assert!(matches!(error.why, Why::Cancelled(_)), "{error:?}");
            assert_eq!(alive.load(SeqCst), 0);
        });
    }
}
