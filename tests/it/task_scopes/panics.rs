//! Panics of children, destructors and callbacks: none aborts, and none is lost.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::sync::Mutex;
use trunnion_core::{AnyRuntime, CancelKind, YieldNow};
use trunnion_patterns::{Child, CollectAll, Discard, Outcome, PanicPolicy, TaskScope, bracket};

use super::{Fault, Member, begin, caught, endless, everywhere, until_alive};

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

#[test]
fn a_panic_during_cancellation_is_recorded_and_does_not_replace_the_first() {
    everywhere(|rt| async move {
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .on_panic(move |_, _| _ = count.fetch_add(1, SeqCst));
        let raised = caught(scope.run(async |s: TaskScope<_, (), Fault>| {
            for _ in 0..3 {
                let member = Member::of(&alive);
                drop(s.spawn_graceful(|token| async move {
                    let _member = member;
                    let reason = token.cancelled().await;
                    assert_eq!(reason.kind(), CancelKind::SiblingPanicked);
                    panic!("later")
                }));
            }
            drop(s.spawn(async { panic!("first") }));
            Ok(())
        }));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), alive.load(SeqCst)), (Some("first"), 0));
        assert_eq!(told.load(SeqCst), 4, "none is hidden");
    });
}

#[test]
fn a_destructor_that_panics_is_its_childs_panic_and_spares_the_others() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .panics(PanicPolicy::Collect);
        let outcomes = scope.run(async |s| {
            let bomb = Bomb("dropped");
            drop(s.spawn(async move {
                let _bomb = &bomb;
                pending::<Result<(), Fault>>().await
            }));
            drop(s.spawn(endless(Member::of(&alive))));
            rt.yield_now().await;
            s.token().cancel();
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(
            matches!(&outcomes[..], [Outcome::Panicked(panic), Outcome::Cancelled]
            if panic.message() == Some("dropped")),
            "{outcomes:?}"
        );
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn a_callback_that_panics_when_a_scope_cancels_is_raised_when_all_are_gone() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt).joiner(Discard::new());
        let raised = caught(scope.run(async |s| {
            let kept = s.token().on_cancel(|_| panic!("callback"));
            drop(s.spawn(endless::<()>(Member::of(&alive))));
            drop(s.spawn(async { Err("first") }));
            endless::<()>(Member::of(&alive)).await?;
            drop(kept);
            Ok(())
        }));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), alive.load(SeqCst)), (Some("callback"), 0));
    });
}

#[test]
fn a_panic_inside_a_bracket_is_raised_when_the_release_has_ended() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let later = rt.clone();
        let raised = caught(bracket(
            &rt,
            async { Ok::<_, Fault>(Member::of(&alive)) },
            async |_: &mut Member| -> Result<(), _> {
                rt.yield_now().await;
                panic!("use")
            },
            async move |member| {
                later.yield_now().await;
                drop(member);
                Ok(())
            },
        ));
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), alive.load(SeqCst)), (Some("use"), 0));
    });
}

#[cfg(debug_assertions)]
#[test]
fn a_child_that_awaits_itself_panics_with_its_name() {
    everywhere(|rt| async move {
        let give = Arc::new(Mutex::new(None::<Child<AnyRuntime, ()>>));
        let (own, inner) = (Arc::clone(&give), rt.clone());
        let raised = caught(TaskScope::builder(&rt).run(async |s| {
            let child = s.spawn_named("narcissus", async move {
                let own = loop {
                    if let Some(own) = own.lock().take() {
                        break own;
                    }
                    inner.yield_now().await;
                };
                let _never = own.await;
                Ok::<(), Fault>(())
            });
            *give.lock() = Some(child);
            Ok(())
        }));
        let raised: Result<Result<Vec<()>, _>, _> = raised.await;
        let panic = raised.expect_err("it is raised").to_string();
        assert!(
            panic.contains("`narcissus`") && panic.contains("awaits its own handle"),
            "{panic}"
        );
    });
}

#[cfg(debug_assertions)]
#[test]
fn a_child_that_awaits_its_own_scope_panics_with_both_names() {
    type Run = Pin<Box<dyn Future<Output = bool> + Send>>;

    everywhere(|rt| async move {
        let slot = Arc::new(Mutex::new(None::<Run>));
        let seen = Arc::new(Mutex::new(String::new()));
        let (inside, told, task) = (Arc::clone(&slot), Arc::clone(&seen), rt.clone());
        let mut scope: Run = Box::pin(async move {
            let scope = TaskScope::builder(&task)
                .name("pool")
                .on_panic(move |_, panic| told.lock().push_str(&panic.to_string()));
            let result = scope.run(async |s| {
                let rt = task.clone();
                drop(s.spawn_named("ouroboros", async move {
                    loop {
                        let own = inside.lock().take();
                        match own {
                            Some(own) => break assert!(!own.await, "it never ends"),
                            None => rt.yield_now().await,
                        }
                    }
                    Ok::<(), Fault>(())
                }));
                pending().await
            });
            result.await.is_ok()
        });
        begin(&mut scope).await;
        *slot.lock() = Some(scope);
        while seen.lock().is_empty() {
            rt.yield_now().await;
        }
        let seen = seen.lock();
        assert!(
            seen.contains("`ouroboros`") && seen.contains("its own scope `pool`"),
            "{seen}"
        );
    });
}

#[test]
fn a_hook_that_panics_for_one_straggler_is_told_of_the_others_and_raised() {
    everywhere(|rt| async move {
        let (alive, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&told);
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .grace(std::time::Duration::ZERO)
            .on_panic(|_, _| panic!("a hook in a child's task"))
            .on_straggler(move |_| {
                count.fetch_add(1, SeqCst);
                panic!("late")
            });
        let raised = caught(scope.run(async |s: TaskScope<_, (), Fault>| {
            for _ in 0..3 {
                let stubborn = endless(Member::of(&alive));
                drop(s.spawn_graceful(|_| stubborn));
            }
            rt.yield_now().await;
            s.token().cancel();
            Ok(())
        }));
        let raised = raised.await.expect_err("it is raised");
        assert_eq!(raised.message(), Some("late"));
        assert_eq!((told.load(SeqCst), alive.load(SeqCst)), (3, 0));
    });
}

/// The panic of the caller drops the scope, whose body's and children's destructors panic too.
#[test]
fn a_scope_that_is_dropped_by_a_panic_of_its_caller_does_not_abort() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let raised = caught(async {
            let mut scope = Box::pin(TaskScope::builder(&rt).run(async |s| {
                for _ in 0..2 {
                    let (bomb, member) = (Bomb("a child"), Member::of(&alive));
                    drop(s.spawn(async move {
                        let _all = (member, bomb);
                        pending::<Result<(), Fault>>().await
                    }));
                }
                let _bomb = Bomb("the body");
                pending().await
            }));
            begin(&mut scope).await;
            rt.yield_now().await;
            panic!("the caller")
        });
        let raised: Result<(), _> = raised.await;
        assert_eq!(raised.expect_err("it panics").message(), Some("the caller"));
        until_alive(&rt, &alive, 0).await;
    });
}
