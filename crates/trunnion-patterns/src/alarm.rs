//! One timer that is made when it is first needed and moved afterwards.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::{Instant, Sleep, Timer};

/// A timer, and its one sleep.
pub(crate) struct Alarm<'a, R: Timer> {
    timer: &'a R,
    sleep: Option<Pin<Box<R::Sleep>>>,
}

impl<'a, R: Timer> Alarm<'a, R> {
    pub(crate) const fn new(timer: &'a R) -> Self {
        let sleep = None;
        Self { timer, sleep }
    }

    pub(crate) fn now(&self) -> Instant {
        self.timer.now()
    }

    /// Waits until `at`.
    pub(crate) fn poll_until(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(timer.sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}

impl<R: Timer> fmt::Debug for Alarm<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = self.sleep.as_ref().map(|sleep| sleep.deadline());
        f.debug_tuple("Alarm").field(&deadline).finish()
    }
}
