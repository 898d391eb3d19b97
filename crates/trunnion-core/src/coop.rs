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
}
