//! Giving way from time to time in work that never has to wait.
//!
//! A future that is always ready keeps its thread from all other tasks. Leaf futures of ours that can stay ready count their
//! results on the thread, and every 128th gives way once. The count is one for the whole thread, whoever runs there: it says
//! how long it is since somebody was sure to have given way, not whose turn it is.

use core::cell::Cell;
use core::task::{Context, Poll};

/// How many ready results in a row there are before one gives way; tokio's number too.
const BUDGET: u8 = 128;

std::thread_local! {
    static LEFT: Cell<u8> = const { Cell::new(BUDGET) };
}

/// Counts one ready result. Pending, with the task woken again, when it is time to give way.
///
/// # Cost
/// One thread-local decrement.
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    // While the thread's locals are destroyed nobody is kept from anything.
    let left = LEFT.try_with(|left| {
        let now = left.get();
        left.set(now.checked_sub(1).unwrap_or(BUDGET));
        now
    });
    if left == Ok(0) {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(())
}

/// Begins a count of its own, until it is dropped: then the one before goes on. A simulator does, so that a run does not depend on
/// what ran before it on the thread.
pub(crate) struct OwnCount(u8);

impl OwnCount {
    pub(crate) fn begin() -> Self {
        Self(LEFT.try_with(|left| left.replace(BUDGET)).unwrap_or(BUDGET))
    }
}

impl Drop for OwnCount {
    fn drop(&mut self) {
        // While the thread's locals are destroyed there is no count.
        let _gone = LEFT.try_with(|left| left.set(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::task::Waker;

    #[test]
    fn every_129th_call_gives_way_once() {
        let mut cx = Context::from_waker(Waker::noop());
        let pending = |cx: &mut _| (0..129).filter(|_| poll_proceed(cx).is_pending()).count();
        assert_eq!(pending(&mut cx), 1);
        assert_eq!(pending(&mut cx), 1);
    }

    #[test]
    fn a_count_of_its_own_neither_takes_nor_leaves_anything() {
        let mut cx = Context::from_waker(Waker::noop());
        let ready = |cx: &mut _, most| {
            (0..most)
                .take_while(|_| poll_proceed(cx).is_ready())
                .count()
        };
        let _outer = OwnCount::begin();
        assert_eq!(ready(&mut cx, 100), 100);
        let own = OwnCount::begin();
        assert_eq!(ready(&mut cx, 200), 128);
        drop(own);
        assert_eq!(ready(&mut cx, 200), 28);
    }
}
