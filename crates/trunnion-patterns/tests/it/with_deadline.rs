//! Operations that are asked to stop at a point in time.

use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{BlockOn, CancelKind, CancelToken, Clock, Instant, Spawn, Timer, YieldNow};
use trunnion_patterns::{Finished, with_deadline};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in, run};

use crate::hand::{HandClock, Remote, Wakes, poll};

const SECOND: Duration = Duration::from_secs(1);

fn parts<T>(finished: Poll<Finished<T>>) -> Option<(T, bool)> {
    match finished {
        Poll::Ready(finished) => Some((finished.output, finished.expired)),
        Poll::Pending => None,
    }
}

#[test]
fn what_is_ready_at_once_is_in_time_and_makes_no_timer() {
    let clock = HandClock::default();
    let past = Instant::ORIGIN;
    clock.advance(SECOND);
    let done = pin!(with_deadline(&clock, past, |_| ready(7)));
    assert_eq!(parts(poll(done)), Some((7, false)));
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
}

#[test]
fn a_past_deadline_lets_it_make_one_poll_and_then_cancels() {
    let clock = HandClock::default();
    clock.advance(SECOND);
    let mut seen = Vec::new();
    let done = with_deadline(&clock, Instant::ORIGIN, |token| {
        let seen = &mut seen;
        std::future::poll_fn(move |_| {
            seen.push(token.reason().map(|reason| reason.kind()));
            if seen.len() == 1 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    });
    assert_eq!(parts(poll(pin!(done))), Some(((), true)));
    assert_eq!(seen, [None, Some(CancelKind::Deadline)]);
}

#[test]
fn the_deadline_cancels_and_what_the_operation_says_then_is_kept() {
    let clock = HandClock::default();
    let wakes = Arc::new(Wakes::default());
    let at = clock.peek() + SECOND;
    let mut done = pin!(with_deadline(&clock, at, |token| async move {
        assert_eq!(token.deadline(), Some(at));
        token.cancelled().await.kind()
    }));
    assert!(wakes.poll(done.as_mut()).is_pending());
    clock.advance(Duration::from_nanos(999_999_999));
    assert!(wakes.poll(done.as_mut()).is_pending(), "a nanosecond early");
    clock.advance(Duration::from_nanos(1));
    assert!(wakes.count() > 0, "the timer wakes");
    assert_eq!(parts(poll(done)), Some((CancelKind::Deadline, true)));
    assert_eq!((clock.timers_made(), clock.timers_alive()), (1, 0));
}

#[test]
fn it_waits_for_what_does_not_look_at_its_token() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut done = pin!(with_deadline(&clock, Instant::ORIGIN, |_| remote.operation()));
    for _ in 0..3 {
        assert!(poll(done.as_mut()).is_pending());
    }
    assert_eq!(
        remote.polls(),
        4,
        "once more in the turn of the cancellation"
    );
    remote.finish();
    assert_eq!(parts(poll(done)), Some(("done", true)));
    assert_eq!((remote.drops(), clock.timers_alive()), (1, 0));
}

#[test]
fn a_value_that_is_ready_in_the_instant_of_the_deadline_is_in_time() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut done = pin!(with_deadline(&clock, clock.peek() + SECOND, |_| remote.operation()));
    assert!(poll(done.as_mut()).is_pending());
    clock.advance(5 * SECOND);
    remote.finish();
    assert_eq!(parts(poll(done)), Some(("done", false)));
}

#[test]
fn a_deadline_further_out_or_equal_cancels_but_is_not_this_ones() {
    for (own, expired) in [(SECOND, true), (2 * SECOND, false), (3 * SECOND, false)] {
        let clock = HandClock::default();
        let outer = CancelToken::new().child_until(clock.peek() + 2 * SECOND);
        let mut done = pin!(
            with_deadline(&clock, clock.peek() + own, |token| async move {
                token.cancelled().await.kind()
            })
            .token(&outer)
        );
        assert!(poll(done.as_mut()).is_pending());
        clock.advance(own.min(2 * SECOND));
        assert_eq!(parts(poll(done)), Some((CancelKind::Deadline, expired)));
        assert!(!outer.is_cancelled(), "it is only looked at");
    }
}

#[test]
fn a_cancellation_from_outside_reaches_it_and_ends_the_timer() {
    let clock = HandClock::default();
    let outer = CancelToken::new();
    let mut done = pin!(
        with_deadline(&clock, clock.peek() + SECOND, |token| async move {
            let kind = token.cancelled().await.kind();
            trunnion_core::YieldOnce::new().await;
            kind
        })
        .token(&outer)
    );
    assert!(poll(done.as_mut()).is_pending());
    outer.cancel_with(CancelKind::Shutdown);
    assert!(poll(done.as_mut()).is_pending());
    assert_eq!(clock.timers_alive(), 0);
    clock.advance(SECOND);
    assert_eq!(parts(poll(done)), Some((CancelKind::Shutdown, false)));
}

#[test]
fn an_operation_that_cancels_itself_is_not_expired() {
    let clock = HandClock::default();
    let mut done = pin!(with_deadline(&clock, Instant::ORIGIN, |token| async move {
        token.cancel();
        trunnion_core::YieldOnce::new().await;
    }));
    assert!(poll(done.as_mut()).is_pending());
    assert_eq!(parts(poll(done)), Some(((), false)));
    assert_eq!(clock.timers_made(), 0);
}

#[test]
fn a_deadline_that_never_comes_makes_no_timer() {
    let clock = HandClock::default();
    let mut done = pin!(with_deadline(
        &clock,
        Instant::FAR_FUTURE,
        |_| pending::<()>()
    ));
    assert!(poll(done.as_mut()).is_pending());
    clock.advance(Duration::MAX);
    assert!(poll(done).is_pending());
    assert_eq!(clock.timers_made(), 0);
}

#[test]
fn a_callback_that_panics_is_raised_when_the_operation_has_ended() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut registered = None;
    let mut done = pin!(with_deadline(&clock, Instant::ORIGIN, |token| {
        registered = Some(token.on_cancel(|_| panic!("callback")));
        remote.operation()
    }));
    assert!(poll(done.as_mut()).is_pending());
    remote.finish();
    let raised = catch(|| poll(done)).expect_err("it is raised");
    assert_eq!((raised.message(), remote.drops()), (Some("callback"), 1));
}

#[test]
fn nothing_begins_before_it_is_polled_and_dropping_it_drops_all() {
    for polls in 0..4 {
        let (clock, remote) = (HandClock::default(), Remote::default());
        let begun = AtomicUsize::new(0);
        let mut done = Box::pin(with_deadline(&clock, clock.peek() + SECOND, |_| {
            begun.fetch_add(1, SeqCst);
            remote.operation()
        }));
        for _ in 0..polls {
            assert!(poll(done.as_mut()).is_pending());
            clock.advance(SECOND / 2);
        }
        drop(done);
        let once = polls.min(1);
        assert_eq!((begun.load(SeqCst), remote.drops()), (once, once));
        assert_eq!(clock.timers_alive(), 0, "after {polls} polls");
    }
}

#[test]
#[should_panic(expected = "polled after it gave its result")]
fn polling_it_again_after_its_result_panics() {
    let clock = HandClock::default();
    let mut done = pin!(with_deadline(&clock, Instant::ORIGIN, |_| ready(())));
    assert!(poll(done.as_mut()).is_ready());
    let _again = poll(done);
}

#[test]
fn deadline_and_end_against_each_other_tell_one_story() {
    let (mut early, mut late) = (0, 0);
    for seed in 0..256 {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(async {
            let moment = Duration::from_millis(1);
            let (worker, clock) = (rt.clone(), rt.clone());
            let work = rt.spawn(async move { worker.sleep(moment).await });
            let done = with_deadline(&rt, rt.now() + moment, |token| async move {
                let ended = token.run_until_cancelled(work).await;
                clock.yield_now().await;
                (ended.is_ok(), token.reason().map(|reason| reason.kind()))
            });
            let done = done.await;
            assert_eq!(
                done.expired,
                done.output.1 == Some(CancelKind::Deadline),
                "seed {seed}"
            );
            early += usize::from(done.output.0);
            late += usize::from(!done.output.0);
        });
    }
    assert!(early > 0 && late > 0, "{early} and {late}");
}

#[test]
fn it_leaves_nothing_wherever_it_is_dropped() {
    let sweep = cancel_sweep_in(
        Sim::new,
        |rt| {
            let held = Arc::new(());
            let witness = Arc::clone(&held);
            let future = async move {
                let at = rt.now() + Duration::from_millis(2);
                let done = with_deadline(&rt, at, |token| {
                    let rt = &rt;
                    async move {
                        let kept = token.on_cancel(move |_| drop(held));
                        token.cancelled().await;
                        rt.sleep(Duration::from_millis(1)).await;
                        drop(kept);
                    }
                });
                done.await.expired
            };
            (witness, future)
        },
        |rt, witness| async move {
            assert_eq!(Arc::strong_count(&witness), 1, "something is kept");
            assert_eq!(rt.next_deadline(), None, "a timer is left");
        },
    );
    assert!(sweep.polls > 2, "it waits");
}

#[test]
fn it_is_send_inside_a_task() {
    run(|rt| async move {
        let inner = rt.clone();
        let task = rt.spawn(async move {
            let at = inner.now() + SECOND;
            with_deadline(&inner, at, |token| token.cancelled_owned())
                .await
                .expired
        });
        assert!(task.await.expect("it ends"));
    });
}
