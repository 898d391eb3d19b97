//! Children that say when they are ready, where they say it elsewhere or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::sync::Mutex;
use trunnion_core::{Spawn, TaskHandle, YieldNow};
use trunnion_patterns::{Discard, StartError, TaskScope};

use super::panics::{Bomb, caught, text};
use super::{Fault, in_each_schedule};

#[test]
fn a_child_that_has_ended_is_not_waited_for_whoever_still_could_say_that_it_is_ready() {
    in_each_schedule(|rt| async move {
        let kept = Arc::new(Mutex::new(None));
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let keep = Arc::clone(&kept);
            let failed = s.start::<u32, _, _>(|ready| async move {
                *keep.lock() = Some(ready);
                Err("early")
            });
            assert!(matches!(failed.await, Err(StartError::Failed("early"))));
            let late = kept.lock().take().expect("it ran");
            late.send(7);
            let keep = Arc::clone(&kept);
            let silent = s.start::<u32, _, _>(|ready| async move {
                *keep.lock() = Some(ready);
                Ok(())
            });
            assert!(matches!(silent.await, Err(StartError::NeverReady)));
            Ok(())
        });
        assert!(done.await.is_ok(), "the caller was told");
    });
}

#[test]
fn an_error_is_heard_once_where_another_task_says_meanwhile_that_the_child_is_ready() {
    in_each_schedule(|rt| async move {
        let mut heard = None;
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let (clock, spawner) = (rt.clone(), rt.clone());
            let started = s.start(|ready| async move {
                let yields = clock.clone();
                let says = async move {
                    yields.yield_now().await;
                    ready.send(());
                };
                spawner.spawn(says).detach();
                clock.yield_now().await;
                Err("failed")
            });
            heard = Some(matches!(started.await, Err(StartError::Failed("failed"))));
            rt.yield_now().await;
            Ok(())
        });
        let told = done.await.is_err();
        assert_eq!(heard.map(|heard| heard ^ told), Some(true));
    });
}

#[test]
fn the_panic_of_a_value_that_nobody_takes_is_its_childs() {
    in_each_schedule(|rt| async move {
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let scope = TaskScope::builder(&rt).on_panic(move |_, _| _ = count.fetch_add(1, SeqCst));
        let raised = caught(scope.run(async |s: TaskScope<_, Bomb, Fault>| {
            drop(s.start::<(), _, _>(|_| async { Ok(Bomb("value")) }).await);
            Ok(())
        }));
        assert_eq!(text(raised.await.map(drop)), "value");
        assert_eq!(told.load(SeqCst), 1);
    });
}
