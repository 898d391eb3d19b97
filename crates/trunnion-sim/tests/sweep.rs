//! Dropping a future after each of its polls.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trunnion_core::{PanicPayload, Spawn, Timer, YieldNow};
use trunnion_sim::{Schedule, Sim, cancel_sweep, cancel_sweep_in, panic_sweep};

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
        assert_eq!((sweep.polls, sweep.runs), (4, 9));
    }
}

#[test]
fn cancel_sweep_passes_a_future_that_is_ready_at_once() {
    let sweep = cancel_sweep(|_| ((), async {}), |_, ()| async {});
    assert_eq!((sweep.polls, sweep.runs), (1, 3));
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

#[test]
fn cancel_sweep_finds_a_task_that_is_left_behind() {
    let text = text_of(|| {
        cancel_sweep(
            |rt| {
                let future = async move {
                    rt.spawn_detached(stuck(Arc::default()));
                    rt.yield_now().await;
                };
                ((), future)
            },
            |_, ()| async {},
        )
    });
    assert!(text.contains("is dropped right after poll 1"), "{text}");
    assert!(
        text.contains("these have not ended:\n  task 1, spawned at"),
        "{text}"
    );
}

#[test]
fn cancel_sweep_finds_a_sleep_or_a_waker_that_is_kept() {
    let sleeps = Mutex::new(Vec::new());
    let text = text_of(|| {
        cancel_sweep(
            |rt| {
                let mut sleep = Box::pin(rt.sleep(SECOND));
                let sleeps = &sleeps;
                let future = async move {
                    poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_ready())).await;
                    sleeps.lock().unwrap().push(sleep);
                };
                ((), future)
            },
            |_, ()| async {},
        )
    });
    assert!(text.contains("1 sleeps are armed"), "{text}");
    let wakers = Mutex::new(Vec::new());
    let text = text_of(|| {
        cancel_sweep(
            |_| {
                let wakers = &wakers;
                let future = poll_fn(move |cx| {
                    wakers.lock().unwrap().push(cx.waker().clone());
                    Poll::Ready(())
                });
                ((), future)
            },
            |_, ()| async {},
        )
    });
    assert!(text.contains("the wakers of 1 tasks are kept"), "{text}");
}

#[test]
fn a_sweep_finds_a_panic_that_nobody_joins() {
    let text = text_of(|| {
        panic_sweep(
            |rt| {
                let future = async move {
                    rt.spawn_detached(async { panic!("unheard") });
                    rt.yield_now().await;
                };
                ((), future)
            },
            |_, ()| async {},
        )
    });
    assert!(text.contains("nobody joins panicked: unheard"), "{text}");
}

/// Counts what is open, in a lock that a panic may poison.
struct Open(Arc<Mutex<usize>>);

impl Drop for Open {
    fn drop(&mut self) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) -= 1;
    }
}

#[test]
fn panic_sweep_drops_the_future_once_at_each_point() {
    let sweep = panic_sweep(
        |rt| {
            let open = Arc::new(Mutex::new(0));
            let ours = Arc::clone(&open);
            let future = async move {
                *ours.lock().unwrap() += 1;
                let _open = Open(ours);
                rt.yield_now().await;
                rt.sleep(SECOND).await;
            };
            (open, future)
        },
        |_, open| async move { assert_eq!(*open.lock().unwrap(), 0) },
    );
    assert_eq!((sweep.polls, sweep.runs), (3, 4));
}

#[test]
#[expect(clippy::await_holding_lock, reason = "the bug that is to be found")]
fn panic_sweep_finds_a_lock_that_is_held_over_an_await() {
    let text = text_of(|| {
        panic_sweep(
            |rt| {
                let value = Arc::new(Mutex::new(0));
                let ours = Arc::clone(&value);
                let future = Box::pin(async move {
                    let mut value = ours.lock().unwrap();
                    rt.yield_now().await;
                    *value += 1;
                });
                (value, future)
            },
            |_, value| async move { assert!(!value.is_poisoned(), "poisoned") },
        )
    });
    assert!(
        text.contains("is dropped by a panic after poll 1"),
        "{text}"
    );
    assert!(text.contains("poisoned"), "{text}");
}

#[test]
fn panic_sweep_passes_on_the_panics_of_others() {
    let text = text_of(|| panic_sweep(|_| ((), async { panic!("my own") }), |_, ()| async {}));
    assert!(text.contains("my own"), "{text}");
}
