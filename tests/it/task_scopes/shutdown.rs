//! Runtimes that end under scopes and releases.

use std::future::{Future, pending};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Instant, RealClock, Runtime, Spawn, SpawnOptions, Timer};
use trunnion_patterns::{self as patterns, BracketError, CollectAll, Outcome, TaskScope, bracket};
use trunnion_sim::Sim;
use trunnion_smol::SmolOwned;
use trunnion_tokio::TokioOwned;

use super::{Fault, Member, endless};

/// The runtime of the children ends under the scope, which waits on another one.
fn ends_under<R>(rt: R, end: impl FnOnce())
where
    R: Runtime,
{
    let (tell, told) = mpsc::channel();
    let waiter = TokioOwned::current_thread().expect("tokio starts");
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let scope = TaskScope::builder(&Mixed(rt)).joiner(CollectAll::default());
            let outcomes = waiter.block_on(scope.run(async |s| {
                drop(s.spawn(pending::<Result<(), Fault>>()));
                drop(s.spawn_with_handle(pending::<()>()));
                tell.send(()).expect("it waits");
                Ok(())
            }));
            let outcomes = outcomes.expect("it collects");
            assert!(matches!(outcomes[..], [Outcome::Shutdown]), "{outcomes:?}");
        });
        told.recv().expect("it has begun");
        end();
    });
}

/// Spawns on one runtime, and needs no clock.
#[derive(Clone)]
struct Mixed<R>(R);

impl<R> Clock for Mixed<R> {
    fn now(&self) -> Instant {
        RealClock.now()
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

/// Runs `case` against each runtime that can end; the global one of smol cannot.
macro_rules! under_each_end {
    ($case:expr) => {
        let owner = TokioOwned::with_workers(NonZeroUsize::MIN).expect("tokio starts");
        $case(owner.handle(), || drop(owner));
        let owner = TokioOwned::current_thread().expect("tokio starts");
        $case(owner.handle(), || drop(owner));
        let owner = SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts");
        $case(owner.handle(), || drop(owner));
        let owner = Sim::new();
        $case(owner.handle(), || drop(owner));
    };
}

#[test]
fn a_runtime_that_ends_under_a_scope_ends_its_children_and_the_scope() {
    under_each_end!(ends_under);
}

/// The runtime of a release ends while somebody waits for it on another one.
fn ends_under_a_release<R: Runtime>(rt: R, end: impl FnOnce()) {
    let (tell, told) = mpsc::channel();
    let alive = Arc::new(AtomicUsize::new(0));
    let waiter = TokioOwned::current_thread().expect("tokio starts");
    std::thread::scope(|threads| {
        let alive = &alive;
        threads.spawn(move || {
            let released = waiter.block_on(bracket(
                &rt,
                async { Ok::<_, Fault>(Member::of(alive)) },
                async |_: &mut Member| {
                    tell.send(()).expect("it waits");
                    Ok(7)
                },
                endless,
            ));
            let error = released.expect_err("it does not end");
            assert!(matches!(
                error,
                BracketError::Release(patterns::Fault::Shutdown, 7)
            ));
        });
        told.recv().expect("it has begun");
        end();
    });
    assert_eq!(alive.load(SeqCst), 0, "it is dropped");
}

#[test]
fn a_runtime_that_ends_under_a_release_drops_it_and_the_caller_is_told() {
    under_each_end!(ends_under_a_release);
}
