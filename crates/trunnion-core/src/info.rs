//! What a runtime says about itself.

use core::num::NonZeroUsize;

/// Names one running instance of a runtime.
///
/// Two values that reach the same instance have equal ids, whatever type they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuntimeId {
    kind: &'static str,
    number: u64,
}

impl RuntimeId {
    /// Makes the id of instance `number` of the runtimes called `kind`.
    #[must_use]
    pub const fn new(kind: &'static str, number: u64) -> Self {
        Self { kind, number }
    }

    /// Makes an id that no earlier call in this process has made: for runtimes that do not number themselves.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn unique(kind: &'static str) -> Self {
        use core::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::new(kind, NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Names the kind of runtime: `tokio`, `smol`, `sim`, ...
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
}

/// Tells how a runtime uses threads and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flavor {
    /// Tasks move between several worker threads.
    MultiThread,
    /// All tasks run on one thread.
    CurrentThread,
    /// All tasks run on one thread, and time is simulated.
    Virtual,
}

/// Describes a runtime, for logs and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The running instance.
    pub id: RuntimeId,
    /// How it uses threads and time.
    pub flavor: Flavor,
    /// The number of worker threads, where the runtime knows it.
    pub workers: Option<NonZeroUsize>,
}

impl Info {
    /// Describes a runtime whose number of workers is not known.
    #[must_use]
    pub const fn new(id: RuntimeId, flavor: Flavor) -> Self {
        Self {
            id,
            flavor,
            workers: None,
        }
    }

    /// Adds the number of worker threads; zero means that it is not known.
    #[must_use]
    pub const fn with_workers(mut self, workers: usize) -> Self {
        self.workers = NonZeroUsize::new(workers);
        self
    }

    /// Names the kind of runtime: `tokio`, `smol`, `sim`, ...
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.id.kind()
    }
}

/// Describes the runtime that this value reaches.
pub trait RuntimeInfo {
    /// Describes the runtime.
    fn info(&self) -> Info;
}
