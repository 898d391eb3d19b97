//! Taking turns.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use trunnion_core::{Flavor, Runtime, RuntimeInfo, Spawn, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::{LIMIT, soon};
use crate::probe::Event;

/// The other was spawned by this one.
pub fn s28_yield_now_lets_another_task_run<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let other = Event::new();
        let run = other.clone();
        let spinner = rt.clone();
        let task = rt.spawn(async move {
            spinner.spawn_detached(async move { run.set() });
            spin(spinner, other).await
        });
        assert!(
            task.await.expect("the task ends"),
            "the other task did not run while this one yielded"
        );
    });
}

/// A virtual clock stands still while there is something to run: there the sleep ends after the loop.
pub fn s28_a_loop_of_yields_does_not_starve_timers<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let fired = Event::new();
        let sleeper = rt.spawn({
            let (sleep, fired) = (rt.sleep(3 * MS), fired.clone());
            async move {
                sleep.await;
                fired.set();
            }
        });
        let spinner = rt.spawn(spin(rt.clone(), fired));
        let fired_first = spinner.await.expect("the spinner ends");
        assert!(
            fired_first || rt.info().flavor == Flavor::Virtual,
            "the sleep did not end while a task yielded"
        );
        soon(&rt, sleeper).await.expect("the sleeper ends");
    });
}

/// Yields until `fired`, or until that is hopeless.
async fn spin<R: Runtime>(rt: R, fired: Event) -> bool {
    let end = rt.now() + LIMIT;
    let mut turns = 0;
    while !fired.is_set() && rt.now() < end {
        rt.yield_now().await;
        turns += 1;
        if rt.info().flavor == Flavor::Virtual && turns == 1_000 {
            break;
        }
    }
    fired.is_set()
}

/// Each waits, turn by turn, for the other to come as far.
pub fn s29_two_busy_tasks_both_progress<A: Adapter>() {
    async fn keep_up<R: Runtime>(rt: R, mine: Arc<AtomicUsize>, other: Arc<AtomicUsize>) {
        for step in 1..=200 {
            mine.store(step, Ordering::SeqCst);
            while other.load(Ordering::SeqCst) < step {
                rt.yield_now().await;
            }
        }
    }
    enter::<A, _>(|rt| async move {
        let (first, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks = [
            rt.spawn(keep_up(rt.clone(), Arc::clone(&first), Arc::clone(&second))),
            rt.spawn(keep_up(rt.clone(), second, first)),
        ];
        for task in tasks {
            soon(&rt, task).await.expect("both end");
        }
    });
}
