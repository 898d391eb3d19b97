//! Tasks that stay on one thread, in the same schedule as the others.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context as TaskContext, Poll};
use core::time::Duration;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::thread;

use trunnion_core::context::Context;
use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::task::{self, LocalRunner, LocalTask};
use trunnion_core::{
    AdvanceHold, AnyRuntime, BlockOn, Clock, Entropy, Info, Instant, RuntimeId, RuntimeInfo,
    SpawnLocal, SpawnOptions, TaskHandle, Timer, WouldDeadlock, YieldNow, YieldOnce,
};

use crate::owned::{enter, enter_or_panic};
use crate::runtime::SimRuntime;
use crate::sleep::SimSleep;
use crate::spawn::downcast;
use crate::task::{Body, NewEntry};

/// The local tasks of one simulator on this thread; empty places belong to tasks that are just polled.
type Tasks = BTreeMap<u64, Option<LocalRunner>>;

std::thread_local! {
    static TASKS: RefCell<Vec<(RuntimeId, Tasks)>> = const { RefCell::new(Vec::new()) };
}

/// Calls `f` with the simulator's tasks on this thread; `None` while the thread's locals are being destroyed.
fn with_tasks<R>(id: RuntimeId, f: impl FnOnce(&mut Tasks) -> R) -> Option<R> {
    let call = |all: &RefCell<Vec<(RuntimeId, Tasks)>>| {
        let mut all = all.borrow_mut();
        if let Some((_, tasks)) = all.iter_mut().find(|(of, _)| *of == id) {
            return f(tasks);
        }
        let mut tasks = Tasks::new();
        let result = f(&mut tasks);
        if !tasks.is_empty() {
            all.push((id, tasks));
        }
        result
    };
    TASKS.try_with(call).ok()
}

/// Polls a task of this thread; one that is not there has ended.
pub(crate) fn poll(id: RuntimeId, number: u64, cx: &mut TaskContext<'_>) -> Poll<()> {
    let taken = with_tasks(id, |tasks| tasks.get_mut(&number).and_then(Option::take));
    let Some(mut runner) = taken.flatten() else {
        return Poll::Ready(());
    };
    let poll = Pin::new(&mut runner).poll(cx);
    if poll.is_ready() {
        drop_task(id, number);
        return poll;
    }
    with_tasks(id, |tasks| tasks.insert(number, Some(runner)));
    poll
}

/// Drops a task of this thread.
pub(crate) fn drop_task(id: RuntimeId, number: u64) {
    let runner = with_tasks(id, |tasks| tasks.remove(&number));
    contain(|| drop(runner));
    forget_empty();
}

/// Drops all tasks of a simulator that has ended elsewhere.
fn drop_all(id: RuntimeId) {
    let tasks = with_tasks(id, core::mem::take);
    for runner in tasks.into_iter().flatten() {
        contain(|| drop(runner));
    }
    forget_empty();
}

fn forget_empty() {
    let forget = |all: &RefCell<Vec<(RuntimeId, Tasks)>>| {
        all.borrow_mut().retain(|(_, tasks)| !tasks.is_empty());
    };
    let _gone = TASKS.try_with(forget);
}

/// Reaches a simulator from one thread, for futures that must stay there; made by [`Sim::local`](crate::Sim::local).
///
/// Its tasks share clock and schedule with all others of the simulator. They run while their thread is inside `block_on`,
/// of this handle or of the [`Sim`](crate::Sim), and are dropped on their thread: drop the `Sim` there. Inside them
/// `AnyRuntime::current()` is the simulator.
///
/// ```
/// use std::rc::Rc;
/// use trunnion_core::{BlockOn, SpawnLocal};
/// use trunnion_sim::Sim;
///
/// let sim = Sim::new();
/// let local = sim.local();
/// let shared = Rc::new(20);
/// let task = local.spawn_local({
///     let shared = Rc::clone(&shared);
///     async move { *shared + 1 }
/// });
/// assert_eq!(sim.block_on(task).unwrap(), 21);
/// ```
///
/// It cannot leave its thread:
///
/// ```compile_fail,E0277
/// fn assert_send<T: Send>() {}
/// assert_send::<trunnion_sim::SimLocal>();
/// ```
#[derive(Clone)]
pub struct SimLocal {
    rt: SimRuntime,
    context: Context,
    not_send: PhantomData<*const ()>,
}

impl SimLocal {
    pub(crate) fn new(rt: SimRuntime) -> Self {
        Self {
            context: Context::new(AnyRuntime::new(rt.clone())),
            rt,
            not_send: PhantomData,
        }
    }

    /// Gives the handle for futures that may move between threads.
    #[must_use]
    pub fn handle(&self) -> SimRuntime {
        self.rt.clone()
    }

    fn start(&self, options: SpawnOptions<'_>, runner: LocalRunner) {
        let added = self.rt.shared.add(NewEntry {
            body: Body::Local(thread::current().id()),
            place: options.location(),
            name: options.task_name().map(Arc::from),
            runner: None,
        });
        // After the end the runner's drop tells the handle.
        if let Ok(key) = added {
            let id = self.rt.shared.id;
            with_tasks(id, |tasks| tasks.insert(key.number, Some(runner)));
        }
    }
}

/// # Cost
/// Three allocations: the task cell, its waker, and what the driver takes to poll it; one more for a name.
impl SpawnLocal for SimLocal {
    type LocalTask<T: 'static> = LocalTask<T>;

    fn spawn_local_with<F>(&self, options: SpawnOptions<'_>, future: F) -> LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runner, task) = task::prepare_local(future);
        self.start(options, runner);
        task
    }

    fn spawn_local_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.start(options, into_runner(future));
    }
}

/// Uses a runner as it is; see the one of [`SimRuntime`].
fn into_runner<F: Future<Output = ()> + 'static>(future: F) -> LocalRunner {
    downcast(future).unwrap_or_else(|future| {
        let (runner, task) = task::prepare_local(future);
        task.detach();
        runner
    })
}

impl BlockOn for SimLocal {
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        enter_or_panic(&self.rt.shared, &self.context, future)
    }

    #[track_caller]
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        enter(&self.rt.shared, &self.context, future)
    }
}

impl Clock for SimLocal {
    fn now(&self) -> Instant {
        self.rt.now()
    }

    fn hold(&self) -> AdvanceHold {
        self.rt.hold()
    }
}

impl Timer for SimLocal {
    type Sleep = SimSleep;

    fn sleep_until(&self, deadline: Instant) -> SimSleep {
        self.rt.sleep_until(deadline)
    }

    fn granularity(&self) -> Duration {
        self.rt.granularity()
    }
}

impl YieldNow for SimLocal {
    type Yield = YieldOnce;

    fn yield_now(&self) -> YieldOnce {
        YieldOnce::new()
    }
}

impl Entropy for SimLocal {
    fn next_u64(&self) -> u64 {
        self.rt.next_u64()
    }
}

impl RuntimeInfo for SimLocal {
    fn info(&self) -> Info {
        self.rt.info()
    }
}

impl Drop for SimLocal {
    fn drop(&mut self) {
        if self.rt.shared.state.lock().closed {
            drop_all(self.rt.shared.id);
        }
    }
}

impl fmt::Debug for SimLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLocal")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}
