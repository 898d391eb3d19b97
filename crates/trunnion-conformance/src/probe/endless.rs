//! A future that never ends on its own, and what was seen of it.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use super::Event;

/// Tells what has happened to the [`Endless`] futures made from it.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    polls: AtomicUsize,
    drops: AtomicUsize,
    started: Event,
    gone: Event,
    dropped_on: Mutex<Option<ThreadId>>,
}

impl Seen {
    /// Has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a future that stays pending.
    ///
    /// # Cancel safety
    /// Its drop is counted.
    pub fn endless(&self) -> Endless {
        Endless {
            seen: self.clone(),
            waker: None,
        }
    }

    /// Counts the polls.
    #[must_use]
    pub fn polls(&self) -> usize {
        self.0.polls.load(Ordering::Acquire)
    }

    /// Counts the drops.
    #[must_use]
    pub fn drops(&self) -> usize {
        self.0.drops.load(Ordering::Acquire)
    }

    /// Happens with the first poll.
    #[must_use]
    pub fn started(&self) -> &Event {
        &self.0.started
    }

    /// Happens with the first drop.
    #[must_use]
    pub fn gone(&self) -> &Event {
        &self.0.gone
    }

    /// Tells which thread dropped the last one.
    #[must_use]
    pub fn dropped_on(&self) -> Option<ThreadId> {
        *self
            .0
            .dropped_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stays pending; made by [`Seen::endless`].
///
/// # Cancel safety
/// Its drop is counted.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Endless {
    seen: Seen,
    // A future that forgets its waker could never be woken, which a runtime may report.
    waker: Option<Waker>,
}

impl Future for Endless {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.waker = Some(cx.waker().clone());
        self.seen.0.polls.fetch_add(1, Ordering::AcqRel);
        self.seen.0.started.set();
        Poll::Pending
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let seen = &self.seen.0;
        *seen
            .dropped_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        seen.drops.fetch_add(1, Ordering::AcqRel);
        seen.gone.set();
    }
}
