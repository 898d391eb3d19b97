//! Tokens in tasks: on every runtime, in many schedules, and with each of their futures dropped at each point.

mod reentry;
mod sweeps;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, CancelKind, CancelToken, Clock, Spawn, TaskHandle, Timer, YieldNow,
};
use trunnion_sim::Sim;

use crate::runtimes::{SEEDS, in_each_schedule, on_each};

const MOMENT: Duration = Duration::from_millis(1);

/// Tasks at three depths wait, one of them below a shield; the root is cancelled and then killed.
async fn all_depths_are_told(rt: AnyRuntime) {
    let root = CancelToken::new();
    let told = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    let mut token = root.child();
    for _ in 0..3 {
        for token in [token.clone(), token.child()] {
            let (told, rt) = (Arc::clone(&told), rt.clone());
            tasks.push(rt.clone().spawn(async move {
                rt.yield_now().await;
                let reason = token.cancelled().await;
                told.fetch_add(1, SeqCst);
                reason.kind()
            }));
        }
        token = token.child();
    }
    let cleanup = {
        let (shield, told) = (token.shield().child(), Arc::clone(&told));
        rt.spawn(async move {
            let reason = shield.cancelled_owned().await;
            assert_eq!(told.load(SeqCst), 6, "the others came first");
            reason.kind()
        })
    };
    rt.sleep(MOMENT).await;
    assert!(root.cancel_with(CancelKind::Shutdown));
    for task in tasks {
        assert_eq!(task.await.expect("it ends"), CancelKind::Shutdown);
    }
    assert!(!cleanup.is_finished());
    assert!(root.kill(CancelKind::GraceExpired));
    assert_eq!(cleanup.await.expect("it ends"), CancelKind::Shutdown);
}

#[test]
fn all_depths_are_told_on_each_runtime() {
    on_each(all_depths_are_told);
}

#[test]
fn all_depths_are_told_in_each_schedule() {
    in_each_schedule(all_depths_are_told);
}

/// Many cancel, register, make children and leave at once; one wins, and all are told.
async fn a_crowd(rt: AnyRuntime) -> usize {
    let (root, other) = (CancelToken::new(), CancelToken::new());
    let (won, ran) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for number in 0..6_u16 {
        let (root, other, rt) = (root.clone(), other.clone(), rt.clone());
        let (won, ran) = (Arc::clone(&won), Arc::clone(&ran));
        tasks.push(rt.clone().spawn(async move {
            let child = root.child();
            rt.yield_now().await;
            let either = CancelToken::any_of([&child, &other]);
            let below = either.child();
            drop(child);
            let counted = Arc::clone(&ran);
            let kept = below.on_cancel(move |_| _ = counted.fetch_add(1, SeqCst));
            rt.yield_now().await;
            won.fetch_add(
                usize::from(root.cancel_with(CancelKind::Custom(number))),
                SeqCst,
            );
            let reason = below.cancelled().await;
            (reason.kind(), kept.unregister())
        }));
    }
    let (mut kinds, mut taken_back) = (Vec::new(), 0);
    for task in tasks {
        let (kind, unregistered) = task.await.expect("it ends");
        kinds.push(kind);
        taken_back += usize::from(unregistered);
    }
    assert_eq!(won.load(SeqCst), 1);
    assert_eq!(ran.load(SeqCst) + taken_back, kinds.len());
    let kind = root.reason().expect("it is cancelled").kind();
    assert!(kinds.iter().all(|other| *other == kind), "{kinds:?}");
    taken_back
}

/// On threads, a task may see the cancellation before another one that cancels has come to its callback.
#[test]
fn a_crowd_on_each_runtime() {
    on_each(|rt| async { _ = a_crowd(rt).await });
}

#[test]
fn a_crowd_in_each_schedule() {
    in_each_schedule(|rt| async { assert_eq!(a_crowd(rt).await, 0) });
}

/// Neither the cancellation nor the end of a long chain needs stack, on whatever thread a task runs.
#[test]
fn a_task_at_the_end_of_a_long_chain_is_told_on_each_runtime() {
    on_each(|rt| async move {
        let root = CancelToken::new();
        let mut chain = vec![root.child()];
        for _ in 1..100_000 {
            chain.extend(chain.last().map(CancelToken::child));
        }
        let last = chain.pop().expect("it is long");
        let waits = rt.spawn(async move { last.cancelled().await.kind() });
        rt.yield_now().await;
        let cancels = rt.spawn(async move {
            let cancelled = root.cancel_with(CancelKind::Shutdown);
            drop((root, chain));
            cancelled
        });
        assert!(cancels.await.expect("it ends"));
        assert_eq!(waits.await.expect("it ends"), CancelKind::Shutdown);
    });
}

/// Work that runs until it is cancelled is dropped where it stands, and what is ready first is kept.
async fn work_until_cancelled(rt: AnyRuntime) {
    let token = CancelToken::new();
    let held = Arc::new(());
    let endless = {
        let (token, held) = (token.clone(), Arc::clone(&held));
        rt.spawn(async move {
            let work = async move {
                pending::<()>().await;
                drop(held);
            };
            token.run_until_cancelled(work).await
        })
    };
    let quick = {
        let (token, rt) = (token.clone(), rt.clone());
        rt.clone()
            .spawn(async move { token.run_until_cancelled(rt.yield_now()).await })
    };
    assert!(quick.await.expect("it ends").is_ok());
    token.cancel();
    assert!(endless.await.expect("it ends").is_err());
    assert_eq!(Arc::strong_count(&held), 1, "it is gone");
}

#[test]
fn work_until_cancelled_on_each_runtime() {
    on_each(work_until_cancelled);
}

/// A loop that never waits stops at its checkpoint, because it gives way to the task that cancels it.
async fn a_busy_loop(rt: AnyRuntime) {
    let token = CancelToken::new();
    let busy = {
        let token = token.clone();
        rt.spawn(async move {
            loop {
                if let Err(reason) = token.checkpoint().await {
                    return reason.kind();
                }
            }
        })
    };
    let canceller = rt.spawn(async move { token.cancel_with(CancelKind::Satisfied) });
    assert_eq!(busy.await.expect("it ends"), CancelKind::Satisfied);
    assert!(canceller.await.expect("it ends"));
}

#[test]
fn a_busy_loop_stops_on_each_runtime() {
    on_each(a_busy_loop);
}

/// Whoever holds the timer cancels; the token only says when.
#[test]
fn a_deadline_is_enforced_by_who_holds_the_timer() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let token = CancelToken::new().child_until(rt.now() + MOMENT);
        let work = rt.spawn(token.clone().cancelled_owned());
        if let Some(at) = token.deadline() {
            rt.sleep_until(at).await;
            assert!(!token.is_cancelled(), "a deadline is data");
            token.cancel_with(CancelKind::Deadline);
        }
        let reason = work.await.expect("it ends");
        assert_eq!(reason.kind(), CancelKind::Deadline);
    });
}
