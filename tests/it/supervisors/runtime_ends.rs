//! The runtime of the children ends under their supervisor.

use std::future::{Future, pending};
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::Duration;

use trunnion_core::{
    BlockOn, Clock, Entropy, Instant, RealClock, Runtime, Spawn, SpawnOptions, Timer,
};
use trunnion_patterns::{ChildSpec, Supervisor, SupervisorError};
use trunnion_smol::SmolOwned;
use trunnion_tokio::TokioOwned;

use super::Fault;

/// Spawns on one runtime, and needs no clock that is driven.
#[derive(Clone)]
struct Mixed<R>(R);

impl<R> Clock for Mixed<R> {
    fn now(&self) -> Instant {
        RealClock.now()
    }
}

impl<R> Entropy for Mixed<R> {
    fn next_u64(&self) -> u64 {
        7
    }
}

impl<R: Runtime> Timer for Mixed<R> {
    type Sleep = R::Sleep;

    fn sleep_until(&self, deadline: Instant) -> R::Sleep {
        self.0.sleep_until(deadline)
    }

    fn granularity(&self) -> Duration {
        self.0.granularity()
    }
}

impl<R: Runtime> Spawn for Mixed<R> {
    type Task<T: Send + 'static> = R::Task<T>;

    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> R::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn_with(options, future)
    }
}

/// The runtime of the children ends under the supervisor, which waits on another one.
fn ends_under<R: Runtime>(rt: R, end: impl FnOnce()) {
    let (tell, told) = mpsc::channel();
    let waiter = TokioOwned::current_thread().expect("tokio starts");
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let child = ChildSpec::new("a", move |ctx| {
                let tell = tell.clone();
                async move {
                    ctx.ready();
                    tell.send(()).expect("it waits");
                    pending::<Result<(), Fault>>().await
                }
            });
            let supervisor = Supervisor::builder(&Mixed(rt)).child(child).build();
            let ended = waiter.block_on(supervisor.expect("it is sound").run());
            let error = ended.expect_err("there is no runtime");
            assert!(
                matches!(error, SupervisorError::RuntimeEnded { .. }),
                "{error}"
            );
        });
        told.recv().expect("it has begun");
        end();
    });
}

#[test]
fn a_runtime_that_ends_under_a_supervisor_fails_it_with_the_child() {
    let owner = TokioOwned::with_workers(NonZeroUsize::MIN).expect("tokio starts");
    ends_under(owner.handle(), || drop(owner));
    let owner = SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts");
    ends_under(owner.handle(), || drop(owner));
}
