//! What all values of one runtime share: the handle, the description, and the count of running blocking closures.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use tokio::runtime::{Handle, Id, RuntimeFlavor};
use trunnion_core::panic::catch;
use trunnion_core::sync::{Arc, Mutex, Weak};
use trunnion_core::{Flavor, Info, RuntimeId};

use crate::known::Known;
use crate::running::{Running, Started};

/// Stands for one runtime, so that a handle to it is one word.
pub(crate) struct Shared {
    pub(crate) handle: Handle,
    pub(crate) info: Info,
    running: Running,
}

/// The runtimes that were met.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(|| Mutex::new(Known::new()));

thread_local! {
    /// The runtime whose blocking closure this thread runs.
    static CLOSURE_OF: Cell<Option<Id>> = const { Cell::new(None) };
}

impl Shared {
    /// Finds what is shared for this runtime, or makes it.
    pub(crate) fn of(handle: Handle) -> Result<Arc<Self>, TimerDisabled> {
        let id = handle.id();
        let known = KNOWN.lock();
        if let Some(shared) = known.find(id) {
            return Ok(shared);
        }
        let timer = known.timer(id);
        drop(known);
        if timer == Some(false) {
            return Err(TimerDisabled);
        }
        let timer = timer.unwrap_or_else(|| has_timer(&handle));
        let fresh = timer.then(|| Arc::new(Self::new(handle)));
        let mut known = KNOWN.lock();
        if let Some(shared) = known.find(id) {
            // Another thread was faster. `fresh` is dropped after the lock has been released.
            drop(known);
            return Ok(shared);
        }
        known.remember(
            id,
            timer,
            fresh.as_ref().map_or_else(Weak::new, Arc::downgrade),
        );
        drop(known);
        fresh.ok_or(TimerDisabled)
    }

    fn new(handle: Handle) -> Self {
        let flavor = match handle.runtime_flavor() {
            RuntimeFlavor::CurrentThread => Flavor::CurrentThread,
            _ => Flavor::MultiThread,
        };
        let id = RuntimeId::new("tokio", number(&handle.id()));
        let info = Info::new(id, flavor).with_workers(handle.metrics().num_workers());
        Self {
            handle,
            info,
            running: Running::new(),
        }
    }

    /// Counts the tasks that have not ended, with those that tokio was given directly.
    pub(crate) fn alive_tasks(&self) -> usize {
        self.handle.metrics().num_alive_tasks()
    }

    /// Counts the blocking closures that have started and not ended.
    pub(crate) fn running(&self) -> usize {
        self.running.now()
    }

    /// Counts one more until the guard is dropped; `None` once the owner has begun to end the runtime.
    pub(crate) fn run(&self) -> Option<Marked<'_>> {
        let started = self.running.start()?;
        Some(Marked {
            outer: CLOSURE_OF.replace(Some(self.handle.id())),
            _started: started,
        })
    }

    /// Tells whether this thread runs a closure that [`run`](Self::run) counts.
    pub(crate) fn runs_here(&self) -> bool {
        CLOSURE_OF.try_with(Cell::get).ok().flatten() == Some(self.handle.id())
    }

    /// Lets no more closures start.
    ///
    /// A blocking thread of tokio that is busy when its runtime ends runs all that is queued before it looks.
    pub(crate) fn close(&self) {
        self.running.close();
    }
}

/// Counts a blocking closure while it runs, and marks its thread.
pub(crate) struct Marked<'a> {
    outer: Option<Id>,
    // Dropped after the mark is gone.
    _started: Started<'a>,
}

impl Drop for Marked<'_> {
    fn drop(&mut self) {
        CLOSURE_OF.set(self.outer);
    }
}

/// Tokio offers no question; making a sleep answers by a panic.
fn has_timer(handle: &Handle) -> bool {
    let _entered = handle.enter();
    let now = tokio::time::Instant::now();
    catch(|| drop(tokio::time::sleep_until(now))).is_ok()
}

/// Takes the number out of one of tokio's opaque ids, without formatting it.
pub(crate) fn number(id: &impl Hash) -> u64 {
    let mut number = Number(0);
    id.hash(&mut number);
    number.0
}

/// Keeps the number that is hashed.
struct Number(u64);

impl Hasher for Number {
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Says that a tokio runtime was built without a timer, so that it cannot serve as a runtime here.
///
/// ```
/// use trunnion_tokio::{TimerDisabled, Tokio};
///
/// let native = tokio::runtime::Builder::new_current_thread().build()?;
/// assert_eq!(Tokio::new(native.handle().clone()).unwrap_err(), TimerDisabled);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerDisabled;

impl fmt::Display for TimerDisabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the tokio runtime has no timer; call `enable_time` or `enable_all` on its builder",
        )
    }
}

impl std::error::Error for TimerDisabled {}
