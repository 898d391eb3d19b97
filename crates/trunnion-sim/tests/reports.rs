//! What the simulator says about programs that are stuck, and about futures that leak when they are dropped.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, PanicPayload, Spawn, SpawnBlocking, SpawnLocal, SpawnOptions, TaskHandle,
    Timer, YieldNow,
};
use trunnion_sim::{LostWakers, Schedule, Sim, SimRuntime, cancel_sweep, cancel_sweep_in, run};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `f`, which must panic, and gives the text.
fn text_of<R>(f: impl FnOnce() -> R) -> String {
    let caught = catch_unwind(AssertUnwindSafe(|| drop(f())));
    let payload = PanicPayload::new(caught.unwrap_err());
    payload.message().unwrap().to_owned()
}

/// Waits until its waker is taken, which nobody does; the waker is kept.
async fn stuck(kept: Arc<Mutex<Option<Waker>>>) {
    poll_fn(|cx| {
        *kept.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    })
    .await;
}

#[test]
fn a_deadlock_lists_every_stuck_task_with_name_and_place() {
    let sim = Arc::new(Sim::new());
    let (rt, local) = (sim.handle(), sim.local());
    let slot = || Arc::new(Mutex::new(None));
    let line = line!() + 1;
    let task = rt.spawn_with(SpawnOptions::new().name("reader"), stuck(slot()));
    rt.spawn_detached(pending());
    rt.spawn_detached(rt.sleep(Duration::MAX));
    local.spawn_local(stuck(slot())).detach();
    let text = text_of(|| {
        sim.block_on(async {
            rt.sleep(SECOND * 3).await;
            task.await
        })
    });
    let file = file!();
    assert!(
        text.starts_with("deadlock at 3s: nothing is runnable"),
        "{text}"
    );
    let reader = format!("  task 0 `reader`, spawned at {file}:{line}:");
    assert!(text.contains(&reader), "{text}");
    let next = format!(
        "  task 1, spawned at {file}:{}:8, gave no waker away",
        line + 1
    );
    assert!(text.contains(&next), "{text}");
    assert!(text.contains("task 2, spawned at"), "{text}");
    assert!(text.contains("sleeps until the far future"), "{text}");
    assert!(text.contains("  local task 3, spawned at"), "{text}");
    assert!(
        text.contains(&format!("  root 4, entered at {file}:{}:", line + 5)),
        "{text}"
    );
    assert_eq!(text.matches("waits for a wake").count(), 3, "{text}");
    assert_eq!(sim.block_on(async { 1 }), 1, "the simulator stays usable");
}

#[test]
fn a_deadlock_inside_a_blocking_closure_reaches_its_handle() {
    let sim = Arc::new(Sim::new());
    let rt = sim.handle();
    let inner = Arc::clone(&sim);
    let error = sim.block_on(async {
        let job = rt.spawn_blocking(move || {
            inner.block_on(stuck(Arc::default()));
        });
        job.await.unwrap_err().to_string()
    });
    assert!(error.contains("deadlock"), "{error}");
    assert!(
        error.contains("goes on when the `block_on` inside it has ended"),
        "{error}"
    );
    assert!(error.contains("blocking closure 1"), "{error}");
}

#[test]
fn a_task_whose_wakers_were_all_dropped_is_reported_although_time_goes_on() {
    let text = text_of(|| {
        run(|rt| async move {
            let slot = Arc::new(Mutex::new(None));
            let options = SpawnOptions::new().name("forgotten");
            let task = rt.spawn_with(options, stuck(Arc::clone(&slot)));
            rt.spawn_detached(ticker(rt.clone()));
            rt.sleep(SECOND).await;
            *slot.lock().unwrap() = None;
            task.await.unwrap();
        });
    });
    assert!(text.starts_with("lost waker at "), "{text}");
    assert!(text.contains("task 1 `forgotten`, spawned at "), "{text}");
    assert!(text.contains("dropped without a wake"), "{text}");
}

async fn ticker(rt: SimRuntime) {
    loop {
        rt.sleep(SECOND).await;
    }
}

#[test]
fn a_root_that_keeps_no_waker_is_reported_at_once() {
    let program = |rt: SimRuntime| {
        rt.spawn_detached(ticker(rt.clone()));
        pending::<()>()
    };
    let text = text_of(|| run(program));
    assert!(
        text.starts_with("lost waker at 0ns: root 0, entered at "),
        "{text}"
    );
}

#[test]
fn a_task_that_waits_for_its_abort_is_no_lost_waker_unless_told() {
    let program = |sim: Sim| {
        let rt = sim.handle();
        sim.block_on(async {
            let task = rt.spawn(pending::<()>());
            let erased = AnyRuntime::new(rt.clone()).spawn(pending::<()>());
            rt.sleep(SECOND).await;
            assert!(task.cancel().await.unwrap_err().is_cancelled());
            assert!(erased.cancel().await.unwrap_err().is_cancelled());
        });
    };
    program(Sim::new());
    program(Sim::new().lost_wakers(LostWakers::Ignore));
    let text = text_of(|| program(Sim::new().lost_wakers(LostWakers::Strict)));
    assert!(
        text.starts_with("lost waker at 0ns: task 1, spawned at "),
        "{text}"
    );
}

#[test]
fn strict_detection_sees_through_erased_runtimes() {
    let sim = Sim::new().lost_wakers(LostWakers::Strict);
    let any = AnyRuntime::new(sim.handle());
    let text = text_of(|| {
        sim.block_on(async {
            let task = any.spawn(pending::<()>());
            task.await
        })
    });
    assert!(text.starts_with("lost waker at 0ns: task 1"), "{text}");
}

#[test]
fn a_program_that_keeps_its_wakers_is_never_reported() {
    let sim = Sim::new().lost_wakers(LostWakers::Strict);
    let rt = sim.handle();
    sim.block_on(async {
        let tasks = [1, 2, 3].map(|n| rt.spawn(rt.sleep(SECOND * n)));
        let far = rt.spawn(rt.sleep(Duration::MAX));
        for task in tasks {
            task.await.unwrap();
        }
        rt.spawn_blocking(|| ()).await.unwrap();
        rt.yield_now().await;
        rt.settle().await;
        rt.advance(SECOND).await;
        assert!(far.cancel().await.unwrap_err().is_cancelled());
    });
}

/// A semaphore that hands permits over to its oldest waiter. `forgets` seeds the bug.
struct Semaphore {
    state: Mutex<(usize, VecDeque<Waiter>)>,
    forgets: bool,
}

type Waiter = (Arc<Mutex<bool>>, Waker);

impl Semaphore {
    fn release(&self) {
        let mut state = self.state.lock().unwrap();
        // Waiters that have gone leave the queue's own reference as the last one.
        state
            .1
            .retain(|(granted, _)| Arc::strong_count(granted) > 1);
        let Some((granted, waker)) = state.1.pop_front() else {
            state.0 += 1;
            return;
        };
        *granted.lock().unwrap() = true;
        drop(state);
        waker.wake();
    }

    async fn acquire(&self) {
        let waiting = Waiting(self, Arc::default());
        poll_fn(|cx| {
            if std::mem::take(&mut *waiting.1.lock().unwrap()) {
                return Poll::Ready(());
            }
            let mut state = self.state.lock().unwrap();
            if state.0 > 0 {
                state.0 -= 1;
                return Poll::Ready(());
            }
            state
                .1
                .push_back((Arc::clone(&waiting.1), cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

struct Waiting<'a>(&'a Semaphore, Arc<Mutex<bool>>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.0.forgets && *self.1.lock().unwrap() {
            self.0.release();
        }
    }
}

fn sweep_semaphore(forgets: bool, schedule: Schedule) -> trunnion_sim::Sweep {
    cancel_sweep_in(
        || Sim::new().schedule(schedule),
        |rt| {
            let state = Mutex::new((0, VecDeque::new()));
            let semaphore = Arc::new(Semaphore { state, forgets });
            let (ours, theirs) = (Arc::clone(&semaphore), Arc::clone(&semaphore));
            let sleep = rt.sleep(SECOND);
            rt.spawn_detached(async move {
                sleep.await;
                theirs.release();
            });
            // Not only the semaphore may have a bug: dropped at the yield, the future keeps its permit.
            let future = async move {
                ours.acquire().await;
                rt.yield_now().await;
                ours.release();
            };
            (semaphore, future)
        },
        |rt, semaphore| async move {
            rt.sleep(SECOND * 2).await;
            semaphore.acquire().await;
        },
    )
}

#[test]
fn cancel_sweep_finds_a_permit_that_is_lost_between_wake_and_poll() {
    let text = text_of(|| sweep_semaphore(true, Schedule::Fifo));
    assert!(
        text.starts_with(
            "cancel_sweep failed where the future is dropped when it was woken after poll 1"
        ),
        "{text}"
    );
}

#[test]
fn cancel_sweep_finds_a_leak_after_the_second_poll() {
    let text = text_of(|| sweep_semaphore(false, Schedule::Fifo));
    assert!(
        text.starts_with("cancel_sweep failed where the future is dropped right after poll 2"),
        "{text}"
    );
}

#[test]
fn cancel_sweep_passes_a_correct_program_under_every_schedule() {
    struct Permit(Arc<Semaphore>);
    impl Drop for Permit {
        fn drop(&mut self) {
            self.0.release();
        }
    }
    for schedule in [Schedule::Fifo, Schedule::Lifo, Schedule::Random] {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(schedule),
            |rt| {
                let state = Mutex::new((1, VecDeque::new()));
                let semaphore = Arc::new(Semaphore {
                    state,
                    forgets: false,
                });
                let ours = Arc::clone(&semaphore);
                let future = async move {
                    for _ in 0..3 {
                        ours.acquire().await;
                        let _permit = Permit(Arc::clone(&ours));
                        rt.sleep(SECOND).await;
                    }
                };
                (semaphore, future)
            },
            |_, semaphore| async move { assert_eq!(semaphore.state.lock().unwrap().0, 1) },
        );
        assert_eq!((sweep.polls, sweep.runs), (4, 10));
    }
}

#[test]
fn cancel_sweep_passes_a_future_that_is_ready_at_once() {
    let sweep = cancel_sweep(|_| ((), async {}), |_, ()| async {});
    assert_eq!((sweep.polls, sweep.runs), (1, 4));
}

#[test]
fn cancel_sweep_says_where_a_future_hangs() {
    let text = text_of(|| cancel_sweep(|_| ((), stuck(Arc::default())), |_, ()| async {}));
    assert!(
        text.contains("dropped when it was woken after poll 1"),
        "{text}"
    );
    assert!(text.contains("deadlock"), "{text}");
}
