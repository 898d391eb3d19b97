//! Sleeps that are dropped.

use core::time::Duration;

use trunnion_core::{BlockOn, Clock, Sleep, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::probe::{Wakes, assert_flat};

/// The timer goes with it.
pub fn t13_a_dropped_sleep_wakes_nobody<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut in_time = Vec::new();
        for _ in 0..20 {
            let wakes = Wakes::new();
            let mut sleep = Box::pin(rt.sleep(15 * MS));
            let deadline = sleep.deadline();
            let _pending = wakes.poll(&mut sleep);
            drop(sleep);
            // A machine that stops here for longer than the sleep shows nothing.
            if rt.now() < deadline {
                in_time.push(wakes);
            }
        }
        rt.sleep(25 * MS).await;
        assert!(
            !in_time.is_empty(),
            "the machine is too slow to drop a sleep before it ends"
        );
        assert!(in_time.iter().all(|wakes| wakes.count() == 0));
    });
}

/// 100,000 sleeps that were polled and dropped; each would keep its waker.
pub fn t13_dropped_sleeps_leave_no_memory<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    assert_flat(2 << 20, 100, || {
        owner.block_on(async {
            let wakes = Wakes::new();
            for _ in 0..1_000 {
                let mut sleep = Box::pin(rt.sleep(Duration::from_secs(3_600)));
                let _pending = wakes.poll(&mut sleep);
            }
        });
    });
}
