//! What the simulator says about programs that are stuck, and about futures that leak when they are dropped.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trunnion_core::{
    AnyLocalRuntime, AnyRuntime, BlockOn, PanicPayload, Spawn, SpawnBlocking, SpawnLocal,
    SpawnOptions, TaskHandle, Timer, YieldNow,
};
use trunnion_sim::{LostWakers, Sim, SimRuntime, run};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `f`, which must panic, and gives the text.
fn text_of<R>(f: impl FnOnce() -> R) -> String {
    let caught = catch_unwind(AssertUnwindSafe(|| drop(f())));
    let payload = PanicPayload::new(caught.unwrap_err());
    payload.message().unwrap().to_owned()
}

/// Waits until its waker is taken, which nobody does; the waker is kept.
async fn stuck(kept: Arc<Mutex<Option<Waker>>>) {
    poll_fn(|cx| {
        *kept.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    })
    .await;
}

async fn ticker(rt: SimRuntime) {
    loop {
        rt.sleep(SECOND).await;
    }
}

#[test]
fn a_deadlock_lists_every_stuck_task_with_name_and_place() {
    let sim = Arc::new(Sim::new());
    let (rt, local) = (sim.handle(), sim.local());
    let slot = || Arc::new(Mutex::new(None));
    let line = line!() + 1;
    let task = rt.spawn_with(SpawnOptions::new().name("reader"), stuck(slot()));
    rt.spawn_detached(pending());
    rt.spawn_detached(rt.sleep(Duration::MAX));
    local.spawn_local(stuck(slot())).detach();
    let text = text_of(|| {
        sim.block_on(async {
            rt.sleep(SECOND * 3).await;
            task.await
        })
    });
    let file = file!();
    assert!(
        text.starts_with("deadlock at 3s: nothing is runnable"),
        "{text}"
    );
    let reader = format!("  task 0 `reader`, spawned at {file}:{line}:");
    assert!(text.contains(&reader), "{text}");
    let next = format!(
        "  task 1, spawned at {file}:{}:8, gave no waker away",
        line + 1
    );
    assert!(text.contains(&next), "{text}");
    assert!(text.contains("task 2, spawned at"), "{text}");
    assert!(text.contains("sleeps until the far future"), "{text}");
    assert!(text.contains("  local task 3, spawned at"), "{text}");
    assert!(
        text.contains(&format!("  root 4, entered at {file}:{}:", line + 5)),
        "{text}"
    );
    assert_eq!(text.matches("waits for a wake").count(), 3, "{text}");
    assert_eq!(sim.block_on(async { 1 }), 1, "the simulator stays usable");
}

#[test]
fn a_deadlock_inside_a_blocking_closure_reaches_its_handle() {
    let sim = Arc::new(Sim::new());
    let rt = sim.handle();
    let inner = Arc::clone(&sim);
    let error = sim.block_on(async {
        let job = rt.spawn_blocking(move || {
            inner.block_on(stuck(Arc::default()));
        });
        job.await.unwrap_err().to_string()
    });
    assert!(error.contains("deadlock"), "{error}");
    assert!(
        error.contains("goes on when the `block_on` inside it has ended"),
        "{error}"
    );
    assert!(error.contains("blocking closure 1"), "{error}");
}

#[test]
fn a_dump_knows_which_root_is_inside_which() {
    let sim = Arc::new(Sim::new());
    let rt = sim.handle();
    let inner = Arc::clone(&sim);
    let [within, after] = sim.block_on(async {
        let dump = rt.clone();
        let job = rt.spawn_blocking(move || inner.block_on(async { dump.dump().to_string() }));
        [job.await.unwrap(), rt.dump().to_string()]
    });
    assert_eq!(within.matches("goes on when").count(), 1, "{within}");
    assert_eq!(within.matches("is running").count(), 1, "{within}");
    assert!(after.contains("root 0, entered at"), "{after}");
    assert!(after.contains("is running"), "{after}");
    assert!(!after.contains("goes on when"), "{after}");
}

#[test]
fn a_task_whose_wakers_were_all_dropped_is_reported_although_time_goes_on() {
    let text = text_of(|| {
        run(|rt| async move {
            let slot = Arc::new(Mutex::new(None));
            let options = SpawnOptions::new().name("forgotten");
            let task = rt.spawn_with(options, stuck(Arc::clone(&slot)));
            rt.spawn_detached(ticker(rt.clone()));
            rt.sleep(SECOND).await;
            *slot.lock().unwrap() = None;
            task.await.unwrap();
        });
    });
    assert!(text.starts_with("lost waker at "), "{text}");
    assert!(text.contains("task 1 `forgotten`, spawned at "), "{text}");
    assert!(text.contains("dropped without a wake"), "{text}");
}

#[test]
fn a_root_that_keeps_no_waker_is_reported_at_once() {
    let program = |rt: SimRuntime| {
        rt.spawn_detached(ticker(rt.clone()));
        pending::<()>()
    };
    let text = text_of(|| run(program));
    assert!(
        text.starts_with("lost waker at 0ns: root 0, entered at "),
        "{text}"
    );
}

#[test]
fn a_task_that_waits_for_its_abort_is_no_lost_waker_unless_told() {
    let program = |sim: Sim| {
        let rt = sim.handle();
        sim.block_on(async {
            let task = rt.spawn(pending::<()>());
            let erased = AnyRuntime::new(rt.clone()).spawn(pending::<()>());
            rt.sleep(SECOND).await;
            assert!(task.cancel().await.unwrap_err().is_cancelled());
            assert!(erased.cancel().await.unwrap_err().is_cancelled());
        });
    };
    program(Sim::new());
    program(Sim::new().lost_wakers(LostWakers::Ignore));
    let text = text_of(|| program(Sim::new().lost_wakers(LostWakers::Strict)));
    assert!(
        text.starts_with("lost waker at 0ns: task 1, spawned at "),
        "{text}"
    );
}

#[test]
fn a_livelock_that_no_deadline_ends_lists_every_task() {
    let sim = Sim::new().trace_limit(64);
    let rt = sim.handle();
    let text = text_of(|| {
        sim.block_on(async {
            let options = SpawnOptions::new().name("spinner");
            let inner = rt.clone();
            let spinner = rt.spawn_with(options, async move {
                loop {
                    inner.yield_now().await;
                }
            });
            rt.sleep(SECOND).await;
            spinner.await
        })
    });
    assert!(text.starts_with("livelock at 1s: "), "{text}");
    assert!(text.contains("task 1 `spinner`, spawned at "), "{text}");
    assert!(text.contains("is runnable"), "{text}");
    assert!(text.contains("root 0, entered at "), "{text}");
    assert_eq!(sim.block_on(async { 1 }), 1, "the simulator stays usable");
}

#[test]
fn strict_detection_sees_through_erased_local_runtimes() {
    let sim = Sim::new().lost_wakers(LostWakers::Strict);
    let any = AnyLocalRuntime::new(sim.local());
    let text = text_of(|| {
        sim.block_on(async {
            let task = any.spawn_local(pending::<()>());
            task.await
        })
    });
    assert!(
        text.starts_with("lost waker at 0ns: local task 1"),
        "{text}"
    );
}

#[test]
fn the_place_and_name_of_a_closure_are_those_of_its_caller() {
    let sim = Sim::new();
    let any = AnyRuntime::new(sim.handle());
    sim.block_on(async {
        drop(any.spawn_blocking(|| ()));
        let options = SpawnOptions::new().name("reader");
        any.spawn_blocking_with(options, || ()).await.unwrap();
    });
    let (trace, file) = (sim.handle().trace().to_string(), file!());
    let plain = format!("spawn_blocking 1 at {file}:");
    assert!(trace.contains(&plain), "{trace}");
    let named = format!("spawn_blocking 2 `reader` at {file}:");
    assert!(trace.contains(&named), "{trace}");
}

#[test]
fn strict_detection_sees_through_erased_runtimes() {
    let sim = Sim::new().lost_wakers(LostWakers::Strict);
    let any = AnyRuntime::new(sim.handle());
    let text = text_of(|| {
        sim.block_on(async {
            let task = any.spawn(pending::<()>());
            task.await
        })
    });
    assert!(text.starts_with("lost waker at 0ns: task 1"), "{text}");
}

#[test]
fn a_program_that_keeps_its_wakers_is_never_reported() {
    let sim = Sim::new().lost_wakers(LostWakers::Strict);
    let rt = sim.handle();
    sim.block_on(async {
        let tasks = [1, 2, 3].map(|n| rt.spawn(rt.sleep(SECOND * n)));
        let far = rt.spawn(rt.sleep(Duration::MAX));
        for task in tasks {
            task.await.unwrap();
        }
        rt.spawn_blocking(|| ()).await.unwrap();
        rt.yield_now().await;
        rt.settle().await;
        rt.advance(SECOND).await;
        assert!(far.cancel().await.unwrap_err().is_cancelled());
    });
}
