//! V: virtual time.

use core::fmt::Write as _;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use trunnion_core::{
    BlockOn, Clock, Entropy, Flavor, Instant, PanicPayload, RealClock, RuntimeInfo, Spawn,
    SpawnBlocking, SpawnOptions, TaskHandle, Timer, YieldNow,
};

use super::enter;
use crate::probe::Event;
use crate::{Adapter, VirtualAdapter};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! virtual_cases {
    (emit; $adapter:ty) => {
        $crate::__virtual_tests! { emit; $adapter }

        #[test]
        fn v04_the_same_seed_gives_the_same_trace_in_two_processes() {
            let trace = $crate::cases::virtual_time::trace::<$adapter>;
            let name = "v04_the_same_seed_gives_the_same_trace_in_two_processes";
            $crate::same_in_two_processes(module_path!(), name, trace);
        }
    };
    ($($for:tt)*) => { $crate::__virtual_tests! { $($for)* } };
}

/// The tests of this group that run in one process.
#[doc(hidden)]
#[macro_export]
macro_rules! __virtual_tests {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; virtual_time [
            v01_a_day_of_sleeps_takes_no_time,
            v02_the_clock_jumps_only_when_nothing_can_run,
            v02_a_hold_stops_the_clock,
            v03_a_jump_passes_no_deadline,
            v04_the_same_seed_gives_the_same_trace,
            v06_a_deadlock_names_every_stuck_task_and_its_place,
            v07_a_blocking_closure_stops_the_clock,
            v08_random_numbers_follow_from_the_seed,
            v10_the_real_clock_is_not_read,
        ] alone [] }
    };
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Checks that 24 hours pass in no time, and pass exactly.
pub fn v01_a_day_of_sleeps_takes_no_time<A: VirtualAdapter>() {
    let before = RealClock.now();
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        for _ in 0..24 {
            rt.sleep(HOUR).await;
        }
        assert_eq!(rt.now() - start, 24 * HOUR);
    });
    assert!(RealClock.now() - before < HOUR, "the sleeps took real time");
}

/// Checks that time stands still while a task can run.
pub fn v02_the_clock_jumps_only_when_nothing_can_run<A: VirtualAdapter>() {
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        let timer = rt.clone();
        let sleeper = rt.spawn(async move { timer.sleep(Duration::from_nanos(1)).await });
        for _ in 0..1_000 {
            rt.yield_now().await;
            assert_eq!(rt.now(), start, "the root can run");
            assert!(!sleeper.is_finished(), "its deadline is in the future");
        }
        sleeper.await.expect("the sleep ends");
        assert_eq!(rt.now() - start, Duration::from_nanos(1));
    });
}

/// Checks that a held clock waits for work that it cannot see.
pub fn v02_a_hold_stops_the_clock<A: VirtualAdapter>() {
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        let timer = rt.clone();
        let sleeper = rt.spawn(async move { timer.sleep(HOUR).await });
        let (hold, event) = (rt.hold(), Event::new());
        let woken = event.clone();
        let foreign = thread::spawn(move || {
            let _never = Event::new().wait_blocking(Duration::from_millis(30));
            woken.set();
        });
        event.wait().await;
        assert_eq!(rt.now(), start, "the clock was held");
        assert!(!sleeper.is_finished());
        drop(hold);
        sleeper.await.expect("the sleep ends");
        assert_eq!(rt.now() - start, HOUR, "the clock goes on");
        foreign.join().expect("the thread ends");
    });
}

/// Checks that each of 500 sleeps ends exactly at its deadline, in order.
pub fn v03_a_jump_passes_no_deadline<A: VirtualAdapter>() {
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        let fired = Arc::new(Mutex::new(Vec::new()));
        let sleep = |i: u64| {
            let (timer, fired) = (rt.clone(), fired.clone());
            let deadline = start + Duration::from_nanos(i * 7_919 % 1_000);
            rt.spawn(async move {
                timer.sleep_until(deadline).await;
                assert_eq!(timer.now(), deadline, "it ends at its deadline, not later");
                fired
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(deadline);
            })
        };
        for task in (0..500).map(sleep).collect::<Vec<_>>() {
            task.await.expect("the sleep ends");
        }
        let fired = fired.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(fired.len(), 500);
        assert!(fired.is_sorted(), "{fired:?}");
    });
}

/// A program with sleeps, tasks, closures, aborts and random numbers, and its trace.
#[must_use]
pub fn trace<A: VirtualAdapter>() -> String {
    traced::<A>(7)
}

fn traced<A: VirtualAdapter>(seed: u64) -> String {
    let owner = A::start_seeded(seed);
    let rt = A::runtime(&owner);
    let mut text = owner.block_on(program(rt));
    text.push_str(&A::trace(&owner));
    text
}

async fn program<R: trunnion_core::Runtime + SpawnBlocking>(rt: R) -> String {
    let order = Arc::new(Mutex::new(String::new()));
    let task = |number: u64| {
        let (rt, order) = (rt.clone(), order.clone());
        rt.clone()
            .spawn_with(SpawnOptions::new().name("worker"), async move {
                for turn in 0..3 {
                    rt.sleep(Duration::from_millis(rt.next_u64() % 5)).await;
                    rt.yield_now().await;
                    let mut order = order.lock().unwrap_or_else(PoisonError::into_inner);
                    writeln!(order, "{number} {turn} {:?}", rt.now()).expect("a string takes text");
                }
                let double = rt.spawn_blocking(move || number * 2).await;
                assert_eq!(double.ok(), Some(number * 2));
            })
    };
    let mut tasks: Vec<_> = (0..20).map(task).collect();
    for aborted in tasks.split_off(15) {
        rt.yield_now().await;
        drop(aborted.cancel().await);
    }
    for task in tasks {
        task.await.expect("the task ends");
    }
    let order = order.lock().unwrap_or_else(PoisonError::into_inner);
    order.clone()
}

/// Checks that a seed decides everything.
pub fn v04_the_same_seed_gives_the_same_trace<A: VirtualAdapter>() {
    for seed in 0..5 {
        let first = traced::<A>(seed);
        assert!(!first.is_empty());
        assert_eq!(first, traced::<A>(seed), "seed {seed}");
    }
}

/// Checks that a program that can never go on is stopped, and that the text helps.
pub fn v06_a_deadlock_names_every_stuck_task_and_its_place<A: VirtualAdapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let never = Event::new();
    let line = line!() + 4;
    let entered = AssertUnwindSafe(|| {
        owner.block_on(async {
            for name in ["stuck-one", "stuck-two"] {
                let task = rt.spawn_with(SpawnOptions::new().name(name), core::future::pending());
                TaskHandle::<()>::detach(task);
            }
            never.wait().await;
        });
    });
    let payload = PanicPayload::new(catch_unwind(entered).expect_err("nothing can go on"));
    let text = payload.message().expect("the panic has a text");
    let place = format!("{}:{line}", file!());
    for part in ["stuck-one", "stuck-two", place.as_str()] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

/// Checks that a closure that waits for its step counts as work.
pub fn v07_a_blocking_closure_stops_the_clock<A: VirtualAdapter>() {
    enter::<A, _>(|rt| async move {
        let start = rt.now();
        let clock = rt.clone();
        let timer = rt.clone();
        let sleeper = rt.spawn(async move { timer.sleep(Duration::from_nanos(1)).await });
        let at = rt
            .spawn_blocking(move || clock.now())
            .await
            .expect("the closure ends");
        assert_eq!(at, start, "the clock waits for the closure");
        sleeper.await.expect("the sleep ends");
    });
}

/// Checks that two runs draw the same numbers, and two seeds do not.
pub fn v08_random_numbers_follow_from_the_seed<A: VirtualAdapter>() {
    let draw = |seed| {
        let owner = A::start_seeded(seed);
        let rt = A::runtime(&owner);
        owner.block_on(async { core::array::from_fn::<u64, 16, _>(|_| rt.next_u64()) })
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

/// Checks that real time, however long, changes nothing that the program can read.
pub fn v10_the_real_clock_is_not_read<A: VirtualAdapter>() {
    let run = |delay: Duration| -> (Instant, Instant) {
        let owner = A::start_seeded(1);
        let rt = A::runtime(&owner);
        let _never = Event::new().wait_blocking(delay);
        owner.block_on(async {
            let start = rt.now();
            let _never = Event::new().wait_blocking(delay);
            assert_eq!(rt.now(), start, "the clock moved by itself");
            rt.sleep(HOUR).await;
            (start, rt.now())
        })
    };
    assert_eq!(run(Duration::ZERO), run(Duration::from_millis(20)));
}

/// Checks that a runtime without virtual time does not claim it.
pub fn is_missing<A: Adapter>() {
    let owner = A::start();
    assert_ne!(A::runtime(&owner).info().flavor, Flavor::Virtual);
}
