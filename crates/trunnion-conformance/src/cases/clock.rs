//! C: the clock.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::thread;

use trunnion_core::{Clock, Flavor, Instant, RealClock, RuntimeInfo, Sleep, Timer};

use super::enter;
use crate::Adapter;

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! clock_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; clock [
            c01_now_never_goes_back,
            c01_now_never_goes_back_across_threads,
            c02_now_advances_by_what_was_slept,
            c03_instants_stop_at_both_ends_of_the_line,
            c04_the_standard_instant_and_back_is_the_same,
            c05_the_coarse_time_lags_by_the_granularity_at_most,
            c06_clones_share_one_line,
            c07_each_instance_keeps_its_own_line_or_shares_the_real_one,
        ] alone [] }
    };
}

const MS: Duration = Duration::from_millis(1);

/// 100,000 reads.
pub fn c01_now_never_goes_back<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut last = rt.now();
        for _ in 0..100_000 {
            let now = rt.now();
            assert!(now >= last, "{now:?} follows {last:?}");
            last = now;
        }
    });
}

/// What one thread has published is not later than what another reads afterwards.
pub fn c01_now_never_goes_back_across_threads<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let latest = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25_000 {
                    let seen = Instant::from_nanos(latest.load(Ordering::Acquire));
                    let now = rt.now();
                    assert!(now >= seen, "{now:?} was read after {seen:?}");
                    latest.fetch_max(now.as_nanos(), Ordering::AcqRel);
                }
            });
        }
    });
}

/// Clock and timer are one.
pub fn c02_now_advances_by_what_was_slept<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for pause in [MS / 10, MS, 3 * MS] {
            let start = rt.now();
            rt.sleep(pause).await;
            assert!(rt.now() - start >= pause);
        }
    });
}

/// Neither end panics or wraps, also through the runtime.
pub fn c03_instants_stop_at_both_ends_of_the_line<A: Adapter>() {
    assert_eq!(
        Instant::FAR_FUTURE + Duration::from_nanos(1),
        Instant::FAR_FUTURE
    );
    assert_eq!(Instant::ORIGIN - Duration::from_nanos(1), Instant::ORIGIN);
    assert_eq!(Instant::ORIGIN - Instant::FAR_FUTURE, Duration::ZERO);
    enter::<A, _>(|rt| async move {
        let now = rt.now();
        assert_eq!(now + Duration::MAX, Instant::FAR_FUTURE);
        assert_eq!(now - Duration::MAX, Instant::ORIGIN);
        assert_eq!(rt.sleep(Duration::MAX).deadline(), Instant::FAR_FUTURE);
    });
}

/// Within a microsecond, in both directions.
pub fn c04_the_standard_instant_and_back_is_the_same<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let now = rt.now();
        for at in [now, now + MS, now + Duration::from_secs(86_400 * 365)] {
            let std = rt.to_std(at).expect("a near instant fits");
            let back = rt.from_std(std);
            let apart = (at - back).max(back - at);
            assert!(apart <= Duration::from_micros(1), "{at:?} became {back:?}");
        }
        let (first, second) = (rt.to_std(now), rt.to_std(now + MS));
        let pair = first.zip(second).expect("near instants fit");
        assert_eq!(pair.1 - pair.0, MS);
    });
}

/// And it is never ahead.
pub fn c05_the_coarse_time_lags_by_the_granularity_at_most<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..1_000 {
            let before = rt.now();
            let coarse = rt.now_coarse();
            let after = rt.now();
            assert!(
                coarse <= after,
                "the coarse time {coarse:?} is ahead of {after:?}"
            );
            assert!(
                coarse + rt.granularity() >= before,
                "{coarse:?} lags behind {before:?}"
            );
        }
    });
}

/// Reads through two clones are ordered, and so are their sleeps.
pub fn c06_clones_share_one_line<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let other = rt.clone();
        for _ in 0..1_000 {
            let (first, second, third) = (rt.now(), other.now(), rt.now());
            assert!(first <= second && second <= third);
        }
        let deadline = rt.now() + 2 * MS;
        other.sleep_until(deadline).await;
        assert!(rt.now() >= deadline);
    });
}

/// Runtimes in real time share the origin of [`RealClock`]; a virtual line belongs to its instance.
pub fn c07_each_instance_keeps_its_own_line_or_shares_the_real_one<A: Adapter>() {
    let (first, second) = (A::start(), A::start());
    let (first_rt, second_rt) = (A::runtime(&first), A::runtime(&second));
    let start = second_rt.now();
    trunnion_core::BlockOn::block_on(&first, first_rt.sleep(2 * MS));
    if first_rt.info().flavor == Flavor::Virtual {
        assert_eq!(second_rt.now(), start, "nothing slept on the second line");
        return;
    }
    for rt in [first_rt, second_rt] {
        let before = RealClock.now();
        let now = rt.now();
        let after = RealClock.now();
        let slack = Duration::from_micros(1);
        assert!(
            before <= now + slack && now <= after + slack,
            "{now:?} is not the real time"
        );
    }
}
