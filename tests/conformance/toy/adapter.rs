//! What an outsider writes to bring an executor into trunnion: this file, with timers from `async-io`.

use std::{pin::Pin, task::Poll, time::Duration};

use trunnion_core::{
    BlockOn, Clock, Entropy, Flavor, Info, Instant, RealClock, RuntimeId, RuntimeInfo, Sleep,
    Spawn, SpawnOptions, ThreadEntropy, Timer, WouldDeadlock, YieldNow, YieldOnce, context, task,
};

/// The value that libraries get.
#[derive(Clone)]
pub(crate) struct Toy(pub(crate) crate::executor::Spawner, pub(crate) RuntimeId);

/// The instance that keeps it running.
pub(crate) struct Owner(pub(crate) crate::executor::Pool, pub(crate) RuntimeId);

/// A deadline and the timer that wakes its task.
pub(crate) struct Nap(Instant, async_io::Timer);

impl Clock for Toy {
    fn now(&self) -> Instant {
        RealClock.now()
    }
}

impl Timer for Toy {
    type Sleep = Nap;
    fn sleep_until(&self, deadline: Instant) -> Nap {
        let alarm = async_io::Timer::at(RealClock.to_std(deadline).expect("it fits"));
        Nap(deadline, alarm)
    }
    fn granularity(&self) -> Duration {
        Duration::from_micros(50)
    }
}

impl Future for Nap {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let due = Pin::new(&mut self.1).poll(cx).is_ready() || self.is_elapsed();
        if due { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for Nap {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0 = deadline;
        self.1.set_at(RealClock.to_std(deadline).expect("it fits"));
    }
    fn deadline(&self) -> Instant {
        self.0
    }
    fn is_elapsed(&self) -> bool {
        RealClock.now() >= self.0
    }
}

impl Spawn for Toy {
    type Task<T: Send + 'static> = task::Task<T>;
    fn spawn_with<F>(&self, _: SpawnOptions<'_>, future: F) -> task::Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let context = context::Context::local(self.1);
        let (runner, handle) = task::prepare(task::Scoped::new(context, future));
        self.0.run(runner);
        handle
    }
}

impl YieldNow for Toy {
    type Yield = YieldOnce;
    fn yield_now(&self) -> YieldOnce {
        YieldOnce::new()
    }
}

impl Entropy for Toy {
    fn next_u64(&self) -> u64 {
        ThreadEntropy.next_u64()
    }
}

impl RuntimeInfo for Toy {
    fn info(&self) -> Info {
        Info::new(self.1, Flavor::CurrentThread).with_workers(1)
    }
}

impl BlockOn for Owner {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        if context::is_polling(self.1) {
            return Err(WouldDeadlock::new(future));
        }
        let root = task::Scoped::new(context::Context::local(self.1), future);
        Ok(async_io::block_on(root))
    }
}
