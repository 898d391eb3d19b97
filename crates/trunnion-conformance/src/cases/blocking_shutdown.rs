//! B8, X5, X9: blocking closures at the end of a runtime.

use core::time::Duration;

use trunnion_core::{
    BlockOn, Clock, JoinError, RealClock, ShutdownRuntime, SpawnBlocking, SpawnOptions,
};

use super::blocking::fill;
use crate::Adapter;
use crate::probe::{Drops, Event};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! blocking_shutdown_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; blocking_shutdown [
            b08_a_queued_closure_ends_with_the_runtime,
            b08_a_closure_after_the_end_is_refused,
            x05_a_running_closure_gets_the_grace_and_is_counted_after_it,
            x05_a_closure_that_ends_within_the_grace_is_waited_for,
        ] alone [] }
    };
}

/// Checks that a queued closure is dropped unrun and its awaiter gets `Shutdown`.
pub fn b08_a_queued_closure_ends_with_the_runtime<A>()
where
    A: Adapter<Runtime: SpawnBlocking, Owner: ShutdownRuntime>,
{
    let (owner, elsewhere) = (A::start(), A::start());
    let rt = A::runtime(&owner);
    let (gate, drops) = (Event::new(), Drops::new());
    let blocked = fill::<A>(&rt, &gate);
    let probe = drops.probe();
    let queued = rt.spawn_blocking(move || drop(probe));
    let probe = drops.probe();
    rt.spawn_blocking_detached_with(SpawnOptions::new(), move || drop(probe));
    owner
        .shutdown(Duration::ZERO)
        .expect("this thread is outside");
    gate.set();
    let _hold = A::runtime(&elsewhere).hold();
    let outcome = elsewhere.block_on(queued);
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
    assert_eq!(drops.count(), 2, "what the closures owned is dropped once");
    for closure in blocked {
        let outcome = elsewhere.block_on(closure);
        assert!(
            matches!(outcome, Ok(()) | Err(JoinError::Shutdown)),
            "{outcome:?}"
        );
    }
}

/// Checks that a closure for a runtime that has ended is dropped unrun.
pub fn b08_a_closure_after_the_end_is_refused<A>()
where
    A: Adapter<Runtime: SpawnBlocking, Owner: ShutdownRuntime>,
{
    let (owner, elsewhere) = (A::start(), A::start());
    let rt = A::runtime(&owner);
    owner
        .shutdown(Duration::ZERO)
        .expect("this thread is outside");
    let (ran, drops) = (Event::new(), Drops::new());
    let (inside, probe) = (ran.clone(), drops.probe());
    let late = rt.spawn_blocking(move || {
        inside.set();
        drop(probe);
    });
    let _hold = A::runtime(&elsewhere).hold();
    let outcome = elsewhere.block_on(late);
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
    assert!(!ran.is_set(), "the closure never ran");
    assert_eq!(drops.count(), 1, "what the closure owned is dropped once");
}

/// Checks that the shutdown waits for the grace, not for ever, and counts who is still there.
pub fn x05_a_running_closure_gets_the_grace_and_is_counted_after_it<A>()
where
    A: Adapter<Runtime: SpawnBlocking, Owner: ShutdownRuntime>,
{
    const GRACE: Duration = Duration::from_millis(50);
    let owner = A::start();
    let (started, gate) = (Event::new(), Event::new());
    let (inside, open) = (started.clone(), gate.clone());
    let running = A::runtime(&owner).spawn_blocking(move || {
        inside.set();
        open.expect("the gate opens");
    });
    if A::BLOCKING_THREADS == 0 {
        // The closure waits for its step, so that none is running.
        let report = owner.shutdown(GRACE).expect("this thread is outside");
        return assert_eq!(report.blocking_running, 0);
    }
    started.expect("the closure starts");
    let before = RealClock.now();
    let report = owner.shutdown(GRACE).expect("this thread is outside");
    assert!(
        RealClock.now() - before >= GRACE,
        "the closure gets the whole grace"
    );
    assert_eq!(report.blocking_running, 1);
    gate.set();
    let elsewhere = A::start();
    let _hold = A::runtime(&elsewhere).hold();
    elsewhere
        .block_on(running)
        .expect("a closure that has started runs to its end");
}

/// Checks that the shutdown returns when the last closure has ended.
pub fn x05_a_closure_that_ends_within_the_grace_is_waited_for<A>()
where
    A: Adapter<Runtime: SpawnBlocking, Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let (started, ended) = (Event::new(), Event::new());
    let (inside, after) = (started.clone(), ended.clone());
    let running = A::runtime(&owner).spawn_blocking(move || {
        inside.set();
        // Some work: nobody sets this event.
        let _never = Event::new().wait_blocking(Duration::from_millis(50));
        after.set();
    });
    if A::BLOCKING_THREADS == 0 {
        owner.block_on(started.wait());
    } else {
        started.expect("the closure starts");
    }
    let report = owner
        .shutdown(Duration::from_secs(30))
        .expect("this thread is outside");
    assert!(ended.is_set(), "the shutdown waited");
    assert_eq!(report.blocking_running, 0);
    drop(running);
}
