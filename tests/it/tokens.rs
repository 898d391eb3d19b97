//! Tokens in tasks: on every runtime, in many schedules, and with each of their futures dropped at each point.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, CancelKind, CancelToken, Cancellation, Clock, Spawn, TaskHandle, Timer,
    YieldNow,
};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in};

use crate::runtimes::ALL;

const SEEDS: u64 = 256;
const MOMENT: Duration = Duration::from_millis(1);

fn on_each<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for (name, start) in ALL {
        let owner = start();
        let done = owner.block_on(async {
            case(owner.runtime()).await;
            name
        });
        assert_eq!(done, name);
    }
}

fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        sim.block_on(case(AnyRuntime::new(sim.handle())));
    }
}

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
async fn a_crowd(rt: AnyRuntime) {
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
            assert!(!kept.unregister(), "it has run");
            reason.kind()
        }));
    }
    let mut kinds = Vec::new();
    for task in tasks {
        kinds.push(task.await.expect("it ends"));
    }
    assert_eq!(won.load(SeqCst), 1);
    assert_eq!(ran.load(SeqCst), kinds.len());
    let kind = root.reason().expect("it is cancelled").kind();
    assert!(kinds.iter().all(|other| *other == kind), "{kinds:?}");
}

#[test]
fn a_crowd_on_each_runtime() {
    on_each(a_crowd);
}

#[test]
fn a_crowd_in_each_schedule() {
    in_each_schedule(a_crowd);
}

/// Cancels when it is woken, and when it is dropped.
struct Cancels(CancelToken);

impl Wake for Cancels {
    fn wake(self: Arc<Self>) {
        self.0.cancel();
    }
}

impl Drop for Cancels {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Wakers, callbacks and destructors cancel tokens above, below and beside, and the one that runs them.
async fn cancellations_lead_to_each_other(rt: AnyRuntime) {
    let root = CancelToken::new();
    let (left, right, last) = (root.child(), root.child(), CancelToken::new());
    let (own, beside) = (left.clone(), right.clone());
    let kept = left.on_cancel(move |_| {
        assert!(!own.cancel(), "it is cancelled already");
        beside.cancel_with(CancelKind::Custom(1));
    });
    let waker = Waker::from(Arc::new(Cancels(root.clone())));
    let mut waiting = Box::pin(right.cancelled());
    assert!(
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    let task = {
        let (token, cancels) = (root.clone(), Cancels(last.clone()));
        rt.spawn(async move {
            let work = async move {
                let _cancels = cancels;
                pending::<()>().await;
            };
            token.run_until_cancelled(work).await.is_err()
        })
    };
    rt.yield_now().await;
    assert!(left.cancel_with(CancelKind::Custom(2)));
    assert!(task.await.expect("it ends"));
    drop(kept);
    let kinds = [&left, &right, &root, &last].map(|token| token.reason().map(|r| r.kind()));
    let (first, second) = (CancelKind::Custom(2), CancelKind::Custom(1));
    let asked = CancelKind::Requested;
    assert_eq!(kinds, [first, second, asked, asked].map(Some));
}

#[test]
fn cancellations_lead_to_each_other_on_each_runtime() {
    on_each(cancellations_lead_to_each_other);
}

#[test]
fn cancellations_lead_to_each_other_in_each_schedule() {
    in_each_schedule(cancellations_lead_to_each_other);
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

/// Drops what `wait` makes at each of its points, in each schedule, and looks whether the token kept any waker or callback.
fn sweep<F, W>(wait: W)
where
    F: Future,
    W: Fn(CancelToken, Arc<()>) -> F,
{
    for seed in 0..SEEDS {
        let polls = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let (token, witness) = (CancelToken::new(), Arc::new(()));
                let (canceller, clock) = (token.clone(), rt.clone());
                rt.spawn_detached(async move {
                    clock.sleep(MOMENT).await;
                    canceller.cancel();
                });
                let future = wait(token.clone(), Arc::clone(&witness));
                ((token, witness), future)
            },
            |rt, (token, witness)| async move {
                assert_eq!(Arc::strong_count(&witness), 1, "something is kept");
                rt.sleep(2 * MOMENT).await;
                assert!(token.is_cancelled());
                assert!(
                    token
                        .child()
                        .run_until_cancelled(pending::<()>())
                        .await
                        .is_err()
                );
            },
        )
        .polls;
        assert!(polls > 1, "it waits");
    }
}

#[test]
fn cancelled_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let reason = token.child().child().cancelled().await;
        drop(witness);
        reason
    });
}

#[test]
fn cancelled_owned_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let reason = Cancellation::cancelled_owned(&token.child()).await;
        drop(witness);
        reason
    });
}

#[test]
fn run_until_cancelled_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let work = async move {
            pending::<()>().await;
            drop(witness);
        };
        token.run_until_cancelled(work).await
    });
}

#[test]
fn a_registration_leaves_nothing_wherever_it_is_dropped() {
    sweep(|token, witness| async move {
        let inside = Arc::clone(&witness);
        let _kept = token.on_cancel(move |_| drop(inside));
        drop(token.shield().child().shield());
        CancelToken::any_of([&token, &token.child()])
            .cancelled()
            .await
    });
}

#[test]
fn checkpoints_leave_nothing_wherever_they_are_dropped() {
    sweep(|token, witness| async move {
        for _ in 0..300 {
            token.checkpoint().await?;
        }
        let reason = token.cancelled().await;
        drop(witness);
        Err::<(), _>(reason)
    });
}
