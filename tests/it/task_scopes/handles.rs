//! Handles of children, and completion against cancellation.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::YieldNow;
use trunnion_core::panic::catch;
use trunnion_patterns::{CollectAll, Discard, TaskScope};

use super::{Fault, everywhere};

#[test]
fn a_handle_gives_its_value_after_the_scope_and_not_twice() {
    everywhere(|rt| async move {
        let mut kept = None;
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            kept = Some(s.spawn_with_handle(async { 7 }));
            Ok(())
        });
        assert!(done.await.is_ok());
        let mut child = kept.expect("it was spawned");
        assert_eq!((&mut child).await.expect("it has ended"), 7);
        let again = poll_fn(|cx| {
            let child = std::pin::Pin::new(&mut child);
            std::task::Poll::Ready(catch(|| child.poll(cx).is_ready()).is_err())
        });
        assert!(again.await, "its value has been given");
    });
}

#[test]
fn a_child_that_is_ready_when_it_is_cancelled_keeps_its_value_or_is_cancelled_never_both() {
    everywhere(|rt| async move {
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
        let cancelled = outcomes.iter().filter(|outcome| outcome.is_cancelled());
        assert_eq!((kept, kept + cancelled.count()), (ended.load(SeqCst), 4));
    });
}

/// A value that the driver has seen decides; what comes after it changes nothing.
#[test]
fn an_error_that_comes_after_the_first_success_replaces_nothing() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(trunnion_patterns::FirstSuccess::default());
        let value = scope.run(async |s| {
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Err("late")
            }));
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Ok(2)
            }));
            drop(s.spawn(async { Ok(1) }));
            Ok(())
        });
        assert_eq!(value.await.expect("one succeeds"), 1);
    });
}
