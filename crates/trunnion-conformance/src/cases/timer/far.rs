//! Deadlines that nobody lives to see.

use core::task::Poll;
use core::time::Duration;

use trunnion_core::{Clock, Instant, Sleep, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::soon;
use crate::probe::Wakes;

const DAY: Duration = Duration::from_secs(86_400);

/// Around the ends of 31 and 32 bits of milliseconds, of 36 bits (a wheel's end), of microseconds and seconds.
fn far_durations() -> Vec<Duration> {
    let around = [31, 32, 36, 37, 42].into_iter().flat_map(|bits| {
        let end = 1_u64 << bits;
        [end - 1, end, end + 1].map(Duration::from_millis)
    });
    let days = [60 * DAY, 365 * DAY, 3_650 * DAY, 36_500 * DAY];
    let ends = [
        Duration::from_micros(u64::from(u32::MAX)),
        Duration::from_nanos(i64::MAX.unsigned_abs()),
        Duration::from_nanos(u64::MAX),
        Duration::from_secs(u64::from(u32::MAX) * 2),
        Duration::from_secs(i64::MAX.unsigned_abs()),
        Duration::MAX,
    ];
    around.chain(days).chain(ends).collect()
}

/// None panics, wraps to something near, or wakes anybody while a short sleep passes.
pub fn t05_the_far_future_stays_pending<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let wakes = Wakes::new();
        let mut far: Vec<_> = far_durations()
            .into_iter()
            .map(|pause| Box::pin(rt.sleep(pause)))
            .collect();
        far.push(Box::pin(rt.sleep_until(Instant::FAR_FUTURE)));
        for sleep in &mut far {
            assert_eq!(
                wakes.poll(sleep),
                Poll::Pending,
                "until {:?}",
                sleep.deadline()
            );
        }
        rt.sleep(5 * MS).await;
        for sleep in &mut far {
            assert!(!sleep.is_elapsed());
            assert_eq!(
                wakes.poll(sleep),
                Poll::Pending,
                "until {:?}",
                sleep.deadline()
            );
        }
        assert_eq!(wakes.count(), 0);
    });
}

/// In both directions.
pub fn t05_the_far_future_can_be_reset<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for far in [Instant::FAR_FUTURE, rt.now() + 3_650 * DAY] {
            let mut sleep = Box::pin(rt.sleep_until(far));
            assert_eq!(Wakes::new().poll(&mut sleep), Poll::Pending);
            let near = rt.now() + 2 * MS;
            sleep.as_mut().reset(near);
            assert_eq!(sleep.deadline(), near);
            soon(&rt, sleep.as_mut()).await;
            assert!(rt.now() >= near);
            sleep.as_mut().reset(far);
            assert!(!sleep.is_elapsed());
            assert_eq!(Wakes::new().poll(&mut sleep), Poll::Pending);
        }
    });
}
