//! What tasks and their awaiters see of the end.

use core::future::{Future, pending};
use core::time::Duration;
use std::thread;

use trunnion_core::{
    BlockOn, Clock, JoinError, ShutdownRuntime, Spawn, SpawnOptions, TaskHandle, YieldNow,
};

use crate::Adapter;
use crate::probe::{Drops, Event};

const TASKS: usize = 50;
const GRACE: Duration = Duration::from_secs(10);

/// Ends a runtime from outside.
pub(super) fn end<A: Adapter<Owner: ShutdownRuntime>>(owner: A::Owner) {
    owner.shutdown(GRACE).expect("this thread is outside");
}

/// Awaits in another runtime whose clock stands still.
fn elsewhere<A: Adapter, F: Future>(future: F) -> F::Output {
    let owner = A::start();
    let _hold = A::runtime(&owner).hold();
    owner.block_on(future)
}

/// Checks that what is pending is dropped exactly once, and nobody waits for it in vain.
pub fn x01_pending_tasks_are_dropped_once_and_read_shutdown<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (drops, mut tasks) = (Drops::new(), Vec::new());
    owner.block_on(async {
        for _ in 0..TASKS {
            let (started, probe) = (Event::new(), drops.probe());
            let inside = started.clone();
            tasks.push(rt.spawn(async move {
                let _probe = probe;
                inside.set();
                pending::<()>().await;
            }));
            started.wait().await;
        }
    });
    assert_eq!(drops.count(), 0, "all are pending");
    end::<A>(owner);
    assert_eq!(
        drops.count(),
        TASKS,
        "all are gone when the shutdown returns"
    );
    for task in tasks {
        let outcome = elsewhere::<A, _>(task);
        assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
    }
    assert_eq!(drops.count(), TASKS, "each once");
}

/// Checks the same for tasks that the runtime has not come to.
pub fn x01_tasks_that_never_ran_are_dropped_once_and_read_shutdown<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    let drops = Drops::new();
    let spawn = |_| {
        let probe = drops.probe();
        rt.spawn(async move {
            let _probe = probe;
            pending::<()>().await;
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(spawn).collect();
    end::<A>(owner);
    assert_eq!(
        drops.count(),
        TASKS,
        "all are gone when the shutdown returns"
    );
    let outcomes = elsewhere::<A, _>(async move {
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await);
        }
        outcomes
    });
    let told = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(JoinError::Shutdown)));
    assert_eq!(told.count(), TASKS, "{outcomes:?}");
}

/// Checks that an awaiter that waits when the end comes is woken.
pub fn x01_an_awaiter_in_another_runtime_is_told<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let task = A::runtime(&owner).spawn(pending::<()>());
    let waits = Event::new();
    let waiting = waits.clone();
    let awaiter = thread::spawn(move || {
        elsewhere::<A, _>(async move {
            waiting.set();
            task.await
        })
    });
    waits.expect("the awaiter is there");
    end::<A>(owner);
    let outcome = awaiter.join().expect("the awaiter ends");
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
}

/// Checks that the end takes no value back.
pub fn x01_a_value_that_was_ready_is_kept<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    let task = rt.spawn(async { 42 });
    owner.block_on(async {
        while !task.is_finished() {
            rt.yield_now().await;
        }
    });
    end::<A>(owner);
    assert_eq!(elsewhere::<A, _>(task).expect("it had ended before"), 42);
}

/// Checks that a spawn never fails: its handle tells.
pub fn x02_a_task_for_a_runtime_that_has_ended_is_dropped_unpolled<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    owner.block_on(async {});
    end::<A>(owner);
    let (drops, polled) = (Drops::new(), Event::new());
    let (probe, inside) = (drops.probe(), polled.clone());
    let task = rt.spawn_with(SpawnOptions::new().name("late"), async move {
        let _probe = probe;
        inside.set();
    });
    assert_eq!(drops.count(), 1, "the future is dropped at once");
    assert!(task.is_finished());
    let outcome = elsewhere::<A, _>(task);
    assert!(matches!(outcome, Err(JoinError::Shutdown)), "{outcome:?}");
    assert!(!polled.is_set());
}

/// Checks that a detached spawn after the end loses nothing but the task.
pub fn x02_a_detached_task_for_a_runtime_that_has_ended_is_dropped<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    end::<A>(owner);
    let drops = Drops::new();
    for _ in 0..TASKS {
        let probe = drops.probe();
        rt.spawn_detached(async move {
            let _probe = probe;
            pending::<()>().await;
        });
    }
    assert_eq!(drops.count(), TASKS);
}

/// Checks that the runtime refuses to wait for itself and comes back whole.
pub fn x06_a_shutdown_in_a_task_is_refused_and_the_runtime_goes_on<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    if !A::RUNS_IN_BACKGROUND {
        // Only a thread inside `block_on` runs its tasks, and that thread borrows the owner.
        return;
    }
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (back, owners) = std::sync::mpsc::channel();
    rt.spawn_detached(async move {
        let refused = owner
            .shutdown(GRACE)
            .map_err(trunnion_core::WouldDeadlock::into_inner);
        drop(back.send(refused));
    });
    let refused = owners.recv_timeout(GRACE).expect("the task goes on");
    let owner = refused.expect_err("it would wait for itself");
    let value = owner
        .block_on(rt.spawn(async { 42 }))
        .expect("the runtime goes on");
    assert_eq!(value, 42);
    end::<A>(owner);
}

/// Checks that a runtime may be shut down where another one is entered: it ends, or is given back; nothing panics.
pub fn x06_a_shutdown_inside_another_runtime_ends_or_is_refused<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let (outer, inner) = (A::start(), A::start());
    let rt = A::runtime(&outer);
    let drops = Drops::new();
    let probe = drops.probe();
    A::runtime(&inner).spawn_detached(async move {
        let _probe = probe;
        pending::<()>().await;
    });
    let refused = outer.block_on(async {
        let refused = inner.shutdown(GRACE).err();
        assert_eq!(
            rt.spawn(async { 1 })
                .await
                .expect("the outer runtime goes on"),
            1
        );
        refused
    });
    if let Some(refused) = refused {
        end::<A>(refused.into_inner());
    }
    assert_eq!(drops.count(), 1);
}

/// Checks the number of pending tasks, owned and detached.
pub fn x09_the_report_counts_the_tasks_that_were_dropped<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    let held = rt.spawn(pending::<()>());
    owner.block_on(async {
        rt.spawn(async {}).await.expect("the task ends");
        rt.spawn_detached(pending());
        rt.spawn_detached(pending());
        rt.yield_now().await;
    });
    let report = owner.shutdown(GRACE).expect("this thread is outside");
    assert_eq!(report.tasks_dropped, 3);
    drop(held);
}

/// Checks that nothing is counted that had ended before.
pub fn x09_the_report_of_an_idle_runtime_is_empty<A>()
where
    A: Adapter<Owner: ShutdownRuntime>,
{
    let owner = A::start();
    let rt = A::runtime(&owner);
    owner.block_on(async {
        rt.spawn(async {}).await.expect("the task ends");
        let cancelled = rt.spawn(pending::<()>()).cancel().await;
        assert!(cancelled.is_err_and(|error| error.is_cancelled()));
    });
    let report = owner.shutdown(GRACE).expect("this thread is outside");
    assert_eq!((report.tasks_dropped, report.blocking_running), (0, 0));
}
