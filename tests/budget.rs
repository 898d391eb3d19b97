//! Allocations and sizes, exact: what the adapters add to their runtimes.
//!
//! Counts are those of the calling thread, taken over many operations and compared with the same operations done natively in
//! the same program, so that the amortised growth of a runtime's own queues is on both sides.
#![cfg(not(trunnion_loom))]

#[path = "budget/flow.rs"]
mod flow;
#[path = "budget/layer.rs"]
mod layer;
#[path = "budget/map.rs"]
mod map;
#[path = "budget/retry.rs"]
mod retry;
#[path = "budget/scope.rs"]
mod scope;
#[path = "budget/scopes.rs"]
mod scopes;
#[path = "budget/semaphore.rs"]
mod semaphore;
#[path = "budget/streams.rs"]
mod streams;
#[path = "budget/together.rs"]
mod together;
#[path = "budget/token.rs"]
mod token;

use std::future::{Future, ready};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use allocation_counter::measure;
use smol::Executor;
use trunnion_core::{
    AnyRuntime, BlockOn, Clock, Instant, Runtime, Sleep, Spawn, SpawnBlocking, TaskHandle, Timer,
};
use trunnion_sim::Sim;
use trunnion_smol::{SmolExecutor, SmolGlobal, SmolOwned, SmolSleep};
use trunnion_tokio::{Tokio, TokioOwned, TokioSleep};

/// Enough that a single allocation more for each operation cannot hide.
const TIMES: u64 = 1_000;

const HOUR: Duration = Duration::from_hours(1);

fn count(mut operation: impl FnMut()) -> u64 {
    measure(|| (0..TIMES).for_each(|_| operation())).count_total
}

fn tokio() -> TokioOwned {
    TokioOwned::current_thread().expect("tokio starts")
}

/// Spawns on a runtime whose tasks do not run meanwhile, so that only the spawns are counted.
fn spawns<R: Runtime>(rt: &R) -> u64 {
    let mut handles = Vec::with_capacity(1_000);
    let counted = count(|| handles.push(rt.spawn(ready(1))));
    handles.into_iter().for_each(TaskHandle::detach);
    counted
}

fn detached_spawns<R: Runtime>(rt: &R) -> u64 {
    count(|| rt.spawn_detached(ready(())))
}

fn native_tokio_spawns() -> u64 {
    let owner = tokio();
    let handle = owner.handle().handle().clone();
    let mut handles = Vec::with_capacity(1_000);
    count(|| handles.push(handle.spawn(ready(1))))
}

fn native_smol_spawns() -> u64 {
    let executor: Executor<'static> = Executor::new();
    count(|| executor.spawn(ready(1)).detach())
}

#[test]
fn a_spawn_on_tokio_allocates_what_tokio_does() {
    let native = native_tokio_spawns();
    assert!(native >= TIMES, "the meter counts: {native}");
    assert_eq!(spawns(&tokio().handle()), native, "with a handle");
    assert_eq!(detached_spawns(&tokio().handle()), native, "detached");
}

#[test]
fn a_spawn_on_smol_allocates_the_task_cell_besides() {
    let native = native_smol_spawns();
    assert!(native >= TIMES, "the meter counts: {native}");
    let executor = Arc::new(Executor::new());
    assert_eq!(
        spawns(&SmolExecutor::new(&executor)),
        native + TIMES,
        "with a handle"
    );
    let executor = Arc::new(Executor::new());
    assert_eq!(
        detached_spawns(&SmolExecutor::new(&executor)),
        native,
        "detached"
    );
}

#[test]
fn a04_a_spawn_through_any_runtime_allocates_twice() {
    let owner = tokio();
    let rt = AnyRuntime::new(owner.handle());
    let native = native_tokio_spawns();
    assert_eq!(spawns(&rt), native + TIMES, "tokio: its own and the cell");
    assert_eq!(detached_spawns(&rt), native + TIMES, "its own and a box");
    let executor = Arc::new(Executor::new());
    let rt = AnyRuntime::new(SmolExecutor::new(&executor));
    assert_eq!(
        spawns(&rt),
        native_smol_spawns() + TIMES,
        "smol: its own and the cell"
    );
}

/// Counts as often as the pool needs to have its threads, for the caller allocates for each one that it starts.
fn count_least<T>(mut queue: impl FnMut() -> T) -> u64 {
    let once = |_| {
        let mut handles = Vec::with_capacity(1_000);
        count(|| handles.push(queue()))
    };
    (0..8).map(once).min().unwrap_or(u64::MAX)
}

fn closures<R: SpawnBlocking>(rt: &R) -> u64 {
    count_least(|| rt.spawn_blocking(|| 1))
}

#[test]
fn a04_a_blocking_closure_through_any_runtime_allocates_once_more() {
    let owner = tokio();
    let native = owner.handle().handle().clone();
    let native = count_least(|| native.spawn_blocking(|| 1));
    assert_close(closures(&owner.handle()), native);
    assert_close(closures(&AnyRuntime::new(owner.handle())), native + TIMES);
    let native = count_least(|| smol::unblock(|| 1).detach());
    let any = AnyRuntime::from_static(&SmolGlobal);
    assert_close(closures(&SmolGlobal), native + TIMES);
    assert_close(closures(&any), native + TIMES);
}

#[test]
fn a_spawn_in_the_simulator_allocates_thrice() {
    // The task cell, its waker, and the box in which the driver takes it from step to step; the tables grow beside them, ever more rarely.
    let thrice = 3 * TIMES..3 * TIMES + TIMES / 10;
    let sim = Sim::new();
    let counted = spawns(&sim.handle());
    assert!(thrice.contains(&counted), "{counted}");
    let sim = Sim::new();
    let counted = spawns(&AnyRuntime::new(sim.handle()));
    assert!(thrice.contains(&counted), "through AnyRuntime: {counted}");
}

/// Creation, a first poll that registers the timer, and the drop.
fn sleeps<R: Timer>(rt: &R) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    count(|| assert!(pin!(rt.sleep(HOUR)).poll(&mut cx).is_pending()))
}

fn resets<R: Timer>(rt: &R) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sleep = pin!(rt.sleep(HOUR));
    assert!(sleep.as_mut().poll(&mut cx).is_pending());
    let at = rt.now() + HOUR;
    count(|| {
        sleep.as_mut().reset(at);
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is what the adapter is compared with"
)]
fn native_tokio_sleeps() -> (u64, u64) {
    let owner = tokio();
    let handle = owner.handle().handle().clone();
    let _entered = handle.enter();
    let mut cx = Context::from_waker(Waker::noop());
    let made = count(|| assert!(pin!(tokio::time::sleep(HOUR)).poll(&mut cx).is_pending()));
    let mut sleep = pin!(tokio::time::sleep(HOUR));
    let at = sleep.deadline() + HOUR;
    let reset = count(|| {
        sleep.as_mut().reset(at);
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
    });
    (made, reset)
}

fn native_smol_sleeps() -> (u64, u64) {
    let mut cx = Context::from_waker(Waker::noop());
    let made = count(|| {
        let mut timer = smol::Timer::after(HOUR);
        assert!(Pin::new(&mut timer).poll(&mut cx).is_pending());
    });
    let mut timer = smol::Timer::after(HOUR);
    assert!(Pin::new(&mut timer).poll(&mut cx).is_pending());
    let reset = count(|| {
        timer.set_after(HOUR);
        assert!(Pin::new(&mut timer).poll(&mut cx).is_pending());
    });
    (made, reset)
}

#[test]
fn a_sleep_allocates_what_its_runtime_does() {
    let (owner, executor) = (tokio(), Arc::new(Executor::new()));
    let (tokio, smol) = (owner.handle(), SmolExecutor::new(&executor));
    let (tokio_made, tokio_reset) = native_tokio_sleeps();
    assert_eq!(sleeps(&tokio), tokio_made);
    assert_eq!(resets(&tokio), tokio_reset);
    let (smol_made, smol_reset) = native_smol_sleeps();
    assert_close(sleeps(&smol), smol_made);
    assert_close(resets(&smol), smol_reset);
}

#[test]
fn a04_a_sleep_through_any_runtime_allocates_once_and_a_reset_nothing() {
    let (owner, executor) = (tokio(), Arc::new(Executor::new()));
    let tokio = AnyRuntime::new(owner.handle());
    let (made, reset) = native_tokio_sleeps();
    assert_eq!(sleeps(&tokio), made + TIMES);
    assert_eq!(resets(&tokio), reset);
    let smol = AnyRuntime::new(SmolExecutor::new(&executor));
    let (made, reset) = native_smol_sleeps();
    assert_close(sleeps(&smol), made + TIMES);
    assert_close(resets(&smol), reset);
}

/// async-io's timers are a B-tree that other threads drain: its nodes are allocated now here, now there.
fn assert_close(ours: u64, native: u64) {
    assert!(
        ours.abs_diff(native) < TIMES / 2,
        "{ours} allocations against {native} in {TIMES} operations"
    );
}

#[test]
fn a04_reading_the_clock_allocates_nothing() {
    let owner = tokio();
    let rt = owner.handle();
    let any = AnyRuntime::new(owner.handle());
    // The first reading fixes the origin.
    assert!(SmolGlobal.now() <= any.now());
    assert_eq!(count(|| drop_instant(rt.now())), 0);
    assert_eq!(count(|| drop_instant(any.now())), 0);
    assert_eq!(count(|| drop_instant(SmolGlobal.now())), 0);
}

#[test]
fn a04_giving_way_allocates_nothing() {
    let owner = tokio();
    assert_eq!(turns(&owner.handle()), 0);
    assert_eq!(turns(&AnyRuntime::new(owner.handle())), 0);
    assert_eq!(turns(&AnyRuntime::from_static(&SmolGlobal)), 0);
    assert_eq!(turns(&AnyRuntime::new(Sim::new().handle())), 0);
}

fn turns<R: Runtime>(rt: &R) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    count(|| {
        let mut turn = pin!(rt.yield_now());
        assert!(turn.as_mut().poll(&mut cx).is_pending());
        assert!(turn.as_mut().poll(&mut cx).is_ready());
    })
}

fn drop_instant(at: Instant) {
    assert!(at < Instant::FAR_FUTURE);
}

#[test]
fn handles_and_sleeps_are_at_most_two_words_larger_than_native() {
    const WORDS: usize = 2 * size_of::<usize>();
    type Of<R> = <R as Spawn>::Task<u64>;
    assert_eq!(size_of::<Instant>(), 8);
    assert!(size_of::<TokioSleep>() <= size_of::<tokio::time::Sleep>() + WORDS);
    assert!(size_of::<SmolSleep>() <= size_of::<smol::Timer>() + WORDS);
    assert!(size_of::<Of<Tokio>>() <= size_of::<tokio::task::JoinHandle<u64>>() + WORDS);
    assert!(size_of::<Of<SmolExecutor>>() <= size_of::<smol::Task<u64>>() + WORDS);
    assert!(size_of::<Of<SmolGlobal>>() <= size_of::<smol::Task<u64>>() + WORDS);
    assert!(size_of::<Of<AnyRuntime>>() <= size_of::<smol::Task<u64>>() + WORDS);
}

#[test]
fn a_timeout_of_what_is_ready_touches_neither_timer_nor_heap() {
    let owner = tokio();
    let rt = owner.handle();
    let mut cx = Context::from_waker(Waker::noop());
    let counted = count(|| {
        let timed = trunnion_patterns::timeout(&rt, HOUR, ready(1));
        assert!(pin!(timed).poll(&mut cx).is_ready());
    });
    assert_eq!(counted, 0);
}

#[test]
fn what_was_spawned_for_counting_also_runs() {
    let owner = SmolOwned::with_workers(NonZeroUsize::MIN).expect("smol starts");
    let rt = AnyRuntime::new(owner.handle());
    let sum = owner.block_on(async {
        let task = rt.spawn(async { 1 });
        let job = rt.spawn_blocking(|| 2);
        task.await.expect("it runs") + job.await.expect("it runs")
    });
    assert_eq!(sum, 3);
}

/// Lists the crates of a package's normal dependencies, itself included.
fn tree(package: &str) -> Vec<String> {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--prefix",
            "none",
            "--edges",
            "normal",
            "--package",
            package,
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut crates: Vec<String> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    crates.sort_unstable();
    crates.dedup();
    crates
}

#[test]
fn core_has_no_dependency_and_the_facade_four() {
    assert_eq!(tree("trunnion-core"), ["trunnion-core"]);
    assert_eq!(
        tree("trunnion"),
        [
            "futures-core",
            "pin-project-lite",
            "trunnion",
            "trunnion-core",
            "trunnion-patterns"
        ]
    );
}
