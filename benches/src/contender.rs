//! Who does the primitives: a runtime by hand, trunnion, and the crates that would be used instead.
//!
//! Each is written as a user of that crate writes it, so that a scenario is one generic function for all of them.

mod agnostic;
mod line_up;
mod native_smol;
mod native_tokio;
mod ours;
mod spawner;

use std::future::Future;
use std::ops::Add;
use std::pin::Pin;
use std::time::Duration;

pub use agnostic::Agnostic;
pub use line_up::{Measure, Who, line_up};
pub use native_smol::{Expired, Global, NativeSmol, SmolSpawn};
pub use native_tokio::NativeTokio;
pub use ours::Ours;
pub use spawner::AnySpawner;

/// Starts tasks that nobody waits for.
pub trait SpawnDetached: Clone + Send + Sync + 'static {
    /// Starts a task without a handle.
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// Does all that the scenarios need.
pub trait Contender: SpawnDetached {
    /// The handle of a task.
    type Task<T: Send + 'static>: Future<Output: Send> + Send + 'static;
    /// A point in time.
    type Instant: Copy + PartialOrd + Add<Duration, Output = Self::Instant> + Send + 'static;
    /// The future that a sleep is.
    type Sleep: Future<Output: Send> + Send;
    /// What a timeout says that has expired.
    type Elapsed: Send;

    /// Starts a task.
    fn spawn<F>(&self, future: F) -> Self::Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Takes the task's value out of what its handle gave.
    fn value<T: Send + 'static>(joined: <Self::Task<T> as Future>::Output) -> T;

    /// Gives way once.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    fn yield_now(&self) -> impl Future<Output = ()> + Send;

    /// Reads the clock.
    fn now(&self) -> Self::Instant;

    /// Makes a sleep.
    ///
    /// # Cancel safety
    /// Dropping it removes the timer.
    fn sleep(&self, after: Duration) -> Self::Sleep;

    /// Moves the deadline of a sleep.
    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Self::Instant);

    /// Gives up on `future` after a while.
    ///
    /// # Cancel safety
    /// Dropping it drops `future` and the timer.
    fn timeout<F>(
        &self,
        after: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Self::Elapsed>> + Send
    where
        F: Future<Output: Send> + Send;

    /// Runs `job` on a thread for blocking code and waits for its value.
    ///
    /// # Cancel safety
    /// It is polled to its end only.
    fn offload<F, T>(&self, job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;
}
