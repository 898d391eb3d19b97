//! Those who wait for all permits to be back.
//!
//! They wait in a queue of their own, whose lock is taken with the line's held and never the other way round. `AWAITED` tells who
//! gives permits back to look for them.

use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::mutant;
use trunnion_core::sync::atomic::Ordering::{Acquire, Relaxed};
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

use super::line::{Core, Open};
use super::word::{AWAITED, fits};

/// Waits for a state, and looks at it again when it is woken.
pub(crate) struct Idle;

impl Shared for Idle {
    type Value = ();
    type Open = ();
    const PASSES_ON: bool = false;

    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

/// Wakes those who wait for all permits to be back, if they are; forgets about them when there are none.
pub(super) fn wake_idle(open: &Open, now: usize, limit: usize, wakers: &mut Wakers) {
    if now & AWAITED == 0 {
        return;
    }
    let mut idle = open.idle.lock();
    if mutant!("semaphore-idle-unseen", fits(now, limit), false) {
        while idle.wake_front(wakers) {}
    }
    if idle.is_empty() {
        open.word.fetch_and(!AWAITED, Relaxed);
    }
}

/// Waits until all permits are back: that is so when a poll sees it.
pub(crate) fn poll_idle(
    core: &Core,
    mut waiter: Pin<&mut Waiter<&WaitQueue<Idle>>>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        // First among those who wait, then the look at the permits: who brings the last one back after it finds the waiter.
        let notified = waiter.as_mut().poll_wait(cx, |_| false).is_ready();
        if is_idle(core) {
            waiter.leave();
            return Poll::Ready(());
        }
        if !notified {
            return Poll::Pending;
        }
    }
}

/// Tells whether all permits are back, and asks to be woken if not.
fn is_idle(core: &Core) -> bool {
    let queue = core.lock();
    let open = queue.open();
    let limit = open.limit.load(Relaxed);
    let seen = open.word.load(Acquire);
    if fits(seen, limit) {
        return true;
    }
    let seen = open
        .word
        .fetch_or(mutant!("semaphore-idle-unsaid", AWAITED, 0), Acquire);
    mutant!("semaphore-idle-unchecked", fits(seen, limit), false)
}

/// Makes a waiter for all permits to be back.
pub(crate) fn idle_waiter(core: &Core) -> Waiter<&WaitQueue<Idle>> {
    Waiter::new(&core.open().idle, ())
}
