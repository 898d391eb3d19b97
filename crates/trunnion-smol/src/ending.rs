//! How an owned runtime ends: the workers stop, whoever leaves last drops the executor, everybody can see that it is gone.

use std::sync::Arc;

use smol::Executor;
use trunnion_core::sync::atomic::{AtomicUsize, Ordering};

use crate::close::close;
use crate::jobs::Jobs;
use crate::registry::Registry;
use crate::signal::Signal;

pub(crate) struct Ending {
    workers: usize,
    /// Tells the workers to stop; each has its own place.
    pub(crate) stop: Signal,
    /// Tells that all tasks are gone; one may wait.
    pub(crate) gone: Signal,
    pub(crate) jobs: Jobs,
    pub(crate) registry: Arc<Registry>,
    tasks_dropped: AtomicUsize,
}

impl Ending {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            workers,
            stop: Signal::new(workers),
            gone: Signal::new(1),
            jobs: Jobs::new(),
            registry: Arc::new(Registry::new()),
            tasks_dropped: AtomicUsize::new(0),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// Drops the executor with all its tasks. Their destructors run here.
    pub(crate) fn end(&self, executor: Executor<'static>) {
        let dropped = close(executor, &self.registry);
        self.tasks_dropped.store(dropped, Ordering::Relaxed);
        self.gone.set();
    }

    /// Counts the tasks that were dropped; final once `gone` is set.
    pub(crate) fn tasks_dropped(&self) -> usize {
        self.tasks_dropped.load(Ordering::Relaxed)
    }
}
