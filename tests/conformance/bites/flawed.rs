//! The toy adapter with one promise broken at a time.

use std::marker::PhantomData;
use std::mem::forget;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trunnion_conformance::Adapter;
use trunnion_conformance::limit::LIMIT;
use trunnion_conformance::probe::poll_by;
use trunnion_core::{
    AbortHandle, BlockOn, Clock, Entropy, Info, Instant, JoinError, RuntimeId, RuntimeInfo, Sleep,
    Spawn, SpawnOptions, TaskHandle, TaskId, Timer, WouldDeadlock, YieldNow, YieldOnce, task,
};

use crate::adapter::{Nap, Owner, Toy};
use crate::executor::Pool;

/// Which promises are broken; none unless told.
pub(crate) trait Flaw: 'static {
    /// Dropping a handle lets the task run.
    const DETACHES: bool = false;
    /// A task's panic unwinds into its awaiter.
    const UNWINDS: bool = false;
    /// An aborted task is cancelled for its awaiter before it is gone, or although it had a value.
    const CANCELS_AT_ONCE: bool = false;
    /// The first poll of a task happens inside `spawn`.
    const RUNS_INLINE: bool = false;
    /// A handle or sleep wakes whoever polled it first.
    const KEEPS_FIRST_WAKER: bool = false;
    /// The first poll of a sleep is pending, whatever the deadline.
    const IS_LAZY: bool = false;
    /// A reset changes what `deadline` tells, and nothing else.
    const IGNORES_RESET: bool = false;
    /// Durations are cut to 31 bits of milliseconds.
    const WRAPS: bool = false;
    /// Sleeps end before their deadline.
    const IS_EARLY: bool = false;
    /// Dropping the owner ends nothing.
    const GOES_ON: bool = false;
}

/// The toy with a flaw.
pub(crate) struct Flawed<F>(Toy, PhantomData<fn() -> F>);

impl<F> Clone for Flawed<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

/// The toy's owner with a flaw.
pub(crate) struct Leaky<F: Flaw>(Option<Owner>, PhantomData<fn() -> F>);

impl<F: Flaw> Drop for Leaky<F> {
    fn drop(&mut self) {
        if F::GOES_ON {
            #[expect(clippy::mem_forget, reason = "the flaw is that it goes on")]
            forget(self.0.take());
        }
    }
}

impl<F: Flaw> BlockOn for Leaky<F> {
    fn try_block_on<Fut: Future>(&self, future: Fut) -> Result<Fut::Output, WouldDeadlock<Fut>> {
        let owner = self.0.as_ref().expect("it is taken in `drop` only");
        owner.try_block_on(future)
    }
}

/// Names the flawed toy for the suite.
pub(crate) struct Of<F>(PhantomData<fn() -> F>);

impl<F: Flaw> Adapter for Of<F> {
    type Owner = Leaky<F>;
    type Runtime = Flawed<F>;

    fn start() -> Leaky<F> {
        let owner = Owner(Pool::start(), RuntimeId::unique("flawed toy"));
        Leaky(Some(owner), PhantomData)
    }

    fn runtime(owner: &Leaky<F>) -> Flawed<F> {
        let owner = owner.0.as_ref().expect("it is taken in `drop` only");
        Flawed(Toy(owner.0.spawner.clone(), owner.1), PhantomData)
    }
}

impl<F: Flaw> Clock for Flawed<F> {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

impl<F: Flaw> Timer for Flawed<F> {
    type Sleep = FlawedSleep<F>;

    fn sleep_until(&self, deadline: Instant) -> FlawedSleep<F> {
        let now = self.now();
        let millis = (deadline - now).as_millis() & 0x7FFF_FFFF;
        let cut = now + Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        let until = if F::WRAPS && deadline > now {
            cut
        } else {
            deadline
        };
        let early = if F::IS_EARLY {
            Duration::from_hours(1)
        } else {
            Duration::ZERO
        };
        FlawedSleep {
            nap: Box::pin(self.0.sleep_until(sooner(now, until) - early)),
            deadline,
            polled_by: None,
            flaw: PhantomData,
        }
    }

    fn granularity(&self) -> Duration {
        self.0.granularity()
    }
}

/// What never happens is given up after [`LIMIT`]; here that passes ten times as fast.
fn sooner(now: Instant, until: Instant) -> Instant {
    let pause = until - now;
    if pause > LIMIT / 2 && pause <= LIMIT {
        now + pause / 10
    } else {
        until
    }
}

/// A sleep of the toy with a flaw.
pub(crate) struct FlawedSleep<F> {
    nap: Pin<Box<Nap>>,
    deadline: Instant,
    polled_by: Option<Waker>,
    flaw: PhantomData<fn() -> F>,
}

impl<F: Flaw> Future for FlawedSleep<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let is_first = this.polled_by.is_none();
        let first = this.polled_by.get_or_insert_with(|| cx.waker().clone());
        if F::IS_LAZY && is_first {
            first.wake_by_ref();
            return Poll::Pending;
        }
        let waker = if F::KEEPS_FIRST_WAKER {
            first
        } else {
            cx.waker()
        };
        this.nap.as_mut().poll(&mut Context::from_waker(waker))
    }
}

impl<F: Flaw> Sleep for FlawedSleep<F> {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.deadline = deadline;
        if !F::IGNORES_RESET {
            self.nap.as_mut().reset(deadline);
        }
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        self.nap.is_elapsed()
    }
}

impl<F: Flaw> Spawn for Flawed<F> {
    type Task<T: Send + 'static> = Handle<T, F>;

    fn spawn_with<Fut>(&self, options: SpawnOptions<'_>, future: Fut) -> Handle<Fut::Output, F>
    where
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let mut future = Box::pin(future);
        let mut first = Poll::Pending;
        if F::RUNS_INLINE {
            first = poll_by(Waker::noop(), &mut future);
        }
        let task = self.0.spawn_with(options, async move {
            match first {
                Poll::Ready(output) => output,
                Poll::Pending => future.await,
            }
        });
        Handle {
            task: Some(task),
            polled_by: None,
            aborted: AtomicBool::new(false),
            flaw: PhantomData,
        }
    }
}

/// A handle of the toy with a flaw.
pub(crate) struct Handle<T: Send + 'static, F: Flaw> {
    // Empty once it has left.
    task: Option<task::Task<T>>,
    polled_by: Option<Waker>,
    aborted: AtomicBool,
    flaw: PhantomData<fn() -> F>,
}

impl<T: Send + 'static, F: Flaw> Handle<T, F> {
    fn task(&self) -> &task::Task<T> {
        self.task
            .as_ref()
            .expect("it leaves in `drop` and `detach` only")
    }

    fn was_aborted(&self) -> bool {
        self.aborted.load(Ordering::SeqCst)
    }
}

impl<T: Send + 'static, F: Flaw> Future for Handle<T, F> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if F::CANCELS_AT_ONCE && self.was_aborted() {
            return Poll::Ready(Err(JoinError::Cancelled));
        }
        let this = &mut *self;
        let first = this.polled_by.get_or_insert_with(|| cx.waker().clone());
        let waker = if F::KEEPS_FIRST_WAKER {
            first
        } else {
            cx.waker()
        };
        let task = this
            .task
            .as_mut()
            .expect("it leaves in `drop` and `detach` only");
        match Pin::new(task).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(Err(JoinError::Panicked(payload))) if F::UNWINDS => payload.resume(),
            poll => poll,
        }
    }
}

impl<T: Send + 'static, F: Flaw> TaskHandle<T> for Handle<T, F> {
    fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        self.task().abort();
    }

    fn abort_handle(&self) -> AbortHandle {
        self.task().abort_handle()
    }

    fn is_finished(&self) -> bool {
        self.task().is_finished()
    }

    fn id(&self) -> TaskId {
        self.task().id()
    }

    fn detach(mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}

impl<T: Send + 'static, F: Flaw> Drop for Handle<T, F> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take().filter(|_| F::DETACHES) {
            task.detach();
        }
    }
}

impl<F: Flaw> YieldNow for Flawed<F> {
    type Yield = YieldOnce;

    fn yield_now(&self) -> YieldOnce {
        self.0.yield_now()
    }
}

impl<F: Flaw> Entropy for Flawed<F> {
    fn next_u64(&self) -> u64 {
        self.0.next_u64()
    }
}

impl<F: Flaw> RuntimeInfo for Flawed<F> {
    fn info(&self) -> Info {
        self.0.info()
    }
}
