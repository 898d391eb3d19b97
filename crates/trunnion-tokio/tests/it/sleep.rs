//! Sleeps: lazily armed, at home under any executor, never panicking.

use std::future::{Future, poll_fn};
use std::mem::size_of;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::coop::poll_proceed;
use trunnion_core::{BlockOn, Clock, Instant, RuntimeInfo, Sleep, Timer};
use trunnion_tokio::{TimerDisabled, Tokio, TokioOwned, TokioSleep};

const WORD: usize = size_of::<usize>();
const HOUR: Duration = Duration::from_secs(3600);

/// Counts wakes and unparks the thread that made it.
struct Wakes(AtomicUsize, thread::Thread);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.unpark();
    }
}

fn wakes() -> Arc<Wakes> {
    Arc::new(Wakes(AtomicUsize::new(0), thread::current()))
}

fn poll(sleep: Pin<&mut TokioSleep>) -> Poll<()> {
    sleep.poll(&mut Context::from_waker(Waker::noop()))
}

fn start(rt: &Tokio, duration: Duration, place: Pin<&mut Option<TokioSleep>>) -> Poll<()> {
    rt.start_sleep(duration, place, &mut Context::from_waker(Waker::noop()))
}

fn owner() -> TokioOwned {
    TokioOwned::multi_thread().expect("tokio starts")
}

#[test]
fn a_sleep_is_at_most_two_words_larger_than_tokios() {
    assert!(size_of::<TokioSleep>() <= size_of::<tokio::time::Sleep>() + 2 * WORD);
}

#[test]
fn a_zero_or_past_deadline_is_ready_at_the_first_poll_outside_of_the_runtime() {
    let owner = owner();
    let rt = owner.handle();
    assert!(poll(pin!(rt.sleep(Duration::ZERO))).is_ready());
    assert!(poll(pin!(rt.sleep_until(Instant::ORIGIN))).is_ready());
}

#[test]
fn distant_deadlines_stay_pending_and_keep_their_value() {
    let owner = owner();
    let rt = owner.handle();
    let days = |days: u64| rt.now() + Duration::from_secs(86_400 * days);
    for deadline in [days(60), days(3652), days(36_520), Instant::FAR_FUTURE] {
        let mut sleep = pin!(rt.sleep_until(deadline));
        assert!(poll(sleep.as_mut()).is_pending());
        assert_eq!(sleep.deadline(), deadline);
        assert!(!sleep.is_elapsed());
    }
    assert!(poll(pin!(rt.sleep(Duration::MAX))).is_pending());
}

#[test]
fn a_foreign_executor_is_woken_and_never_early() {
    let owner = owner();
    let rt = owner.handle();
    let count = wakes();
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    for micros in [1, 300, 999, 1001, 4500] {
        let deadline = rt.now() + Duration::from_micros(micros);
        let mut sleep = pin!(rt.sleep_until(deadline));
        while sleep.as_mut().poll(&mut cx).is_pending() {
            thread::park();
        }
        assert!(rt.now() >= deadline);
        assert!(sleep.is_elapsed());
        assert!(poll(sleep).is_ready(), "ready again after it was ready");
    }
}

#[test]
fn it_is_elapsed_and_ready_at_the_deadline_although_the_driver_does_not_run() {
    let owner = TokioOwned::current_thread().expect("tokio starts");
    let rt = owner.handle();
    let mut sleep = pin!(rt.sleep(Duration::from_millis(5)));
    assert!(poll(sleep.as_mut()).is_pending());
    while rt.now() < sleep.deadline() {
        thread::yield_now();
    }
    assert!(sleep.is_elapsed());
    assert!(poll(sleep).is_ready());
}

#[test]
fn reset_moves_the_deadline_both_ways_and_wakes_whoever_waits() {
    let owner = owner();
    let rt = owner.handle();
    let count = wakes();
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    let mut sleep = pin!(rt.sleep(HOUR));
    assert!(sleep.as_mut().poll(&mut cx).is_pending());
    sleep.as_mut().reset(rt.now() + Duration::from_millis(2));
    while count.0.load(Ordering::SeqCst) == 0 {
        thread::park();
    }
    assert!(sleep.as_mut().poll(&mut cx).is_ready());

    sleep.as_mut().reset(rt.now() + HOUR);
    assert!(!sleep.is_elapsed());
    assert!(sleep.as_mut().poll(&mut cx).is_pending());
    let before = count.0.load(Ordering::SeqCst);
    sleep.as_mut().reset(Instant::ORIGIN);
    while count.0.load(Ordering::SeqCst) == before {
        thread::park();
    }
    assert!(sleep.is_elapsed());
    assert!(sleep.as_mut().poll(&mut cx).is_ready());
}

#[test]
fn an_armed_sleep_whose_runtime_is_gone_stays_pending() {
    let owner = owner();
    let mut sleep = pin!(owner.handle().sleep(Duration::from_millis(20)));
    assert!(poll(sleep.as_mut()).is_pending());
    drop(owner);
    assert!(poll(sleep.as_mut()).is_pending());
    thread::park_timeout(Duration::from_millis(40));
    assert!(poll(sleep.as_mut()).is_pending());
    assert!(!sleep.is_elapsed());
    let later = sleep.deadline() + HOUR;
    sleep.as_mut().reset(later);
    assert!(poll(sleep).is_pending());
}

#[test]
fn a_sleep_that_is_first_polled_after_its_runtime_is_gone_stays_pending() {
    for build in [TokioOwned::multi_thread, TokioOwned::current_thread] {
        let owner = build().expect("tokio starts");
        let rt = owner.handle();
        let early = rt.sleep(HOUR);
        drop(owner);
        assert!(poll(pin!(early)).is_pending());
        assert!(poll(pin!(rt.sleep(HOUR))).is_pending());
        assert!(poll(pin!(rt.sleep(Duration::ZERO))).is_ready());
    }
}

#[test]
fn a_started_sleep_is_ready_when_its_while_is_over_and_not_before() {
    let (owner, other) = (owner(), owner());
    let rt = owner.handle();
    let whole = |rt: &Tokio| {
        let count = wakes();
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let mut place = pin!(None);
        let begin = rt.now();
        let mut poll = rt.start_sleep(Duration::from_millis(3), place.as_mut(), &mut cx);
        let sleep = |place: Pin<&Option<TokioSleep>>| place.as_pin_ref().map(|s| s.deadline());
        let deadline = sleep(place.as_ref()).expect("it was made");
        assert!(deadline >= begin + Duration::from_millis(3) && deadline < begin + HOUR);
        while poll.is_pending() {
            thread::park();
            poll = place
                .as_mut()
                .as_pin_mut()
                .expect("it was made")
                .poll(&mut cx);
        }
        assert!(rt.now() >= deadline);
        assert_eq!(sleep(place.as_ref()), Some(deadline));
    };
    whole(&rt);
    owner.block_on(async { whole(&rt) });
    other.block_on(async { whole(&rt) });
}

#[test]
fn a_started_sleep_has_the_extremes_of_any_other() {
    let owner = owner();
    let rt = owner.handle();
    let mut place = pin!(None);
    assert!(start(&rt, Duration::ZERO, place.as_mut()).is_ready());
    assert!(start(&rt, Duration::MAX, place.as_mut()).is_pending());
    assert!(start(&rt, HOUR, place.as_mut()).is_pending());
    let mut sleep = place.as_pin_mut().expect("it was made");
    assert!(!sleep.is_elapsed());
    let later = rt.now() + 2 * HOUR;
    sleep.as_mut().reset(later);
    assert_eq!(sleep.deadline(), later);
    sleep.as_mut().reset(Instant::ORIGIN);
    assert!(sleep.is_elapsed());
    assert!(poll(sleep).is_ready());
}

#[test]
fn a_started_sleep_whose_runtime_is_gone_stays_pending_and_keeps_its_deadline() {
    let owner = owner();
    let rt = owner.handle();
    let mut place = pin!(None);
    assert!(start(&rt, HOUR, place.as_mut()).is_pending());
    let mut sleep = place.as_mut().as_pin_mut().expect("it was made");
    let deadline = sleep.deadline();
    drop(owner);
    assert!(poll(sleep.as_mut()).is_pending());
    assert_eq!(sleep.deadline(), deadline);
    assert!(start(&rt, HOUR, place).is_pending());
}

#[test]
fn a_runtime_without_a_timer_is_refused() {
    let bare = || -> Runtime { Builder::new_current_thread().build().expect("tokio starts") };
    let native = bare();
    assert_eq!(
        Tokio::new(native.handle().clone()).unwrap_err(),
        TimerDisabled
    );
    assert_eq!(TokioOwned::from_runtime(bare()).unwrap_err(), TimerDisabled);
    native.block_on(async {
        assert!(Tokio::current().is_err());
        assert!(trunnion_core::AnyRuntime::current().is_err());
        // Dropped inside an asynchronous context.
        assert_eq!(TokioOwned::from_runtime(bare()).unwrap_err(), TimerDisabled);
    });
}

#[test]
fn values_of_one_runtime_are_one_value() {
    let owner = owner();
    let again = Tokio::new(owner.handle().handle().clone()).expect("it has a timer");
    assert_eq!(again.info(), owner.handle().info());
    owner.block_on(async {
        assert_eq!(Tokio::current().expect("inside").info(), again.info());
    });
    assert_ne!(again.info().id, self::owner().handle().info().id);
}

#[test]
fn a_budget_that_is_used_up_does_not_hide_an_elapsed_deadline() {
    let owner = owner();
    let rt = owner.handle();
    owner.block_on(async {
        let mut sleep = pin!(rt.sleep(Duration::from_millis(2)));
        poll_fn(|cx| {
            while let Poll::Ready(unit) = poll_proceed(cx) {
                unit.made_progress();
            }
            sleep.as_mut().poll(cx)
        })
        .await;
        assert!(sleep.is_elapsed());
    });
}
