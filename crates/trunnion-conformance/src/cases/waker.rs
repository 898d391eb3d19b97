//! W: wakers and foreign futures.

use core::future::{Future, poll_fn};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;
use std::thread;

use trunnion_core::{BlockOn, Clock, Spawn, YieldNow};

use super::enter;
use crate::Adapter;
use crate::probe::Event;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! waker_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; waker [
            w01_wakers_are_cloned_woken_and_dropped_by_eight_threads,
            w02_a_storm_of_wakes_does_not_lose_the_last,
            w04_a_task_keeps_one_waker_for_all_its_polls,
            w04_a_handle_polled_again_with_its_waker_keeps_it,
        ] alone [] }
    };
}

/// Shows a number to a task and says what the task has seen.
#[derive(Default)]
struct Board {
    shown: AtomicUsize,
    seen: AtomicUsize,
    waker: Mutex<Option<Waker>>,
    stored: Event,
}

impl Board {
    /// The task's side: looks at the number at each poll until it is `last`.
    fn poll(&self, cx: &mut Context<'_>, last: usize) -> Poll<()> {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        let shown = self.shown.load(Ordering::SeqCst);
        self.seen.store(shown, Ordering::SeqCst);
        self.stored.set();
        if shown == last {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn waker(&self) -> Waker {
        let waker = self
            .waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        waker.expect("the task was polled")
    }

    /// Shows `number`, wakes once and waits until the task has seen it.
    fn show(&self, number: usize) {
        self.shown.store(number, Ordering::SeqCst);
        self.waker().wake();
        while self.seen.load(Ordering::SeqCst) < number {
            thread::yield_now();
        }
    }
}

/// Checks that a waker is a counted reference that any thread may use in any way.
pub fn w01_wakers_are_cloned_woken_and_dropped_by_eight_threads<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let board = Arc::new(Board::default());
        let polled = board.clone();
        let task = rt.spawn(poll_fn(move |cx| polled.poll(cx, 1)));
        let use_waker = move |board: &Board| {
            board.stored.expect("the task is polled");
            for _ in 0..500 {
                let waker = board.waker();
                let second = waker.clone();
                waker.wake_by_ref();
                drop(waker);
                drop(second.clone());
                second.wake();
            }
        };
        let last = thread::spawn(move || {
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| use_waker(&board));
                }
            });
            board.show(1);
        });
        task.await.expect("the task ends");
        last.join().expect("the threads end");
    });
}

/// Checks that of 1,000,000 wakes the last one before each look is never lost.
pub fn w02_a_storm_of_wakes_does_not_lose_the_last<A: Adapter>() {
    const ROUNDS: usize = 200;
    const WAKES: usize = 5_000;
    enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let board = Arc::new(Board::default());
        let polled = board.clone();
        let task = rt.spawn(poll_fn(move |cx| polled.poll(cx, ROUNDS)));
        let storm = thread::spawn(move || {
            board.stored.expect("the task is polled");
            for round in 1..=ROUNDS {
                let waker = board.waker();
                (1..WAKES).for_each(|_| waker.wake_by_ref());
                board.show(round);
            }
        });
        task.await.expect("the task ends");
        storm.join().expect("the storm ends");
    });
}

/// Checks that `will_wake` recognises a task's waker, so that futures need not store it anew.
pub fn w04_a_task_keeps_one_waker_for_all_its_polls<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut kept: Option<Waker> = None;
        let mut polls = 0;
        let task = rt.spawn(poll_fn(move |cx| {
            assert!(
                cx.waker().clone().will_wake(cx.waker()),
                "a clone wakes the same task"
            );
            let kept = kept.get_or_insert_with(|| cx.waker().clone());
            assert!(
                kept.will_wake(cx.waker()),
                "the waker changed between two polls"
            );
            polls += 1;
            if polls == 10 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        task.await.expect("the task ends");
    });
}

/// Counts its wakes; its references are counted by the `Arc`.
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Checks that a handle stores the awaiter's waker once, wakes it once and lets it go.
pub fn w04_a_handle_polled_again_with_its_waker_keeps_it<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let gate = Event::new();
    let opened = gate.clone();
    let counting = Arc::new(Counting(AtomicUsize::new(0)));
    let waker = Waker::from(counting.clone());
    let mut cx = Context::from_waker(&waker);
    let mut task = pin!(rt.spawn(async move { opened.wait().await }));
    assert!(task.as_mut().poll(&mut cx).is_pending());
    let references = Arc::strong_count(&counting);
    for _ in 0..10 {
        assert!(task.as_mut().poll(&mut cx).is_pending());
        assert_eq!(
            Arc::strong_count(&counting),
            references,
            "the waker was stored again"
        );
    }
    assert_eq!(
        counting.0.load(Ordering::Acquire),
        0,
        "nothing has happened"
    );
    gate.set();
    owner.block_on(async {
        while counting.0.load(Ordering::Acquire) == 0 {
            rt.yield_now().await;
        }
    });
    assert!(matches!(task.as_mut().poll(&mut cx), Poll::Ready(Ok(()))));
    assert_eq!(counting.0.load(Ordering::Acquire), 1, "one end, one wake");
}
