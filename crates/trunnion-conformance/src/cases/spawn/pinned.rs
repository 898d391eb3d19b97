//! How a task's future is polled.

use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::{Pin, pin};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, PoisonError};

use trunnion_core::{Spawn, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::soon;
use crate::probe::{Event, Seen};

/// Counts how often it is not where it was polled first.
struct InPlace {
    address: AtomicUsize,
    moved: Arc<AtomicUsize>,
    turns: AtomicUsize,
    then: Event,
    _pinned: PhantomPinned,
}

impl InPlace {
    fn look(&self) {
        let here = ptr::from_ref(self).addr();
        let first = self
            .address
            .compare_exchange(0, here, Ordering::SeqCst, Ordering::SeqCst);
        let elsewhere = first.is_err_and(|first| first != here);
        self.moved
            .fetch_add(usize::from(elsewhere), Ordering::SeqCst);
    }
}

impl Future for InPlace {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.look();
        if self.turns.load(Ordering::SeqCst) == 0 {
            return pin!(self.then.wait()).poll(cx);
        }
        self.turns.fetch_sub(1, Ordering::SeqCst);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        self.look();
    }
}

/// From its first poll to its destructor, whether it ends or is aborted.
pub fn s24_a_future_that_must_not_move_stays_in_place<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (moved, end) = (Arc::new(AtomicUsize::new(0)), Event::new());
        let spawn = |then: &Event| {
            rt.spawn(InPlace {
                address: AtomicUsize::new(0),
                moved: Arc::clone(&moved),
                turns: AtomicUsize::new(20),
                then: then.clone(),
                _pinned: PhantomPinned,
            })
        };
        let ending: Vec<_> = (0..50).map(|_| spawn(&end)).collect();
        let aborted: Vec<_> = (0..50).map(|_| spawn(&Event::new())).collect();
        rt.sleep(MS).await;
        end.set();
        for task in ending {
            soon(&rt, task).await.expect("the task ends");
        }
        for task in aborted {
            soon(&rt, task.cancel())
                .await
                .expect_err("it never ends by itself");
        }
        assert_eq!(moved.load(Ordering::SeqCst), 0);
    });
}

/// Wakes itself three times in its first poll, and ends when told so.
struct WakesThrice {
    polls: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
    end: Event,
}

impl Future for WakesThrice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if self.polls.fetch_add(1, Ordering::SeqCst) == 0 {
            for _ in 0..3 {
                cx.waker().wake_by_ref();
            }
        }
        if self.end.is_set() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// The task is polled once more, not three times and not never.
pub fn s25_wakes_during_a_poll_schedule_once<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let polls = Arc::new(AtomicUsize::new(0));
        let (waker, end) = (Arc::default(), Event::new());
        let task = rt.spawn(WakesThrice {
            polls: Arc::clone(&polls),
            waker: Arc::clone(&waker),
            end: end.clone(),
        });
        let polled_twice = || polls.load(Ordering::SeqCst) >= 2;
        crate::limit::until(&rt, polled_twice).await;
        rt.sleep(5 * MS).await;
        assert_eq!(polls.load(Ordering::SeqCst), 2);
        end.set();
        let waker: Option<Waker> = waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        waker.expect("it was polled").wake();
        soon(&rt, task).await.expect("the task ends");
        assert_eq!(polls.load(Ordering::SeqCst), 3);
    });
}

/// From inside and from a plain thread.
pub fn s26_a_wake_after_the_end_is_ignored<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (polls, waker) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let end = Event::new();
        end.set();
        let task = rt.spawn(WakesThrice {
            polls: Arc::clone(&polls),
            waker: Arc::clone(&waker),
            end,
        });
        soon(&rt, task).await.expect("the task ends");
        let kept: Option<Waker> = waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = kept.expect("it was polled");
        kept.wake_by_ref();
        std::thread::spawn(move || kept.wake())
            .join()
            .expect("a late wake does not panic");
        rt.sleep(2 * MS).await;
        assert_eq!(polls.load(Ordering::SeqCst), 1);
    });
}

/// They cost polls, and nothing ends or is lost by them.
pub fn s27_wakes_without_reason_do_no_harm<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let seen = Seen::new();
        let endless = seen.endless();
        let (wakers, waker) = std::sync::mpsc::channel();
        let go = Event::new();
        let wait = go.wait();
        let task = rt.spawn(async move {
            core::future::poll_fn(|cx| Poll::Ready(wakers.send(cx.waker().clone())))
                .await
                .expect("it is awaited");
            wait.await;
            drop(endless);
            7
        });
        until_received(&rt, &waker).await;
        assert!(!task.is_finished());
        go.set();
        assert_eq!(soon(&rt, task).await.expect("the task ends"), 7);
        assert_eq!(seen.drops(), 1);
    });
}

/// Wakes the task a hundred times, over some milliseconds.
async fn until_received<R: Timer>(rt: &R, wakers: &std::sync::mpsc::Receiver<Waker>) {
    let waker = loop {
        if let Ok(waker) = wakers.try_recv() {
            break waker;
        }
        rt.sleep(MS).await;
    };
    for round in 0..100 {
        waker.wake_by_ref();
        if round % 25 == 0 {
            rt.sleep(MS).await;
        }
    }
}
