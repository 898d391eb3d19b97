//! Deadlines, grace, and who is late.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use trunnion_core::sync::Mutex;
use trunnion_core::{BlockOn, CancelKind, CancelToken, Clock, Timer};
use trunnion_patterns::{
    CollectAll, Discard, Outcome, PanicPolicy, TaskScope, Why, bracket, with_deadline,
};

use super::{Fault, MOMENT, Member, begin, everywhere};
use crate::runtimes::ALL;

#[test]
fn a_deadline_further_out_passes_through_the_inner_scope_as_a_cancellation() {
    everywhere(|rt| async move {
        let now = rt.now();
        let outer = TaskScope::builder(&rt).deadline(now + MOMENT);
        let seen = Arc::new(Mutex::new(None));
        let error = outer.run(async |outer: TaskScope<_, (), Fault>| {
            let inner = outer.child_scope().deadline(now + 1_000_000 * MOMENT);
            let told = Arc::clone(&seen);
            drop(outer.spawn_graceful(|_| async move {
                let error = inner.run(async |_: TaskScope<_, (), Fault>| pending().await);
                *told.lock() = error.await.err().map(|error| error.why);
                Ok(())
            }));
            pending().await
        });
        assert!(error.await.expect_err("it is late").is_elapsed());
        let seen = seen.lock().take().expect("the inner one has ended");
        assert!(
            matches!(&seen, Why::Cancelled(reason) if reason.kind() == CancelKind::Deadline),
            "{seen:?}"
        );
    });
}

#[test]
fn an_operation_is_told_of_its_deadline_and_waited_for() {
    everywhere(|rt| async move {
        let (at, outer) = (rt.now() + MOMENT, CancelToken::new());
        let done = with_deadline(&rt, at, |token| {
            let rt = &rt;
            async move {
                let reason = token.cancelled().await;
                rt.sleep(MOMENT).await;
                (reason.kind(), rt.now())
            }
        })
        .token(&outer)
        .await;
        assert!(done.expired && done.output.0 == CancelKind::Deadline);
        assert!(done.output.1 >= at + MOMENT, "it had its time");
        let past = with_deadline(&rt, at, |token| token.cancelled_owned());
        assert!(past.await.expired);
        outer.cancel_with(CancelKind::Shutdown);
        let told = with_deadline(&rt, at, |token| token.cancelled_owned()).token(&outer);
        let told = told.await;
        assert_eq!(
            (told.output.kind(), told.expired),
            (CancelKind::Shutdown, false)
        );
    });
}

/// In the simulator a closure that blocks is one step, so that it cannot be late.
#[test]
fn a_blocking_child_beyond_the_grace_is_named_and_waited_for() {
    for (name, start) in ALL.into_iter().filter(|(name, _)| *name != "sim") {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let (tell, told) = mpsc::channel::<()>();
            let late = Arc::new(Mutex::new(Vec::new()));
            let names = Arc::clone(&late);
            let scope = TaskScope::builder(&rt)
                .joiner(CollectAll::default())
                .grace(MOMENT)
                .on_straggler(move |child| {
                    names.lock().push(child.to_string());
                    tell.send(()).expect("it is there");
                });
            let outcomes = scope.run(async |s| {
                let job = move |token: &CancelToken| {
                    told.recv().map_err(|_| "nobody tells")?;
                    Ok::<_, Fault>(token.is_cancelled())
                };
                assert!(s.spawn_blocking(job).is_ok());
                s.token().cancel();
                Ok(())
            });
            let outcomes = outcomes.await.expect("it collects");
            assert!(
                matches!(outcomes[..], [Outcome::Ok(true)]),
                "{name}: {outcomes:?}"
            );
            let late = late.lock();
            assert!(
                late.len() == 1
                    && late[0].starts_with("child 0")
                    && late[0].contains("deadlines.rs"),
                "{name}: {late:?}"
            );
        });
    }
}

/// What a kill does not stop is told of again; a release is such, and so is what never waits.
#[test]
fn who_is_still_there_some_time_after_the_kill_is_named() {
    everywhere(|rt| async move {
        let (seen, names) = (CancelToken::new(), Arc::new(Mutex::new([vec![], vec![]])));
        let alive = Arc::new(AtomicUsize::new(0));
        let (tell, late, lagging) = (seen.clone(), Arc::clone(&names), Arc::clone(&names));
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .grace(MOMENT)
            .on_straggler(move |child| late.lock()[0].push(child.number()))
            .on_lag(3 * MOMENT, move |child| {
                lagging.lock()[1].push(child.number());
                tell.cancel();
            });
        let (began, held) = (rt.now(), CancelToken::new());
        let holds = held.clone();
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let member = Member::of(&alive);
            drop(s.spawn_graceful(|_| async move {
                let _member = member;
                pending().await
            }));
            let (inner, member) = (s.clone(), Member::of(&alive));
            drop(s.spawn(async move {
                let release = async move |member: Member| {
                    seen.cancelled().await;
                    drop(member);
                    Ok(())
                };
                let used = async |_: &mut Member| {
                    holds.cancel();
                    pending::<Result<(), Fault>>().await
                };
                drop(bracket(&inner, async { Ok(member) }, used, release).await);
                Ok(())
            }));
            held.cancelled().await;
            s.token().cancel();
            Ok(())
        });
        assert!(done.await.is_err());
        assert!(rt.now() - began >= 4 * MOMENT);
        assert_eq!(alive.load(SeqCst), 0);
        // The release is the third child.
        let [late, lagging] = &*names.lock();
        assert!(late.contains(&0), "{late:?}");
        assert!(lagging.contains(&2), "{lagging:?}");
    });
}

#[test]
fn nobody_lags_where_all_go_when_they_are_killed() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .grace(MOMENT)
            .on_lag(60_000 * MOMENT, |_| unreachable!("it is waited for"));
        let began = rt.now();
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            drop(s.spawn_graceful(|_| pending()));
            s.token().cancel();
            Ok(())
        });
        assert!(done.await.is_err());
        assert!(
            rt.now() - began < 60_000 * MOMENT,
            "the scope waits for the hook"
        );
    });
}

/// In the simulator a closure that blocks is one step, so that it cannot be late.
#[test]
fn a_closure_that_blocks_is_let_go_with_the_kill_where_that_was_said() {
    for (name, start) in ALL.into_iter().filter(|(name, _)| *name != "sim") {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let ((free, stuck), (say, said)) = (mpsc::channel::<()>(), mpsc::channel());
            let late = Arc::new(AtomicUsize::new(0));
            let names = Arc::clone(&late);
            let scope = TaskScope::builder(&rt)
                .joiner(CollectAll::<(), Fault>::default())
                .panics(PanicPolicy::Collect)
                .grace(MOMENT)
                .detach_blocking()
                .on_straggler(move |_| _ = names.fetch_add(1, SeqCst));
            let outcomes = scope.run(async |s| {
                let job = move |token: &CancelToken| {
                    assert!(stuck.recv().is_err());
                    say.send(token.is_killed()).expect("somebody listens");
                    panic!("nobody is told")
                };
                assert!(s.spawn_blocking(job).is_ok());
                // One that ends by itself is as it is elsewhere.
                assert!(s.spawn_blocking(|_| Err("failed")).is_ok());
                while s.children().len() > 1 {
                    rt.sleep(MOMENT).await;
                }
                s.token().cancel();
                Ok(())
            });
            let outcomes = outcomes.await.expect("it collects");
            assert!(
                matches!(outcomes[..], [Outcome::Cancelled, Outcome::Err("failed")]),
                "{name}: {outcomes:?}"
            );
            assert_eq!(late.load(SeqCst), 1, "{name}");
            drop(free);
            assert_eq!(said.recv(), Ok(true), "{name}: it goes on");
        });
    }
}

#[test]
fn a_straggler_in_a_dropped_inner_scope_is_named_by_the_one_around_as_that_scope() {
    everywhere(|rt| async move {
        let (seen, late) = (CancelToken::new(), Arc::new(Mutex::new(Vec::new())));
        let alive = Arc::new(AtomicUsize::new(0));
        let (tell, names) = (seen.clone(), Arc::clone(&late));
        let outer = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .grace(MOMENT)
            .on_straggler(move |child| {
                names.lock().push(child.to_string());
                tell.cancel();
            });
        let done = outer.run(async |outer: TaskScope<_, (), Fault>| {
            let inner = outer.child_scope().name("inner");
            let mut inner = Box::pin(inner.run(async |s: TaskScope<_, (), Fault>| {
                // A kill does not stop a release.
                let release = async move |member: Member| {
                    seen.cancelled().await;
                    drop(member);
                    Ok(())
                };
                let acquire = async { Ok::<_, Fault>(Member::of(&alive)) };
                let used = async |_: &mut Member| pending().await;
                let endless = bracket(&s, acquire, used, release);
                endless.await.map_err(|_| "it does not end")
            }));
            begin(&mut inner).await;
            drop(inner);
            outer.token().cancel();
            Ok(())
        });
        assert!(done.await.is_ok());
        assert_eq!(alive.load(SeqCst), 0, "it has been waited for");
        let late = late.lock();
        assert!(
            late.len() == 1 && late[0].starts_with("`inner` spawned at"),
            "{late:?}"
        );
    });
}
