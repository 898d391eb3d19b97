//! The life of a runtime: entered, shut down, dropped.

use std::future::{Future, ready};
use std::thread;
use std::time::Duration;

use trunnion_core::{Flavor, RuntimeInfo, ShutdownReport, WouldDeadlock};

use super::enter::{Native, try_block_on};
use crate::{TimerDisabled, Tokio};

/// How long a shutdown waits beyond its grace for worker threads to drop their tasks.
const SETTLE: Duration = Duration::from_millis(250);

/// The same while blocking closures are running, which hold up tokio's own wait.
const SETTLE_BUSY: Duration = Duration::from_millis(10);

/// How long to wait between two looks at what worker threads have done.
const STEP: Duration = Duration::from_millis(1);

/// How many looks must find the number of tasks unchanged, and how many there are where it never stands still.
const STILL: usize = 3;
const LOOKS: usize = 20;

/// Owns a runtime of either kind and ends it where and how that is allowed.
pub(crate) struct Owner<N: Native> {
    // Empty once the runtime has ended.
    native: Option<N>,
    runtime: Tokio,
}

impl<N: Native> Owner<N> {
    /// Takes over a runtime, or ends it if it has no timer.
    pub(crate) fn new(native: N) -> Result<Self, TimerDisabled> {
        match Tokio::new(native.handle().clone()) {
            Ok(runtime) => Ok(Self {
                native: Some(native),
                runtime,
            }),
            Err(error) => {
                end_native(native, SETTLE);
                Err(error)
            }
        }
    }

    pub(crate) fn runtime(&self) -> &Tokio {
        &self.runtime
    }

    pub(crate) fn native(&self) -> Option<&N> {
        self.native.as_ref()
    }

    pub(crate) fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        match &self.native {
            Some(native) => try_block_on(native, future),
            None => Err(WouldDeadlock::new(future)),
        }
    }

    /// Ends the runtime; `None` where that would block a thread that must not be blocked.
    pub(crate) fn shutdown(&mut self, grace: Duration) -> Option<ShutdownReport> {
        // A closure would wait for itself.
        if self.runtime.shared.runs_here() {
            return None;
        }
        // Waiting is allowed where entering is.
        try_block_on(self.native.as_ref()?, ready(())).ok()?;
        let native = self.native.take()?;
        self.runtime.shared.close();
        let tasks = self.alive_tasks();
        self.end(native, grace);
        Some(ShutdownReport::new(tasks, self.runtime.shared.running()))
    }

    /// Counts the tasks that have not ended, once the number stands still.
    ///
    /// A worker of tokio wakes whoever awaits a task before it strikes the task off: it may not have come to that yet.
    fn alive_tasks(&self) -> usize {
        let mut tasks = self.runtime.shared.alive_tasks();
        if self.runtime.info().flavor == Flavor::CurrentThread {
            return tasks;
        }
        let (mut looks, mut same) = (0, 0);
        while tasks > 0 && same < STILL && looks < LOOKS {
            thread::park_timeout(STEP);
            let now = self.runtime.shared.alive_tasks();
            same = if now == tasks { same + 1 } else { 0 };
            looks += 1;
            tasks = now;
        }
        tasks
    }

    /// Waits for worker threads that a small grace did not wait for.
    fn await_drops(&self) {
        let mut waited = Duration::ZERO;
        while self.runtime.shared.alive_tasks() > 0 && waited < SETTLE {
            thread::park_timeout(STEP);
            waited += STEP;
        }
    }

    fn end(&self, native: N, grace: Duration) {
        let settle = if self.runtime.shared.running() == 0 {
            SETTLE
        } else {
            SETTLE_BUSY
        };
        let wait = grace.max(settle);
        if end_native(native, wait) && wait < SETTLE {
            self.await_drops();
        }
    }

    /// Ends the runtime without waiting for closures that are running; it never panics.
    pub(crate) fn close(&mut self) {
        if let Some(native) = self.native.take() {
            self.runtime.shared.close();
            self.end(native, Duration::ZERO);
        }
    }
}

/// Ends a runtime, and waits for its threads where waiting is allowed; tells whether it was.
fn end_native<N: Native>(native: N, wait: Duration) -> bool {
    let allowed = try_block_on(&native, ready(())).is_ok();
    native.end(if allowed { wait } else { Duration::ZERO });
    allowed
}
