//! The smol adapter with one mistake at a time, in what its owner, its closures or its contexts do.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use trunnion_conformance::{Adapter, alone, cases};
use trunnion_core::{
    BlockOn, BlockingHandle, Clock, Entropy, Info, Instant, JoinError, RealClock, RuntimeInfo,
    ShutdownReport, ShutdownRuntime, Spawn, SpawnBlocking, SpawnOptions, Timer, WouldDeadlock,
    YieldNow, task,
};
use trunnion_smol::{SmolExecutor, SmolOwned};

use super::bites;

/// Does one thing wrong, and all else as smol does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// The handle of a closure revokes it when it is dropped.
    RevokesOnDrop,
    /// A blocking closure runs as a task.
    BlocksTasks,
    /// `block_on` enters wherever it is called.
    EntersAnywhere,
    /// Tasks and roots have no context.
    HasNoContext,
    /// The shutdown waits for nobody and counts nothing.
    LeavesAtOnce,
    /// The shutdown is allowed in tasks.
    EndsInTasks,
    /// `block_on` spins.
    Spins,
    /// After the end tasks are accepted and forgotten.
    ForgetsTasks,
}

#[derive(Clone)]
struct Runtime<const WRONG: u8>(SmolExecutor);

struct Owner<const WRONG: u8>(Option<SmolOwned>);

struct Case<const WRONG: u8>;

const fn is(number: u8, wrong: Wrong) -> bool {
    number == wrong as u8
}

impl<const WRONG: u8> Adapter for Case<WRONG> {
    type Owner = Owner<WRONG>;
    type Runtime = Runtime<WRONG>;

    const BLOCKING_THREADS: usize = 500;

    fn start() -> Owner<WRONG> {
        // A closure that runs as a task has no other thread to be on than that of all tasks.
        Owner(Some(
            SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts"),
        ))
    }

    fn runtime(owner: &Owner<WRONG>) -> Runtime<WRONG> {
        Runtime(owner.native().handle())
    }
}

impl<const WRONG: u8> Owner<WRONG> {
    fn native(&self) -> &SmolOwned {
        self.0.as_ref().expect("it is there until it is shut down")
    }
}

impl<const WRONG: u8> BlockOn for Owner<WRONG> {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        if is(WRONG, Wrong::EntersAnywhere) || is(WRONG, Wrong::HasNoContext) {
            return Ok(smol::block_on(future));
        }
        if is(WRONG, Wrong::Spins) {
            let mut future = std::pin::pin!(future);
            let mut cx = Context::from_waker(std::task::Waker::noop());
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return Ok(output);
                }
            }
        }
        self.native().try_block_on(future)
    }
}

impl<const WRONG: u8> ShutdownRuntime for Owner<WRONG> {
    fn shutdown(mut self, grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        let native = self.0.take().expect("it is shut down once");
        if is(WRONG, Wrong::LeavesAtOnce) || is(WRONG, Wrong::EndsInTasks) {
            drop(native);
            return Ok(ShutdownReport::new(0, 0));
        }
        native
            .shutdown(grace)
            .map_err(|refused| WouldDeadlock::new(Self(Some(refused.into_inner()))))
    }
}

impl<const WRONG: u8> Clock for Runtime<WRONG> {
    fn now(&self) -> Instant {
        RealClock.now()
    }
}

impl<const WRONG: u8> Timer for Runtime<WRONG> {
    type Sleep = <SmolExecutor as Timer>::Sleep;

    fn sleep_until(&self, deadline: Instant) -> Self::Sleep {
        self.0.sleep_until(deadline)
    }

    fn granularity(&self) -> Duration {
        self.0.granularity()
    }
}

impl<const WRONG: u8> Spawn for Runtime<WRONG> {
    type Task<T: Send + 'static> = task::Task<T>;

    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> task::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runner, task) = task::prepare(future);
        if is(WRONG, Wrong::HasNoContext) {
            smol::spawn(runner).detach();
        } else if is(WRONG, Wrong::ForgetsTasks) {
            Box::leak(Box::new(runner));
        } else {
            self.0.spawn_detached_with(options, runner);
        }
        task
    }
}

/// A closure's handle that may revoke.
struct Job<T: Send + 'static, const WRONG: u8>(<SmolExecutor as SpawnBlocking>::Blocking<T>);

impl<T: Send + 'static, const WRONG: u8> Future for Job<T, WRONG> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T: Send + 'static, const WRONG: u8> BlockingHandle<T> for Job<T, WRONG> {
    fn revoke(&self) {
        self.0.revoke();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T: Send + 'static, const WRONG: u8> Drop for Job<T, WRONG> {
    fn drop(&mut self) {
        if is(WRONG, Wrong::RevokesOnDrop) {
            self.0.revoke();
        }
    }
}

impl<const WRONG: u8> SpawnBlocking for Runtime<WRONG> {
    type Blocking<T: Send + 'static> = Job<T, WRONG>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Job<T, WRONG>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if is(WRONG, Wrong::BlocksTasks) {
            let (job, handle) = task::prepare_blocking(job);
            self.0.spawn_detached(async move { job() });
            return Job(handle);
        }
        Job(self.0.spawn_blocking_with(options, job))
    }
}

impl<const WRONG: u8> YieldNow for Runtime<WRONG> {
    type Yield = <SmolExecutor as YieldNow>::Yield;

    fn yield_now(&self) -> Self::Yield {
        self.0.yield_now()
    }
}

impl<const WRONG: u8> Entropy for Runtime<WRONG> {
    fn next_u64(&self) -> u64 {
        self.0.next_u64()
    }
}

impl<const WRONG: u8> RuntimeInfo for Runtime<WRONG> {
    fn info(&self) -> Info {
        self.0.info()
    }
}

/// No mistake at all: what the other tests see fail passes here.
const NONE: u8 = u8::MAX;

#[test]
fn the_cases_pass_without_a_mistake() {
    cases::blocking::b02_a_closure_runs_although_its_handle_was_dropped_first::<Case<NONE>>();
    cases::blocking::b03_closures_run_where_the_adapter_says::<Case<NONE>>();
    cases::entry::e04_a_nested_entry_in_the_root_is_refused_unpolled::<Case<NONE>>();
    cases::detection::d01_the_current_runtime_is_found_in_the_root::<Case<NONE>>();
    cases::detection::d01_the_current_runtime_is_found_in_a_task::<Case<NONE>>();
    cases::blocking_shutdown::x05_a_running_closure_gets_the_grace_and_is_counted_after_it::<
        Case<NONE>,
    >();
    cases::shutdown::x06_a_shutdown_in_a_task_is_refused_and_the_runtime_goes_on::<Case<NONE>>();
    cases::shutdown::x09_the_report_counts_the_tasks_that_were_dropped::<Case<NONE>>();
    cases::shutdown::x02_a_task_for_a_runtime_that_has_ended_is_dropped_unpolled::<Case<NONE>>();
}

/// One module for each mistake, one test for each case that must fail.
macro_rules! mistakes {
    ($($module:ident: $wrong:ident [$($group:ident::$case:ident),* $(,)?])*) => {
        $(mod $module {
            use super::*;

            $(#[test]
            fn $case() {
                bites(stringify!($case), cases::$group::$case::<Case<{ Wrong::$wrong as u8 }>>);
            })*
        })*
    };
}

mistakes! {
    a_dropped_handle_revokes_the_closure: RevokesOnDrop [
        blocking::b02_a_closure_runs_although_its_handle_was_dropped_first,
    ]
    a_closure_runs_on_a_worker: BlocksTasks [
        blocking::b03_closures_run_where_the_adapter_says,
    ]
    a_nested_entry_is_let_in: EntersAnywhere [
        entry::e04_a_nested_entry_in_the_root_is_refused_unpolled,
    ]
    the_context_is_missing: HasNoContext [
        detection::d01_the_current_runtime_is_found_in_the_root,
        detection::d01_the_current_runtime_is_found_in_a_task,
    ]
    a_shutdown_waits_for_nobody: LeavesAtOnce [
        blocking_shutdown::x05_a_running_closure_gets_the_grace_and_is_counted_after_it,
        shutdown::x09_the_report_counts_the_tasks_that_were_dropped,
    ]
    a_task_may_end_its_runtime: EndsInTasks [
        shutdown::x06_a_shutdown_in_a_task_is_refused_and_the_runtime_goes_on,
    ]
    a_task_after_the_end_is_forgotten: ForgetsTasks [
        shutdown::x02_a_task_for_a_runtime_that_has_ended_is_dropped_unpolled,
    ]
}

#[test]
fn a_detection_that_is_not_declared_is_found() {
    cases::detection::is_missing::<Case<{ Wrong::HasNoContext as u8 }>>();
    bites("is_missing", cases::detection::is_missing::<Case<NONE>>);
}

/// In a process of its own, since the case reads the processor time of all threads.
#[test]
fn a_spinning_entry_is_seen() {
    alone(module_path!(), "a_spinning_entry_is_seen", || {
        cases::entry::e09_a_blocked_entry_uses_no_processor_time::<Case<NONE>>();
        bites(
            "e09_a_blocked_entry_uses_no_processor_time",
            cases::entry::e09_a_blocked_entry_uses_no_processor_time::<Case<{ Wrong::Spins as u8 }>>,
        );
    });
}
