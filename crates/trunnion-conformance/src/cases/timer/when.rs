//! When a sleep ends.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;

use trunnion_core::{Clock, Entropy, Flavor, Instant, RuntimeInfo, Sleep, Spawn, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::probe::{Wakes, poll_by};

/// A thousand random durations at once.
pub fn t01_a_sleep_is_never_early<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let tasks: Vec<_> = (0..1_000)
            .map(|_| rt.spawn(sleep_at_random(rt.clone())))
            .collect();
        for task in tasks {
            task.await.expect("the sleeper ends");
        }
    });
}

async fn sleep_at_random<R: Timer + Entropy>(rt: R) {
    let pause = Duration::from_nanos(rt.next_u64() % 20_000_000);
    let start = rt.now();
    rt.sleep(pause).await;
    let slept = rt.now() - start;
    assert!(slept >= pause, "a sleep of {pause:?} ended after {slept:?}");
}

/// Real lateness depends on the machine, so that it is printed; on a virtual line it is bound by the granularity.
#[expect(
    clippy::print_stdout,
    reason = "the report is the purpose of this case"
)]
pub fn t02_lateness_is_reported<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut worst = Duration::ZERO;
        for micros in [1, 100, 500, 1_500, 3_000] {
            let deadline = rt.now() + Duration::from_micros(micros);
            rt.sleep_until(deadline).await;
            assert!(rt.now() >= deadline);
            worst = worst.max(rt.now() - deadline);
        }
        println!("at most {worst:?} late; granularity {:?}", rt.granularity());
        if rt.info().flavor == Flavor::Virtual {
            assert!(
                worst <= rt.granularity(),
                "{worst:?} late on a virtual line"
            );
        }
    });
}

/// It needs no wake.
pub fn t03_a_zero_duration_is_ready_at_the_first_poll<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..100 {
            let sleep = pin!(rt.sleep(Duration::ZERO));
            assert!(
                sleep
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_ready()
            );
        }
    });
}

/// Down to the beginning of the line.
pub fn t04_a_past_deadline_is_ready_at_the_first_poll<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        rt.sleep(2 * MS).await;
        let now = rt.now();
        for deadline in [
            now,
            now - Duration::from_nanos(1),
            now - MS,
            Instant::ORIGIN,
        ] {
            let mut sleep = Box::pin(rt.sleep_until(deadline));
            assert!(sleep.is_elapsed());
            assert!(
                poll_by(Waker::noop(), &mut sleep).is_ready(),
                "{deadline:?} is past at {now:?}"
            );
            assert_eq!(sleep.deadline(), deadline);
        }
    });
}

/// As often as one likes.
pub fn t11_a_sleep_polled_after_it_was_ready_is_ready<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut sleep = Box::pin(rt.sleep(2 * MS));
        for _ in 0..3 {
            sleep.as_mut().await;
            assert!(sleep.is_elapsed());
        }
    });
}

/// The deadline is what was asked for, and elapsed means that a poll is ready.
pub fn t19_deadline_and_is_elapsed_agree_with_poll<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let deadline = rt.now() + 5 * MS;
        let mut sleep = Box::pin(rt.sleep_until(deadline));
        let wakes = Wakes::new();
        assert_eq!(sleep.deadline(), deadline);
        loop {
            let elapsed = sleep.is_elapsed();
            let ready = wakes.poll(&mut sleep).is_ready();
            assert!(ready || !elapsed, "it had elapsed, but was pending");
            assert!(
                !ready || sleep.is_elapsed(),
                "it was ready, but had not elapsed"
            );
            assert!(!sleep.is_elapsed() || rt.now() >= deadline);
            if ready {
                break;
            }
            rt.sleep(MS).await;
        }
        assert_eq!(sleep.deadline(), deadline);
    });
}
