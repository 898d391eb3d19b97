//! Time and chance: the operating system's clock, async-io's timers, the thread's generator.

use core::time::Duration;

use trunnion_core::{
    Clock, Entropy, Instant, RealClock, ThreadEntropy, Timer, YieldNow, YieldOnce,
};

use crate::{SmolExecutor, SmolGlobal, SmolLocal, SmolSleep};

/// How late a sleep ends on an idle machine: the system call's own slack; async-io does not round.
const GRANULARITY: Duration = Duration::from_micros(100);

macro_rules! real_time {
    ($($runtime:ty),*) => {$(
        impl Clock for $runtime {
            #[track_caller]
            fn now(&self) -> Instant {
                RealClock.now()
            }
        }

        impl Timer for $runtime {
            type Sleep = SmolSleep;

            fn sleep_until(&self, deadline: Instant) -> SmolSleep {
                SmolSleep::new(deadline)
            }

            fn granularity(&self) -> Duration {
                GRANULARITY
            }
        }

        impl YieldNow for $runtime {
            type Yield = YieldOnce;

            fn yield_now(&self) -> YieldOnce {
                YieldOnce::new()
            }
        }

        impl Entropy for $runtime {
            fn next_u64(&self) -> u64 {
                ThreadEntropy.next_u64()
            }
        }
    )*};
}

real_time!(SmolGlobal, SmolExecutor, SmolLocal);
