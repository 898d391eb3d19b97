//! Counting the tasks that a dropped executor takes with it.
//!
//! A live count would cost every task two atomic operations. Instead, the thread that drops an executor opens a tally, and
//! each task that is dropped unfinished on this thread meanwhile adds itself.

use std::cell::Cell;

std::thread_local! {
    static TALLY: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `f` and counts the unfinished tasks that are dropped in it; a tally that is open already goes on afterwards.
pub(crate) fn tally(f: impl FnOnce()) -> usize {
    let outer = TALLY.try_with(|tally| tally.replace(Some(0)));
    f();
    // During the thread's exit its locals may be gone, and nothing was counted.
    let inner = TALLY.try_with(|tally| tally.replace(outer.unwrap_or(None)));
    inner.ok().flatten().unwrap_or(0)
}

/// Counts one unfinished task, if a tally is open on this thread.
pub(crate) fn count() {
    let _gone = TALLY.try_with(|tally| tally.set(tally.get().map(|n| n.saturating_add(1))));
}
