//! What the cases observe with: counters of drops and events that threads and tasks can wait for.

mod endless;
mod memory;
mod occupy;
mod wakes;

pub mod process;
mod renamed;

use core::future::{Future, poll_fn};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use renamed::Renamed;

pub use endless::{Endless, Seen};
pub use memory::{assert_flat, resident};
pub use occupy::{Occupied, occupy};
pub use wakes::{Wakes, poll_by};

/// How long a thread waits for what must happen: less than the watchdog, so that the text says what is missing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts how often its [`DropProbe`]s were dropped.
#[derive(Clone, Debug, Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    /// Starts at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a value whose drop is counted.
    #[must_use]
    pub fn probe(&self) -> DropProbe {
        DropProbe(self.clone())
    }

    /// Tells how many probes were dropped.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// Counts its drop; made by [`Drops::probe`].
#[derive(Debug)]
pub struct DropProbe(Drops);

impl Drop for DropProbe {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Happens once; tasks and threads can wait for it.
#[derive(Clone, Debug, Default)]
pub struct Event(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    set: bool,
    waiting: Vec<Waker>,
}

impl Event {
    /// Has not happened.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Happens, and wakes all who wait.
    pub fn set(&self) {
        let mut state = self.state();
        state.set = true;
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        self.0.changed.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Tells whether it has happened.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.state().set
    }

    /// Waits in a task.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let event = self.clone();
        poll_fn(move |cx| {
            let mut state = event.state();
            if state.set {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Blocks the thread until it has happened.
    ///
    /// # Panics
    /// When it has not happened after half a minute.
    #[track_caller]
    pub fn expect(&self, what: &str) {
        assert!(self.wait_blocking(PATIENCE), "{what}: it did not happen");
    }

    /// Blocks the thread; false if it had not happened after `limit`.
    #[must_use]
    pub fn wait_blocking(&self, limit: Duration) -> bool {
        let state = self.state();
        let waited = self
            .0
            .changed
            .wait_timeout_while(state, limit, |state| !state.set);
        waited.unwrap_or_else(PoisonError::into_inner).0.set
    }
}

impl Event {
    /// Makes a value whose drop sets this event.
    #[must_use]
    pub fn on_drop(&self) -> SetOnDrop {
        SetOnDrop(self.clone())
    }
}

/// Sets its event when it is dropped; made by [`Event::on_drop`].
#[derive(Debug)]
pub struct SetOnDrop(Event);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}
