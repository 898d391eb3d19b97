//! Sleeps at the ends of the time line, and moved ones.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Instant, Sleep, Spawn, Timer};
use trunnion_smol::{SmolGlobal, SmolSleep};

const DAY: Duration = Duration::from_secs(24 * 3600);
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(5);

fn poll_once(sleep: &mut SmolSleep) -> Poll<()> {
    Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop()))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_zero_or_past_deadline_is_ready_at_the_first_poll() {
    let rt = SmolGlobal;
    assert!(poll_once(&mut rt.sleep(Duration::ZERO)).is_ready());
    assert!(poll_once(&mut rt.sleep_until(Instant::ORIGIN)).is_ready());
    assert!(poll_once(&mut rt.sleep_until(rt.now())).is_ready());
}

#[test]
fn far_deadlines_stay_pending() {
    let rt = SmolGlobal;
    for duration in [60 * DAY, 3650 * DAY, 100 * 366 * DAY, Duration::MAX] {
        let mut sleep = rt.sleep(duration);
        assert!(poll_once(&mut sleep).is_pending());
        assert!(poll_once(&mut sleep).is_pending());
        assert!(!sleep.is_elapsed());
        // Others are still served while the far one is registered.
        rt.block_on(rt.sleep(SHORT));
        assert!(poll_once(&mut sleep).is_pending());
    }
    let mut never = rt.sleep_until(Instant::FAR_FUTURE);
    assert!(poll_once(&mut never).is_pending());
    assert_eq!(never.deadline(), Instant::FAR_FUTURE);
}

#[test]
fn a_sleep_never_ends_early() {
    let rt = SmolGlobal;
    rt.block_on(async {
        for micros in (0..3_000).step_by(97) {
            let deadline = rt.now() + Duration::from_micros(micros);
            rt.sleep_until(deadline).await;
            assert!(rt.now() >= deadline);
        }
    });
}

#[test]
fn a_sleep_polled_again_after_it_was_ready_is_ready_again() {
    let rt = SmolGlobal;
    let mut sleep = rt.sleep(SHORT);
    rt.block_on(&mut sleep);
    assert!(sleep.is_elapsed());
    assert!(poll_once(&mut sleep).is_ready());
    assert!(poll_once(&mut sleep).is_ready());
}

#[test]
fn a_sleep_reset_after_it_was_ready_waits_again() {
    let rt = SmolGlobal;
    let mut sleep = rt.sleep(Duration::ZERO);
    rt.block_on(&mut sleep);
    Pin::new(&mut sleep).reset(rt.now() + LONG);
    assert!(poll_once(&mut sleep).is_pending());
    let deadline = rt.now() + SHORT;
    Pin::new(&mut sleep).reset(deadline);
    rt.block_on(&mut sleep);
    assert!(rt.now() >= deadline);
}

#[test]
fn a_pending_sleep_that_is_moved_earlier_wakes_the_task_that_waits() {
    let rt = SmolGlobal;
    for from in [rt.now() + LONG, Instant::FAR_FUTURE] {
        for to in [Duration::ZERO, SHORT] {
            let sleep = Arc::new(Mutex::new(rt.sleep_until(from)));
            let waiting = Arc::clone(&sleep);
            let (polled, was_polled) = mpsc::channel();
            let task = rt.spawn(poll_fn(move |cx| {
                let poll = Pin::new(&mut *waiting.lock().expect("no panic")).poll(cx);
                let _later = polled.send(());
                poll
            }));
            was_polled.recv().expect("the task runs");
            Pin::new(&mut *sleep.lock().expect("no panic")).reset(rt.now() + to);
            rt.block_on(task).expect("the task ends");
        }
    }
}

#[test]
fn a_pending_sleep_that_is_moved_later_does_not_end_at_the_old_deadline() {
    let rt = SmolGlobal;
    rt.block_on(async {
        let mut sleep = pin!(rt.sleep(SHORT));
        assert!(poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await);
        let later = rt.now() + 10 * SHORT;
        sleep.as_mut().reset(later);
        sleep.await;
        assert!(rt.now() >= later);
    });
}

#[test]
fn only_the_last_waker_is_woken_and_a_dropped_sleep_wakes_nobody() {
    let rt = SmolGlobal;
    let (first, last, dropped) = <(Arc<Wakes>, Arc<Wakes>, Arc<Wakes>)>::default();
    let poll_with = |sleep: &mut SmolSleep, wakes: &Arc<Wakes>| {
        Pin::new(sleep).poll(&mut Context::from_waker(&Waker::from(Arc::clone(wakes))))
    };
    let mut sleep = rt.sleep(SHORT);
    let mut gone = rt.sleep(SHORT);
    assert!(poll_with(&mut sleep, &first).is_pending());
    assert!(poll_with(&mut sleep, &last).is_pending());
    assert!(poll_with(&mut gone, &dropped).is_pending());
    drop(gone);
    rt.block_on(rt.sleep(10 * SHORT));
    // The timer that ended the wait comes after the other one in the same reactor.
    let counts = [&first, &last, &dropped].map(|wakes| wakes.0.load(Ordering::SeqCst));
    assert_eq!(counts, [0, 1, 0]);
}

#[test]
fn a_sleep_works_under_a_foreign_block_on() {
    let start = SmolGlobal.now();
    smol::future::block_on(SmolGlobal.sleep(SHORT));
    assert!(SmolGlobal.now() >= start + SHORT);
}
